"""What the knowledge is made of: typed records, each with its basis code and citations."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from alerts.knowledge.sentences import sentence

CONTEXTS = ("PRE", "SUS", "TX", "PD", "REC", "ANY")
SEVERITIES = ("contraindicated", "major", "moderate", "minor")
MODES = ("interruptive", "passive", "info")
EVIDENCE_LEVELS = ("label", "controlled", "case", "animal", "theory", "consensus")
BASES = frozenset("VSUD")


class KnowledgeFault(ValueError):
    """The knowledge files or an overlay are wrong: says which file, which key and why."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number with its unit, rule, basis code (SPEC 0.2) and citations."""

    id: str
    value: float
    unit: str
    rule: str
    basis: str
    cite: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """How long a drug or depot product counts as exposure (SPEC 3.2), in days."""

    key: str
    name: str
    ingredient: str
    full_d: int
    extended_d: int
    long_acting: bool
    basis: str
    cite: tuple[str, ...]
    note: str = ""
    interval_d: float | None = None  # days between injections of a depot


@dataclass(frozen=True, slots=True)
class Row:
    """An interaction row (SPEC 6). The fields are explained at the head of interactions.yaml.

    `apart`: hours by ingredient ("any" for the rest) that a drug taken so long ago still counts.
    `stops`: the side whose drug counts no longer once it is recorded as stopped or held.
    `management_sus`: what is said instead while NMS is suspected, where the general advice names
    a dopamine antagonist (SAF-08).
    `local`: the version of the overlay that added or changed the row.
    """

    id: str
    a: tuple[str, ...]
    b: tuple[str, ...]
    severity: str
    mechanism: str
    effect: str
    management: str
    context: tuple[str, ...]
    mode: str
    evidence: tuple[str, ...]
    basis: str
    cite: tuple[str, ...]
    tier_min: str = "POSSIBLE"
    management_sus: str = ""
    mode_sus: str = ""
    mode_confirmed: str = ""
    direction: str = ""
    apart: Mapping[str, float] = field(default_factory=dict)
    apart_basis: str = "D"
    apart_cite: tuple[str, ...] = ()
    threshold_basis: str = ""
    stops: str = ""
    factors: tuple[str, ...] = ()
    suggest: tuple[str, ...] = ()
    note: str = ""
    local: str = ""

    def side(self, name: str) -> tuple[str, ...]:
        """The members of side "a" or "b"."""
        return self.a if name == "a" else self.b


@dataclass(frozen=True, slots=True)
class State:
    """A condition that rows name: which problems or reader it is read from.

    `say_unknown`: with nothing recorded either way the row is passive and says so; else it is
    still. `vague`: the record cannot decide it, only suggest it.
    """

    name: str
    problems: tuple[str, ...] = ()
    reads: str = ""
    ever: bool = False
    vague: bool = False
    say_unknown: bool = False


@dataclass(frozen=True, slots=True)
class Monitored:
    """A test that rows ask for: the kinds of reading that answer it, any one of them (ALR-07).

    None: nobody measures it again, and nothing of it can be promised.
    """

    name: str
    readings: tuple[str, ...]
    basis: str
    cite: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DrugClass:
    """A class of drugs, where its members come from and what was judged."""

    name: str
    members: frozenset[str]
    source: str
    judgement: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """One way in which an ingredient stands in a row: the side, and what must hold besides."""

    row: Row
    side: str
    qualifier: str


@dataclass(frozen=True)
class Index:
    """The rows as the engine looks them up.

    `drugs`: ingredient -> its places in rows. `states`: row id -> the conditions of sides a and b.
    `alone`: rows that no drug is needed for, condition against condition. `longest_h`: how far
    back any row looks for a drug, where it says so. `tails`: days that a depot of an ingredient
    counts in full, the longest product's.
    """

    drugs: Mapping[str, tuple[Hit, ...]] = field(default_factory=dict)
    states: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=dict)
    alone: tuple[Row, ...] = ()
    longest_h: float = 0.0
    tails: Mapping[str, int] = field(default_factory=dict)
    # rows with a state on a side: no second drug is needed for them
    stateful: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Knowledge:
    """Everything the medicine is told. `version` stands in every assessment.

    `criteria` and `management` are the whole documents, for the rooms that own them; `sources`
    is every document as read, from which an overlay makes the next version.
    """

    version: str
    parameters: Mapping[str, Parameter]
    sites: Mapping[str, frozenset[str]]
    atypical_drugs: frozenset[str]
    reduced_mental_status: frozenset[str]
    broad_mental_status: frozenset[str]
    alternative_causes: frozenset[str]
    wording: Mapping[str, str]
    data_requests: Mapping[str, str]
    disclaimer: str
    short_acting: Mapping[str, Window]
    long_acting: Mapping[str, Window]
    without_window: frozenset[str]
    possible_d: int
    dopaminergic: frozenset[str]
    triggers: Mapping[str, Mapping[str, Any]]
    classes: Mapping[str, frozenset[str]]
    interactions: tuple[Row, ...]
    actions: Mapping[str, Mapping[str, Any]]
    drugs: Mapping[str, Mapping[str, Any]]
    stages: Mapping[str, tuple[str, ...]]
    references: Mapping[str, Mapping[str, Any]]
    # the whole of management.yaml: resolution, re-exposure, outcome figures, labels (SPEC 5)
    management: Mapping[str, Any]
    # the whole of criteria.yaml: plausible ranges, differential, risk factors, suppression
    criteria: Mapping[str, Any] = field(default_factory=dict, repr=False)
    class_records: Mapping[str, DrugClass] = field(default_factory=dict, repr=False)
    states: Mapping[str, State] = field(default_factory=dict, repr=False)
    tests: Mapping[str, Monitored] = field(default_factory=dict, repr=False)
    index: Index = field(default_factory=Index, repr=False)
    # ingredients the terminology lists, and those that only rows name so far
    ingredients: frozenset[str] = frozenset()
    beyond: frozenset[str] = frozenset()
    # ingredient -> the key it is the same substance as
    substances: Mapping[str, str] = field(default_factory=dict, repr=False)
    # "oral"/"parenteral" -> ingredient -> mg (WHO)
    daily_doses: Mapping[str, Mapping[str, float]] = field(default_factory=dict, repr=False)
    # the release that an overlay says it was decided on, "" when it does not; None for a release
    base: str | None = None
    # ids that a site's overlay added, changed or disabled -> what it did
    local: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    _values: Mapping[str, float] = field(default_factory=dict, repr=False)
    # what is worked out once from these data and is the same for every patient
    memo: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __getitem__(self, key: str) -> float:
        """The value of a parameter; KeyError for one that does not exist."""
        return self._values[key]

    def says(self, text: str) -> str:
        """A sentence with the numbers of these rules in it (`sentences`), made once."""
        known: str | None = self.memo.get(text)
        if known is None:
            known = self.memo[text] = sentence(text, self.parameters)
        return known

    def note(self, keys: Mapping[str, None]) -> None:
        """These parameters were read. Only a ledger keeps an account of it."""

    def antagonist(self, ingredient: str) -> bool:
        """Does this ingredient count as a dopamine antagonist (SPEC 3.1)?"""
        return ingredient in self.short_acting or ingredient in self.depot_ingredients

    @property
    def depot_ingredients(self) -> frozenset[str]:
        known: frozenset[str] | None = self.memo.get("depot ingredients")
        if known is None:
            known = frozenset(w.ingredient for w in self.long_acting.values())
            self.memo["depot ingredients"] = known
        return known

    def is_member(self, ingredient: str, name: str) -> bool:
        """Is the ingredient in the class?"""
        return ingredient in self.classes.get(name, frozenset())

    def answers(self, test: str) -> tuple[str, ...]:
        """The kinds of reading that answer a test of a row; one without an entry answers itself."""
        known = self.tests.get(test)
        return known.readings if known is not None else (test,)

    def substance(self, ingredient: str) -> str:
        """One key for a substance that the terminology lists under several."""
        return self.substances.get(ingredient, ingredient)

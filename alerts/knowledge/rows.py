"""Interaction rows, conditions and classes, read from their YAML and indexed by ingredient."""

from collections.abc import Iterable, Mapping
from typing import Any

from alerts.knowledge.fields import Fields, number
from alerts.knowledge.records import (
    BASES,
    CONTEXTS,
    EVIDENCE_LEVELS,
    MODES,
    SEVERITIES,
    DrugClass,
    Hit,
    Index,
    Monitored,
    Row,
    State,
    Window,
)

FILE = "interactions.yaml"
QUALIFIERS = ("im", "parenteral", "infusion", "vial", "long_acting", "over_2_g_day")
DIRECTIONS = ("second_added", "inducer_stopped")
TIERS = ("WATCH", "POSSIBLE", "PROBABLE_ATYPICAL", "PROBABLE", "HIGHLY_PROBABLE")
CONDITION, CLASS, CULPRIT = "condition:", "class:", "role:culprit"


def row(key: str, raw: Any, local: str = "") -> Row:
    """One row; KnowledgeFault names the row and the field."""
    said = Fields(FILE, key, raw)
    hours, basis, cite = _apart(key, said.mapping("apart"))
    read = Row(
        id=key,
        a=said.texts("a"),
        b=said.texts("b"),
        severity=said.one_of("severity", SEVERITIES),
        mechanism=said.text("mechanism"),
        effect=said.text("effect"),
        management=said.text("management"),
        context=said.texts("context", CONTEXTS),
        mode=said.one_of("mode", MODES),
        evidence=said.texts("evidence", EVIDENCE_LEVELS),
        basis=said.one_of("basis", sorted(BASES)),
        cite=said.texts("cite"),
        tier_min=said.one_of("tier_min", TIERS, "POSSIBLE"),
        management_sus=said.text("management_sus", ""),
        mode_sus=said.one_of("mode_sus", MODES, ""),
        mode_confirmed=said.one_of("mode_confirmed", MODES, ""),
        direction=said.one_of("direction", DIRECTIONS, ""),
        apart=hours,
        apart_basis=basis,
        apart_cite=cite,
        threshold_basis=said.one_of("threshold_basis", sorted(BASES), ""),
        stops=said.one_of("stops", ("a", "b"), ""),
        factors=said.texts("factors", default=()),
        suggest=said.texts("suggest", default=()),
        note=said.text("note", ""),
        local=local,
    )
    said.done()
    return read


def _apart(key: str, raw: Mapping[str, Any]) -> tuple[dict[str, float], str, tuple[str, ...]]:
    if not raw:
        return {}, "D", ()
    said = Fields(FILE, f"{key}: apart", raw)
    hours = {
        str(k): number(f"{FILE}: {key}: apart", str(k), v) for k, v in said.mapping("hours").items()
    }
    basis, cite = said.one_of("basis", sorted(BASES)), said.texts("cite")
    said.done()
    return hours, basis, cite


def state(name: str, raw: Any) -> State:
    said = Fields(FILE, f"conditions: {name}", raw)
    read = State(
        name,
        problems=said.texts("problems", default=()),
        reads=said.text("reads", ""),
        ever=said.flag("ever"),
        vague=said.flag("vague"),
        say_unknown=said.one_of("unknown", ("say", "silent")) == "say",
    )
    said.done()
    if not read.problems and not read.reads:
        raise said.fault("problems", "a condition needs `problems` or `reads`")
    return read


def monitored(name: str, raw: Any) -> Monitored:
    said = Fields(FILE, f"tests: {name}", raw)
    read = Monitored(
        name,
        readings=said.texts("readings"),
        basis=said.one_of("basis", sorted(BASES)),
        cite=said.texts("cite"),
    )
    said.done()
    return read


def drug_class(name: str, raw: Any) -> DrugClass:
    said = Fields("classes.yaml", name, raw)
    members = frozenset(said.texts("members"))
    read = DrugClass(name, members, said.text("source"), said.text("judgement", ""))
    said.done()
    return read


def split(member: str) -> tuple[str, str]:
    """A member of a row without its qualifier, and the qualifier."""
    name, _, qualifier = member.partition("@")
    return name, qualifier


def ingredients_of(
    member: str, classes: Mapping[str, frozenset[str]], antagonists: frozenset[str]
) -> frozenset[str]:
    """The ingredient keys that a member of a row stands for; none for a condition."""
    name, _ = split(member)
    if name.startswith(CONDITION):
        return frozenset()
    if name == CULPRIT:
        return antagonists
    if name.startswith(CLASS):
        return classes.get(name.removeprefix(CLASS), frozenset())
    return frozenset({name})


def index(
    rows: tuple[Row, ...],
    classes: Mapping[str, frozenset[str]],
    antagonists: frozenset[str],
    depots: Iterable[Window] = (),
) -> Index:
    """Look-up of rows by ingredient; an unqualified place covers a qualified one."""
    drugs: dict[str, dict[tuple[str, str], Hit]] = {}
    states: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for one in rows:
        states[one.id] = (_conditions(one.a), _conditions(one.b))
        for side in ("a", "b"):
            for member in one.side(side):
                qualifier = "culprit" if member == CULPRIT else split(member)[1]
                hit = Hit(one, side, qualifier)
                for ingredient in ingredients_of(member, classes, antagonists):
                    known = drugs.setdefault(ingredient, {})
                    if (one.id, side) not in known or not qualifier:
                        known[one.id, side] = hit
    alone = tuple(one for one in rows if all(states[one.id]))
    longest = max((h for one in rows for h in one.apart.values()), default=0.0)
    places = {key: tuple(hits.values()) for key, hits in drugs.items()}
    tails: dict[str, int] = {}
    for window in depots:
        tails[window.ingredient] = max(window.full_d, tails.get(window.ingredient, 0))
    stateful = frozenset(key for key, sides in states.items() if any(sides))
    return Index(places, states, alone, longest, tails, stateful)


def _conditions(members: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(m.removeprefix(CONDITION) for m in members if m.startswith(CONDITION))

"""What a look-up answers."""

from dataclasses import dataclass

from alerts.truth import Truth


@dataclass(frozen=True, slots=True)
class Ingredient:
    """One drug substance. `dopamine_role` (several joined by "|") and `classes` are clinical
    judgements."""

    key: str
    dopamine_role: str
    classes: tuple[str, ...]
    names: tuple[str, ...]
    rxcui: str | None = None
    note: str = ""

    @property
    def roles(self) -> tuple[str, ...]:
        return tuple(self.dopamine_role.split("|"))


@dataclass(frozen=True, slots=True)
class DrugMatch:
    """What a drug coding or text means. `ingredients` sorted; empty = unmapped.

    `product`: key of `long_acting` in exposure.yaml; None when not a depot or not told which.
    `long_acting`: unknown when the drug has a depot and the record does not tell the form.
    `route`: oral, im, iv, sc, td, inhaled, rectal, ng, sublingual, buccal, nasal, topical,
    ophthalmic, injection (an injection, kind not told) or None. `strength`: as written.
    `how`: which code or which words decided, for people.
    `others`: where there are no ingredients, the drugs named that have no role here (amoxicillin).
    """

    ingredients: tuple[str, ...]
    product: str | None = None
    long_acting: Truth = Truth.UNKNOWN
    route: str | None = None
    form: str | None = None
    strength: str | None = None
    how: str = ""
    others: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.ingredients)


@dataclass(frozen=True, slots=True)
class ConceptMatch:
    """What an observation, condition or sign code or text means.

    `excluded`: recognised as something that must not count (CK-MB, skin temperature ...); then
    `concept` names the negative list. `code_unit`: UCUM unit that the code is defined in.
    `site`: temperature site, or the component or answer that the code stands for.
    Text of findings only: `negated`, `family`, `history`, `uncertain`; `partial`: what is negated
    is one sort, degree or place of it ("no ocular clonus").
    """

    concept: str
    how: str
    site: str | None = None
    code_unit: str | None = None
    excluded: bool = False
    negated: bool = False
    family: bool = False
    history: bool = False
    uncertain: bool = False
    partial: bool = False

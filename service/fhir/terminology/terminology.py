"""The terminology: one cached object that answers by code, then by text."""

from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from pathlib import Path

from service.fhir.terminology.drugs import Drugs
from service.fhir.terminology.findings import Findings
from service.fhir.terminology.licensed import is_on
from service.fhir.terminology.matches import ConceptMatch, DrugMatch, Ingredient
from service.fhir.terminology.observations import Answers, Observations
from service.fhir.terminology.overlay import Overlay, paths, read
from service.fhir.terminology.tables import INGREDIENT_FILES, manifest, rows

Codings = Sequence[tuple[str, str]]
Pairs = tuple[tuple[str, str], ...]
LONGEST = 2_000  # characters of a text that are read
CACHED = 16_384  # distinct orders, observations and findings kept; the least used go first


class Terminology:
    """Look-ups by (system, code) pairs in any order, then by text. Read only after building.

    `overlay`: a licensed site's own codes (see overlay.py). `beyond`: ingredients that are not of
    the drug list and that interaction rows need.
    """

    def __init__(self, overlay: Overlay | None = None) -> None:
        site = overlay or Overlay()
        self.drugs = Drugs(site.drugs)
        self.observations = Observations(site.observations)
        self.conditions = Findings(site.findings)
        self._answers = Answers(site.answers)
        self._ingredients = {
            r["ingredient"]: _ingredient(r) for name in INGREDIENT_FILES for r in rows(name)
        }
        self.beyond = frozenset(r["ingredient"] for r in rows(INGREDIENT_FILES[1]))
        self._drug = lru_cache(maxsize=CACHED)(self.drugs.match)
        self._observation = lru_cache(maxsize=CACHED)(self.observations.match)
        self._findings = lru_cache(maxsize=CACHED)(self.conditions.match)
        self._answer = lru_cache(maxsize=CACHED)(self._answers.match)

    @property
    def version(self) -> str:
        return str(manifest()["version"])

    def drug(
        self, codings: Codings = (), text: str = "", form: str = "", route: str = ""
    ) -> DrugMatch:
        """The ingredients of a drug; the codings decide, text and form complete."""
        return self._drug(
            _pairs(codings), (text or "")[:LONGEST], (form or "")[:LONGEST], (route or "")[:LONGEST]
        )

    def observation(self, codings: Codings = (), text: str = "") -> ConceptMatch | None:
        """The concept of a measurement; the most specific known code, then the text."""
        return self._observation(_pairs(codings), (text or "")[:LONGEST])

    def finding(self, codings: Codings = (), text: str = "") -> ConceptMatch | None:
        """The first concept of a condition or sign."""
        return next(iter(self.findings(codings, text)), None)

    def findings(self, codings: Codings = (), text: str = "") -> tuple[ConceptMatch, ...]:
        """Every concept of a condition or sign; a text may name several."""
        return self._findings(_pairs(codings), (text or "")[:LONGEST])

    def answer(self, concept: str, codings: Codings = (), text: str = "") -> str | None:
        """The value that a coded or written answer stands for ("V", "-2", "positive")."""
        return self._answer(concept, _pairs(codings), (text or "")[:LONGEST])

    def ingredient(self, key: str) -> Ingredient:
        """The ingredient of this key; KeyError when there is none."""
        return self._ingredients[key]

    def ingredients(self) -> tuple[str, ...]:
        """Every ingredient key, sorted."""
        return tuple(sorted(self._ingredients))

    def dopamine_roles(self, ingredients: Iterable[str]) -> tuple[str, ...]:
        """The distinct roles of the ingredients, sorted."""
        return tuple(sorted({role for key in ingredients for role in self.ingredient(key).roles}))


def _pairs(codings: Codings) -> Pairs:
    return codings if type(codings) is tuple else tuple((s, c) for s, c in codings)


def _ingredient(row: dict[str, str]) -> Ingredient:
    names = tuple(filter(None, row["names"].split("|")))
    return Ingredient(
        row["ingredient"],
        row["role"],
        tuple(filter(None, row["classes"].split("|"))),
        (row["ingredient"], *names),
        row["rxcui"] or None,
        row["note"],
    )


@cache
def terminology() -> Terminology:
    """The shared instance, with the site's own codes where the setting names them."""
    return Terminology(read(paths(), with_licensed=is_on()))


def with_overlay(*files: Path, with_licensed: bool = False) -> Terminology:
    """A separate instance with these files (tests, checks)."""
    return Terminology(read(files, with_licensed))

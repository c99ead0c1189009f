"""Long-acting or not, and which product: what salts, brands, forms, routes and strengths tell.

Rules of use are data (`data/products.yaml`). Absence of a form is unknown, never short-acting.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from alerts.truth import FALSE, TRUE, UNKNOWN, Truth
from service.fhir.terminology.words import phrase, plain, strengths

SHORT_DEPOT = "zuclopenthixol_acetate"
_EXTENDED = re.compile(
    r"\b(?:extended[- ]release|prolonged[- ]release|prolonged[- ]release suspension|er susp\w*)\b"
)


@dataclass(frozen=True, slots=True)
class Depot:
    """`long_acting` with the product where it is told; `why` for people."""

    long_acting: Truth
    product: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class _Product:
    key: str
    ingredient: str
    words: frozenset[str]
    brands: tuple[str, ...]
    strengths: frozenset[str]
    always: bool


@dataclass(frozen=True, slots=True)
class Saying:
    """What was said about one order: all its text, and what was read from it."""

    text: str
    oral: bool = False
    injection: bool = False
    several: bool = False
    combined: bool = False
    brand_depot: str = ""


class Depots:
    """The rules of products.yaml."""

    def __init__(self, rules: dict[str, Any]) -> None:
        self.products = [
            _Product(
                key,
                rule["ingredient"],
                frozenset(map(str, rule.get("words", ()))),
                tuple(phrase(b) for b in rule.get("brands", ())),
                frozenset(rule.get("strengths", ())),
                bool(rule.get("always")),
            )
            for key, rule in rules["products"].items()
        ]
        self.sites = {
            r["of"]: (r["site"], key) for key, r in rules["products"].items() if "site" in r
        }
        self.ingredients: dict[str, dict[str, Any]] = rules["ingredients"]
        self.words = tuple(f" {phrase(w)} " for w in rules["depot_words"])

    @classmethod
    def load(cls, folder: Path) -> "Depots":
        return cls(_file(folder))

    @classmethod
    def rules(cls, folder: Path) -> dict[str, dict[str, Any]]:
        """The products as written, by key."""
        products: dict[str, dict[str, Any]] = _file(folder)["products"]
        return products

    def has_depot(self, ingredient: str) -> bool:
        return ingredient in self.ingredients

    def product_named(self, ingredients: Sequence[str], name: str) -> str | None:
        """The product that a name tells by brand, salt or strength; None when it does not."""
        text = f" {phrase(name)} "
        mine = [p for p in self.products if p.ingredient in ingredients]
        for product in mine:
            if any(f" {brand} " in text for brand in product.brands):
                return self._at_site(product.key, text)
        said = set(text.split()) | set(re.findall(r"\w+-\w+", plain(name)))
        for product in mine:
            if product.always or product.words & said:
                return self._at_site(product.key, text)
        return self._by_strength(mine, name, text)

    def _by_strength(self, mine: Sequence[_Product], name: str, text: str) -> str | None:
        told = set(strengths(name))
        volume = re.search(r"(\d+(?:\.\d+)?) ml\b(?! *[/)])", plain(name))
        if volume:  # RxNorm: "0.88 ML paliperidone palmitate 310 MG/ML" is 273 mg
            told |= {
                f"{round(float(s.split()[0]) * float(volume[1])):g} mg"
                for s in told
                if s.endswith("mg/ml")
            }
        hits = [p.key for p in mine if p.strengths & told]
        return self._at_site(hits[0], text) if len(hits) == 1 else None

    def _at_site(self, key: str, text: str) -> str:
        site, other = self.sites.get(key, ("", ""))
        return other if site and f" {site} " in text else key

    def judge(self, ingredients: Sequence[str], saying: Saying) -> Depot:
        """What a record tells about an order of these ingredients."""
        mine = [key for key in ingredients if key in self.ingredients]
        if not mine:
            return Depot(FALSE, why="no long-acting form of it is listed")
        told = [self._judge_one(key, saying) for key in mine]
        best = next((d for d in told if d.long_acting is TRUE), None)
        if best is not None:
            return best
        if all(d.long_acting is FALSE for d in told):
            return told[0]
        return Depot(UNKNOWN, why="the form is not told")

    def _judge_one(self, key: str, saying: Saying) -> Depot:
        rule = self.ingredients[key]
        text = f" {phrase(saying.text)} "
        words = set(text.split()) | set(re.findall(r"\w+-\w+", plain(saying.text)))
        named = self._said_product(key, text, words, saying.oral)
        if named is not None:
            return named
        if rule.get("always") or saying.brand_depot in ("Y", "short_depot"):
            return Depot(TRUE, why="always a long-acting product")
        if saying.combined:
            return Depot(FALSE, why="no depot is combined with another drug")
        if saying.oral:
            return Depot(FALSE, why="the form is not a depot injection")
        if words & set(rule.get("short_salts", ())):
            return Depot(FALSE, why="a salt of the short-acting injection")
        if any(word in text for word in self.words) or words & set(rule.get("depot_words", ())):
            return Depot(TRUE, self._only_product(key, saying, text), "called long-acting")
        if not saying.injection and set(strengths(saying.text)) & set(
            rule.get("oral_strengths", ())
        ):
            return Depot(FALSE, why="a strength of its tablets")
        if _EXTENDED.search(plain(saying.text)):
            if rule.get("oral_extended_release") and not saying.injection:
                return Depot(FALSE, why="extended-release tablets exist")
            return Depot(TRUE, self._only_product(key, saying, text), "extended release")
        return self._by_form(key, rule, saying, text)

    def _said_product(self, key: str, text: str, words: set[str], oral: bool) -> Depot | None:
        mine = [p for p in self.products if p.ingredient == key]
        for product in mine:
            for brand in product.brands:
                if f" {brand} " in text:
                    return Depot(TRUE, self._at_site(product.key, text), f"brand {brand!r}")
        for product in mine:
            said = {w for w in product.words & words if len(w) > 5 or not oral}
            if said or product.always:
                why = f"word {min(said)!r}" if said else "always a long-acting product"
                return Depot(TRUE, self._at_site(product.key, text), why)
        return None

    def _by_form(self, key: str, rule: dict[str, Any], saying: Saying, text: str) -> Depot:
        told = set(strengths(saying.text))
        mine = [p for p in self.products if p.ingredient == key]
        by_millilitre = any(p.strengths & {s for s in told if s.endswith("/ml")} for p in mine)
        if told & set(rule.get("short_strengths", ())) and not by_millilitre:
            short = {s for s in told & set(rule["short_strengths"]) if s.endswith("/ml")}
            if saying.injection or short:
                return Depot(FALSE, why="a strength of the short-acting injection")
        if saying.injection or by_millilitre:
            product = self._by_strength(mine, saying.text, text)
            if product is not None:
                return Depot(TRUE, product, "a strength of this product only")
            if rule["injection"] == "depot":
                return Depot(TRUE, self._only_product(key, saying, text), "every injection is")
            if saying.several:
                return Depot(FALSE, why="given together with another injection")
        if saying.brand_depot == "N":
            return Depot(FALSE, why="a brand of short-acting forms")
        return Depot(UNKNOWN, why="the form is not told")

    def _only_product(self, key: str, saying: Saying, text: str) -> str | None:
        mine = [p for p in self.products if p.ingredient == key]
        if len(mine) == 1:
            return mine[0].key
        return self._by_strength(mine, saying.text, text)


def _file(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = yaml.load((folder / "products.yaml").read_bytes(), yaml.CSafeLoader)
    return told

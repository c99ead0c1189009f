"""Drug look-up: every known code first, the text where no code is known, then the form."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alerts.truth import FALSE, TRUE, UNKNOWN, Truth
from service.fhir.terminology.depots import SHORT_DEPOT, Depot, Depots, Saying
from service.fhir.terminology.drug_text import DrugNames, Named, ingredients_of
from service.fhir.terminology.matches import DrugMatch
from service.fhir.terminology.ndc import eleven
from service.fhir.terminology.systems import (
    ATC,
    CODE_SYSTEMS,
    DMD,
    NDC,
    RXNORM,
    SCT,
    system_key,
    well_formed,
)
from service.fhir.terminology.tables import DATA, SNOMED_DRUG_FILES, DrugCodes, Profile, rows
from service.fhir.terminology.words import plain, strengths, tokens

_ROUTES = (
    ("im", r"\bi\.?m\.?\b|intra-?muscular|intramusk"),
    ("iv", r"\bi\.?v\.?p?b?\b|intra-?venous|\biv push\b"),
    ("sc", r"\bs\.?c\.?\b|\bsub-?q\b|sub-?cut|\bsq\b|\bcsci\b"),
    ("td", r"\bpatch(?:es)?\b|trans-?dermal|/24 ?h\w*\b(?=.*patch)|\btd\b"),
    ("rectal", r"\bp\.?r\.?\b(?!.*\b(?:tab|cap))|\brectal|suppositor|\bsupp?\b"),
    ("sublingual", r"\bs\.?l\.?\b|sublingual"),
    ("buccal", r"\bbuccal"),
    ("nasal", r"\bnasal|intranasal"),
    ("inhaled", r"\binhal|\binh\b|nebuli[sz]|\bneb\b"),
    ("topical", r"\btopical|(?<!intestinal )\b(?:gel|cream|ointment|lotion)\b"),
    ("ophthalmic", r"\bophth|\beye drops?\b"),
    ("ng", r"\bng\b(?! ?/)|\bngt\b|\bpeg[- ]tube|\bvia peg\b|nasogastric|\benteral\b|\bj-?tube\b"),
    ("oral", r"\bp\.?o\.?\b|\boral|by mouth|\btab(?:let)?s?\b|\bcap(?:sule)?s?\b|\bodt\b|"
             r"disintegrat|orodispers|lyophilis|\bsyrup|\belixir|\bsusp(?:ension)?\b|zydis|m-?tab|"
             r"quicklet|velotab|expidet|\bdrops\b|comprim|tabletten|\bkaps|gotas|spansule|caplet|chewable|"
             r"\btropfen\b|\bgouttes\b|\bgocce\b|\bkrople\b|\bdruppels\b|\bsol(?:ution)? buv"),
    ("injection", r"\binj|\bvials?\b|\bampoules?\b|\bampuls?\b|\bamps?\b|syringe|infusion|\bgtt\b|"
                  r"\bdrip\b|depot|\blai\b"),
)  # fmt: skip
_ROUTE_OF = [(route, re.compile(pattern)) for route, pattern in _ROUTES]
SHORTEST_CODED_NAME = 6
INJECTED = frozenset({"im", "sc", "injection"})


@dataclass(frozen=True, slots=True)
class Coded:
    """What a licensed site's own table says of a code."""

    ingredients: tuple[str, ...]
    depot: str = ""


class Drugs:
    """Ingredients, product, form and route of an order."""

    def __init__(self, extra: Mapping[tuple[str, str], Coded]) -> None:
        self.names = DrugNames()
        self.depots = Depots.load(DATA)
        self.codes = DrugCodes()
        self.atc = {r["code"]: _keys(r["ingredients"]) for r in rows("atc.csv")}
        self.snomed = {
            r["code"]: Coded(_keys(r["ingredients"]), r["depot"])
            for name in SNOMED_DRUG_FILES
            for r in rows(name)
        }
        self.extra = extra

    def match(
        self, codings: Sequence[tuple[str, str]], text: str, form: str, route: str
    ) -> DrugMatch:
        known = [hit for system, code in codings for hit in self._coded(system, code)]
        known.sort(key=lambda hit: (hit[1].ingredients, hit[0]))
        told = _Order(text, form, route)
        if any(profile.ingredients for _, profile in known):
            return self._from_codes(known, told)
        if text:
            return self._from_text(self.names.find(text), told)
        # A code that cannot be one of its system, or a local one, may be a generic name spelt out
        # ("HALOPERIDOL"); a short code that looks like a brand ("YAZ") is only a code.
        words = " ".join(code for system, code in codings if _may_be_text(system, code))
        spelt = self.names.find(words, guess=False)
        names = [n for n in spelt if n.kind == "name" and len(n.words) >= SHORTEST_CODED_NAME]
        return self._from_text(names, told)

    def _coded(self, system: str, code: str) -> list[tuple[str, Profile]]:
        key, code = system_key(system or ""), (code or "").strip()
        own = self.extra.get((key, code))
        if own is None and key in (SCT, DMD):
            own = self.extra.get((DMD if key == SCT else SCT, code)) or self.snomed.get(code)
        if own is not None:
            return [(f"{key} {code}", Profile(own.ingredients, own.depot))]
        if not well_formed(key, code):
            return []
        if key == RXNORM:
            hit = self.codes.rxnorm.get(code)
            if hit is None:
                return []
            return [(f"RxNorm {code} ({hit[0] or 'type not told'})", self.codes.profiles[hit[1]])]
        if key == ATC and code in self.atc:
            return [(f"ATC {code}", Profile(self.atc[code]))]
        return self._ndc(code) if key == NDC else []

    def _ndc(self, code: str) -> list[tuple[str, Profile]]:
        """All readings of the digits; refused when they name different drugs."""
        hits = [profile for digits in eleven(code) for profile in self.codes.ndc(digits)]
        if len({profile.ingredients for profile in hits}) != 1:
            return []
        if len({profile.product or profile.depot for profile in hits}) > 1:
            return [(f"NDC {code}", Profile(hits[0].ingredients))]
        return [(f"NDC {code}", hits[0])]

    def _from_codes(self, known: list[tuple[str, Profile]], told: "_Order") -> DrugMatch:
        profiles = [profile for _, profile in known]
        keys = tuple(sorted({key for profile in profiles for key in profile.ingredients}))
        route = told.route or next((p.route for p in profiles if p.route), None)
        form = told.form or next((p.form for p in profiles if p.form), None)
        depot = self._coded_depot(profiles, keys, told)
        how = "; ".join(dict.fromkeys(source for source, _ in known))
        return DrugMatch(
            keys, depot.product, depot.long_acting, _depot_route(route, depot), form,
            told.strength, f"{how}; {depot.why}" if depot.why else how,
        )  # fmt: skip

    def _coded_depot(self, profiles: list[Profile], keys: tuple[str, ...], told: "_Order") -> Depot:
        product = next((p.product for p in profiles if p.product), None)
        if product or any(p.depot in ("Y", "short_depot") for p in profiles):
            short = any(p.depot == "short_depot" for p in profiles)
            told_too = self.depots.judge(keys, told.saying())
            return Depot(TRUE, product or told_too.product or (SHORT_DEPOT if short else None))
        if any(p.form and p.depot == "N" for p in profiles):
            return Depot(FALSE)
        if any(len(p.ingredients) > 1 for p in profiles):
            return Depot(FALSE)
        return self.depots.judge(keys, told.saying())

    def _from_text(self, found: list[Named], told: "_Order") -> DrugMatch:
        keys = ingredients_of(found)
        if not keys:
            others = self.names.known.find(told.text)
            how = f"text: {', '.join(others)}: known, without a role here" if others else ""
            return DrugMatch(
                (), route=told.route, form=told.form, strength=told.strength, how=how, others=others
            )
        depot = self.depots.judge(keys, told.saying(found))
        how = "; ".join(dict.fromkeys(named.how for named in found))
        return DrugMatch(
            keys, depot.product, depot.long_acting, _depot_route(told.route, depot), told.form,
            told.strength, f"text: {how}; {depot.why}" if depot.why else f"text: {how}",
        )  # fmt: skip

    def flag(self, codings: Sequence[tuple[str, str]]) -> str:
        """The table's own word on the codes: Y, N, short_depot, form_dependent or empty."""
        flags = [
            p.depot for system, code in codings for _, p in self._coded(system, code) if p.depot
        ]
        return max(flags, key=("N", "form_dependent", "short_depot", "Y").index, default="")


class _Order:
    """The words of one order, read once."""

    __slots__ = ("all", "form", "route", "strength", "text")

    def __init__(self, text: str, form: str, route: str) -> None:
        self.all = " ".join(filter(None, (text, form, route)))
        self.text = text
        self.form = plain(form) or None
        self.route = route_of(route) or route_of(form) or route_of(text)
        found = strengths(text)
        self.strength = found[0] if found else None

    def saying(self, found: Sequence[Named] = ()) -> Saying:
        flags = {named.depot for named in found}
        single = [named for named in found if len(named.ingredients) == 1]
        several = len({named.ingredients for named in single}) > 1
        brand = next((f for f in ("short_depot", "Y", "form_dependent", "N") if f in flags), "")
        injection = self.route in INJECTED
        oral = bool(self.route) and not injection
        return Saying(self.all, oral, injection, several, combined(self.all, found), brand)


def combined(text: str, found: Sequence[Named]) -> bool:
    """A fixed combination: one name of several drugs, or names joined by a stroke or hyphen."""
    if any(len(named.ingredients) > 1 for named in found):
        return True
    names = {word for named in found for word in named.words.split()}
    chunks = (c for c in plain(text).split() if re.search(r"[a-z][-/+][a-z]", c))
    return any(len(names & set(tokens(chunk))) > 1 for chunk in chunks) and len(found) > 1


def route_of(text: str) -> str | None:
    """The route that words tell; an injection outranks the suspension that is injected."""
    if not text:
        return None
    words = plain(text)
    hits = [route for route, pattern in _ROUTE_OF if pattern.search(words)]
    if not hits:
        return None
    if "oral" in hits and INJECTED & set(hits):
        solid = re.search(r"\btab|\bcap(?!acity)|\bodt\b|\boral|\bp\.?o\.?\b|by mouth", words)
        hits = [h for h in hits if (h not in INJECTED if solid else h != "oral")]
    return hits[0]


def _depot_route(route: str | None, depot: Depot) -> str | None:
    return route or ("depot" if depot.long_acting is TRUE else None)


def _may_be_text(system: str, code: str) -> bool:
    key = system_key(system or "")
    named = any(c.isalpha() for c in code or "")
    return named and (key not in CODE_SYSTEMS or not well_formed(key, code))


def _keys(cell: str) -> tuple[str, ...]:
    return tuple(filter(None, cell.split("|")))


def word_of(truth: Truth) -> str:
    return {TRUE: "Y", FALSE: "N", UNKNOWN: "form_dependent"}[truth]

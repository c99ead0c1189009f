"""Which drug a medication resource means: by code, by reference, or by its words."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from alerts.truth import UNKNOWN
from service.fhir.reader.answers import rows_of
from service.fhir.reader.body import Body, contained
from service.fhir.reader.codes import Coded, coded
from service.fhir.reader.entry import Entry
from service.fhir.reader.fields import Fields, Memo, decoded, objects, value_of
from service.fhir.reader.reading import DrugIdentity
from service.fhir.reader.references import Target, target
from service.fhir.terminology import DrugMatch, terminology
from service.fhir.terminology.licensed import codes_of

_CONCEPTS = ("medicationCodeableConcept", "medicationCode")
# Words that stand where a drug should be and are none (fact 11).
_NO_DRUG = frozenset({"", "unknown", "error", "n/a", "none"})
_MAX_INGREDIENTS = 50


@dataclass(frozen=True, slots=True)
class Drug:
    """A drug as told. `awaits`: the Medication that will tell more; `text` for people."""

    identity: DrugIdentity
    awaits: str | None = None

    @property
    def is_told(self) -> bool:
        return self.identity.text.lower() not in _NO_DRUG or bool(self.identity.ingredients)


def drug_of(entry: Entry, body: Body, route: Coded) -> Drug:
    """The drug of an order, dose, dispense or statement."""
    concept, reference = _told(entry.fields)
    if reference is not None:
        return _referenced(reference, entry, body, route)
    return Drug(identity_of(concept, "", route))


def _told(found: Fields) -> tuple[Coded, Target | None]:
    """The concept, or the reference; R5 has both under `medication`."""
    for name in _CONCEPTS:
        raw = found.get(name)
        if raw is not None and (concept := concepts[bytes(raw)]):
            return concept, None
    value = value_of(found, "medication") if "medication" in found else None
    if isinstance(value, dict) and "reference" in value and "concept" not in value:
        return Coded(), target(_reference(value))
    if value is not None and (concept := coded(value)):
        return concept, None
    if "medicationReference" in found:
        return Coded(), target(value_of(found, "medicationReference"))
    return Coded(), None


concepts = Memo(lambda raw: coded(decoded(raw)))


def _reference(value: dict[str, Any]) -> Any:
    """A CodeableReference holds a Reference; a plain Reference holds a string."""
    inner = value["reference"]
    return inner if isinstance(inner, dict) else value


def _referenced(who: Target, entry: Entry, body: Body, route: Coded) -> Drug:
    """The display is the drug's name at once (fact 1); the Medication, where it is, decides."""
    known: DrugIdentity | None = None
    if who.contained:
        inside = contained(entry).get(who.contained)
        known = medication_identity(inside, "", contained(entry), route) if inside else None
    else:
        name = f"{who.type}/{who.id}" if who.id else who.url
        sent = body.drugs.get(who.url) or body.drugs.get(name)
        known = entry_identity(sent, route) if sent is not None else None
    # a package number may stand as the identifier of the Medication
    marks = (who.identifier,) if who.identifier else ()
    shown = identity_of(Coded(marks, who.display), "", route)
    if known is not None:
        if known.ingredients or not shown.ingredients:
            text = known.text or who.display
            return Drug(_named(known, text))
        return Drug(_named(shown, known.text or who.display))
    awaits = f"Medication/{who.id}" if who.id and who.type in ("", "Medication") else None
    return Drug(shown, awaits)


def _named(identity: DrugIdentity, text: str) -> DrugIdentity:
    return DrugIdentity(
        identity.reference,
        identity.ingredients,
        text,
        identity.product,
        identity.long_acting,
        identity.route,
        identity.form,
    )


def entry_identity(entry: Entry, route: Coded | None = None) -> DrugIdentity:
    """What a Medication of this body is."""
    resource = {
        name: value_of(entry.fields, name)
        for name in ("code", "product", "ingredient", "form", "doseForm", "contained")
        if name in entry.fields
    }
    inside = contained(entry)
    return medication_identity(resource, entry.reference, inside, route or Coded())


def medication_identity(
    resource: Any, reference: str, inside: dict[str, Any], route: Coded, depth: int = 0
) -> DrugIdentity:
    """A Medication: its code, else the union of its ingredients (fact 4), else its words."""
    if not isinstance(resource, dict):
        return identity_of(Coded(), reference, route)
    product = resource.get("product")
    product = product if isinstance(product, dict) else {}
    form = coded(resource.get("doseForm") or resource.get("form") or product.get("form"))
    code = coded(resource.get("code"))
    whole = identity_of(code, reference, route, form.words)
    if whole.ingredients and code.codings:
        return whole
    listed = resource.get("ingredient") or product.get("ingredient")
    parts = [
        _ingredient(one, inside, route, form.words, depth)
        for one in list(objects(listed))[:_MAX_INGREDIENTS]
    ]
    names = ", ".join(part.text for part in parts if part.text)
    found = tuple(sorted({key for part in parts for key in part.ingredients}))
    if not found:
        return _named(whole, whole.text or names)
    first = next(part for part in parts if part.ingredients)
    return DrugIdentity(
        reference,
        found,
        whole.text or names,
        first.product if len(found) == 1 else None,
        first.long_acting if len(found) == 1 else UNKNOWN,
        whole.route,
        form.words or None,
    )


def _ingredient(
    one: dict[str, Any], inside: dict[str, Any], route: Coded, form: str, depth: int
) -> DrugIdentity:
    item = one.get("itemCodeableConcept") or one.get("item") or one.get("itemReference")
    if isinstance(item, dict) and "reference" in item:
        who = target(_reference(item))
        held = inside.get(who.contained) if who.contained else None
        if isinstance(held, dict) and depth < 2:
            return medication_identity(held, "", inside, route, depth + 1)
        return identity_of(Coded(text=who.display), "", route, form)
    return identity_of(coded(item), "", route, form)


@lru_cache(maxsize=4096)
def identity_of(concept: Coded, reference: str, route: Coded, form: str = "") -> DrugIdentity:
    """What a concept names."""
    if not concept:
        return DrugIdentity(reference, (), "", route=_route(DrugMatch(()), route))
    match = _match(concept.codings, concept.words, form, _route_words(route))
    return DrugIdentity(
        reference,
        # a drug without a role here is under its own name: nobody has to ask what it is
        match.ingredients or match.others,
        concept.label,
        match.product,
        match.long_acting,
        _route(match, route),
        form or match.form,
    )


@lru_cache(maxsize=4096)
def _match(codings: tuple[tuple[str, str], ...], text: str, form: str, route: str) -> DrugMatch:
    return terminology().drug(codings, text[:500], form[:100], route[:100])


def _route_words(route: Coded) -> str:
    return route_key(route) or route.words


def _route(match: DrugMatch, route: Coded) -> str | None:
    """The order's own route first; "injection" is the best that some texts tell."""
    return route_key(route) or match.route or (route.words.lower() or None)


def route_key(route: Coded) -> str | None:
    """The chart's route by code (routes.csv); None when the codes are not known."""
    table = routes()
    for system, mark in route.codings:
        found = table.get((system, mark)) or table.get(("", mark.upper()))
        if found:
            return found
    return None


@lru_cache(maxsize=1)
def routes() -> dict[tuple[str, str], str]:
    """(system, code) -> route of the chart (routes.csv)."""
    told = {(row["system"], row["code"]): row["route"] for row in rows_of("routes.csv")}
    return told | codes_of("route")

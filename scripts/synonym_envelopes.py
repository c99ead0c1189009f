"""The same course at other zones, in other bundles: variants of `synonym_cases`."""

import copy
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import synthetic as s

Json = dict[str, Any]
Named = dict[str, Json]


def times() -> Iterator[tuple[str, str, Callable[[Named], Any]]]:
    def zoned(offset: str) -> Callable[[Named], None]:
        def change(n: Named) -> None:
            text = json.dumps(n)
            for at in sorted(set(_stamps(text))):
                text = text.replace(at, _in_zone(at, offset))
            moved = json.loads(text)
            n.clear()
            n.update(moved)

        return change

    for name, offset in (("utc", "+00:00"), ("new-york", "-05:00"), ("nepal", "+05:45")):
        yield f"zone-{name}", f"the same instants written at {offset}", zoned(offset)

    def zulu(n: Named) -> None:
        zoned("+00:00")(n)
        text = json.dumps(n).replace("+00:00", "Z")
        n.clear()
        n.update(json.loads(text))

    yield "zone-z", "fact 65: Z instead of an offset", zulu

    def fractions(n: Named) -> None:
        n["fever2"]["effectiveDateTime"] = s.stamp(1).replace("+", ".0000000+")

    yield "fraction-seven-digits", "fact 65: fractions of seven digits", fractions

    def issued(n: Named) -> None:
        for name in ("fever1", "fever2", "ck"):
            n[name]["issued"] = s.stamp(13)

    yield "issued-late", "fact 67: issued half a day later", issued

    def instant(n: Named) -> None:
        n["fever2"]["effectiveInstant"] = n["fever2"].pop("effectiveDateTime")

    yield "effective-instant", "fact 63: an instant", instant


def _stamps(text: str) -> Iterator[str]:
    parts = text.split('"')
    yield from (p for p in parts if len(p) == 25 and p[10] == "T")


def _in_zone(at: str, offset: str) -> str:
    zone = datetime.fromisoformat(f"2025-01-01T00:00:00{offset}").tzinfo
    return datetime.fromisoformat(at).astimezone(zone).isoformat()


def envelopes() -> Iterator[tuple[str, str, Callable[[Named], Any]]]:
    def reversed_entries(n: Named) -> Json:
        return {"bundle.json": s.bundle(reversed(list(n.values())))}

    yield "entries-reversed", "fact 84: newest first", reversed_entries

    def lines(n: Named) -> dict[str, bytes]:
        kinds: dict[str, list[str]] = {}
        for resource in n.values():
            kinds.setdefault(resource["resourceType"], []).append(json.dumps(resource))
        return {f"{k}.ndjson": ("\n".join(v) + "\n").encode() for k, v in kinds.items()}

    yield "bulk-export", "fact 97: NDJSON, one file a resource type", lines

    def urn(n: Named) -> Json:
        body = s.bundle(n.values(), kind="transaction")
        for number, entry in enumerate(body["entry"]):
            entry["fullUrl"] = f"urn:uuid:00000000-0000-4000-8000-{number:012d}"
            if "subject" in entry["resource"]:
                entry["resource"]["subject"] = {"reference": body["entry"][0]["fullUrl"]}
            entry["request"] = {"method": "PUT", "url": f"Patient/{entry['resource']['id']}"}
        return {"bundle.json": body}

    yield "urn-uuid", "fact 70: urn:uuid references", urn

    def absolute(n: Named) -> None:
        for resource in n.values():
            if "subject" in resource:
                resource["subject"]["reference"] = (
                    "https://ehr.example.org/fhir/Patient/p/_history/3"
                )

    yield "absolute-versioned", "facts 69, 76: absolute, versioned references", absolute

    def twice(n: Named) -> Json:
        return {"bundle.json": s.bundle([*n.values(), *n.values()])}

    yield "sent-twice", "fact 83: the same page again", twice

    def second_id(n: Named) -> None:
        n["fever2-copy"] = {**copy.deepcopy(n["fever2"]), "id": "fever2-copy"}

    yield "second-id", "fact 82: the same reading under a second id", second_id

    def around(n: Named) -> None:
        n["claim"] = {"resourceType": "Claim", "id": "claim"}
        n["place"] = {"resourceType": "Location", "id": "place", "name": "Ward 3"}

    yield "others-around", "fact 90: other resources around", around

    def searchset(n: Named) -> Json:
        body = s.bundle(n.values(), kind="searchset")
        for entry in body["entry"]:
            entry["search"] = {"mode": "match"}
        return {"bundle.json": body}

    yield "searchset", "fact 88: a searchset", searchset

    def type_last(n: Named) -> Json:
        body = s.bundle([dict(reversed(list(r.items()))) for r in n.values()])
        return {"bundle.json": dict(reversed(list(body.items())))}

    yield "type-last", "fact 89: resourceType last", type_last

    def nulls(n: Named) -> None:
        n["fever1"]["note"] = None
        n["fever2"]["bodySite"] = {"coding": [], "text": ""}

    yield "nulls", "fact 94: null and empty", nulls

    def separators(n: Named) -> None:
        n["tone"]["note"] = [{"text": "one\u2028two\u0085three"}]

    yield "line-separators", "fact 97: U+2028 and U+0085 in strings", separators

    def no_stay(n: Named) -> None:
        del n["stay"]

    yield "no-encounter", "fact 76: no Encounter", no_stay

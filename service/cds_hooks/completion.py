"""What the client did not prefetch, read from its FHIR server before the call is answered.

A key is asked for when it was not sent, failed, or came with its first page only; null means
that the client looked and found nothing, and is not asked again.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import orjson

from service.cds_hooks.prefetch import Filled, filled, unsatisfied
from service.cds_hooks.request import HookCall
from service.cds_hooks.services import PREFETCH
from service.fhir.address import mismatch
from service.fhir.client import Fetched, FhirClient, expanded

_MEDICATION = re.compile(r"Medication/[A-Za-z0-9\-.]{1,64}")
_DRUGS_MAX = 20
_WHY_NOT = {
    "no-fhir-server": "",
    "fhir-server-malformed": "The fhirServer of the request is not an address: it was not asked.",
    "fhir-server-not-pinned": "The fhirServer of the request is not the one agreed for your"
    " organisation: it was not asked.",
}


async def completed(
    call: HookCall, client: FhirClient | None, deadline_s: float | None = None
) -> HookCall:
    """The call with its prefetch completed as far as the tenant's server gave it in time.

    `tried` of the answer says what came of it. Never raises for what the server does.
    """
    wanting, drugs = unsatisfied(call.prefetch), unnamed_drugs(call.drafts)
    if not wanting and not drugs:
        return call
    if client is None:
        return call if call.fhir_server is None else replace(call, tried=_NO_SERVER)
    why_not = mismatch(call.fhir_server, client.base)
    if why_not:
        return replace(call, tried=_WHY_NOT[why_not])
    queries = {key: expanded(PREFETCH[key], call.ids) for key in wanting}
    asked = {key: query for key, query in queries.items() if query is not None}
    found = await client.fetch({**asked, **{d: d for d in drugs}}, call.token, deadline_s)
    named = [found.pop(drug) for drug in drugs]
    return replace(
        call,
        prefetch=_joined(call.prefetch, found),
        body=b"",
        drafts=_with_drugs(call.drafts, named),
        tried=_words(found),
    )


def unnamed_drugs(drafts: Mapping[str, Any]) -> tuple[str, ...]:
    """Medications that the drafts name by reference and that did not come with them."""
    sent = [e["resource"] for e in _resources_of(drafts)]
    there = {f"{r.get('resourceType')}/{r.get('id')}" for r in sent}
    found = (r.get("medicationReference") for r in sent)
    named = (one.get("reference") for one in found if isinstance(one, dict))
    wanted = (r for r in named if isinstance(r, str) and _MEDICATION.fullmatch(r))
    return tuple(sorted(set(wanted) - there))[:_DRUGS_MAX]


def _resources_of(drafts: Mapping[str, Any]) -> list[dict[str, Any]]:
    entries = drafts.get("entry", [])
    return [e for e in entries if isinstance(e, dict) and isinstance(e.get("resource"), dict)]


def _with_drugs(drafts: Mapping[str, Any], found: Sequence[Fetched]) -> dict[str, Any]:
    read = [page for one in found if not one.failure for page in one.pages]
    drugs = [{"resource": page} for page in read if page["resourceType"] == "Medication"]
    return {**drafts, "entry": [*drafts.get("entry", []), *drugs]} if drugs else dict(drafts)


_NO_SERVER = "No FHIR server is agreed for your organisation: the one of the request was not asked."


def _joined(prefetch: Mapping[str, Filled], found: Mapping[str, Fetched]) -> dict[str, Filled]:
    """What was fetched replaces what was sent; a failed query leaves what there was."""
    held = dict(prefetch)
    for key, one in found.items():
        if not one.failure:
            held[key] = _value(one)
    return held


def _value(found: Fetched) -> Filled:
    pages = [filled(msgspec.Raw(orjson.dumps(page))) for page in found.pages]
    return Filled(
        tuple(resource for page in pages for resource in page.resources),
        failed=any(page.failed for page in pages),
        more=not found.complete,
    )


def _words(found: Mapping[str, Fetched]) -> str:
    failed = [f"{key} ({one.failure})" for key, one in found.items() if one.failure]
    if not failed:
        return ""
    return f"Your FHIR server was asked and did not give: {', '.join(failed)}."

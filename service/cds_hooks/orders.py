"""The orders of a call: drafts and stops as read, and what of them could not be checked."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from alerts.chart import MedicationUse
from alerts.statements import Interaction
from service.cds_hooks.request import HookCall
from service.fhir.reader import EntryOutcome, Outcome, ReadContext, Reason, read_drafts

_UNSIGNED = (None, "draft")
_SELECT = "order-select"


@dataclass(frozen=True, slots=True)
class Orders:
    """`drafts` as read. `removable`: references of those never signed; `sent`: reference -> the
    order as it came. `failures`: to be said on a card; `gaps`: to be said in the extension."""

    drafts: tuple[MedicationUse, ...] = ()
    removable: frozenset[str] = frozenset()
    sent: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    failures: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()


def read_orders(call: HookCall, context: ReadContext) -> Orders:
    """Every draft and stop of the call; the other order types are not ours to judge."""
    listed = call.drafts.get("entry", [])
    entries = list(_named(listed))
    drafts, outcomes = read_drafts({**call.drafts, "entry": entries}, context)
    sent = {reference_of(e["resource"]): e["resource"] for e in entries}
    removable = {
        reference_of(one["resource"])
        for one in listed
        if isinstance(one, dict)
        and isinstance(one.get("resource"), dict)
        and one["resource"].get("id")
        and one["resource"].get("status") in _UNSIGNED
    }
    failures, gaps = _unchecked(call, outcomes, len(listed) - len(entries))
    return Orders(tuple(drafts), frozenset(removable), sent, tuple(failures), tuple(gaps))


def reference_of(resource: Mapping[str, Any]) -> str:
    return f"{resource.get('resourceType')}/{resource.get('id')}"


def selected(rows: Sequence[Interaction], chosen: Collection[str]) -> list[Interaction]:
    """order-select advises on what was selected; the other drafts are background."""
    wanted = {c.rsplit("/", 1)[-1] for c in chosen}
    return [r for r in rows if not r.order or r.order.rsplit("/", 1)[-1] in wanted]


def _named(listed: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """Entries with a resource; one without id gets a name, so that cards can speak of it."""
    for n, entry in enumerate(listed):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict):
            known = resource.get("id")
            yield {**entry, "resource": resource if known else {**resource, "id": f"draft-{n + 1}"}}


def _unchecked(
    call: HookCall, outcomes: Sequence[EntryOutcome], broken: int
) -> tuple[list[str], list[str]]:
    """In numbers only. A draft before its drug is chosen is ordinary while orders are written."""
    reasons = [o.reason for o in outcomes]
    refused = sum(o.outcome is Outcome.REFUSED for o in outcomes)
    nameless = sum(r == Reason.NO_DRUG for r in reasons)
    unread = refused - nameless + broken + sum(r == Reason.AWAITS_DRUG for r in reasons)
    unknown = sum(r == Reason.UNMAPPED_DRUG for r in reasons)
    failures = [f"{unread} of the draft orders could not be read"] if unread else []
    gaps: list[str] = []
    if nameless:
        said = f"{nameless} of the draft orders name no drug"
        (gaps if call.hook == _SELECT else failures).append(said)
    if unknown:
        gaps.append(f"{unknown} of the draft orders name a drug not known here: not checked")
    return failures, gaps

"""The orders of a call: drafts and stops as read, and what of them could not be checked."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from alerts.chart import MedicationUse
from alerts.statements import Interaction
from service.cds_hooks.request import HookCall
from service.fhir.reader import EntryOutcome, Outcome, ReadContext, Reason, read_drafts
from service.fhir.reader.groups import unfolded, unsent
from service.fhir.reader.readers import ORDERS

_UNSIGNED = (None, "draft")
_SELECT = "order-select"


@dataclass(frozen=True, slots=True)
class Orders:
    """`drafts` as read. `removable`: references of those never signed; `background`: of those that
    order-select leaves out; `sent`: reference -> the order as it came. `failures`: to be said on a
    card; `gaps`: to be said in the extension."""

    drafts: tuple[MedicationUse, ...] = ()
    removable: frozenset[str] = frozenset()
    background: frozenset[str] = frozenset()
    sent: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    failures: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Sent:
    """An entry with a resource. `own`: the resource came with an id that no other order has."""

    entry: Mapping[str, Any]
    resource: Mapping[str, Any]
    own: bool

    @property
    def reference(self) -> str:
        return reference_of(self.resource)


def read_orders(call: HookCall, context: ReadContext) -> Orders:
    """Every draft and stop of the call, those that a group contains too; the other order types are
    not ours to judge."""
    came = call.drafts.get("entry", [])
    listed = [entry for _, entry in unfolded(came)]
    sent = _named(listed)
    entries = [{**one.entry, "resource": one.resource} for one in sent]
    drafts, outcomes = read_drafts({**call.drafts, "entry": entries}, context)
    own = [one for one in sent if one.own]
    chosen, lost = _chosen(call.selections or (), sent)
    failures, gaps = _unchecked(call, outcomes, len(listed) - len(sent))
    if lost and call.hook == _SELECT:
        gaps.append(f"{lost} of the selected orders are not among the drafts")
    if missing := unsent(came):
        gaps.append(f"{missing} of the orders that a group names were not sent: not looked at")
    return Orders(
        drafts=tuple(drafts),
        removable=frozenset(x.reference for x in own if x.resource.get("status") in _UNSIGNED),
        background=frozenset(x.reference for x in own if chosen and x.reference not in chosen),
        sent={one.reference: one.resource for one in sent},
        failures=tuple(failures),
        gaps=tuple(gaps),
    )


def reference_of(resource: Mapping[str, Any]) -> str:
    return f"{resource.get('resourceType')}/{resource.get('id')}"


def selected(rows: Sequence[Interaction], orders: Orders) -> list[Interaction]:
    """order-select advises on what was selected. A draft without an id of its own, which no
    selection can mean for certain, is judged always."""
    return [row for row in rows if row.order not in orders.background]


def _named(listed: Sequence[Any]) -> list[_Sent]:
    """Each order under a name of its own: cards can speak of one that came without id, and of two
    that came under the same id neither stands for the other."""
    came = [
        (n, entry, entry["resource"])
        for n, entry in enumerate(listed, 1)
        if isinstance(entry, dict) and isinstance(entry.get("resource"), dict)
    ]
    under: dict[str, Mapping[str, Any]] = {}
    shared = {
        reference_of(resource)
        for _, _, resource in came
        if under.setdefault(reference_of(resource), resource) != resource
        and resource.get("resourceType") in ORDERS
    }
    sent = []
    for n, entry, resource in came:
        own = bool(resource.get("id")) and reference_of(resource) not in shared
        named = resource if own else {**resource, "id": _free(n, resource, under)}
        sent.append(_Sent(entry, named, own))
    return sent


def _free(n: int, resource: Mapping[str, Any], taken: Collection[str]) -> str:
    name = f"draft-{n}"
    while reference_of({**resource, "id": name}) in taken:
        name += "-"
    return name


def _chosen(selections: Sequence[str], sent: Sequence[_Sent]) -> tuple[set[str], int]:
    """References of the orders selected, by id or by the address of their entry; how many
    selections name none. Without selections, nothing is left out."""
    by: dict[str, set[str]] = {}
    for one in sent:
        for name in (str(one.resource.get("id")), one.entry.get("fullUrl")):
            if isinstance(name, str):
                by.setdefault(name, set()).add(one.reference)
    found: set[str] = set()
    lost = 0
    for name in selections:
        named = by.get(name) or by.get(name.rpartition("/")[2], set())
        found |= named
        lost += not named
    return found, lost


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

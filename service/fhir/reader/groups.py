"""Groups of orders (RequestGroup and its kin): what they contain are orders like any other."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from service.fhir.reader.readers import ORDERS

# CarePlan: how a protocol is sent where no group is known; RequestOrchestration: the name in R5
GROUPS = frozenset({"RequestGroup", "RequestOrchestration", "CarePlan"})
_STEPS = ("action", "activity")
_LINKS = ("resource", "reference", "plannedActivityReference")


def unfolded(listed: Sequence[Any]) -> list[tuple[str, Any]]:
    """(place, entry) of every entry, then of every medication order that a group contains.

    A contained order keeps what it may refer to, and has the group's subject where it names none.
    Its id is left out: it is an address inside the group only, and says nothing outside of it.
    """
    own: list[tuple[str, Any]] = []
    held: list[tuple[str, Any]] = []
    for index, entry in enumerate(listed):
        place = f"Bundle.entry[{index}].resource"
        group = _group(entry)
        own.append((place, entry if group is None else {**entry, "resource": _rest(group)}))
        if group is not None:
            held += ((f"{place}.{where}", {"resource": one}) for where, one in _orders(group))
    return [*own, *held]


def unsent(listed: Sequence[Any]) -> int:
    """How many orders the groups name that neither they nor another entry brings."""
    sent = {name for entry in listed for name in _names(entry)}
    missing = set()
    for n, entry in enumerate(listed):
        group = _group(entry)
        if group is None:
            continue
        within = {f"#{one.get('id')}" for one in _contained(group)}
        for name in _named(group):
            if name.startswith("#"):
                missing |= {(n, name)} if name not in within else set()
            elif _is_order(name) and sent.isdisjoint((name, _relative(name))):
                missing.add((-1, _relative(name)))
    return len(missing)


def _group(entry: Any) -> Mapping[str, Any] | None:
    resource = entry.get("resource") if isinstance(entry, dict) else None
    if not isinstance(resource, dict) or str(resource.get("resourceType")) not in GROUPS:
        return None
    return resource


def _contained(group: Mapping[str, Any]) -> list[dict[str, Any]]:
    held = group.get("contained")
    return [one for one in held if isinstance(one, dict)] if isinstance(held, list) else []


def _medication_order(resource: Mapping[str, Any]) -> bool:
    return str(resource.get("resourceType")) in ORDERS


def _rest(group: Mapping[str, Any]) -> dict[str, Any]:
    """The group without the orders that were taken out of it."""
    kept = [one for one in _contained(group) if not _medication_order(one)]
    bare = {key: value for key, value in group.items() if key != "contained"}
    return {**bare, "contained": kept} if kept else bare


def _orders(group: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    beside = [one for one in _contained(group) if not _medication_order(one)]
    subject = group.get("subject")
    held = group.get("contained")
    for n, one in enumerate(held if isinstance(held, list) else ()):
        if not isinstance(one, dict) or not _medication_order(one):
            continue
        order = {key: value for key, value in one.items() if key != "id"}
        if subject and not (order.get("subject") or order.get("patient")):
            order["subject"] = subject
        if beside:
            order["contained"] = beside
        yield f"contained[{n}]", order


def _named(group: Mapping[str, Any]) -> Iterator[str]:
    """The references of the group's steps, however they are nested."""
    waiting: list[Any] = [group]
    while waiting:
        step = waiting.pop()
        for key in _STEPS:
            below = step.get(key)
            waiting += [s for s in below if isinstance(s, dict)] if isinstance(below, list) else []
        for key in _LINKS if step is not group else ():
            link = step.get(key)
            name = link.get("reference") if isinstance(link, dict) else None
            if isinstance(name, str) and name:
                yield name


def _names(entry: Any) -> Iterator[str]:
    """Under what another entry may refer to this one."""
    if not isinstance(entry, dict):
        return
    if isinstance(entry.get("fullUrl"), str):
        yield entry["fullUrl"]
    resource = entry.get("resource")
    if isinstance(resource, dict):
        yield f"{resource.get('resourceType')}/{resource.get('id')}"


def _is_order(name: str) -> bool:
    """A medication order; what is a urn can only be meant for an entry of this Bundle."""
    return name.startswith("urn:") or _relative(name).partition("/")[0] in ORDERS


def _relative(name: str) -> str:
    """The last two parts of an address; a version is left out."""
    return "/".join(name.partition("/_history/")[0].split("/")[-2:])

"""The worklist as rows: which alerts are shown, in what order, and what each row says."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any
from urllib.parse import quote, urlencode

from alerts.cards.text import moment
from service.security.session import User
from service.worklist.changed import changed_words
from service.worklist.desk import Look
from service.worklist.item import Item
from service.worklist.synopsis import (
    drugs,
    facts,
    gaps,
    interaction_facts,
    interaction_of,
    next_steps,
    pair,
    score_words,
)
from service.worklist.words import TIERS, WORDS, age, clock, inside, named, rank_of

# what a single drug is dangerous in (SPEC 6)
_CONTEXTS = {
    "SUS": " in suspected NMS",
    "TX": " during treatment of NMS",
    "PD": " in Parkinson's disease",
    "REC": " after NMS",
    "PRE": " as it is prescribed",
}
# what orders the list, see urgency()
Urgency = tuple[bool, int, bool, bool, datetime, bool, str]
_KINDS = ("nms", "interaction", "withdrawal")
# facts that stand in the row itself, the strongest first; the rest is unfolded
_SHOWN_FACTS = 4
# tiers above another of the same severity
_FULLEST = frozenset({"HIGHLY_PROBABLE", "PROBABLE_ATYPICAL"})


@dataclass(frozen=True, slots=True)
class Filters:
    """What the reader wants to see; the location is a column and filters only when asked.

    `everything`: asked for without any filter, so that a saved one is not applied.
    """

    ward: str = ""
    kind: str = ""
    tenant: str = ""
    mine: bool = False
    unclaimed: bool = False
    snoozed: bool = False
    everything: bool = False

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Filters":
        """From a query string; unknown parts and odd values are left out."""
        return cls(
            ward=query.get("ward", "")[:80],
            kind=query.get("kind", "") if query.get("kind") in _KINDS else "",
            tenant=query.get("tenant", "")[:64],
            mine=query.get("mine") == "1",
            unclaimed=query.get("unclaimed") == "1",
            snoozed=query.get("snoozed") == "1",
            everything=query.get("all") == "1",
        )

    @property
    def query(self) -> str:
        """The canonical query string: what a form carries to come back to the same list."""
        held = {
            "ward": self.ward,
            "kind": self.kind,
            "tenant": self.tenant,
            "mine": "1" if self.mine else "",
            "unclaimed": "1" if self.unclaimed else "",
            "snoozed": "1" if self.snoozed else "",
        }
        return urlencode({name: value for name, value in held.items() if value})

    def keeps(self, item: Item, user: User, now: datetime) -> bool:
        return (
            (not self.ward or item.ward == self.ward)
            and (not self.kind or self._of_kind(item))
            and (not self.mine or item.owner == user.name)
            and (not self.unclaimed or item.owner is None)
            and (self.snoozed or not item.is_snoozed(now))
        )

    def _of_kind(self, item: Item) -> bool:
        if self.kind == "withdrawal":
            return item.kind == "nms" and bool(item.withdrawn)
        return item.kind == self.kind


def cared_for(item: Item, user: User) -> bool:
    """Is it of a ward of the user's? Where the ward is not on record, it is everybody's."""
    return not user.wards or not item.ward or item.ward in user.wards or item.owner == user.name


def rank(item: Item) -> int:
    """0 to 3. An interaction that may not interrupt (ALR-13) is no alarm, however grave."""
    found = rank_of(item.level)
    return found if item.kind == "nms" or item.interruptive else min(found, 2)


def urgency(item: Item, now: datetime) -> Urgency:
    """Most severe first, then nobody's before somebody's, the fuller picture of NMS before the
    lesser one, then longest unattended."""
    return (
        item.is_snoozed(now) or bool(item.suppressed),
        -rank(item),
        item.owner is not None,
        item.level not in _FULLEST,
        item.unattended_since,
        item.kind != "nms",  # of one patient's, the whole before its parts
        item.key,
    )


def listed(items: Iterable[Item], filters: Filters, user: User, now: datetime) -> list[Item]:
    kept = [item for item in items if filters.keeps(item, user, now)]
    return sorted(kept, key=lambda item: urgency(item, now))


def row(item: Item, now: datetime, zone: tzinfo, look: Look | None = None) -> dict[str, Any]:
    """One alert in three lines: state and owner; facts with ages; what changed, is missing, next.

    `look`: what the reader last saw of it, None for never.
    """
    told = _interaction(item, now, zone) if item.kind == "interaction" else _nms(item, now, zone)
    found = rank(item)
    patient = quote(item.patient, safe="")
    return {
        "key": item.key,
        "revision": item.revision,
        "word": WORDS[found],
        "tone": WORDS[found].lower().replace(" ", "-"),
        "owner": owner_words(item, now, zone),
        "waiting": _waiting(item, now),
        "escalated": item.escalated and item.owner is None,
        "loud": item.interruptive and item.owner is None and not item.is_snoozed(now),
        "who": item.person,
        "patient": patient,
        "page": f"/patients/{patient}",
        "check": f"/check/{patient}" if item.kind == "nms" else "",
        "fresh": look is None or look.revision != item.revision,
        "seen": f"{moment(look.at, now, zone)}" if look else "",
        "changes": changed_words(look.said, item.said) if look and item.said else [],
        "can": _offered(item, now),
        **told,
    }


def with_parts(head: dict[str, Any], parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A row with what is folded under it, counted: further facts; interactions, named and as
    loud."""
    return {
        **head,
        "shown": _SHOWN_FACTS,
        "parts": parts,
        "folded": ", ".join(_folded(head, parts)),
        "parts_fresh": not head["fresh"] and any(part["fresh"] for part in parts),
        "loud": head["loud"] or any(part["loud"] for part in parts),
    }


def _folded(head: dict[str, Any], parts: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if parts:
        yield f"{len(parts)} {'interaction' if len(parts) == 1 else 'interactions'}"
    unclaimed = sum(bool(part["waiting"]) for part in parts)
    # where nobody has the row, nobody has what is under it: said once, as a new row is new whole
    if unclaimed and not head["waiting"]:
        yield f"{unclaimed} unclaimed"
    more = len(head["facts"]) - _SHOWN_FACTS
    if more > 0:
        yield f"{more} more {'fact' if more == 1 else 'facts'}"


def _offered(item: Item, now: datetime) -> dict[str, bool]:
    return {
        "claim": item.owner is None and item.is_open,
        "release": item.owner is not None and item.is_open,
        "snooze": item.is_open and not item.is_snoozed(now),
        "resolve": item.is_open,
        "hand_over": item.is_open,
        "reopen": not item.is_open or item.is_snoozed(now),
    }


def _waiting(item: Item, now: datetime) -> str:
    """Since when nobody has it, for the timer; "" when somebody has, or it is hidden."""
    if item.owner is not None or not item.is_open or item.is_snoozed(now) or item.suppressed:
        return ""
    return item.unattended_since.isoformat()


def owner_words(item: Item, now: datetime, zone: tzinfo) -> str:
    """Who has it since when; for nobody's, how long it has waited."""
    if not item.is_open:
        return f"resolved: {named(item.reason)}" if item.reason else "resolved"
    if item.is_snoozed(now):
        why = f", {named(item.reason)}" if item.reason else ""
        return f"snoozed until {clock(item.snoozed_until, now, zone)}{why}"
    if item.suppressed:
        return f"calls nobody: {named(item.suppressed).replace('-', ' ')}"
    since = clock(item.unattended_since, now, zone)
    if item.owner is None:
        return f"unclaimed since {since}"
    return f"{item.owner} since {since}"


def _nms(item: Item, now: datetime, zone: tzinfo) -> dict[str, Any]:
    said = item.said
    if said is None:
        return _without_facts(TIERS.get(item.level, named(item.level)))
    return {
        "headline": _headline(item),
        "effect": "",
        "score": score_words(said),
        "facts": facts(said, now, zone),
        "drugs": drugs(said, now, zone),
        "gaps": [*gaps(said), *_eased(item)],
        "next": next_steps(said),
    }


def _headline(item: Item) -> str:
    """The tier in words; when a dopaminergic drug was withdrawn, that is said with it."""
    words = TIERS.get(item.level, named(item.level))
    if withdrawn := item.withdrawn:
        return f"{words}: {' and '.join(named(drug) for drug in withdrawn)} stopped or missed"
    return words


def _eased(item: Item) -> list[str]:
    """The alert stands although the newest assessment says less: that is said, not hidden."""
    said = item.said
    if said is None or said["tier"] == item.level:
        return []
    now_said = TIERS.get(said["tier"], named(said["tier"]))
    return [f"newest facts on record: {inside(now_said)}"]


def _interaction(item: Item, now: datetime, zone: tzinfo) -> dict[str, Any]:
    found = interaction_of(item.said, item.rule, item.drugs) if item.said else None
    headline = pair(item.drugs) or named(item.rule)
    if found is not None and len(item.drugs) < 2:
        headline += _CONTEXTS.get(next(iter(found["context"]), ""), "")
    if found is None:
        return _without_facts(headline)
    effect = str(found["effect"])
    return {
        "headline": headline,
        "effect": effect[:1].lower() + effect[1:],
        "score": "",
        "facts": [
            {"what": "effect", "value": found["effect"], "when": "", "source": "", "label": ""},
            *interaction_facts(found, now, zone),
        ],
        "drugs": [],
        "gaps": [found["label"]] if found["label"] else [],
        "next": [found["management"].rstrip(".")],
    }


def _without_facts(headline: str) -> dict[str, Any]:
    """The facts that raised it are no longer in the newest assessment: shown, never dropped."""
    return {
        "headline": headline,
        "effect": "",
        "score": "",
        "facts": [],
        "drugs": [],
        "gaps": ["the facts that raised this are not in the newest assessment"],
        "next": ["open the patient page and check"],
    }


def silence(last: datetime | None, now: datetime) -> str:
    """'22 min' since the last data."""
    return age(now - last).removesuffix(" ago") if last else ""

"""The worklist as rows: which alerts are shown, in what order, and what each row says."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any
from urllib.parse import quote, urlencode

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
from service.worklist.words import TIERS, WORDS, age, clock, named, rank_of


@dataclass(frozen=True, slots=True)
class Filters:
    """What the reader wants to see; the location is a column and filters only when asked."""

    ward: str = ""
    kind: str = ""
    mine: bool = False
    unclaimed: bool = False
    snoozed: bool = False

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Filters":
        """From a query string; unknown parts and odd values are left out."""
        return cls(
            ward=query.get("ward", "")[:80],
            kind=query.get("kind", "") if query.get("kind") in ("nms", "interaction") else "",
            mine=query.get("mine") == "1",
            unclaimed=query.get("unclaimed") == "1",
            snoozed=query.get("snoozed") == "1",
        )

    @property
    def query(self) -> str:
        """The canonical query string: what a form carries to come back to the same list."""
        held = {
            "ward": self.ward,
            "kind": self.kind,
            "mine": "1" if self.mine else "",
            "unclaimed": "1" if self.unclaimed else "",
            "snoozed": "1" if self.snoozed else "",
        }
        return urlencode({name: value for name, value in held.items() if value})

    def keeps(self, item: Item, user: str, now: datetime) -> bool:
        return (
            (not self.ward or item.ward == self.ward)
            and (not self.kind or item.kind == self.kind)
            and (not self.mine or item.owner == user)
            and (not self.unclaimed or item.owner is None)
            and (self.snoozed or not item.is_snoozed(now))
        )


def urgency(item: Item, now: datetime) -> tuple[Any, ...]:
    """Most severe first, then nobody's before somebody's, then longest unattended."""
    return (
        item.is_snoozed(now),
        -rank_of(item.level),
        item.owner is not None,
        item.unattended_since,
        item.key,
    )


def listed(items: Iterable[Item], filters: Filters, user: str, now: datetime) -> list[Item]:
    kept = [item for item in items if filters.keeps(item, user, now)]
    return sorted(kept, key=lambda item: urgency(item, now))


def row(item: Item, now: datetime, zone: tzinfo) -> dict[str, Any]:
    """One alert in three lines: state and owner; facts with ages; what is missing, what next."""
    told = _interaction(item, now, zone) if item.kind == "interaction" else _nms(item, now, zone)
    rank = rank_of(item.level)
    return {
        "key": item.key,
        "revision": item.revision,
        "word": WORDS[rank],
        "tone": WORDS[rank].lower().replace(" ", "-"),
        "owner": owner_words(item, now, zone),
        "who": item.person,
        "page": f"/patients/{quote(item.patient, safe='')}",
        "can": {
            "claim": item.owner is None and item.is_open,
            "release": item.owner is not None and item.is_open,
            "snooze": item.is_open and not item.is_snoozed(now),
            "resolve": item.is_open,
            "hand_over": item.is_open,
            "reopen": not item.is_open or item.is_snoozed(now),
        },
        **told,
    }


def owner_words(item: Item, now: datetime, zone: tzinfo) -> str:
    """Who has it since when; for nobody's, how long it has waited."""
    if not item.is_open:
        return f"resolved: {named(item.reason)}" if item.reason else "resolved"
    if item.is_snoozed(now):
        why = f", {named(item.reason)}" if item.reason else ""
        return f"snoozed until {clock(item.snoozed_until, now, zone)}{why}"
    since = clock(item.unattended_since, now, zone)
    if item.owner is None:
        return f"unclaimed {since}{' ▲ escalated' if item.escalated else ''}"
    return f"{item.owner} {since}"


def _nms(item: Item, now: datetime, zone: tzinfo) -> dict[str, Any]:
    said = item.said
    if said is None:
        return _without_facts(TIERS.get(item.level, named(item.level)))
    return {
        "headline": TIERS.get(item.level, named(item.level)),
        "score": score_words(said),
        "facts": facts(said, now, zone),
        "drugs": drugs(said, now, zone),
        "gaps": [*gaps(said), *_eased(item)],
        "next": next_steps(said),
    }


def _eased(item: Item) -> list[str]:
    """The alert stands although the newest assessment says less: that is said, not hidden."""
    said = item.said
    if said is None or said["tier"] == item.level:
        return []
    now_said = TIERS.get(said["tier"], named(said["tier"]))
    return [f"newest facts on record: {now_said[:1].lower()}{now_said[1:]}"]


def _interaction(item: Item, now: datetime, zone: tzinfo) -> dict[str, Any]:
    found = interaction_of(item.said, item.rule, item.drugs) if item.said else None
    headline = pair(item.drugs) or named(item.rule)
    if found is None:
        return _without_facts(headline)
    return {
        "headline": headline,
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
        "score": "",
        "facts": [],
        "drugs": [],
        "gaps": ["the facts that raised this are not in the newest assessment"],
        "next": ["open the patient page and check"],
    }


def silence(last: datetime | None, now: datetime) -> str:
    """'22 min' since the last data."""
    return age(now - last).removesuffix(" ago") if last else ""

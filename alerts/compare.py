"""Two assessments of one patient: what changed, and why. Pure.

For the worklist (what is new since you looked), for QA (one rule version against another) and
for anyone who asks why a tier moved. Reads the JSON form of `assessment.as_dict`, so that a
stored assessment and a fresh one compare alike.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from alerts.assessment import as_dict
from alerts.statements import Assessment, TierName

Said = Mapping[str, Any]


class Because(StrEnum):
    """Why something differs. A closed list."""

    RULES = "rules"  # another rule version judged
    NEW_EVIDENCE = "new-evidence"  # a fact that was not there before
    EVIDENCE_GONE = "evidence-gone"  # the fact left its window, or was taken back
    OTHER_VALUE = "other-value"  # the same source now says something else
    TIME = "time"  # nothing new: the clock alone


class Part(StrEnum):
    TIER = "tier"
    CHANNEL = "channel"
    SCORE = "score"
    FINDING = "finding"
    EXPOSURE = "exposure"
    INTERACTION = "interaction"
    SEVERITY = "severity"
    REQUEST = "request"
    GUIDANCE = "guidance"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `what`: the finding, drug or row; `before`/`after`: "" for not there.

    `sources`: the references that the change rests on, where it rests on any.
    """

    part: Part
    what: str
    before: str
    after: str
    because: Because
    sources: tuple[str, ...] = ()


def compare(before: Assessment, after: Assessment) -> tuple[Change, ...]:
    """The differences of two assessments, most telling first."""
    return differences(as_dict(before), as_dict(after))


def differences(before: Said, after: Said) -> tuple[Change, ...]:
    """The same for assessments in their stored JSON form."""
    findings = tuple(_findings(before, after))
    cause = _cause(before, after, findings)
    return (
        *_single(Part.TIER, "tier", before, after, cause),
        *_single(Part.CHANNEL, "channel", before, after, cause),
        *_score(before, after, cause),
        *_single(Part.SEVERITY, "severity", before, after, cause),
        *findings,
        *_listed(Part.EXPOSURE, _exposures, before, after, cause),
        *_listed(Part.INTERACTION, _interactions, before, after, cause),
        *_listed(Part.REQUEST, _named("ask_next"), before, after, cause),
        *_listed(Part.GUIDANCE, _named("guidance"), before, after, cause),
    )


def direction(changes: Sequence[Change]) -> str:
    """ "worse", "eased" or "same": by the tier alone, never by a count of changes."""
    for change in changes:
        if change.part is Part.TIER:
            rose = TierName(change.after).rank > TierName(change.before).rank
            return "worse" if rose else "eased"
    return "same"


def _single(
    part: Part, key: str, before: Said, after: Said, cause: tuple[Because, tuple[str, ...]]
) -> Iterator[Change]:
    old, new = str(before[key]), str(after[key])
    if old != new:
        yield Change(part, key, old, new, *cause)


def _score(before: Said, after: Said, cause: tuple[Because, tuple[str, ...]]) -> Iterator[Change]:
    old, new = (f"{said['iec']['lower']}-{said['iec']['upper']}" for said in (before, after))
    if old != new:
        yield Change(Part.SCORE, "iec", old, new, *cause)


def _findings(before: Said, after: Said) -> Iterator[Change]:
    old, new = before["findings"], after["findings"]
    for key in sorted({*old, *new}):
        was, now = _state(old, key), _state(new, key)
        if was != now:
            because, sources = _reason(old.get(key), new.get(key), before, after)
            yield Change(Part.FINDING, key, was, now, because, sources)


def _state(findings: Said, key: str) -> str:
    return str(findings[key]["state"]) if key in findings else ""


def _reason(
    old: Said | None, new: Said | None, before: Said, after: Said
) -> tuple[Because, tuple[str, ...]]:
    """From the evidence on both sides; another rule version only where the evidence is the same."""
    was, now = _evidence(old), _evidence(new)
    added = sorted(set(now) - set(was))
    if added:
        return Because.NEW_EVIDENCE, tuple(added)
    gone = sorted(set(was) - set(now))
    if before["rules"] != after["rules"]:
        return Because.RULES, ()
    if gone:
        return Because.EVIDENCE_GONE, tuple(gone)
    other = sorted(source for source in now if now[source] != was[source])
    if other:
        return Because.OTHER_VALUE, tuple(other)
    return Because.TIME, ()


def _evidence(finding: Said | None) -> dict[str, list[tuple[str, str]]]:
    """Source -> what it said, in order; assumed values have no source and are left out."""
    found: dict[str, list[tuple[str, str]]] = {}
    for datum in (finding or {}).get("evidence", ()):
        if datum["source"]:
            found.setdefault(datum["source"], []).append((str(datum["what"]), str(datum["value"])))
    return {source: sorted(said) for source, said in found.items()}


def _cause(
    before: Said, after: Said, findings: Sequence[Change]
) -> tuple[Because, tuple[str, ...]]:
    """Why the whole moved: the strongest reason among its findings."""
    for because in (Because.NEW_EVIDENCE, Because.OTHER_VALUE, Because.EVIDENCE_GONE):
        sources = {s for change in findings if change.because is because for s in change.sources}
        if sources:
            return because, tuple(sorted(sources))
    return (Because.RULES if before["rules"] != after["rules"] else Because.TIME), ()


def _listed(
    part: Part,
    read: Any,
    before: Said,
    after: Said,
    cause: tuple[Because, tuple[str, ...]],
) -> Iterator[Change]:
    old, new = read(before), read(after)
    for what in sorted({*old, *new}):
        was, now = old.get(what, ""), new.get(what, "")
        if was != now:
            yield Change(part, what, was, now, *cause)


def _exposures(said: Said) -> dict[str, str]:
    ranks = ("ended", "possible", "extended", "full")
    found: dict[str, str] = {}
    for exposure in said["exposures"]:
        reading, held = exposure["reading"], found.get(exposure["drug"], "")
        if held not in ranks or ranks.index(reading) > ranks.index(held):
            found[exposure["drug"]] = reading
    return found


def _interactions(said: Said) -> dict[str, str]:
    return {
        f"{i['id']}:{'+'.join(sorted(i['drugs']))}": i["severity"] for i in said["interactions"]
    }


def _named(key: str) -> Any:
    return lambda said: dict.fromkeys(said[key], "yes")

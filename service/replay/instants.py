"""What an assessment states, key by key, for `expect: states:`: {instant: {HYP: true, ...}}.

Keys: tier, channel, gate, score and literal_score ("40-76"), cutoff, onset (known), severity, stage
(STG), woodbury, incomplete (how many reasons); findings, scales and look-alikes by id (true, false,
unknown); "POPE diaphoresis", one item of a scale; "POPE count" ("1-3"); "DDX-SS clonus", one fact
of a look-alike (toward, away, missing); triggers (DAW-STOP) and exposures by drug (full, extended,
possible, ended); "haloperidol recency" and "haloperidol literal"; requests (asked), risk factors,
advice and criteria for critical care (shown), what severity lacks (unknown), interaction rows by
their mode; "says 80 mg" (true, false): words of card or plan. What is not there is "absent".
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from alerts.cards.detail import nms_detail
from alerts.cards.summary import nms_summary
from alerts.statements import Assessment, Possibility, Scale

ABSENT, SAYS = "absent", "says "
# an exposure or trigger told twice stands by its strongest reading
STRONGEST = ("full", "extended", "possible", "ended")


def stated(one: Assessment) -> dict[str, str]:
    """Everything that an expectation may name, in its words."""
    return dict([*_whole(one), *_rules(one), *_drugs(one), *_shown(one)])


def standing_at(course: Sequence[Assessment], at: datetime) -> Assessment | None:
    """What stood at an instant: the newest assessment not after it."""
    return next((one for one in reversed(course) if one.as_of <= at), None)


def unlike(expected: Mapping[str, str], one: Assessment) -> Iterator[tuple[str, str, str]]:
    """(key, what is stated, what was expected) of what differs."""
    found = stated(one)
    for key, wanted in expected.items():
        said = _on_card(key, one) if key.startswith(SAYS) else found.get(key, ABSENT)
        if said != wanted:
            yield key, said, wanted


def _on_card(key: str, one: Assessment) -> str:
    advice = (line for item in one.plan.advice for line in (*item.warnings, *item.lines))
    said = "\n".join((nms_summary(one), nms_detail(one, UTC), *advice)).casefold()
    return "true" if key.removeprefix(SAYS).casefold() in said else "false"


def _whole(one: Assessment) -> Iterator[tuple[str, str]]:
    yield "tier", one.tier.name.value
    yield "channel", one.tier.channel.value
    yield "gate", one.gate.state.value
    yield "score", f"{one.iec.lower}-{one.iec.upper}"
    yield "literal_score", f"{one.iec_literal.lower}-{one.iec_literal.upper}"
    yield "cutoff", str(one.cutoff)
    yield "onset", "known" if one.onset is not None else ABSENT
    yield "severity", one.severity.level
    yield "woodbury", one.severity.stage or ABSENT
    yield "stage", one.plan.stage or ABSENT
    yield "incomplete", str(len(one.incomplete))


def _rules(one: Assessment) -> Iterator[tuple[str, str]]:
    yield from ((key, finding.state.value) for key, finding in one.findings.items())
    for scale in one.scale_details:
        yield from _scale(scale)
    for possibility in one.differential:
        yield from _possibility(possibility)


def _scale(scale: Scale) -> Iterator[tuple[str, str]]:
    if scale.met is not None:
        yield scale.id, scale.met.value
    if scale.count is not None:
        yield f"{scale.id} count", f"{scale.count.lower}-{scale.count.upper}"
    yield f"{scale.id} note", scale.note
    yield from ((f"{scale.id} {item.text}", item.state.value) for item in scale.features)


def _possibility(one: Possibility) -> Iterator[tuple[str, str]]:
    yield one.id, one.met.value
    yield f"{one.id} trigger", one.trigger.value
    yield from ((f"{one.id} {fact}", "missing") for fact in one.missing)
    yield from ((f"{one.id} {fact}", "away") for fact in one.away)
    yield from ((f"{one.id} {fact}", "toward") for fact in one.toward)


def _drugs(one: Assessment) -> Iterator[tuple[str, str]]:
    readings = [(e.drug, e.reading) for e in one.exposures]
    readings += [(w.trigger, w.reading) for w in one.withdrawals]
    for key in dict.fromkeys(key for key, _ in readings):
        yield key, min((r for k, r in readings if k == key), key=STRONGEST.index)
    for exposure in one.exposures:
        yield f"{exposure.drug} recency", exposure.recency
        yield f"{exposure.drug} literal", exposure.literal.value


def _shown(one: Assessment) -> Iterator[tuple[str, str]]:
    yield from ((request.id, "asked") for request in one.ask_next)
    yield from ((factor.id, "shown") for factor in one.risk_factors)
    yield from ((advice.id, "shown") for advice in one.plan.advice)
    yield from ((words, "shown") for words in one.severity.critical_care)
    yield from ((words, "unknown") for words in one.severity.unknown)
    yield from ((row.id, row.mode.value) for row in one.interactions)

"""NEG: negative work-up by attestation only; never inferred from results (NEG-01, NEG-02)."""

from datetime import datetime

from alerts.chart import Condition, SignKind
from alerts.moment import TICK, Moment, sign_datum
from alerts.statements import Datum, Finding
from alerts.truth import FALSE, TRUE, UNKNOWN


def workup(now: Moment, onset: datetime | None) -> Finding:
    attested = now.signs(now.hours("episode.gap_h"), SignKind.WORKUP_NEGATIVE)
    causes = _causes(now, onset)
    if attested and attested[-1].present is TRUE and not causes:
        evidence = (sign_datum(attested[-1]),)
        return Finding("NEG", TRUE, "work-up attested negative", evidence, attested[-1].at)
    if attested and attested[-1].present is TRUE:
        return Finding(
            "NEG",
            UNKNOWN,
            "attested negative, and a confirmed cause is coded: clarify",
            (sign_datum(attested[-1]), *causes),
        )
    if causes:
        return Finding("NEG", FALSE, "a confirmed alternative cause is coded (NEG-02)", causes)
    if attested and attested[-1].present is FALSE:
        return Finding("NEG", FALSE, "attested not negative", (sign_datum(attested[-1]),))
    return Finding("NEG", UNKNOWN, "no attestation; never inferred from results (NEG-01)")


def _causes(now: Moment, onset: datetime | None) -> tuple[Datum, ...]:
    gap = now.hours("episode.gap_h")
    if not now.chart.conditions:
        return ()
    start = (onset or now.as_of) - gap
    if onset is None:
        for condition in now.chart.conditions:
            recorded = condition.onset or condition.recorded
            if recorded is not None and condition.kind in now.knowledge.alternative_causes:
                now.until(recorded + gap + TICK)
    return tuple(
        Datum(c.kind, "confirmed", "", c.onset or c.recorded, c.source.reference)
        for c in now.chart.conditions
        if _explains(now, c) and (c.onset or c.recorded or start) >= start
    )


def _explains(now: Moment, condition: Condition) -> bool:
    return (
        condition.kind in now.knowledge.alternative_causes
        and condition.confirmed is TRUE
        and condition.active is not FALSE
        and (condition.onset or condition.recorded) is not None
    )

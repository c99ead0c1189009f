"""RIG: rigidity found on examination (RIG-01, RIG-02). Never inferred from drugs."""

from datetime import datetime

from alerts.chart import Sign, SignKind
from alerts.moment import Moment, sign_caveats, sign_datum, use_datum
from alerts.statements import Finding
from alerts.truth import FALSE, TRUE, UNKNOWN

PARKINSONIAN = frozenset({"parkinson_disease", "parkinsonism_other", "lewy_body_dementia"})


def rigidity(now: Moment) -> Finding:
    """True: present in 24 h, new or worse; false: tone normal in 12 h and nothing masks it."""
    found = now.present(now.hours("rig.true_h"), SignKind.RIGIDITY)
    counted = [s for s in found if _counts(now, s)]
    if counted:
        clean = [s for s in counted if not s.preliminary] or counted
        return Finding(
            "RIG",
            TRUE,
            now.knowledge.says("rigidity found on examination in {rig.true_h} h"),
            tuple(sign_datum(s) for s in clean[-2:]),
            counted[0].at,
            sign_caveats(clean),
        )
    if found and not any(s.at > found[-1].at for s in _normal(now)):
        reason = "rigidity recorded, not as new or worse than the parkinsonian baseline (RIG-02)"
        return Finding("RIG", UNKNOWN, reason, tuple(sign_datum(s) for s in found[-1:]))
    return _absent(now)


def _counts(now: Moment, sign: Sign) -> bool:
    if sign.new is FALSE:
        return False
    if sign.new is TRUE or sign.detail == "lead_pipe":
        return True
    return not any(c.kind in PARKINSONIAN and c.active is not FALSE for c in now.chart.conditions)


def _normal(now: Moment) -> list[Sign]:
    examined = now.signs(now.hours("rig.false_h"), SignKind.RIGIDITY)
    return [s for s in examined if s.present is FALSE and s.structured and not s.preliminary]


def _absent(now: Moment) -> Finding:
    normal = _normal(now)
    if not normal:
        return Finding("RIG", UNKNOWN, now.knowledge.says("tone not examined in {rig.false_h} h"))
    masked = [
        *now.given("neuromuscular_blocker", now.hours("rig.false_h")),
        *(u for u in now.given("sedative", now.hours("ms.sedative_h")) if u.route == "iv"),
    ]
    evidence = tuple(sign_datum(s) for s in normal[-1:])
    if masked:
        reason = "normal tone under a neuromuscular blocker or deep sedation"
        return Finding("RIG", UNKNOWN, reason, (use_datum(masked[0]), *evidence))
    reason = now.knowledge.says("tone examined in {rig.false_h} h: normal")
    return Finding("RIG", FALSE, reason, evidence)


def rigidity_times(now: Moment, start: datetime, end: datetime) -> list[datetime]:
    found = now.ever(SignKind.RIGIDITY, since=start)
    if not found:
        return []
    return [s.at for s in found if s.at <= end and _counts(now, s)]

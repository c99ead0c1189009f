"""RIG: rigidity found on examination (RIG-01, RIG-02). Never inferred from drugs."""

from collections.abc import Sequence
from datetime import datetime

from alerts.chart import Sign, SignKind
from alerts.moment import AT, Moment, sign_caveats, sign_datum, use_datum
from alerts.statements import Finding
from alerts.truth import FALSE, TRUE, UNKNOWN

SIDES = frozenset({"left", "right"})
PARKINSONIAN = frozenset({"parkinson_disease", "parkinsonism_other", "lewy_body_dementia"})


def rigidity(now: Moment) -> Finding:
    """True: present in 24 h, new or worse; false: tone normal in 12 h and nothing masks it."""
    examined = now.signs(now.hours("rig.true_h"), SignKind.RIGIDITY)
    found = generalised(now, examined)
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
    partly = [s for s in examined if s.present is UNKNOWN and s.detail in {*SIDES, "local"}]
    if partly and not any(s.at > partly[-1].at for s in _normal(now)):
        reason = "rigidity recorded of one side or place; whether it is generalised is not"
        return Finding("RIG", UNKNOWN, reason, tuple(sign_datum(s) for s in partly[-1:]))
    return _absent(now)


def generalised(now: Moment, examined: Sequence[Sign]) -> list[Sign]:
    """Rigidity that was found, oldest first; not of one side alone. Limbs may be charted each for
    itself: left and right in the window of the finding, and no normal tone between, are both."""
    found = [s for s in examined if s.present is TRUE]
    if len(found) == len(examined) or not any(s.detail in SIDES for s in examined):
        return found
    within, last = now.hours("rig.true_h"), dict[str, Sign]()
    normal = [s.at for s in examined if s.present is FALSE]
    for sign in examined:
        if sign.present is not UNKNOWN or sign.detail not in SIDES:
            continue
        (opposite,) = SIDES - {sign.detail}
        other, last[sign.detail] = last.get(opposite), sign
        if other is None or sign.at - other.at > within:
            continue
        if not any(other.at < at < sign.at for at in normal):
            found += [s for s in (other, sign) if s not in found]
    return sorted(found, key=AT)


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
    series = now.chart.by_sign.get(SignKind.RIGIDITY)
    if not series:
        return []
    reached = min(end, now.as_of)
    found = generalised(now, [s for s in series if start <= s.at <= reached])
    return [s.at for s in found if _counts(now, s)]

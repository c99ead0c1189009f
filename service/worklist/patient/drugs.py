"""The drug lanes of the time line: one for every antagonist, dopaminergic and NMS treatment."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from alerts.assessment import Assessment
from alerts.chart import Chart, Evidence, MedicationUse, UseStatus, begun
from alerts.statements import Exposure
from service.fhir.terminology import terminology
from service.worklist.patient.axis import placed
from service.worklist.words import named

_ROLES = (
    ("d2_antagonist", "antagonist"),
    ("d2_partial_agonist", "antagonist"),
    ("d2_antagonist_weak", "antagonist"),
    ("d2_antagonist_peripheral", "antagonist"),
    ("dopamine_depleter", "antagonist"),
    ("dopaminergic_withdrawal_trigger", "dopaminergic"),
    ("nms_treatment", "treatment"),
)
_ORDER = ("antagonist", "dopaminergic", "treatment")
_GIVEN = frozenset({Evidence.ADMINISTRATION, Evidence.DISPENSE})
_RUNNING = frozenset({UseStatus.ACTIVE, UseStatus.IN_PROGRESS})
_NOT_USED = frozenset({
    UseStatus.DRAFT, UseStatus.CANCELLED, UseStatus.NOT_DONE, UseStatus.NOT_TAKEN,
    UseStatus.PREPARATION, UseStatus.DECLINED, UseStatus.INTENDED,
})  # fmt: skip


def drug_lanes(
    chart: Chart, assessed: Assessment, begin: datetime, now: datetime
) -> list[dict[str, Any]]:
    """Lanes in the order antagonists, dopaminergics, treatments; only what reaches the axis."""
    lanes: dict[str, dict[str, Any]] = {}
    for use in chart.medications:
        for drug in use.ingredients:
            kind = _kind(drug)
            if kind and use.status not in _NOT_USED and not use.do_not_perform:
                lane = lanes.setdefault(drug, _lane(drug, kind))
                lane["parts"] += _parts(use, begin, now)
    for exposure in assessed.exposures:
        if exposure.drug in lanes:
            lanes[exposure.drug]["parts"] += _tails(exposure, begin, now)
    for gone in assessed.withdrawals:
        lane = lanes.setdefault(gone.drug, _lane(gone.drug, "dopaminergic"))
        if gone.at is not None and gone.at <= now:
            label = f"stopped, cut or missed: {named(gone.reason)}"
            lane["parts"].append(_bar("gap", max(gone.at, begin), now, label, gone.source))
    shown = [lane for lane in lanes.values() if lane["parts"]]
    return sorted(shown, key=lambda lane: (_ORDER.index(lane["kind"]), lane["name"]))


def _lane(drug: str, kind: str) -> dict[str, Any]:
    return {"name": named(drug), "kind": kind, "parts": []}


def _kind(drug: str) -> str:
    try:
        roles = terminology().ingredient(drug).roles
    except KeyError:
        return ""
    return next((kind for role, kind in _ROLES if role in roles), "")


def _parts(use: MedicationUse, begin: datetime, now: datetime) -> Iterator[dict[str, Any]]:
    start = begun(use)
    if start is None or start > now:
        return
    label = _label(use)
    source = use.source.reference
    if use.evidence in _GIVEN:
        end = use.end or start
        if end >= begin:
            at = placed(max(start, begin))
            yield {"style": "dose", "at": at, "label": label, "source": source}
            if end > start:
                yield _bar("given", max(start, begin), min(end, now), label, source)
        return
    running = use.status in _RUNNING and use.end is None
    until = now if running else use.end
    if until is None or until < begin:
        return
    style = "as-needed" if use.as_needed else "order"
    yield _bar(style, max(start, begin), min(until, now), label, source)


def _tails(exposure: Exposure, begin: datetime, now: datetime) -> Iterator[dict[str, Any]]:
    """What a depot, or a dose, still does after it was given: in full, then possibly."""
    if exposure.last_dose is None or not exposure.long_acting:
        return
    last, source = exposure.last_dose, exposure.source
    if exposure.full_until is not None and exposure.full_until > begin:
        end = min(exposure.full_until, now)
        yield _bar("tail", max(last, begin), end, "depot: counts in full", source)
        if exposure.extended_until is not None and exposure.full_until < now:
            begun_at, end = max(exposure.full_until, begin), min(exposure.extended_until, now)
            yield _bar("late-tail", begun_at, end, "depot: possible late effect", source)


def _bar(style: str, start: datetime, end: datetime, label: str, source: str) -> dict[str, Any]:
    return {
        "style": style,
        "from": placed(start),
        "to": placed(end),
        "label": label,
        "source": source,
    }


def _label(use: MedicationUse) -> str:
    dose = f"{use.dose:g} {use.dose_unit or ''}".strip() if use.dose is not None else ""
    often = f"{use.times_per_day:g} a day" if use.times_per_day else ""
    need = "as needed" if use.as_needed else ""
    parts = (use.evidence.value, use.text or "", dose, use.route or "", often, need)
    return ", ".join(part for part in parts if part)

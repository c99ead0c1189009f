"""The time line as data: lanes of drugs and readings on one axis (`axis`).

The page draws it; a test reads it. Every point names its source.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any

from alerts.assessment import Assessment, assess
from alerts.baseline import baseline
from alerts.chart import Chart, Measurement, SignKind
from alerts.knowledge import Knowledge
from alerts.moment import moment
from service.worklist.desk import Entry
from service.worklist.patient.axis import placed, zone_of
from service.worklist.patient.drugs import drug_lanes
from service.worklist.words import TIERS, history_words, named, severity_word

# how far back the drawing begins: the story of an episode, not of a life
BACK = timedelta(days=21)
_STEPS = 40
_LEVELS = {"A": "alert", "C": "new confusion", "V": "voice", "P": "pain", "U": "unresponsive"}
_MENTAL = (
    SignKind.ACVPU, SignKind.DELIRIUM_SCREEN, SignKind.DELIRIUM, SignKind.CONFUSION,
    SignKind.DROWSINESS, SignKind.ALTERED_MENTAL_STATUS, SignKind.STUPOR, SignKind.COMA,
    SignKind.MUTISM, SignKind.CATATONIA, SignKind.AGITATION,
)  # fmt: skip


def timeline(
    chart: Chart,
    knowledge: Knowledge,
    history: Sequence[Entry],
    now: datetime,
    zone: tzinfo,
) -> dict[str, Any]:
    """Everything that is drawn, placed on the axis; `zone` says how the ward's clock reads it."""
    begin = _begin(chart, now)
    assessed = assess(chart, knowledge, now)
    draw = _Drawing(chart, begin, now)
    return {
        "from": placed(begin),
        "to": placed(now),
        "zone": zone_of(zone, begin, now),
        "drugs": drug_lanes(chart, assessed, begin, now),
        "temperature": draw.readings("body_temperature"),
        "pulse": draw.readings("heart_rate"),
        "respiration": draw.readings("respiratory_rate"),
        "systolic": draw.readings("systolic_bp"),
        "diastolic": draw.readings("diastolic_bp"),
        "ck": draw.readings("creatine_kinase"),
        "limits": _limits(chart, knowledge, assessed, now),
        "blocks": [*draw.tone(), *draw.consciousness()],
        "tiers": list(_tiers(chart, knowledge, begin, now)),
        "marks": [draw.mark(entry) for entry in history if entry.at >= begin],
    }


class _Drawing:
    """One patient's readings as points."""

    def __init__(self, chart: Chart, begin: datetime, now: datetime) -> None:
        self._chart = chart
        self._begin = begin
        self._now = now

    def readings(self, kind: str) -> list[dict[str, Any]]:
        return [self._point(m) for m in self._chart.of(kind) if self._begin <= m.at <= self._now]

    def tone(self) -> Iterator[dict[str, Any]]:
        for sign in self._chart.signs_of(SignKind.RIGIDITY):
            if self._begin <= sign.at <= self._now:
                words = named(
                    sign.detail or ("rigid" if sign.present.value == "true" else "normal")
                )
                yield self._block("tone", sign.at, words, sign.present.value, sign.source.reference)

    def consciousness(self) -> Iterator[dict[str, Any]]:
        for sign in self._chart.signs_of(*_MENTAL):
            if self._begin <= sign.at <= self._now:
                words = _LEVELS.get(sign.detail or "", named(sign.kind.value))
                if sign.kind is not SignKind.ACVPU and sign.present.value != "true":
                    words = f"no {words}"
                state, source = sign.present.value, sign.source.reference
                yield self._block("consciousness", sign.at, words, state, source)
        for reading in self._chart.of("gcs_total"):
            if self._begin <= reading.at <= self._now:
                state = "true" if reading.value < 15 else "false"
                words = f"GCS {reading.value:g}"
                yield self._block(
                    "consciousness", reading.at, words, state, reading.source.reference
                )

    def mark(self, entry: Entry) -> dict[str, str]:
        kind = "alert" if entry.who == "rules" else "action"
        words = f"{entry.what.replace('-', ' ')}: {history_words(entry.why)}"
        return {"at": placed(entry.at), "kind": kind, "label": f"{words} ({entry.who})"}

    def _point(self, m: Measurement) -> dict[str, Any]:
        more = [m.site or "", "preliminary" if m.preliminary else "", m.comparator or ""]
        return {
            "at": placed(m.at),
            "value": m.value,
            "unit": m.unit,
            "source": m.source.reference,
            "note": ", ".join(part for part in more if part),
        }

    def _block(
        self, lane: str, at: datetime, label: str, state: str, source: str
    ) -> dict[str, str]:
        when = placed(at)
        return {"lane": lane, "at": when, "label": label, "state": state, "source": source}


def _begin(chart: Chart, now: datetime) -> datetime:
    """The first thing on record within BACK, a little earlier so that it is not at the edge."""
    told = [at for at in chart.changes if now - BACK <= at <= now]
    first = min(told, default=now - timedelta(days=2))
    return min(first - (now - first) * 0.02, now - timedelta(hours=6))


def _limits(
    chart: Chart, knowledge: Knowledge, assessed: Assessment, now: datetime
) -> dict[str, Any]:
    """The lines that are drawn: thresholds of the rules, and the patient's own baseline."""
    at = moment(chart, knowledge, now)
    raised = {"heart_rate": "met.hr_ratio", "respiratory_rate": "met.rr_ratio"}
    own = {}
    for name, ratio in raised.items():
        found = baseline(at, name, assessed.onset)
        own[name] = {
            "value": found.value,
            "raised": found.value * knowledge[ratio],
            "quality": found.quality.replace("_", " "),
        }
    ranged = [m.reference_high for m in chart.of("creatine_kinase") if m.reference_high]
    high = ranged[-1] * knowledge["ck.multiple"] if ranged else knowledge["ck.no_range_u_l"]
    words = f"{knowledge['ck.multiple']:g} × ULN" if ranged else "no laboratory range"
    return {
        "fever": knowledge["hyp.threshold_c"],
        "high_fever": knowledge["temp40.threshold_c"],
        "ck": high,
        "ck_words": words,
        "baseline": own,
    }


def _tiers(
    chart: Chart, knowledge: Knowledge, begin: datetime, now: datetime
) -> Iterator[dict[str, Any]]:
    """The tier at the moments at which something came in: at most _STEPS of them."""
    changes = [at for at in chart.changes if begin <= at < now]
    stride = max(1, -(-len(changes) // _STEPS))
    kept = sorted({begin, *changes[::-1][::stride]})
    last: dict[str, Any] | None = None
    for at in kept:
        found = assess(chart, knowledge, at)
        name = found.tier.name.value
        if last is not None and last["tier"] == name:
            continue
        if last is not None:
            last["to"] = placed(at)
            yield last
        last = {
            "tier": name,
            "from": placed(at),
            "label": TIERS.get(name, named(name)),
            "tone": severity_word(name).lower().replace(" ", "-") if name != "NONE" else "none",
            "score": f"{found.iec.lower}–{found.iec.upper}",
        }
    if last is not None:
        last["to"] = placed(now)
        yield last

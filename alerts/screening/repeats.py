"""An assessment that one more "alert" on ACVPU repeats: all is said again, nothing is new.

Consciousness is charted at every round, and nearly always as it was. Such a record is read in three
places, and in each of them the one before it says the same while it stands in the window:

  MS (MS-01, MS-02)   not among the levels that make it true; the newest "A" is shown as evidence
  onset (TIER-10)     not among the levels that begin an episode
  SEV-02              not "U"; and consciousness is on record already

MSB shows what MS shows. Everything else is what it was, for no window has moved: the next review
lies ahead. A new reader of ACVPU belongs into this list (tests/replay/test_repeats.py asks).
"""

from dataclasses import replace
from datetime import datetime, timedelta

from alerts.chart import Chart, Sign, SignKind
from alerts.evidence import sign_datum
from alerts.knowledge import Knowledge
from alerts.statements import Assessment, Finding
from alerts.truth import FALSE, TRUE

ALERT = "A"
# how far back each of the readers looks, in hours
WINDOWS = ("ms.true_h", "ms.false_h", "severity.window_h")
SHOWN_BY = ("MS", "MSB")
HOUR = timedelta(hours=1)


def repeated(
    said: Assessment, before: Chart, chart: Chart, at: datetime, knowledge: Knowledge
) -> Assessment | None:
    """`said` of the chart `before`, as it is said of `chart` at `at`; None: assess it.

    Equal to the assessment made anew, but that its next review may be earlier than it need be.
    """
    if said.differential or (said.next_review_at is not None and said.next_review_at <= at):
        return None
    new = _only_new(before, chart)
    if new is None or not _is_alert(new) or new.at > at:
        return None
    former = before.signs_of(SignKind.ACVPU)[-1:]
    if not former or not _is_alert(former[0]) or not former[0].at < new.at:
        return None
    shortest = min(knowledge[name] for name in WINDOWS) * HOUR
    if former[0].at > said.as_of or former[0].at < at - shortest:
        return None
    findings = {**said.findings, **_shown_now(said, former[0], new)}
    return replace(said, as_of=at, findings=findings)


def _only_new(before: Chart, chart: Chart) -> Sign | None:
    """The one sign that was added, the newest of all; None when anything else is different."""
    if len(chart.signs) != len(before.signs) + 1 or chart.signs[:-1] != before.signs:
        return None
    same = (
        before.patient == chart.patient
        and before.details == chart.details
        and before.measurements == chart.measurements
        and before.medications == chart.medications
        and before.conditions == chart.conditions
        and before.stays == chart.stays
        and before.unread == chart.unread
    )
    new = chart.signs[-1]
    return new if same and chart.signs_of(new.kind)[-1:] == (new,) else None


def _is_alert(sign: Sign) -> bool:
    alert = sign.kind is SignKind.ACVPU and sign.detail == ALERT and sign.present is FALSE
    return alert and not sign.preliminary


def _shown_now(said: Assessment, former: Sign, new: Sign) -> dict[str, Finding]:
    """The findings that showed the former record as their newest proof, showing the new one."""
    old, now = sign_datum(former), sign_datum(new)
    shown = {}
    for key in SHOWN_BY:
        finding = said.findings[key]
        if finding.state is not TRUE and finding.evidence[-1:] == (old,):
            shown[key] = replace(finding, evidence=(*finding.evidence[:-1], now))
    return shown

"""Write docs/CASES.md: the published cases of `fixtures/cases` against what their authors saw.

    python scripts/case_report.py [--out docs/CASES.md]

For each case: which tier was reached and when, against the time of recognition where the report
tells it; where the authors' diagnosis stands among the look-alikes; each miss with the reason
written before the program ran. Nothing is tuned to a case.
"""

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from alerts.assessment import assess  # noqa: E402
from alerts.knowledge import load  # noqa: E402
from alerts.statements import Assessment, TierName  # noqa: E402
from service.replay.bodies import arrival, read  # noqa: E402
from service.replay.chronicle import Arrived, chronicle  # noqa: E402

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SYNDROME = ("nms", "nms_atypical", "parkinsonism_hyperpyrexia")
DIAGNOSIS = {
    "serotonin_syndrome": "DDX-SS",
    "malignant_hyperthermia": "DDX-MH",
    "anticholinergic_toxicity": "DDX-ACH",
    "malignant_catatonia": "DDX-MC",
    "sepsis_on_antipsychotic": "DDX-SEPSIS",
    "heat_stroke": "DDX-HEAT",
    "parkinsonism_hyperpyrexia": "DDX-PHS",
    "rhabdo_other": "DDX-STATIN",
    "healthy_on_antipsychotic": "DDX-STATIN",
    "fever_benign_on_antipsychotic": "DDX-CLOZ",
}
LEVELS = ("WATCH", "POSSIBLE", "PROBABLE")
HEAD = """# Published cases

Written by `python scripts/case_report.py`; a test keeps it fresh. The fixtures hold only what the
visible part of each report gives (of many only the abstract), so a sign told in words has no number
and a sign that nobody described is unknown. Hours are from t = 0 of the case (`expected.yaml` says
what it stands for). Published cases are selected: rates counted here are not population rates.
"""


@dataclass(frozen=True)
class Told:
    """One case: what is known of it, and its assessments in time."""

    name: str
    about: dict[str, Any]
    course: tuple[Assessment, ...]

    @property
    def zero(self) -> datetime:
        return datetime.fromisoformat(self.about["t0"])

    @property
    def peak(self) -> TierName:
        return max((a.tier.name for a in self.course), key=lambda t: t.rank, default=TierName.NONE)

    @property
    def syndrome(self) -> bool:
        return self.about["label"] in SYNDROME

    def first(self, level: str) -> float | None:
        """Hours from t = 0 to the first moment at this tier or above."""
        for one in self.course:
            if one.tier.name.rank >= TierName(level).rank:
                return self.hours(one.as_of)
        return None

    def hours(self, at: datetime) -> float:
        return (at - self.zero).total_seconds() / 3600

    @property
    def recognised(self) -> float | None:
        stated = self.about.get("recognised_at")
        return self.hours(datetime.fromisoformat(stated)) if stated else None

    @property
    def standing(self) -> str:
        """Where the authors' diagnosis stands in the last differential."""
        wanted = DIAGNOSIS.get(self.about["label"])
        weighed = [a for a in self.course if a.differential]
        if wanted is None or not weighed:
            return "–" if wanted is None else "nothing to weigh"
        ids = [entry.id for entry in weighed[-1].differential]
        entry = weighed[-1].differential[ids.index(wanted)]
        words = {"true": "met", "unknown": "open", "false": "not met"}[entry.met.value]
        return f"{ids.index(wanted) + 1} of {len(ids)} ({words})"


def cases() -> list[Told]:
    knowledge = load()
    found = []
    for folder in sorted((ROOT / "fixtures" / "cases").iterdir()):
        body = (folder / "bundle.json").read_bytes()
        moments = chronicle([Arrived(arrival(body, NOW), read(body, NOW))], None)
        about = yaml.safe_load((folder / "expected.yaml").read_text("utf-8"))
        course = tuple(
            assess(m.chart, knowledge, m.at) for series in moments.values() for m in series
        )
        found.append(Told(folder.name, about, course))
    return found


def report(told: list[Told]) -> str:
    lines = [HEAD, *_summary(told)]
    for title, chosen in (
        ("The syndrome", [t for t in told if t.syndrome]),
        ("Look-alikes and well patients", [t for t in told if not t.syndrome]),
    ):
        lines += ["", f"## {title}", "", "| case | authors' label | " + " | ".join(LEVELS)]
        lines[-1] += " | recognised | peak | authors' diagnosis among the look-alikes |"
        lines.append("| --- | --- | --- | --- | --- | --- | --- | --- |")
        lines += [_row(t) for t in chosen]
    lines += ["", "## Each miss, explained from the text", ""]
    lines += list(_misses(told))
    return "\n".join(lines) + "\n"


def _summary(told: list[Told]) -> Iterator[str]:
    yield "## In sum"
    yield ""
    yield f"| group | cases | {' | '.join(TierName)} |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    groups: dict[str, list[Told]] = defaultdict(list)
    for one in told:
        groups[one.about["label"]].append(one)
    for label, members in sorted(groups.items()):
        peaks = Counter(t.peak.value for t in members)
        cells = " | ".join(str(peaks.get(tier.value, 0)) for tier in TierName)
        yield f"| {label} | {len(members)} | {cells} |"
    dated = [t for t in told if t.syndrome and t.recognised is not None]
    early = [t for t in dated if (at := t.first("WATCH")) is not None and at <= (t.recognised or 0)]
    yield ""
    seen = sum(t.peak.rank >= TierName.POSSIBLE.rank for t in told if t.syndrome)
    total = sum(t.syndrome for t in told)
    listed = f"of {len(dated)} whose time of recognition is told, {len(early)} were listed by then."
    yield f"POSSIBLE or above in {seen} of {total} cases of the syndrome;"
    yield listed


def _row(told: Told) -> str:
    hours = [_hours(told.first(level)) for level in LEVELS]
    cells = [told.name, told.about["label"], *hours, _hours(told.recognised), told.peak.value]
    return f"| {' | '.join([*cells, told.standing])} |"


def _hours(value: float | None) -> str:
    return "–" if value is None else f"{value:g} h"


def _misses(told: list[Told]) -> Iterator[str]:
    """Syndromes below POSSIBLE or later than recognised; mimics whose diagnosis is not in front."""
    for one in told:
        reasons = []
        if one.syndrome and one.peak.rank < TierName.POSSIBLE.rank:
            reasons.append(f"peak {one.peak.value}")
        first, known = one.first("WATCH"), one.recognised
        if one.syndrome and first is not None and known is not None and first > known:
            reasons.append(f"on the list at {first:g} h, recognised at {known:g} h")
        if not one.syndrome and one.standing[:2] not in {"1 ", "2 ", "3 ", "–"}:
            reasons.append(f"authors' diagnosis {one.standing}")
        if reasons:
            why = " ".join(one.about["why"].split())
            yield f"- **{one.name}** ({one.about['label']}): {'; '.join(reasons)}. {why}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the report on the published cases.")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "CASES.md")
    options = parser.parse_args()
    options.out.parent.mkdir(exist_ok=True)
    options.out.write_text(report(cases()), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

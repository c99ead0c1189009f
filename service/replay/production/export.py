"""A patient of the store as a fixture that says nothing of who it is, and that proves itself.

Every time is moved by the same whole number of weeks, so that intervals, hours and days of the week
stay; ids are numbered anew; free text is dropped. The bundle is read back and judged: where its
answer is not the patient's own, the export says what was lost. A date of birth moves with the rest,
so that the age stays: whether such a fixture may leave the hospital is for its privacy officer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import yaml

from alerts.assessment import as_dict, assess
from alerts.chart import Chart, chart_of
from alerts.compare import Change
from alerts.knowledge import Knowledge
from alerts.statements import Assessment
from service.fhir.reader import ReadContext, read_body
from service.replay.chronicle import facts_by_patient
from service.replay.production import decision
from service.replay.production.resources import Writer

WEEK = timedelta(days=7)
# a fixture's own past: two to fifty years back, by whole weeks
FEWEST_WEEKS, MOST_WEEKS = 104, 2600
BUNDLE = "bundle.json"


@dataclass(frozen=True, slots=True)
class Exported:
    """`lost`: in which answers the fixture differs from the patient; empty when in none.
    `decided`: the decision that was recorded of the patient, when it goes with it."""

    bundle: dict[str, Any]
    expected: dict[str, Any]
    lost: tuple[str, ...]
    decided: dict[str, Any] | None = None

    def write(self, folder: Path) -> None:
        """As a fixture folder. FileExistsError when it is there."""
        folder.mkdir(parents=True)
        (folder / BUNDLE).write_bytes(orjson.dumps(self.bundle, option=orjson.OPT_INDENT_2) + b"\n")
        text = yaml.safe_dump(self.expected, sort_keys=False, allow_unicode=True, width=96)
        (folder / "expected.yaml").write_text(text, "utf-8")
        if self.decided is not None:
            decision.write(folder, self.decided)


def export(
    chart: Chart,
    rules: Knowledge,
    as_of: datetime,
    weeks: int,
    name: str,
    decided: Mapping[str, Any] | None = None,
) -> Exported:
    """The fixture called `name`, moved back by `weeks` (chosen at random by the caller).

    With `decided` (the stored JSON form) the decision goes with it, and is held against what the
    fixture gives where the same rules made it.
    """
    if not FEWEST_WEEKS <= weeks <= MOST_WEEKS:
        raise ValueError(f"{weeks} weeks: not {FEWEST_WEEKS} to {MOST_WEEKS}")
    shift = -weeks * WEEK
    writer = Writer(name, shift)
    moved = as_of + shift
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": moved.isoformat(),
        "entry": [{"resource": resource} for resource in writer.resources(chart)],
    }
    before = assess(chart, rules, as_of)
    after = assess(read_back(bundle, name, moved), rules, moved)
    lost = [f"not exported: {what}" for what in writer.left_out]
    lost += differing(before, after)
    kept = None if decided is None else decision.bare(decided, shift)
    if kept is not None and kept["rules"] == rules.version:
        lost += [words(change) for change in decision.unlike(kept, as_dict(after))]
    return Exported(bundle, _expected(name, after, rules), tuple(dict.fromkeys(lost)), kept)


def words(change: Change) -> str:
    return f"{change.what}: {change.before or 'nothing'} -> {change.after or 'nothing'}"


def read_back(bundle: dict[str, Any], name: str, at: datetime) -> Chart:
    """The chart of an exported bundle."""
    context = ReadContext(tenant="replay", received_at=at, zone=ZoneInfo("UTC"))
    resources = read_body(orjson.dumps(bundle), context).resources
    return chart_of(name, facts_by_patient(resources).get(name, []))


def differing(before: Assessment, after: Assessment) -> tuple[str, ...]:
    """In which answers two assessments of one patient differ, apart from the clock and ids."""
    found = []
    if before.tier.name is not after.tier.name:
        found.append(f"tier {before.tier.name} became {after.tier.name}")
    if before.tier.channel is not after.tier.channel:
        found.append(f"channel {before.tier.channel} became {after.tier.channel}")
    if before.iec != after.iec:
        found.append("the published score")
    for key, finding in before.findings.items():
        other = after.findings.get(key)
        if other is None or other.state is not finding.state:
            found.append(f"{key} {finding.state} became {other.state if other else 'absent'}")
    rows = [sorted((i.id, *sorted(i.drugs)) for i in one.interactions) for one in (before, after)]
    if rows[0] != rows[1]:
        parted = sorted({str(row) for row in rows[0]} ^ {str(row) for row in rows[1]})
        found.append(f"the interactions: {', '.join(parted)}")
    return tuple(found)


def _expected(name: str, said: Assessment, rules: Knowledge) -> dict[str, Any]:
    tier = said.tier.name.value
    true = sorted(key for key, f in said.findings.items() if f.state.value == "true")
    return {
        "case": name,
        "kind": "exported",
        "group": "production",
        "expect": {"tier_at": {said.as_of.isoformat(): tier}, "ever_true": true},
        "why": f"What rules {rules.version} said when it was exported; nobody has reviewed it.",
    }

"""Every fixture patient, told step by step and then left alone: the clock alone does the rest.

Whoever wakes the machine exactly when it asked to be woken must see every episode end, no step
done twice, and no waking that never stops.
"""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from alerts.assessment import assess
from alerts.chart import Fact, chart_of
from alerts.knowledge import load
from alerts.lifecycle import Alert, advance, circumstances, next_due
from service.fhir.reader import ReadContext, read_body
from service.monitoring.evaluation import awaited

FIXTURES = Path(__file__).parents[2] / "fixtures"
JOURNEYS = sorted(
    found.parent for kind in ("cases", "demo") for found in FIXTURES.glob(f"{kind}/*/expected.yaml")
)
# the longest look-back of a tier rule (7 d), and 168 h without a finding after it (TIER-10)
ALONE = timedelta(days=15)
WAKINGS_MAX = 150


class Clockwork:
    """One patient; `look` is what a worker does, without a store."""

    def __init__(self) -> None:
        self.facts: dict[str, tuple[Fact, ...]] = {}
        self.alerts: dict[str, Alert] = {}
        self.looks = 0
        numbers = count(1)
        self.new_id = lambda: f"a{next(numbers)}"

    def look(self, now: datetime) -> datetime | None:
        self.looks += 1
        chart = chart_of("p", [f for facts in self.facts.values() for f in facts])
        said = assess(chart, load(), now)
        around = circumstances(chart, load(), said)

        def moved() -> int:
            held = list(self.alerts.values())
            moves = advance(held, said, "t", now, self.new_id, around=around)
            self.alerts.update({move.alert.id: move.alert for move in moves})
            return len(moves)

        moved()
        assert moved() == 0  # a task delivered twice
        times = (next_due(list(self.alerts.values()), said, now), awaited(chart, now))
        return min((at for at in times if at is not None), default=None)


def told(folder: Path) -> Iterator[tuple[datetime, bytes]]:
    for path in sorted(folder.glob("*.json")):
        body = path.read_bytes()
        stamp = json.loads(body).get("timestamp")
        if stamp is not None:
            yield datetime.fromisoformat(stamp), body


@pytest.mark.rules("TIER-10")
@pytest.mark.parametrize("folder", JOURNEYS, ids=lambda p: p.name)
def test_a_journey_left_alone_comes_to_its_end(folder: Path) -> None:
    work, due = Clockwork(), None
    last: datetime | None = None
    for at, body in told(folder):
        while due is not None and due < at:
            due = work.look(due)
        context = ReadContext(tenant="t", received_at=at, zone=ZoneInfo("UTC"))
        for found in read_body(body, context).resources:
            work.facts[found.source.reference] = () if found.retracted else found.facts
        last, due = at, work.look(at)
    if last is None:
        pytest.skip("no bundle with a clock")
    end = last + ALONE
    while due is not None and due <= end:
        due = work.look(due)
    running = [a for a in work.alerts.values() if a.kind == "nms" and a.machine.ended_at is None]
    assert running == []
    assert work.looks <= WAKINGS_MAX

"""The worklist's desk over the store."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event

from alerts.chart import PatientDetails, Source, Stay
from alerts.lifecycle import RefusedReason
from service.errors import BadInput, NotFound
from service.store import Store
from service.worklist.counter import _LATE, _WRONG, StoreDesk
from service.worklist.desk import Conflict, Desk
from service.worklist.item import Item
from tests.store.made import (
    NOW,
    TENANT,
    due_now,
    ended,
    later,
    moved,
    other,
    raised,
    take,
    temperature,
)


@pytest.fixture
def desk(store: Store) -> Desk:
    take(
        store,
        other(
            "p1",
            PatientDetails(Source(TENANT, "Patient", "p1"), date(1985, 3, 2), "male"),
            kind="Patient",
        ),
        other(
            "e1",
            Stay(Source(TENANT, "Encounter", "e1"), later(days=-2), ward="7B"),
            kind="Encounter",
        ),
    )
    raised(store)
    return StoreDesk(store, TENANT, lambda: NOW, ZoneInfo("UTC"))


def only(desk: Desk) -> Item:
    (item,) = desk.items()
    return item


def test_an_item_tells_machine_person_ward_and_newest_assessment(desk: Desk) -> None:
    item = only(desk)
    assert (item.key, item.kind, item.level, item.patient) == ("a1", "nms", "WATCH", "p1")
    assert item.person == "Patient p1 · male, 40 y · Ward 7B"
    assert item.ward == "7B"
    assert item.said == {"tier": "WATCH"}
    assert item.is_open
    assert item.owner is None
    assert desk.item("a1") == item
    assert desk.items(patient="p2") == []
    with pytest.raises(NotFound):
        desk.item("unknown")


def test_each_step_shows_on_the_item_and_in_the_history(desk: Desk) -> None:
    desk.claim("a1", "ann", later(minutes=1))
    assert (only(desk).owner, only(desk).owner_since) == ("ann", later(minutes=1))
    desk.hand_over("a1", "ann", later(minutes=2), "bob", "night shift")
    assert only(desk).owner == "bob"
    desk.release("a1", "bob", later(minutes=3))
    assert only(desk).owner is None
    desk.snooze("a1", "ann", later(minutes=4), "will-monitor", later(hours=1))
    assert only(desk).is_snoozed(later(minutes=5))
    assert only(desk).reason == "will-monitor"
    desk.reopen("a1", "ann", later(minutes=6))
    assert not only(desk).is_snoozed(later(minutes=7))
    desk.resolve("a1", "ann", later(minutes=8), "acted-on", "stopped")
    assert desk.items() == []
    (resolved,) = desk.items(open_only=False)
    assert (resolved.is_open, resolved.reason) == (False, "acted-on")
    assert resolved.changed_at == later(minutes=8)
    told = [(e.what, e.who, e.why) for e in desk.history("a1")]
    assert told[:3] == [
        ("opened", "rules", "tier-reached"),
        ("claimed", "ann", "taken"),
        ("handed-over", "ann", "shift: to bob: night shift"),
    ]
    assert told[-1] == ("resolved", "ann", "acted-on: stopped")
    assert desk.patient_history("p1") == desk.history("a1")


def test_the_revision_changes_with_every_move_and_every_other_assessment(
    desk: Desk, store: Store
) -> None:
    def said(tier: str, clock: str) -> dict[str, object]:
        return {"as_of": clock, "tier": tier, "iec": {}, "findings": {}, "ask_next": []}

    def evaluated(tier: str, clock: str) -> str:
        assert store.settle(due_now(store), [], said(tier, clock), None, NOW)
        return only(desk).revision

    revisions = [evaluated("WATCH", "1"), evaluated("POSSIBLE", "2")]
    desk.claim("a1", "ann", NOW)
    revisions.append(only(desk).revision)
    assert len(set(revisions)) == 3
    assert evaluated("POSSIBLE", "3") == revisions[-1]  # only the clock is other


def test_a_step_that_comes_too_late_is_a_conflict_and_a_wrong_one_is_not(desk: Desk) -> None:
    desk.claim("a1", "ann", NOW)
    for late in (
        lambda: desk.claim("a1", "bob", NOW),
        lambda: desk.reopen("a1", "bob", NOW),
    ):
        with pytest.raises(Conflict) as refused:
            late()
        assert refused.value.status == 409
    for wrong in (
        lambda: desk.snooze("a1", "ann", NOW, "acted-on", later(hours=1)),
        lambda: desk.snooze("a1", "ann", NOW, "will-monitor", later(hours=-1)),
        lambda: desk.snooze("a1", "ann", NOW, "will-monitor", later(days=400)),
        lambda: desk.resolve("a1", "ann", NOW, "because", ""),
        lambda: desk.hand_over("a1", "ann", NOW, " ", ""),
    ):
        with pytest.raises(BadInput) as refused:
            wrong()
        assert refused.value.status == 400
    assert len(desk.history("a1")) == 2


def test_every_refusal_has_words() -> None:
    assert {*_LATE, *_WRONG} == set(RefusedReason)


def test_an_ended_alert_is_off_the_list_and_says_why(desk: Desk, store: Store) -> None:
    alert = store.alert(TENANT, "a1")
    assert store.settle(due_now(store), [ended(alert, NOW)], None, None, NOW)
    assert desk.items() == []
    assert desk.items(open_only=False)[0].reason == "died"
    with pytest.raises(Conflict):
        desk.claim("a1", "ann", NOW)


def test_the_desk_passes_on_flow_changes_and_charts(desk: Desk, store: Store) -> None:
    take(store, temperature("t1"))
    flow = desk.flow(later(minutes=5))
    assert (flow.last_data_at, flow.patients, flow.overdue) == (NOW, 1, 1)
    cursor = desk.cursor()
    assert store.settle(
        due_now(store), [moved(store.alert(TENANT, "a1"), "POSSIBLE", NOW)], None, None, NOW
    )
    assert desk.changes(cursor) == (desk.cursor(), ["a1"])
    chart = desk.chart("p1")
    assert chart is not None
    assert len(chart.measurements) == 1
    assert desk.chart("p2") is None
    assert StoreDesk(store, "elsewhere", lambda: NOW, ZoneInfo("UTC")).items() == []
    assert desk.tenant == TENANT


def test_a_list_of_many_alerts_takes_as_many_queries_as_one_of_a_few(
    desk: Desk, store: Store
) -> None:
    asked: list[str] = []
    event.listen(
        store._database.engine,
        "before_cursor_execute",
        lambda _c, _cur, statement, *_: asked.append(statement),
    )

    def queries(alerts: int) -> int:
        asked.clear()
        assert len(desk.items()) == alerts
        return len([s for s in asked if "SELECT" in s])

    few = queries(1)
    for n in range(20):
        raised(store, f"b{n}", f"q{n}")
    assert queries(21) == few <= 5

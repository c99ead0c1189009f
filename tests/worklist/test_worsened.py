"""A snooze ends at its time, or at once when the patient gets worse: on the list too (TIER-07)."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.lifecycle import AlertKind, Attention, attention
from service.security.session import User
from service.worklist.counter import StoreDesk
from service.worklist.item import Item
from service.worklist.rows import Filters, listed, row
from tests.cds_hooks.served import LAB, PATIENT, TENANT, UTC_ZONE, Hooks, condition, order, reading
from tests.cds_hooks.test_feedback import arrive

READER = User("Ann Able", "pharmacist")
FEVER = (
    order("haloperidol 5 mg", "m1"),
    reading("8331-1", 38.4, "Cel", 5, id="t0"),
    reading("8331-1", 38.5, "Cel", 2, id="t1"),
    condition("Delirium", "c1", 4),
)
WORSE = (
    reading("8331-1", 40.8, "Cel", -0.5, id="t2"),
    reading("2157-6", 9000, "U/L", -0.5, id="ck", **LAB),
)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Hooks]:
    held = Hooks(tmp_path)
    yield held
    held.store.close()


def on_list(site: Hooks, desk: StoreDesk) -> list[Item]:
    return [i for i in listed(desk.items(), Filters(), READER, site.clock()) if i.kind == "nms"]


@pytest.mark.rules("TIER-07")
def test_what_calls_again_during_a_snooze_is_on_the_list_at_once(site: Hooks) -> None:
    desk = StoreDesk(site.store, TENANT, site.clock, UTC_ZONE)
    arrive(site, *FEVER)
    (alert,) = (a for a in site.store.alerts(TENANT, PATIENT) if a.kind is AlertKind.NMS)
    site.clock.wait(minutes=5)
    until = site.clock() + timedelta(hours=8)
    desk.snooze(alert.id, READER.name, site.clock(), "will-monitor", until)
    assert on_list(site, desk) == []
    site.clock.wait(minutes=30)
    arrive(site, *WORSE)
    assert attention(site.store.alert(TENANT, alert.id), site.clock()) is Attention.WAITING
    (item,) = on_list(site, desk)
    assert (item.snoozed_until, item.reason) == (None, "")
    told = row(item, site.clock(), UTC_ZONE)
    assert told["owner"].startswith("unclaimed since ")
    assert told["waiting"]
    assert told["can"]["snooze"]
    # and it may be hidden again, by somebody who knows the newer picture
    desk.snooze(alert.id, READER.name, site.clock(), "will-monitor", until)
    assert on_list(site, desk) == []

"""Nothing that was acknowledged is lost, nothing is doubled, under kill -9 (fault table, row 1)."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.ledger import Ledger, push, settled, verdict
from tests.faults.processes import Processes, processes
from tests.faults.receiver import Receiver, emptied, receiver, told
from tests.monitoring.orders import TENANT

pytestmark = [pytest.mark.faults]


@pytest.fixture
def listening() -> Iterator[Receiver]:
    with receiver() as held:
        yield held


@pytest.fixture
def house(tmp_path: Path, listening: Receiver) -> Iterator[Processes]:
    held = processes(tmp_path)
    held.settings = listening.settings(tmp_path)
    held.start()
    yield held
    held.stop()


def run(
    house: Processes, listening: Receiver, bundles: int, kills: list[str], drain_s: float
) -> None:
    ledger = Ledger(house.folder / "ledger.txt")
    began = time.monotonic()
    push(house, ledger, bundles, list(kills), seed=bundles)
    sent = time.monotonic() - began
    store = house.open_store()
    drained = settled(store, ledger, drain_s)
    sent_out = emptied(store, drain_s)
    found = verdict(store, ledger, house.killed, house.start_s)
    notices = told(store, listening.taken)
    intake = store.intake_counts(TENANT)
    store.close()
    sys.stdout.write(
        f"\n{len(ledger.acknowledged)} acknowledged, {ledger.repeats} sent again,"
        f" {len(house.killed)} kills; lost {len(found.lost)}, doubled {len(found.doubled)};"
        f" to the alert median {found.median_s:.2f} s, slowest {found.slowest_s:.1f} s"
        f" ({found.after_kill_s:.1f} s after the last kill),"
        f" sent in {sent:.1f} s,"
        f" drained after {drained:.1f} s; {notices.heard} notices, {notices.extra} twice,"
        f" the last {sent_out:.1f} s after that\n"
    )
    assert len(ledger.acknowledged) == bundles
    assert len(house.killed) == len(kills)
    assert found.lost == ()
    assert found.doubled == ()
    assert found.late == ()
    assert (notices.unheard, notices.unasked, notices.doubled) == ((), (), ())
    assert notices.extra <= len(kills)
    assert notices.unmarked == ()
    outcomes = sum(n for name, n in intake.items() if name not in {"bundles", "received"})
    assert intake["received"] == outcomes
    assert intake["accepted"] == 2 * bundles  # two orders each, each taken once


@pytest.mark.timeout(900)
def test_500_bundles_and_5_kills(house: Processes, listening: Receiver) -> None:
    run(house, listening, 500, ["worker-1", "worker-2", "api", "api", "broker"], drain_s=200)


@pytest.mark.timeout(900)
def test_300_bundles_by_the_intakes_own_port(tmp_path: Path, listening: Receiver) -> None:
    held = processes(tmp_path, apart=True)
    held.settings = listening.settings(tmp_path)
    held.start()
    try:
        run(held, listening, 300, ["intake", "intake", "worker-1", "intake"], drain_s=200)
    finally:
        held.stop()


@pytest.mark.heavy
@pytest.mark.timeout(3600)
def test_10_000_bundles_and_35_kills(house: Processes, listening: Receiver) -> None:
    kills = ["worker-1"] * 10 + ["worker-2"] * 10 + ["api"] * 10 + ["broker"] * 5
    run(house, listening, 10_000, kills, drain_s=600)

"""A change of the rules: everybody is judged anew, nobody ahead of fresh data, and it is told."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from alerts.knowledge import Knowledge, load
from service.monitoring.anew import AGAIN_S, HANDFUL, WAIT_S, Anew
from service.monitoring.evaluation import Evaluator
from service.rules import mark_of, note_rules
from service.settings import Settings
from service.store import RULES, Store, open_store
from tests.monitoring.conftest import House
from tests.monitoring.orders import TENANT, accept, until

NORTH = """
version: "2026.1"
interactions: {disabled: [INT-DAN-VER]}
"""


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = open_store(f"sqlite:///{tmp_path / 's.db'}")
    made.upgrade()
    return made


def settings(folder: Path, overlay: str = "") -> Settings:
    rules = folder / f"{uuid4().hex}.yaml"
    rules.write_text(overlay)
    made = Settings(data_dir=folder, database_url=f"sqlite:///{folder / 's.db'}", tenant=TENANT)
    return replace(made, rules=rules) if overlay else made


def worker(store: Store, knowledge: Knowledge) -> Evaluator:
    """As a worker process has one."""
    anew = Anew(store, mark_of(knowledge))
    return Evaluator(store, knowledge, now, lambda: str(uuid4()), anew=anew)


def overlaid(folder: Path) -> Knowledge:
    path = folder / "north.yaml"
    path.write_text(NORTH)
    return load(path)


def actions(store: Store) -> list[str]:
    return [row.entry.action for row in store.audit(TENANT)]


def test_a_restart_with_the_same_rules_makes_nobody_due(store: Store, tmp_path: Path) -> None:
    for _ in range(3):
        note_rules(settings(tmp_path), store, now())
        accept(store, "p1", "p2")
        worker(store, load()).drain()
    assert worker(store, load()).drain().patients == 0
    assert actions(store) == ["rules.in-force"] * 3


def test_after_a_change_everybody_is_judged_by_the_new_rules_and_it_is_told(
    store: Store, tmp_path: Path
) -> None:
    """The site switches the row off, under a version of the same name: the alerts end."""
    patients = [f"p{n}" for n in range(HANDFUL + 7)]
    accept(store, *patients)
    note_rules(settings(tmp_path), store, now())
    worker(store, load()).drain()
    assert len(store.alerts(TENANT)) == len(patients)

    north = overlaid(tmp_path)
    assert worker(store, north).drain().patients == 0  # the API has not told of them yet
    note_rules(settings(tmp_path, NORTH), store, now())
    told = store.audit(TENANT)[-1].entry
    assert told.action == "rules.changed"
    assert told.detail == {
        "from": mark_of(load()),
        "to": mark_of(north),
        "patients": str(len(patients)),
    }
    tally = worker(store, north).drain(slice_s=110)
    assert (tally.settled, tally.more) == (len(patients), False)
    assert store.alerts(TENANT) == []
    assert worker(store, north).drain().patients == 0
    assert store.judged_otherwise(mark_of(north)) == 0


def test_what_comes_in_meanwhile_waits_for_a_handful_at_most(store: Store) -> None:
    accept(store, *(f"p{n:03}" for n in range(3 * HANDFUL)))
    Evaluator(store, load(), now, lambda: str(uuid4())).drain(slice_s=110)
    store.put_in_force(RULES, "new", now())
    anew = Anew(store, "new")
    assert anew.look(now())
    accept(store, "fresh")
    first, second = store.claim_due(now(), HANDFUL), store.claim_due(now(), HANDFUL)
    assert len(first) == HANDFUL
    assert [due.patient for due in second] == ["fresh"]


def test_a_slice_ends_in_time_and_goes_on_with_the_next(store: Store) -> None:
    accept(store, *(f"p{n:03}" for n in range(HANDFUL + 1)))
    Evaluator(store, load(), now, lambda: str(uuid4())).drain(slice_s=110)
    store.put_in_force(RULES, mark_of(load()), now())
    held = worker(store, load())
    tally = held.drain(slice_s=0)
    assert (tally.patients, tally.more) == (0, True)
    tally = held.drain(slice_s=0)
    assert (tally.settled, tally.more) == (HANDFUL, True)
    assert held.drain(slice_s=110).settled == 1


def test_a_worker_with_other_rules_than_those_in_force_takes_nobody(store: Store) -> None:
    """An old worker beside new ones would else take each other's patients for ever."""
    accept(store, "p1")
    Evaluator(store, load(), now, lambda: str(uuid4())).drain()
    store.put_in_force(RULES, "new", now())
    ticking = [0.0]
    old = Anew(store, "old", monotonic=lambda: ticking[0])
    assert old.look(now()) is False
    store.put_in_force(RULES, "old", now())
    assert old.look(now()) is False  # not asked at every bell
    ticking[0] = WAIT_S
    assert old.look(now()) is True


def test_when_all_were_seen_it_looks_again_after_an_hour(store: Store) -> None:
    """A worker that began before the change may have judged somebody since."""
    store.put_in_force(RULES, "new", now())
    ticking = [0.0]
    anew = Anew(store, "new", monotonic=lambda: ticking[0])
    assert anew.look(now()) is False
    accept(store, "p1")
    Evaluator(store, load(), now, lambda: str(uuid4())).drain()
    assert anew.look(now()) is False
    ticking[0] = AGAIN_S
    assert anew.look(now()) is True


def test_a_worker_process_judges_everybody_anew_and_logs_it(house: House) -> None:
    accept(house.store, "p1", "p2")
    Evaluator(house.store, load(), now, lambda: str(uuid4())).drain()
    note_rules(house.settings, house.store, now())
    mark = mark_of(load())
    assert house.store.judged_otherwise(mark) == 2
    house.worker(sweep_s=0.5)
    until(lambda: house.has_logged("rules.judged_anew"), 90)
    assert house.store.judged_otherwise(mark) == 0
    (line,) = [line for line in house.events() if line.get("event") == "rules.judged_anew"]
    assert (line["rules"], line["patients"]) == (mark, 2)


def test_the_audit_tells_the_overlay_that_was_read(store: Store, tmp_path: Path) -> None:
    """A file that is changed after it was read is not what is in force."""
    from hashlib import sha256

    from service.rules import KEPT, kept_rules, rules_in_force

    given = settings(tmp_path, NORTH)
    assert given.rules is not None
    knowledge = rules_in_force(given)
    given.rules.write_text('version: "swapped in"')
    note_rules(given, store, now())
    (told,) = (row.entry.detail for row in store.audit(TENANT))
    assert told["overlay"] == sha256(NORTH.encode()).hexdigest()
    assert told["rules"] == knowledge.version
    kept_rules(given)
    assert (tmp_path / KEPT).read_text() == NORTH

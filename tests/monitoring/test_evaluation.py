"""One due patient, evaluated on a real store: nothing lost, nobody else's fault."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from alerts.chart import Measurement, Source, chart_of
from alerts.knowledge import Knowledge, load
from alerts.lifecycle import resolve
from service.errors import Unavailable
from service.monitoring.evaluation import LEASE_S, Evaluator, awaited, evaluate
from service.store import Store, open_store
from tests.monitoring.orders import TENANT, accept, bundle


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = open_store(f"sqlite:///{tmp_path / 's.db'}")
    made.upgrade()
    return made


def evaluator(store: Store) -> Evaluator:
    return Evaluator(store, load(), now, lambda: str(uuid4()))


def test_a_slice_ends_when_nobody_is_due(store: Store) -> None:
    patients = [f"p{n}" for n in range(120)]
    accept(store, *patients)
    tally = evaluator(store).drain(slice_s=120)
    assert (tally.settled, tally.failed, tally.more) == (120, 0, False)
    assert len(store.alerts(TENANT)) == 120
    assert evaluator(store).drain().patients == 0
    assert store.due_age(now()) == 0


def test_a_slice_that_is_too_short_says_that_more_is_due(store: Store) -> None:
    accept(store, *(f"p{n}" for n in range(60)))
    tally = evaluator(store).drain(slice_s=0)
    assert (tally.settled, tally.more) == (50, True)


def test_data_that_come_in_between_win_and_the_patient_stays_due(store: Store) -> None:
    accept(store, "p1")
    (due,) = store.claim_due(now())
    accept(store, "p1", body=bundle("p1", drugs=("verapamil", "haloperidol")))
    assert not evaluate(store, load(), due, now(), lambda: "a")
    assert store.alerts(TENANT) == []
    assert evaluator(store).drain().settled == 1
    assert len(store.alerts(TENANT)) >= 1


def test_a_person_who_acts_in_between_is_never_overwritten(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept(store, "p1")
    evaluator(store).drain()
    (alert,) = store.alerts(TENANT)
    accept(store, "p1", body=bundle("p1", drugs=("haloperidol",)))
    (due,) = store.claim_due(now())
    real = store.settle_many

    def late(*args: object) -> list[bool]:
        store.act(TENANT, alert.id, lambda a: resolve(a, "ann", now(), "benefit-outweighs"), now())
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "settle_many", late)
    evaluate(store, load(), due, now(), lambda: str(uuid4()))
    monkeypatch.setattr(store, "settle_many", real)
    evaluator(store).drain()
    assert store.alert(TENANT, alert.id).human.reason == "benefit-outweighs"


def test_a_patient_whose_every_fact_is_taken_back_is_evaluated_too(store: Store) -> None:
    accept(store, "p1")
    evaluator(store).drain()
    wrong = bundle("p1").replace(b'"active"', b'"entered-in-error"')
    accept(store, "p1", body=wrong)
    evaluator(store).drain()
    (alert,) = store.alerts(TENANT, open_only=False)
    told = [(entry.what, entry.why) for entry in store.history(TENANT, alert.id)]
    assert told == [
        ("opened", "pair-found"),
        ("corrected", "evidence-retracted"),
        ("ended", "pair-gone"),
    ]


def test_a_pair_that_comes_back_is_the_same_alert(store: Store) -> None:
    """Alerts that have ended are part of the identity: forgotten, they would never settle."""
    accept(store, "p1")
    evaluator(store).drain()
    for drug in (b'"text": "paracetamol"', b'"text": "dantrolene"'):
        accept(store, "p1", body=bundle("p1").replace(b'"text": "dantrolene"', drug))
        assert evaluator(store).drain().settled == 1
    (alert,) = store.alerts(TENANT, open_only=False)
    assert store.history(TENANT, alert.id)[-1].what == "reopened"


def test_a_store_that_is_away_is_no_patient_s_fault(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept(store, "p1")

    def away(*_: object) -> None:
        raise Unavailable("away", code="store-unreachable")

    monkeypatch.setattr(store, "chart", away)
    with pytest.raises(Unavailable):
        evaluator(store).drain()
    monkeypatch.undo()
    later = Evaluator(
        store, load(), lambda: now() + timedelta(seconds=LEASE_S + 1), lambda: str(uuid4())
    )
    assert later.drain().settled == 1  # after the lease; not one try was counted


def test_a_fact_that_lies_ahead_makes_the_patient_due_then(store: Store) -> None:
    """A device whose clock is two minutes fast: its reading must not wait for the next one."""
    ahead = now() + timedelta(minutes=2)
    reading = Measurement(
        "body_temperature", ahead, 39.4, "Cel", Source(TENANT, "Observation", "1")
    )
    chart = chart_of("p1", [reading])
    assert awaited(chart, now()) == ahead + timedelta(seconds=1)
    assert awaited(chart, ahead) is None


def test_one_patient_s_fault_is_counted_to_that_patient_alone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept(store, "p1", "bad", "p2")
    from service.monitoring import evaluation

    real = evaluation.assess

    def assess(chart: object, knowledge: Knowledge, as_of: datetime) -> object:
        if chart.patient == "bad":  # type: ignore[attr-defined]
            raise ZeroDivisionError
        return real(chart, knowledge, as_of)  # type: ignore[arg-type]

    monkeypatch.setattr(evaluation, "assess", assess)
    tally = evaluator(store).drain()
    assert (tally.settled, tally.failed) == (2, 1)
    assert {a.patient for a in store.alerts(TENANT)} == {"p1", "p2"}


def test_a_review_at_once_is_no_circle(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scar: a rule asked for its next look a microsecond ahead, and a slice never ended."""
    accept(store, "p1")
    from service.monitoring import evaluation

    at = now()
    monkeypatch.setattr(evaluation, "next_due", lambda *_, **__: at + timedelta(microseconds=1))
    found = evaluation.judge(store, load(), store.claim_due(at)[0], at, lambda: "a")
    assert found.next_due == at + timedelta(seconds=evaluation.SOONEST_S)
    assert found.next_due - at >= timedelta(seconds=5)

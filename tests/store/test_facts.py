"""What comes in, in whatever order, gives the same chart."""

import itertools
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs
from sqlalchemy import event, insert, select

from alerts.chart import Condition, MedicationUse
from service.errors import Unavailable
from service.fhir.reader import EntryOutcome, Outcome
from service.store import Store, open_store
from service.store.database.schema import intake, resources
from tests.store.made import (
    NOW,
    TENANT,
    body,
    drug,
    later,
    order,
    other,
    take,
    temperature,
)

_tenants = itertools.count()


def values(store: Store, patient: str = "p1", tenant: str = TENANT) -> list[float]:
    chart = store.chart(tenant, patient)
    assert chart is not None
    return [m.value for m in chart.of("body_temperature")]


def test_facts_of_a_body_are_on_the_chart_of_their_patient(store: Store) -> None:
    told = take(store, temperature("1"), temperature("2", value=39.1), temperature("3", "p2"))
    assert told == ["accepted"] * 3
    assert sorted(values(store)) == [38.5, 39.1]
    assert values(store, "p2") == [38.5]
    assert store.chart(TENANT, "p3") is None
    assert store.chart(TENANT, "") is None
    assert store.patients(TENANT) == ["p1", "p2"]


def test_tenants_do_not_see_each_other(store: Store) -> None:
    take(store, temperature("1"))
    assert store.chart("elsewhere", "p1") is None
    assert store.patients("elsewhere") == []
    take(store, temperature("1", value=40.0), tenant="elsewhere")
    assert values(store) == [38.5]
    assert values(store, tenant="elsewhere") == [40.0]


def test_the_same_again_is_a_duplicate_and_makes_nobody_due(store: Store) -> None:
    take(store, temperature("1"))
    store.settle(store.claim_due(NOW)[0], [], None, None, NOW)
    assert take(store, temperature("1"), at=later(hours=1)) == ["duplicate"]
    assert take(store, temperature("1", version=None)) == ["duplicate"]
    assert store.claim_due(later(hours=2)) == []


@pytest.mark.parametrize(
    ("first", "second", "told", "value"),
    [
        # (version, updated, received hour) of what comes first and second
        (("1", NOW, 1), ("2", later(minutes=5), 2), "accepted", 2.0),
        (("2", later(minutes=5), 1), ("1", NOW, 2), "superseded", 1.0),
        (("9", NOW, 1), ("1", later(minutes=1), 2), "accepted", 2.0),
        (("2", None, 1), ("10", None, 2), "accepted", 2.0),
        (("10", None, 1), ("2", None, 2), "superseded", 1.0),
        (("10", NOW, 1), ("9", NOW, 2), "superseded", 1.0),
        (("1-1", NOW, 1), ("1-2", NOW, 2), "accepted", 2.0),
        ((None, None, 1), (None, None, 2), "accepted", 2.0),
        ((None, None, 2), (None, None, 1), "superseded", 1.0),
        ((None, None, 1), ("1", later(hours=3), 4), "accepted", 2.0),
        (("1", later(hours=3), 4), (None, None, 1), "superseded", 1.0),
    ],
    ids=[
        "newer",
        "older",
        "update time before version",
        "number not text",
        "older number",
        "same time, older number",
        "opaque version, receipt",
        "neither, receipt",
        "neither, earlier receipt",
        "updated after the other came",
        "came before the update",
    ],
)
def test_the_newer_version_wins(
    store: Store,
    first: tuple[str | None, datetime | None, int],
    second: tuple[str | None, datetime | None, int],
    told: str,
    value: float,
) -> None:
    for number, (version, updated, hour) in enumerate((first, second), start=1):
        made = temperature("1", value=float(number), version=version, updated=updated)
        outcome = take(store, made, at=later(hours=hour))
    assert outcome == [told]
    assert values(store) == [value]


def test_a_final_reading_beats_a_preliminary_that_comes_late(store: Store) -> None:
    take(store, temperature("1", value=38.0))
    late = temperature("1", value=37.0, preliminary=True)
    assert take(store, late, at=later(hours=1)) == ["superseded"]
    assert values(store) == [38.0]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    order_of=st.permutations(range(6)),
    cuts=st.lists(st.integers(0, 6), max_size=4),
    doubled=st.lists(st.integers(0, 5), max_size=3),
)
def test_any_order_any_bodies_any_doubles_give_the_same_chart(
    store: Store, order_of: list[int], cuts: list[int], doubled: list[int]
) -> None:
    """Two observations in three versions each; the last of the second is a retraction."""
    tenant = f"t{next(_tenants)}"
    versions = [
        temperature("a", value=37.0 + n, version=str(n), updated=later(minutes=n), tenant=tenant)
        for n in range(3)
    ] + [
        temperature(
            "b",
            value=40.0 + n,
            version=str(n),
            updated=later(minutes=n),
            retracted=n == 2,
            tenant=tenant,
        )
        for n in range(3)
    ]
    arriving = [versions[n] for n in [*order_of, *doubled]]
    edges = sorted({0, *cuts, len(arriving)})
    received = accounted = 0
    for begin, end in itertools.pairwise(edges):
        told = take(store, *arriving[begin:end], tenant=tenant, at=later(hours=begin))
        received += end - begin
        accounted += len(told)
    assert values(store, tenant=tenant) == [39.0]
    counts = store.intake_counts(tenant)
    assert counts["received"] == received == accounted
    assert counts["received"] == sum(counts[o.value] for o in Outcome)


def test_versions_of_one_resource_in_one_body(store: Store) -> None:
    new = temperature("1", value=39.0, version="2", updated=later(minutes=1))
    old = temperature("1", value=38.0, version="1", updated=NOW)
    assert take(store, old, new, old) == ["accepted", "accepted", "superseded"]
    assert values(store) == [39.0]
    assert take(store, new) == ["duplicate"]


def test_the_same_content_under_a_newer_version_moves_the_version_on(store: Store) -> None:
    """Else an outdated version in between would win when it comes late."""
    plain = temperature("1", value=38.0, version="1", updated=NOW)
    take(store, plain)
    source = replace(plain.source, version="3")
    third = structs.replace(plain, source=source, last_updated=later(minutes=3))
    assert take(store, third) == ["duplicate"]
    second = temperature("1", value=41.0, version="2", updated=later(minutes=2))
    assert take(store, second) == ["superseded"]
    assert values(store) == [38.0]


def test_a_resource_that_moves_leaves_the_old_chart_and_both_are_due(store: Store) -> None:
    take(store, temperature("1", "wrong", version="1", updated=NOW))
    store.settle(store.claim_due(NOW)[0], [], None, None, NOW)
    take(store, temperature("1", "right", version="2", updated=later(minutes=1)))
    assert values(store, "right") == [38.5]
    assert store.chart(TENANT, "wrong") is None
    assert {d.patient for d in store.claim_due(NOW)} == {"wrong", "right"}


def test_a_retraction_takes_the_facts_away_and_makes_the_patient_due(store: Store) -> None:
    take(store, temperature("1"))
    store.settle(store.claim_due(NOW)[0], [], None, None, NOW)
    gone = temperature("1", patient="", retracted=True)  # its subject was erased too
    assert take(store, gone) == ["accepted"]
    assert values(store) == []
    assert [d.patient for d in store.claim_due(NOW)] == ["p1"]


@pytest.mark.parametrize("versioned", [True, False])
def test_a_retraction_before_its_resource_is_remembered(store: Store, versioned: bool) -> None:
    gone = temperature(
        "1",
        retracted=True,
        version="2" if versioned else None,
        updated=later(minutes=1) if versioned else None,
    )
    first = temperature("1", version="1" if versioned else None, updated=NOW if versioned else None)
    assert take(store, gone) == ["accepted"]
    assert take(store, first, at=later(hours=1)) == ["superseded"]
    assert values(store) == []
    held = store.resource(TENANT, "Observation", "1")
    assert held is not None
    assert held.retracted


@pytest.mark.parametrize("drug_first", [True, False])
def test_an_order_gets_its_drug_whichever_comes_first(store: Store, drug_first: bool) -> None:
    named, ordered = drug("m1", "haloperidol"), order("o1", awaits="Medication/m1")
    for resource in (named, ordered) if drug_first else (ordered, named):
        take(store, resource)
    chart = store.chart(TENANT, "p1")
    assert chart is not None
    assert [use.ingredients for use in chart.medications] == [("haloperidol",)]
    assert store.patients(TENANT) == ["p1"]


def test_a_drug_that_becomes_known_later_makes_its_patients_due(store: Store) -> None:
    take(
        store,
        order("o1", "p1", awaits="Medication/m1"),
        order("o2", "p2", awaits="Medication/m1"),
        order("o3", "p3", awaits="Medication/m2"),
    )
    for due in store.claim_due(NOW):
        store.settle(due, [], None, None, NOW)
    take(store, drug("m1", "haloperidol"))
    assert {d.patient for d in store.claim_due(NOW)} == {"p1", "p2"}


def test_a_drug_that_is_retracted_or_corrected_changes_the_orders(store: Store) -> None:
    take(store, order("o1", awaits="Medication/m1"), drug("m1", "haloperidol"))
    take(store, drug("m1", "quetiapine"), at=later(hours=1))
    chart = store.chart(TENANT, "p1")
    assert chart is not None
    assert chart.medications[0].ingredients == ("quetiapine",)
    take(store, drug("m1", retracted=True), at=later(hours=2))
    chart = store.chart(TENANT, "p1")
    assert chart is not None
    use: MedicationUse = chart.medications[0]
    assert use.ingredients == ()
    assert use.text == "as written"


@pytest.mark.parametrize("name", ["nul\0", "x" * 300, "half \ud800"])
def test_what_no_database_holds_is_refused_and_the_rest_is_stored(store: Store, name: str) -> None:
    bad = temperature(name)
    assert take(store, bad, temperature("2")) == ["refused", "accepted"]
    assert values(store) == [38.5]
    counts = store.intake_counts(TENANT)
    assert (counts["received"], counts["accepted"], counts["refused"]) == (2, 1, 1)


def test_every_entry_has_its_outcome_also_those_the_reader_left_out(store: Store) -> None:
    also = [
        EntryOutcome(0, "Bundle.entry[1]", Outcome.IGNORED, "not-ours"),
        EntryOutcome(0, "Bundle.entry[2]", Outcome.REFUSED, "no-subject"),
    ]
    told = store.accept(body(temperature("1"), also=also), TENANT, NOW, "c")
    assert [(t.outcome.value, t.reason) for t in told] == [
        ("accepted", ""),
        ("ignored", "not-ours"),
        ("refused", "no-subject"),
    ]
    counts = store.intake_counts(TENANT)
    assert counts == {
        "bundles": 1,
        "received": 3,
        "accepted": 1,
        "superseded": 0,
        "duplicate": 0,
        "ignored": 1,
        "refused": 1,
    }


def test_the_database_itself_refuses_a_count_that_does_not_add_up(store: Store) -> None:
    wrong = {
        "tenant": TENANT,
        "received_at": NOW,
        "correlation": "",
        "bundles": 1,
        "received": 3,
        "accepted": 1,
        "superseded": 0,
        "duplicate": 0,
        "ignored": 0,
        "refused": 0,
    }
    with pytest.raises(Unavailable) as fault, store._database.write() as connection:
        connection.execute(insert(intake).values(wrong))
    assert fault.value.code == "store-conflict"


def test_a_chart_is_one_query_that_uses_the_patients_index(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(store, *(temperature(str(n), value=36.0 + n / 100) for n in range(50)))
    asked: list[tuple[str, Any]] = []
    event.listen(
        store._database.engine,
        "before_cursor_execute",
        lambda _c, _cur, statement, given, *_: asked.append((statement, given)),
    )
    glance, sent = store._database.glance, store._database._as_sent

    def glanced(statement: Any, given: Any) -> Any:
        text = sent(statement)
        asked.append((text.text, tuple(text.ordered({**text.fixed, **given}))))
        return glance(statement, given)

    monkeypatch.setattr(store._database, "glance", glanced)
    assert len(values(store)) == 50
    selects = [(statement, given) for statement, given in asked if "SELECT" in statement]
    assert len(selects) == 1
    if store.on_sqlite:
        with store._database.read() as connection:
            statement, given = selects[0]
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given).all()
        wanted = "USING INDEX resources_patient (tenant=? AND patient=?)"
        assert any(wanted in row[3] for row in plan), plan


def test_rows_carry_when_their_facts_count(store: Store) -> None:
    ended = order("o1", start=NOW, end=later(days=2))
    take(
        store,
        temperature("1", at=later(hours=-3)),
        ended,
        order("o2"),
        other("c1", Condition("dementia", temperature("x").source, onset=NOW)),
    )
    with store._database.read() as connection:
        rows = connection.execute(select(resources)).all()
    told = {r.resource_id: (r.keep, r.effective_from, r.effective_until) for r in rows}
    assert told == {
        "1": ("baseline", later(hours=-3), later(hours=-3)),
        "o1": ("exposure", NOW, NOW + timedelta(days=2)),
        "o2": ("exposure", NOW, None),
        "c1": ("lasting", NOW, None),
    }


def test_the_flow_tells_the_last_data_and_who_waits(store: Store) -> None:
    assert store.flow(TENANT, NOW).last_data_at is None
    take(store, temperature("1"), temperature("2", "p2"))
    flow = store.flow(TENANT, later(seconds=30))
    assert (flow.last_data_at, flow.patients, flow.overdue) == (NOW, 2, 0)
    assert store.flow(TENANT, later(minutes=2)).overdue == 2
    assert [p for p, _ in store.overdue(TENANT, later(minutes=2))] == ["p1", "p2"]


@pytest.mark.parametrize("writers", [4])
def test_writers_of_one_resource_at_once_leave_its_newest_version(
    store: Store, url: str, writers: int
) -> None:
    """Each writer has its own store, as a process would, and a share of the versions."""
    versions, rounds = 12, 5
    for turn in range(rounds):
        tenant = f"turn{turn}"
        start = threading.Barrier(writers)
        faults: list[BaseException] = []

        def write(
            n: int,
            tenant: str = tenant,
            start: threading.Barrier = start,
            faults: list[BaseException] = faults,
        ) -> None:
            mine = open_store(url, pool=1)
            try:
                start.wait()
                for version in range(n, versions, writers):
                    made = [
                        temperature(name, value=30.0 + version, version=str(version), tenant=tenant)
                        for name in ("a", "b")
                    ]
                    take(mine, *(made if n % 2 else reversed(made)), tenant=tenant)
            except BaseException as fault:
                faults.append(fault)
            finally:
                mine.close()

        threads = [threading.Thread(target=write, args=(n,)) for n in range(writers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert faults == []
        assert values(store, tenant=tenant) == [30.0 + versions - 1]
        counts = store.intake_counts(tenant)
        assert counts["received"] == 2 * versions
        assert counts["accepted"] + counts["superseded"] == 2 * versions


def test_an_id_that_another_patient_holds_is_refused_without_a_newer_version(store: Store) -> None:
    """Field fact 72: ids are not unique across patients. Nobody's fact changes hands silently."""
    take(store, temperature("57", "p1", 39.0))
    (told,) = store.accept(body(temperature("57", "p2", 37.0)), TENANT, later(hours=1), "c")
    assert (told.outcome.value, told.reason) == ("refused", "id-of-another-patient")
    assert values(store, "p1") == [39.0]
    assert store.chart(TENANT, "p2") is None
    wrong = temperature("57", "p2", retracted=True)
    assert take(store, wrong, at=later(hours=2)) == ["refused"]
    assert values(store, "p1") == [39.0]


def test_a_newer_version_moves_a_resource_to_the_right_patient(store: Store) -> None:
    take(store, temperature("57", "p1", 39.0, version="1"))
    assert take(store, temperature("57", "p2", 39.0, version="2")) == ["accepted"]
    assert store.chart(TENANT, "p1") is None
    assert values(store, "p2") == [39.0]
    due = {d.patient for d in store.claim_due(later(minutes=1))}
    assert due == {"p1", "p2"}  # both are looked at again
    assert take(store, temperature("57", "p1", 39.0, version="1")) == ["superseded"]


def test_two_patients_with_one_id_in_one_body(store: Store) -> None:
    told = store.accept(body(temperature("57", "p1"), temperature("57", "p2")), TENANT, NOW, "c")
    assert [(t.outcome.value, t.reason) for t in told] == [
        ("accepted", ""),
        ("refused", "id-of-another-patient"),
    ]

"""What is too old goes; what an open alert, a window or an order still needs stays."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from alerts.chart import (
    Condition,
    Evidence,
    MedicationUse,
    PatientDetails,
    Sign,
    SignKind,
    Source,
    Stay,
    UseStatus,
)
from alerts.truth import Truth
from service.fhir.reader import Outcome, ResourceFacts
from service.store import Retention, Store
from tests.store.made import (
    NOW,
    TENANT,
    drug,
    due_now,
    ended,
    later,
    order,
    other,
    raised,
    take,
    temperature,
)


def held(store: Store, patient: str = "p1") -> set[str]:
    chart = store.chart(TENANT, patient)
    if chart is None:
        return set()
    facts = (
        *chart.measurements,
        *chart.signs,
        *chart.medications,
        *chart.conditions,
        *chart.stays,
        *([chart.details] if chart.details else []),
    )
    return {fact.source.resource_id for fact in facts}


def source(name: str, kind: str = "Observation") -> Source:
    return Source(TENANT, kind, name)


def reading(name: str, days_old: float, kind: str = "creatine_kinase") -> ResourceFacts:
    return temperature(name, at=later(days=-days_old), kind=kind)


def settled(store: Store) -> None:
    for due in store.claim_due(later(days=1)):
        store.settle(due, [], None, None, later(days=1))


@pytest.mark.parametrize(
    ("kind", "kept_days"),
    [
        ("creatine_kinase", 30),
        ("wbc", 30),
        ("heart_rate", 365),
        ("body_temperature", 365),
        ("gcs_total", 365),
    ],
)
def test_readings_are_kept_as_long_as_a_rule_reads_them(
    store: Store, kind: str, kept_days: int
) -> None:
    """30 days; what a historical baseline is made of (BASE-02, BASE-04) 12 months."""
    take(store, reading("young", kept_days - 0.1, kind), reading("old", kept_days + 0.1, kind))
    store.prune(NOW)
    assert held(store) == {"young"}


def use(
    status: UseStatus,
    days_old: float,
    *,
    evidence: Evidence = Evidence.ORDER,
    end: datetime | None = None,
) -> MedicationUse:
    return MedicationUse(
        ("haloperidol",),
        "x",
        evidence,
        status,
        source("o", "MedicationRequest"),
        start=later(days=-days_old),
        end=end,
    )


@pytest.mark.parametrize(
    ("made", "stays"),
    [
        (use(UseStatus.COMPLETED, 794), True),
        (use(UseStatus.COMPLETED, 796), False),
        (use(UseStatus.STOPPED, 2000, end=later(days=-794)), True),
        (use(UseStatus.STOPPED, 2000, end=later(days=-796)), False),
        (use(UseStatus.ACTIVE, 5000), True),
        (use(UseStatus.UNKNOWN, 5000), True),
        (use(UseStatus.COMPLETED, 796, evidence=Evidence.ADMINISTRATION), False),
        (use(UseStatus.ACTIVE, 796, evidence=Evidence.DISPENSE), False),
        (use(UseStatus.ACTIVE, 5000, evidence=Evidence.STATEMENT), True),
        (replace(use(UseStatus.STOPPED, 1), start=None), True),  # undated: counted from receipt
    ],
    ids=[
        "in the longest window",
        "past it",
        "stopped in it",
        "stopped past it",
        "still running",
        "may be running",
        "given past it",
        "dispensed past it",
        "stated, running",
        "undated",
    ],
)
def test_exposures_are_kept_for_the_longest_window(
    store: Store, made: MedicationUse, stays: bool
) -> None:
    take(store, other("o", made, kind="MedicationRequest"))
    store.prune(NOW)
    assert held(store) == ({"o"} if stays else set())


def test_nothing_of_a_patient_with_an_open_alert_goes(store: Store) -> None:
    alert = raised(store)
    take(
        store, reading("old", 5000), order("o", start=later(days=-5000), status=UseStatus.COMPLETED)
    )
    store.prune(NOW)
    assert held(store) == {"old", "o"}
    settled(store)
    assert store.settle(due_now(store), [ended(alert, NOW)], None, None, NOW)
    store.prune(NOW)
    assert held(store) == set()


def test_what_lasts_is_kept_as_long_as_anything_else_is_on_record(store: Store) -> None:
    long_ago = later(days=-1000)
    take(
        store,
        other("c", Condition("dementia", source("c", "Condition"), onset=long_ago)),
        other("e", Stay(source("e", "Encounter"), long_ago, long_ago), kind="Encounter"),
        other("p", PatientDetails(source("p", "Patient"), date(1970, 1, 1)), kind="Patient"),
        order("o", start=later(days=-10), end=later(days=-9)),
        at=long_ago,
    )
    settled(store)
    store.prune(NOW)
    assert held(store) == {"c", "e", "p", "o"}
    store.prune(later(days=800))
    assert held(store) == set()
    assert store.flow(TENANT, NOW).patients == 0


def test_a_drug_name_is_kept_as_long_as_an_order_needs_it(store: Store) -> None:
    take(
        store,
        drug("m1", "haloperidol"),
        drug("m2", "quetiapine"),
        order("o", awaits="Medication/m1"),
        at=later(days=-900),
    )
    store.prune(NOW)
    assert store.resource(TENANT, "Medication", "m1") is not None
    assert store.resource(TENANT, "Medication", "m2") is None
    chart = store.chart(TENANT, "p1")
    assert chart is not None
    assert chart.medications[0].ingredients == ("haloperidol",)


def test_a_disturbing_sign_stays_as_long_as_the_baseline_it_disturbs(store: Store) -> None:
    def sign(name: str, kind: SignKind) -> Sign:
        return Sign(kind, later(days=-100), Truth.TRUE, source(name))

    take(
        store,
        other("seizure", sign("seizure", SignKind.SEIZURE), kind="Observation"),
        other("tremor", sign("tremor", SignKind.TREMOR), kind="Observation"),
    )
    store.prune(NOW)
    assert held(store) == {"seizure"}


def test_a_retraction_is_remembered_for_its_time(store: Store) -> None:
    take(store, temperature("1", retracted=True, version="2"))
    store.prune(later(days=20))
    assert take(store, temperature("1", version="1"), at=later(days=20)) == ["superseded"]


def test_pruning_makes_nobody_due_and_can_be_run_again(store: Store) -> None:
    take(store, reading("old", 40), reading("young", 1))
    settled(store)
    first = store.prune(NOW)
    assert first["reading"] == 1
    assert sum(store.prune(NOW).values()) == 0
    assert store.claim_due(NOW) == []


def test_more_rows_than_one_batch_go_in_one_run(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.store.keeping.pruning._BATCH", 7)
    take(store, *(reading(f"r{n}", 40 + n) for n in range(40)))
    assert store.prune(NOW)["reading"] == 40


def test_intake_counts_are_summed_up_by_the_day_and_stay_right(store: Store) -> None:
    for hour in range(0, 72, 6):
        take(store, temperature(f"r{hour}"), at=later(hours=hour - 96))
    take(store, temperature("r0"), at=NOW)
    before = store.intake_counts(TENANT)
    assert store.prune(NOW)["intake"] == 5  # 2, 4 and 2 bodies of three days, each now one row
    assert store.intake_counts(TENANT) == before
    assert before["bundles"] == 13
    assert before["received"] == sum(before[o.value] for o in Outcome)
    assert store.prune(NOW)["intake"] == 0
    assert store.flow(TENANT, NOW).last_data_at == NOW


def test_old_changes_go_but_the_cursor_stays(store: Store) -> None:
    raised(store)
    raised(store, "b1", "p2")
    cursor = store.cursor()
    assert store.prune(later(days=8))["changes"] == 1
    assert store.cursor() == cursor
    assert store.changes(0) == (cursor, ["a1", "b1"])  # too old a cursor: everything open


def test_ended_alerts_go_only_when_told_to_and_with_all_that_is_theirs(store: Store) -> None:
    alert = raised(store)
    raised(store, "b1", "p2")
    assert store.settle(due_now(store), [ended(alert, NOW)], None, None, NOW)
    store.prune(later(days=5000))
    assert len(store.alerts(TENANT, open_only=False)) == 2
    gone = store.prune(later(days=5000), Retention(alerts=timedelta(days=3650)))
    assert gone["alerts"] == 1
    assert [a.id for a in store.alerts(TENANT, open_only=False)] == ["b1"]
    assert store.history(TENANT, "a1") == []
    assert store.notices(TENANT, "a1") == []


def test_expired_keys_and_old_cards_go(store: Store) -> None:
    store.use_once("jti", "k", NOW, later(hours=-2))
    store.record_cards(TENANT, "p1", [{"uuid": "u"}], NOW)
    at = {"card": "u", "outcome": "accepted", "at": NOW}
    store.record_feedback(TENANT, "s", [at], NOW)
    gone = store.prune(later(days=400), Retention(cards=timedelta(days=365)))
    assert (gone["used_keys"], gone["cards"], gone["feedback"]) == (1, 1, 1)

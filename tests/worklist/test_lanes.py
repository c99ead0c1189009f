"""What the time line draws: lanes of drugs with doses and depot tails, readings, thresholds."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from alerts.knowledge import load
from service.worklist.patient.axis import placed
from service.worklist.patient.timeline import timeline
from tests.management.charts import NOW, chart, dose_given, order, reading
from tests.worklist.site import KNOWLEDGE

LONDON = ZoneInfo("Europe/London")


def drawn(*facts: object) -> dict:
    return timeline(chart(facts), KNOWLEDGE, [], NOW, LONDON)  # type: ignore[arg-type]


def lanes(*facts: object) -> dict[str, dict]:
    return {lane["name"]: lane for lane in drawn(*facts)["drugs"]}


def test_every_kind_of_drug_has_its_lane_antagonists_first() -> None:
    found = lanes(
        order("dantrolene", 1),
        order("levodopa", 5),
        order("haloperidol", 3),
        order("amoxicillin", 2),
    )
    assert [(name, lane["kind"]) for name, lane in found.items()] == [
        ("haloperidol", "antagonist"),
        ("levodopa", "dopaminergic"),
        ("dantrolene", "treatment"),
    ]


def test_a_dose_is_a_tick_with_its_amount_route_and_source() -> None:
    lane = lanes(dose_given("haloperidol", 5, 5, route="im"))["haloperidol"]
    (dose,) = lane["parts"]
    assert dose["style"] == "dose"
    assert dose["at"] == placed(NOW - timedelta(hours=5))
    assert "5 mg" in dose["label"]
    assert "im" in dose["label"]
    assert dose["source"] == "MedicationAdministration/haloperidol-given-5"


def test_a_depot_fades_after_its_dose_in_full_then_possibly() -> None:
    depot = dose_given("haloperidol", 24 * 6, 100, route="im", product="haloperidol_decanoate")
    parts = lanes(depot)["haloperidol"]["parts"]
    tail = next(part for part in parts if part["style"] == "tail")
    assert tail["label"] == "depot: counts in full"
    assert tail["source"] == depot.source.reference
    plain = lanes(dose_given("haloperidol", 24 * 6, 5, route="im"))["haloperidol"]["parts"]
    assert [part["style"] for part in plain] == ["dose"]


def test_as_needed_is_drawn_as_such_and_ends_where_it_ended() -> None:
    prn = order("haloperidol", 3, as_needed=True, ended=24)
    (part,) = lanes(prn)["haloperidol"]["parts"]
    assert part["style"] == "as-needed"
    assert part["to"] == drawn(reading("heart_rate", 80, 24), prn)["pulse"][0]["at"]


def test_every_vital_sign_is_drawn_with_what_it_is_measured_by() -> None:
    facts = [
        reading(kind, value, hours)
        for hours in (30, 20, 2)
        for kind, value in (
            ("body_temperature", 38.4),
            ("heart_rate", 90 + hours),
            ("respiratory_rate", 18),
            ("systolic_bp", 130),
            ("diastolic_bp", 80),
        )
    ]
    found = drawn(*facts, reading("creatine_kinase", 4200, 2, high=200))
    for name in ("temperature", "pulse", "respiration", "systolic", "diastolic"):
        assert len(found[name]) == 3, name
    assert found["ck"][0]["value"] == 4200
    knowledge = load()
    limits = found["limits"]
    assert limits["fever"] == knowledge["hyp.threshold_c"]
    assert limits["high_fever"] == knowledge["temp40.threshold_c"]
    assert limits["ck"] == 200 * knowledge["ck.multiple"]
    for name in ("heart_rate", "respiratory_rate"):
        own = limits["baseline"][name]
        assert own["value"] < own["raised"]
        assert own["quality"]


def test_without_a_range_of_the_laboratory_the_fallback_is_named() -> None:
    limits = drawn(reading("creatine_kinase", 4200, 2))["limits"]
    assert (limits["ck"], limits["ck_words"]) == (load()["ck.no_range_u_l"], "no laboratory range")

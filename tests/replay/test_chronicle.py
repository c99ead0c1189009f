"""The chart as it stood: nothing of the future, nothing lost, versions and retractions in order."""

from datetime import UTC, datetime

from alerts.chart import UseStatus
from service.replay.bodies import arrival, read
from service.replay.chronicle import Arrived, chronicle
from tests.replay.courses import bundle, haloperidol, patient, temperature

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def arrived(body: bytes) -> Arrived:
    return Arrived(arrival(body, NOW), read(body, NOW))


def at(day: int, hour: int) -> datetime:
    return datetime(2025, 3, day, hour, tzinfo=UTC)


COURSE = bundle(
    patient(),
    temperature("2025-03-03T12:00:00Z", 38.9, "t2"),
    temperature("2025-03-03T08:00:00Z", 37.0, "t1"),
    haloperidol("2025-03-01T08:00:00Z", "2025-03-03T10:00:00Z"),
)


def test_facts_appear_at_their_effective_time() -> None:
    moments = chronicle([arrived(COURSE)], None)["p1"]
    assert [m.at for m in moments] == [at(1, 8), at(3, 8), at(3, 10), at(3, 12)]
    seen = [len(m.chart.of("body_temperature")) for m in moments]
    assert seen == [0, 1, 1, 2]


def test_an_end_that_lies_ahead_is_not_known_yet() -> None:
    moments = chronicle([arrived(COURSE)], None)["p1"]
    early, late = moments[1].chart.medications[0], moments[-1].chart.medications[0]
    assert (early.status, early.end) == (UseStatus.ACTIVE, None)
    assert (late.status, late.end) == (UseStatus.STOPPED, at(3, 10))


def test_until_ends_the_course_there() -> None:
    moments = chronicle([arrived(COURSE)], at(3, 11))["p1"]
    assert moments[-1].at == at(3, 11)
    assert len(moments[-1].chart.of("body_temperature")) == 1


def test_a_day_is_known_when_it_is_over() -> None:
    body = bundle(
        patient(),
        temperature("2025-03-03", 38.9, "t1"),
        temperature("2025-03-03T15:00:00Z", 37.0, "t2"),
    )
    moments = chronicle([arrived(body)], None)["p1"]
    assert moments[0].at == at(3, 15)
    assert len(moments[0].chart.of("body_temperature")) == 1
    assert moments[-1].at >= at(3, 23)


def test_a_sequence_is_ordered_by_its_clock_and_newer_versions_win() -> None:
    first = bundle(
        patient(), temperature("2025-03-03T08:00:00Z", 39.9, "t1"),
        timestamp="2025-03-03T08:05:00Z",
    )  # fmt: skip
    corrected = {**temperature("2025-03-03T08:00:00Z", 36.9, "t1"), "status": "corrected"}
    second = bundle(corrected, timestamp="2025-03-03T09:00:00Z")
    moments = chronicle([arrived(second), arrived(first)], None)["p1"]
    assert [m.at.hour for m in moments] == [8, 9]
    values = [[r.value for r in m.chart.of("body_temperature")] for m in moments]
    assert values == [[39.9], [36.9]]


def test_a_retraction_takes_the_fact_away() -> None:
    first = bundle(
        patient(), temperature("2025-03-03T08:00:00Z", 39.9, "t1"),
        timestamp="2025-03-03T08:05:00Z",
    )  # fmt: skip
    wrong = {**temperature("2025-03-03T08:00:00Z", 39.9, "t1"), "status": "entered-in-error"}
    second = bundle(wrong, timestamp="2025-03-03T09:00:00Z")
    moments = chronicle([arrived(first), arrived(second)], None)["p1"]
    assert [len(m.chart.of("body_temperature")) for m in moments] == [1, 0]


def test_each_patient_has_a_chart_of_their_own() -> None:
    body = bundle(
        patient("p1"),
        patient("p2"),
        temperature("2025-03-03T08:00:00Z", 38.9, "t1", "p1"),
        temperature("2025-03-03T09:00:00Z", 36.9, "t2", "p2"),
    )
    charts = chronicle([arrived(body)], None)
    assert sorted(charts) == ["p1", "p2"]
    assert [r.value for r in charts["p2"][-1].chart.of("body_temperature")] == [36.9]


def test_ndjson_is_read_line_by_line() -> None:
    lines = [patient(), temperature("2025-03-03T08:00:00Z", 38.9, "t1")]
    body = b"\n".join(bundle(line) for line in lines)
    moments = chronicle([arrived(body)], None)["p1"]
    assert len(moments[-1].chart.of("body_temperature")) == 1


def test_a_bundle_without_a_stamp_arrives_at_its_latest_time_not_in_the_future() -> None:
    body = bundle(
        patient(),
        temperature("2025-03-03T08:00:00Z", 38.9, "t1"),
        temperature("2099-03-03T08:00:00Z", 38.9, "t2"),
    )
    assert arrival(body, NOW) == at(3, 8)

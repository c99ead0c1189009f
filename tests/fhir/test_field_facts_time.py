"""Field facts 60 to 68: times as real systems send them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from alerts.chart import TimeBasis
from service.fhir.reader import ReadContext
from service.fhir.reader.times import FUTURE_TOLERANCE, stamp
from tests.fhir.charted import BERLIN, NOW, bundle, dose, gap, number, read, temperature, told


def at(text: str, **elements: Any) -> object:
    return number(temperature(effectiveDateTime=text, **elements))


def test_fact_60_a_date_is_a_day_in_the_facility_s_zone() -> None:
    found = number(temperature(effectiveDateTime="2026-03-02"))
    assert found.at == datetime(2026, 3, 1, 23, tzinfo=UTC)
    assert found.until == datetime(2026, 3, 2, 23, tzinfo=UTC) - timedelta(microseconds=1)
    assert found.time_basis is TimeBasis.DAY


def test_fact_61_a_time_without_a_zone_takes_the_tenant_s_and_is_marked() -> None:
    found = number(temperature(effectiveDateTime="2026-03-03T09:00:00"))
    assert (found.at, found.time_basis) == (
        datetime(2026, 3, 3, 8, tzinfo=UTC),
        TimeBasis.ZONE_ASSUMED,
    )
    chicago = ReadContext("ward", NOW + timedelta(days=1), ZoneInfo("America/Chicago"))
    there = number(temperature(effectiveDateTime="2026-03-03T09:00:00"), context=chicago)
    assert there.at == datetime(2026, 3, 3, 15, tzinfo=UTC)


def test_fact_62_issued_is_an_upper_bound_and_nothing_is_undated() -> None:
    issued = number(temperature(effectiveDateTime=None, issued="2026-03-03T08:30:00Z"))
    assert issued.time_basis is TimeBasis.ISSUED
    undated = gap(temperature(effectiveDateTime=None))
    assert (undated.reason, undated.at) == ("no-time", None)
    assert "38.4" in undated.text


@pytest.mark.parametrize(
    ("elements", "start", "end"),
    [
        ({"effectivePeriod": {"start": "2026-03-03T08:00:00Z"}}, (3, 8), None),
        ({"effectivePeriod": {"start": "2026-03-03T08:00:00Z", "end": "2026-03-03T09:00:00Z"}},
         (3, 8), datetime(2026, 3, 3, 9, tzinfo=UTC)),
        ({"effectiveInstant": "2026-03-03T08:00:00Z"}, (3, 8), None),
        ({"effectiveTiming": {"event": ["2026-03-03T08:00:00Z"]}}, (3, 8), None),
        ({"effectiveTiming": {"event": ["2026-03-03T08:00:00Z", "2026-03-02T08:00:00Z"]}}, (2, 8),
         datetime(2026, 3, 3, 8, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_fact_63_periods_instants_and_timings(
    elements: dict[str, Any], start: tuple[int, int], end: datetime | None
) -> None:
    found = number(temperature(effectiveDateTime=None, **elements))
    assert (found.at.day, found.at.hour, found.until) == (*start, end)


def test_fact_63_a_month_and_a_year_are_intervals() -> None:
    month, year = stamp("2026-02", BERLIN), stamp("2025", BERLIN)
    assert month is not None
    assert year is not None
    assert (month.at, month.latest + timedelta(microseconds=1)) == (
        datetime(2026, 1, 31, 23, tzinfo=UTC),
        datetime(2026, 2, 28, 23, tzinfo=UTC),
    )
    assert (year.at.year, year.latest.year, year.basis) == (2024, 2025, TimeBasis.PERIOD)


def test_fact_64_the_future_is_shown_and_used_for_nothing() -> None:
    for far in ("2099-07-07T10:00:00Z", "2180-01-01", "2026-03-04"):
        assert gap(temperature(effectiveDateTime=far)).reason == "future"
        assert gap(dose(effectiveDateTime=far)).reason == "future"


def test_fact_64_clocks_may_differ_by_minutes() -> None:
    soon = (NOW + FUTURE_TOLERANCE).isoformat()
    late = (NOW + FUTURE_TOLERANCE + timedelta(seconds=1)).isoformat()
    assert number(temperature(effectiveDateTime=soon)).at == NOW + FUTURE_TOLERANCE
    assert gap(temperature(effectiveDateTime=late)).reason == "future"


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2016-12-31T23:59:60Z", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("2017-01-01T00:59:60.500+01:00", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("2017-01-01T00:59:60", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_leap_second_is_the_second_before_it_and_marked(text: str, at: datetime) -> None:
    found = number(temperature(effectiveDateTime=text))
    assert (found.at, found.until) == (at, at + timedelta(seconds=1))
    assert found.time_basis is TimeBasis.PERIOD


@pytest.mark.parametrize(
    "text", ["2026-03-03T08:00:61Z", "2026-03-03T08:60:00Z", "2026-02-30T23:59:60Z", "23:59:60"]
)
def test_a_second_that_no_clock_has_is_unreadable(text: str) -> None:
    assert gap(temperature(effectiveDateTime=text)).reason == "time-unreadable"


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-03T08:00:00Z",
        "2026-03-03T08:00:00+00:00",
        "2026-03-03T08:00:00.000Z",
        "2026-03-03T08:00:00.0000000+00:00",
        "2026-03-03T03:00:00.000000-05:00",
        "2026-03-03T08:00Z",
        " 2026-03-03T08:00:00Z ",
    ],
)
def test_fact_65_notations_of_one_instant(text: str) -> None:
    found = number(temperature(effectiveDateTime=text))
    assert found.at == datetime(2026, 3, 3, 8, tzinfo=UTC)
    assert found.at.tzinfo is UTC


def test_fact_65_seven_digits_of_a_second_are_read() -> None:
    found = number(temperature(effectiveDateTime="2026-01-29T16:30:23.8621387-05:00"))
    assert found.at == datetime(2026, 1, 29, 21, 30, 23, 862138, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["5/18/2016 10:33:22 PM", "yesterday", "2026-02-30", "2026-03-03T24:00:00Z", "20260303", "",
     "2026-W10-2", "2026-03-03 09:00:00Z", 20260303, None, ["2026-03-03"]],
)  # fmt: skip
def test_fact_66_another_notation_is_an_unknown_time_and_its_bundle_is_processed(
    text: object,
) -> None:
    odd = temperature(id="odd") | {"effectiveDateTime": text}
    reading = read(bundle(odd, temperature(id="fine")))
    assert [(o.outcome.value, o.reason) for o in reading.outcomes] == [
        ("accepted", "time-unreadable"),
        ("accepted", ""),
    ]


def test_fact_67_the_effective_time_rules_and_receipt_never_does() -> None:
    later = temperature(effectiveDateTime="2026-03-02T20:00:00Z", issued="2026-03-03T08:00:00Z")
    assert number(later).at == datetime(2026, 3, 2, 20, tzinfo=UTC)
    next_day = ReadContext("ward", NOW + timedelta(days=1), BERLIN)
    assert number(later, context=next_day).at == number(later).at


def test_fact_68_a_local_clock_in_a_text_is_not_read() -> None:
    sent = temperature(
        effectiveDateTime="2026-03-03T08:00:00Z", note=[{"text": "03/02/26 3:36 CST"}]
    )
    assert number(sent).at == datetime(2026, 3, 3, 8, tzinfo=UTC)


def test_the_hour_that_comes_twice_is_an_interval() -> None:
    autumn = stamp("2025-10-26T02:30:00", BERLIN)
    assert autumn is not None
    assert (autumn.at, autumn.until) == (
        datetime(2025, 10, 26, 0, 30, tzinfo=UTC),
        datetime(2025, 10, 26, 1, 30, tzinfo=UTC),
    )
    assert autumn.basis is TimeBasis.ZONE_ASSUMED
    plain = stamp("2025-10-26T03:30:00", BERLIN)
    assert plain is not None
    assert plain.until is None


def test_a_day_on_which_the_clocks_change_has_its_own_length() -> None:
    short, long = stamp("2026-03-29", BERLIN), stamp("2025-10-26", BERLIN)
    assert short is not None
    assert long is not None
    assert round((short.latest - short.at).total_seconds() / 3600) == 23
    assert round((long.latest - long.at).total_seconds() / 3600) == 25


def test_entries_with_and_without_time_are_answered_alike() -> None:
    assert told(temperature(), temperature(id="o2", effectiveDateTime=None)) == [
        ("accepted", ""),
        ("accepted", "no-time"),
    ]

"""After the episode: resolution part by part, surveillance, and the rules of re-exposure."""

from datetime import timedelta

import pytest

from alerts.chart import Fact, SignKind, UseStatus
from alerts.findings import read_findings
from alerts.moment import Moment, moment
from alerts.rechallenge import earliest, episode, rechallenge
from alerts.resolution import Resolution, resolution, resolved, surveillance
from alerts.statements import Advice
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth
from tests.management.charts import (
    NOW,
    ago,
    assessed,
    chart,
    dose_given,
    knowledge,
    order,
    person,
    problem,
    reading,
    sign,
)
from tests.management.examples import severe


def at_rest(facts: list[Fact]) -> Resolution:
    now = moment(chart(facts), knowledge(), NOW)
    return resolution(now, read_findings(now).findings)


def well() -> list[Fact]:
    """Two days of oral temperatures, tone and consciousness examined, CK falling below 4 × ULN."""
    made: list[Fact] = [reading("body_temperature", 37.1, h, site="oral") for h in range(1, 50, 8)]
    made += [
        sign(SignKind.RIGIDITY, 2, FALSE, detail="normal"),
        sign(SignKind.RIGIDITY, 9, FALSE, detail="normal"),
        sign(SignKind.ACVPU, 2, FALSE, detail="A"),
        sign(SignKind.ACVPU, 9, FALSE, detail="A"),
        reading("gcs_total", 15, 2),
        reading("gcs_total", 15, 9),
        reading("creatine_kinase", 2600, 60, high=200),
        reading("creatine_kinase", 700, 4, high=200),
    ]
    return made


def without(kind: str) -> list[Fact]:
    return [f for f in well() if getattr(f, "kind", "") != kind]


@pytest.mark.rules("RESOLUTION")
def test_the_episode_is_over_when_all_four_parts_are_met() -> None:
    found = at_rest(well())
    assert [p.state for p in found.parts] == [TRUE, TRUE, TRUE, TRUE]
    assert found.state is TRUE
    assert found.missing == ()


T, CK = "body_temperature", "creatine_kinase"
ORAL_WITH_A_GAP = [reading(T, 37, hours, site="oral") for hours in (1, 8, 47)]

PARTS = [
    ("fever in the 48 h", [*well(), reading(T, 38.1, 40, site="axillary")], 0, FALSE),
    ("exactly 38.0", [*well(), reading(T, 38.0, 40, site="oral")], 0, TRUE),
    ("no temperature", without(T), 0, UNKNOWN),
    ("only axillary", [*without(T), reading(T, 36.9, 2, site="axillary")], 0, UNKNOWN),
    ("a gap", [*without(T), *ORAL_WITH_A_GAP], 0, UNKNOWN),
    ("cooled", [*well(), sign(SignKind.ACTIVE_COOLING, 20)], 0, UNKNOWN),
    ("rigid", [*well(), sign(SignKind.RIGIDITY, 1, detail="lead_pipe")], 1, FALSE),
    ("tone not examined", without("rigidity"), 1, UNKNOWN),
    ("CK still high", [*well(), reading(CK, 900, 1, high=200)], 2, FALSE),
    ("CK rising", [*well(), reading(CK, 790, 1, high=200)], 2, FALSE),
    ("CK never sent", without(CK), 2, UNKNOWN),
    ("CK too old", [*without(CK), reading(CK, 150, 50, high=200)], 2, UNKNOWN),
    ("CK without a range", [*without(CK), reading(CK, 300, 5)], 2, UNKNOWN),
    ("one CK below 4 × ULN", [*without(CK), reading(CK, 300, 5, high=200)], 2, UNKNOWN),
    ("one normal CK", [*without(CK), reading(CK, 180, 5, high=200)], 2, TRUE),
    ("drowsy", [*well(), sign(SignKind.ACVPU, 0.5, detail="V")], 3, FALSE),
]  # fmt: skip


@pytest.mark.rules("RESOLUTION")
@pytest.mark.parametrize(("why", "facts", "part", "state"), PARTS, ids=[p[0] for p in PARTS])
def test_each_part_is_read_three_valued(
    why: str, facts: list[Fact], part: int, state: Truth
) -> None:
    found = at_rest(facts)
    assert found.parts[part].state is state, found.parts[part].reason
    if state is not TRUE:
        assert found.state is not TRUE


@pytest.mark.rules("RESOLUTION", "LOG-01")
def test_an_empty_chart_is_not_a_resolved_episode() -> None:
    assert {p.state for p in at_rest([]).parts} == {UNKNOWN}


def over(days: float) -> Fact:
    return problem("neuroleptic_malignant_syndrome", days + 12, FALSE, abated_days=days)


def now_of(facts: list[Fact]) -> Moment:
    return moment(chart(facts), knowledge(), NOW)


@pytest.mark.rules("RESOLUTION")
@pytest.mark.parametrize(
    ("facts", "at"),
    [
        ([], None),
        ([over(5)], ago(120)),
        ([sign(SignKind.RESOLVED, 30)], ago(30)),
        ([over(5), sign(SignKind.RESOLVED, 30)], ago(30)),
        ([sign(SignKind.RESOLVED, 30, FALSE)], None),
        ([problem("neuroleptic_malignant_syndrome", 9)], None),
    ],
)
def test_who_said_that_it_is_over(facts: list[Fact], at: object) -> None:
    found = resolved(now_of(facts))
    assert (found and found.at) == at


def oral(ended_days: float) -> Fact:
    return dose_given("haloperidol", ended_days * 24, 5)


DEPOT = dose_given("haloperidol", 24 * 20, 100, route="im", product="haloperidol_decanoate")


@pytest.mark.rules("SURVEILLANCE")
@pytest.mark.parametrize(
    ("facts", "days", "why"),
    [
        ([oral(17)], 14, "14 d after resolution"),
        ([DEPOT], 41, "end of the window of haloperidol decanoate"),
    ],
)
def test_surveillance_ends_by_the_culprit(facts: list[Fact], days: int, why: str) -> None:
    now = now_of([*facts, over(5)])
    found = surveillance(now, ago(120), episode(now, ago(120)).depots)
    assert found.why == why
    assert (found.until - ago(120)) / timedelta(days=1) == pytest.approx(days, abs=1)


def after(*facts: Fact) -> Advice | None:
    now = now_of([person(), *facts])
    return next(iter(rechallenge(now)), None)


@pytest.mark.rules("RECH-01")
@pytest.mark.parametrize(("days", "shown"), [(0.1, True), (5, True), (13.9, True), (14.1, False)])
def test_no_antipsychotic_for_two_weeks_after_resolution(days: float, shown: bool) -> None:
    found = after(over(days), oral(days + 6))
    assert bool(found) is shown
    if found:
        day = ago(days * 24) + timedelta(days=14)
        assert f"No antipsychotic before {day.day} {day:%b %Y}" in found.lines[0]


@pytest.mark.rules("RECH-02")
def test_after_a_depot_six_weeks_and_not_before_its_window() -> None:
    depot = dose_given("haloperidol", 24 * 20, 100, route="im", product="haloperidol_decanoate")
    now = now_of([person(), over(5), depot])
    first = earliest(now, episode(now, ago(120)))
    window = knowledge().long_acting["haloperidol_decanoate"].full_d
    assert first.at == max(ago(120) + timedelta(days=42), ago(480) + timedelta(days=window))
    assert not first.confirmed
    told = after(over(5), depot)
    assert told is not None
    assert "common practice, not confirmed from a primary source" in told.lines[0]
    assert any("Depot culprit: at least 6 weeks" in line for line in told.lines)


SAYS = [
    ("RECH-01", "At least 2 weeks after complete resolution"),
    ("RECH-03", "A different drug from the culprit"),
    ("RECH-03", "13 of 15 patients"),
    ("RECH-04", "no depot, no injection, no lithium, no second antipsychotic"),
    ("RECH-05", "11 of 12 patients without recurrence"),
    ("RECH-05", "30 of 38 patients"),
    ("RECH-05", "14 of 17 patients"),
    ("RECH-06", "5 of 119 patients (4.2 %)"),
    ("RECH-06", "About 30 % recurrence in older texts (common practice, not confirmed"),
    ("RECH-07", "daily for 7 d, then weekly for 4 weeks; CK weekly for 4 weeks"),
    ("RECH-08", "take consent, document"),
]


@pytest.mark.rules("RECH-01", "RECH-03", "RECH-04", "RECH-05", "RECH-06", "RECH-07", "RECH-08")
@pytest.mark.parametrize(("rule", "words"), SAYS)
def test_the_advice_on_re_exposure_says(rule: str, words: str) -> None:
    found = after(over(5), oral(16))
    assert found is not None
    assert words in "\n".join(found.lines), rule


@pytest.mark.rules("RECH-01", "RECH-04")
def test_a_dose_before_the_earliest_date_is_named_first() -> None:
    found = after(over(5), oral(16), dose_given("olanzapine", 4, 10))
    assert found is not None
    assert found.warnings == ("Olanzapine 24 Nov 2026, before the earliest date",)
    again = after(over(5), oral(16), dose_given("haloperidol", 4, 5))
    assert again is not None
    assert "a culprit of the episode" in again.warnings[0]


@pytest.mark.rules("RECH-01")
def test_an_unknown_date_of_resolution_is_asked_for() -> None:
    found = after(problem("neuroleptic_malignant_syndrome", 16, FALSE), oral(16))
    assert found is not None
    assert "Date of resolution not recorded" in found.lines[0]


@pytest.mark.rules("SAF-08", "RECH-03")
def test_in_an_open_episode_no_antipsychotic_is_named_for_later() -> None:
    plan = assessed(severe()).plan
    assert "RECHALLENGE" not in {a.id for a in plan.advice}
    told = "\n".join(line for a in plan.advice for line in a.lines)
    assert "lozapine" not in told


@pytest.mark.rules("RECH-01")
def test_a_stopped_order_long_before_is_not_the_culprit() -> None:
    old = order("quetiapine", 300, UseStatus.STOPPED, ended=24 * 200)
    found = after(over(5), old)
    assert found is not None
    assert "2 weeks after resolution" in found.lines[0]

""" "Will monitor" (ALR-07): the chart is looked at for the promised values, and the history says
what came of it. A promise that is kept stays quiet; one that is not calls again and says what is
missing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from alerts.chart import Measurement, Sign, SignKind, Source, TimeBasis, chart_of
from alerts.knowledge import load, with_overlay
from alerts.lifecycle import (
    Attention,
    Circumstances,
    Suppression,
    attention,
    circumstances,
    human_of,
    is_open,
    machine_of,
    next_due,
    plain,
    reopen,
    resolve,
    snooze,
    undo,
)
from alerts.lifecycle.promises import Arrivals, promised
from alerts.moment import moment
from alerts.truth import FALSE, TRUE
from tests.lifecycle.patients import HOUR, MINUTE, T0, Ward, assessed, interaction

KNOWLEDGE = load()
PROMISED = T0 + HOUR
DUE = PROMISED + 12 * HOUR
# INT-DAN-VER asks for two: potassium, and an ECG that is read by its QTc
UNITS = {"potassium": "mmol/L", "qtc": "ms"}
LASTING = ("age", "sex", "ventilated")


def reading(kind: str, at: datetime, n: int = 0, **changes: object) -> Measurement:
    value = 4.4 if kind == "potassium" else 420.0
    source = Source("t", "Observation", f"{kind}-{n}")
    made = Measurement(kind, at, value, UNITS.get(kind, "U/L"), source)
    return replace(made, **changes)  # type: ignore[arg-type]


def around(now: datetime, readings: Sequence[Measurement]) -> Circumstances:
    chart = chart_of("p1", readings)
    return Circumstances(arrivals=Arrivals(moment(chart, KNOWLEDGE, now)))


class Watched(Ward):
    """A pair that somebody promised to monitor until DUE; `look` as the worker does."""

    def __init__(self, reason: str = "will-monitor", rule: str = "INT-DAN-VER") -> None:
        super().__init__()
        self.pair = interaction(rule)
        self.look(T0)
        self.keep(snooze(self.only, "ann", PROMISED, reason, DUE))

    def look(self, at: datetime, *readings: Measurement, **said: object) -> None:
        pair = replace(self.pair, **said)  # type: ignore[arg-type]
        self.see(assessed(at, "NONE", interactions=[pair]), around(at, readings))

    def due(self, at: datetime) -> datetime | None:
        return next_due([self.only], assessed(at, "NONE", interactions=[self.pair]), at)


BOTH = ("potassium", "qtc")
# name, when potassium and when QTc took effect, what the history says, how the alert stands
COURSES = [
    ("both before the due moment", 2, 3, "monitored promised-value-arrived", "resolved"),
    ("both exactly at the due moment", 12, 12, "monitored promised-value-arrived", "resolved"),
    ("both after the due moment", 12.01, 13, "reopened promised-value-did-not-arrive", "waiting"),
    ("one of two", 2, None, "reopened promised-value-did-not-arrive", "waiting"),
    ("one in time, one late", 2, 12.5, "reopened promised-value-did-not-arrive", "waiting"),
    ("neither", None, None, "reopened promised-value-did-not-arrive", "waiting"),
    ("both before the promise", -0.5, -0.1, "reopened promised-value-did-not-arrive", "waiting"),
    ("both at the promise", 0, 0, "reopened promised-value-did-not-arrive", "waiting"),
]


@pytest.mark.rules("ALR-07")
@pytest.mark.parametrize(("name", "k", "qtc", "said", "stands"), COURSES, ids=str)
@pytest.mark.parametrize("late", [False, True], ids=["at the moment", "worker late"])
def test_a_promise_is_judged_by_when_the_values_took_effect(
    name: str, k: float | None, qtc: float | None, said: str, stands: str, *, late: bool
) -> None:
    ward = Watched()
    at = DUE + (3 * HOUR if late else timedelta(0))
    times = {"potassium": k, "qtc": qtc}
    given = [reading(kind, PROMISED + h * HOUR) for kind, h in times.items() if h is not None]
    ward.look(at, *(m for m in given if m.at <= at))
    assert ward.said()[-1] == said, name
    assert attention(ward.only, at).value == stands
    assert is_open(ward.only) is (stands == "waiting")


LIMITS = {"reference_low": 3.5, "reference_high": 5.1}


@pytest.mark.rules("ALR-07")
@pytest.mark.parametrize("value", [2.9, 6.8])
@pytest.mark.parametrize("after_it_was_kept", [False, True])
def test_a_promised_value_outside_its_own_limits_calls(
    value: float, *, after_it_was_kept: bool
) -> None:
    """What was watched for has come: it closes nothing, and does not wait for the due moment."""
    ward = Watched()
    sent = [reading("qtc", PROMISED + HOUR)]
    if after_it_was_kept:
        sent.append(reading("potassium", PROMISED + HOUR, **LIMITS))
        ward.look(PROMISED + HOUR, *sent)
        assert attention(ward.only, PROMISED + HOUR) is Attention.RESOLVED
    at = PROMISED + 2 * HOUR
    sent.append(reading("potassium", at, 1, value=value, **LIMITS))
    ward.look(at, *sent)
    assert ward.said()[-1] == "called-again promised-value-out-of-range"
    assert attention(ward.only, at) is Attention.WAITING
    assert is_open(ward.only)
    told = len(ward.said())
    for hours in (3, 13, 40):  # said once
        ward.look(PROMISED + hours * HOUR, *sent)
    assert len(ward.said()) == told
    ward.keep(snooze(ward.only, "ann", at + HOUR, "will-monitor", at + 12 * HOUR))
    ward.look(at + 2 * HOUR, *sent)  # known when it was promised anew
    assert attention(ward.only, at + 2 * HOUR) is Attention.SNOOZED


def test_a_value_that_came_back_within_its_limits_keeps_the_promise() -> None:
    ward = Watched()
    sent = [
        reading("qtc", PROMISED + HOUR),
        reading("potassium", PROMISED + HOUR, value=5.3, **LIMITS),
        reading("potassium", PROMISED + 2 * HOUR, 1, **LIMITS),
    ]
    ward.look(PROMISED + 2 * HOUR, *sent)
    assert attention(ward.only, PROMISED + 2 * HOUR) is Attention.RESOLVED


@pytest.mark.rules("ALR-07")
def test_what_did_not_arrive_is_named() -> None:
    ward = Watched()
    ward.look(DUE, reading("potassium", PROMISED + HOUR))
    entry = ward.moves[-1].history[-1]
    assert (entry.who, entry.detail) == ("rules", "ecg")


def test_a_kept_promise_is_said_once_and_never_comes_back() -> None:
    ward = Watched()
    values = [reading("potassium", PROMISED + HOUR), reading("qtc", PROMISED + 2 * HOUR)]
    ward.look(PROMISED + HOUR, values[0])
    assert attention(ward.only, PROMISED + HOUR) is Attention.SNOOZED
    assert ward.due(PROMISED + HOUR) == DUE
    for hours in (2, 3, 12, 13, 40, 400):
        ward.look(PROMISED + hours * HOUR, *values)
        assert attention(ward.only, PROMISED + hours * HOUR) is Attention.RESOLVED
    assert ward.due(PROMISED + 2 * HOUR) is None
    assert ward.said() == [
        "opened pair-found",
        "snoozed will-monitor",
        "monitored promised-value-arrived",
    ]
    assert ward.moves[-1].history[-1].detail == "potassium, ecg"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({}, None),
        ({"severity": "contraindicated", "label": ""}, None),
        ({"label": "context not certain: GFR of the last 3 days"}, None),
    ],
)
def test_a_kept_promise_stays_quiet_whatever_is_no_worse(said: dict[str, str], why: None) -> None:
    ward = Watched()
    values = [reading(kind, PROMISED + HOUR) for kind in BOTH]
    ward.look(PROMISED + HOUR, *values)
    ward.look(PROMISED + 30 * HOUR, *values, **said)
    assert attention(ward.only, PROMISED + 30 * HOUR) is Attention.RESOLVED


@pytest.mark.rules("ALR-05")
def test_a_value_that_makes_the_row_worse_calls_at_once() -> None:
    """GFR arrives and is low: the promise is kept and the row is now certain."""
    ward = Ward()
    unsure = interaction(
        "INT-AMA-REN", ("amantadine",), "major", "context not certain: GFR of the last 3 days"
    )
    ward.see(assessed(T0, "NONE", interactions=[unsure]), around(T0, []))
    ward.keep(snooze(ward.only, "ann", PROMISED, "will-monitor", DUE))
    assert ward.only.human.promised == ("creatinine",)
    at = PROMISED + HOUR
    low = reading("egfr", at, value=24.0, unit="mL/min/{1.73_m2}")
    certain = replace(unsure, label="")
    ward.see(assessed(at, "NONE", interactions=[certain]), around(at, [low]))
    assert ward.said()[-2:] == ["monitored promised-value-arrived", "called-again new-context"]
    assert attention(ward.only, at) is Attention.WAITING


@pytest.mark.parametrize("when", [2, 12, 20])
def test_a_value_entered_in_error_does_not_keep_the_promise(when: int) -> None:
    """It had arrived, and is taken back: said, and awaited again; at the end it calls."""
    ward = Watched()
    values = [reading(kind, PROMISED + HOUR) for kind in BOTH]
    ward.look(PROMISED + HOUR, *values)
    at = PROMISED + when * HOUR
    ward.look(at, values[0])
    assert "corrected promised-value-taken-back" in ward.said()
    if when < 12:
        assert attention(ward.only, at) is Attention.SNOOZED
        assert ward.due(at) == DUE
        ward.look(DUE, values[0])
    assert ward.said()[-1] == "reopened promised-value-did-not-arrive"
    assert attention(ward.only, DUE + 9 * HOUR) is Attention.WAITING


def test_a_value_that_comes_again_after_it_was_taken_back_keeps_it() -> None:
    ward = Watched()
    values = [reading(kind, PROMISED + HOUR) for kind in BOTH]
    ward.look(PROMISED + HOUR, *values)
    ward.look(PROMISED + 2 * HOUR, values[0])
    ward.look(PROMISED + 4 * HOUR, values[0], reading("qtc", PROMISED + 3 * HOUR, 1))
    assert ward.said()[-1] == "monitored promised-value-arrived"
    assert attention(ward.only, DUE + HOUR) is Attention.RESOLVED


@pytest.mark.parametrize(
    "changes",
    [
        {"flags": ("haemolysed",)},
        {"time_basis": TimeBasis.ISSUED},
        {"time_basis": TimeBasis.UNDATED},
        {"until": PROMISED + 23 * HOUR, "time_basis": TimeBasis.DAY},
    ],
    ids=["haemolysed", "issued", "undated", "a day that ends after the due moment"],
)
def test_what_is_no_value_of_the_time_does_not_keep_it(changes: dict[str, object]) -> None:
    ward = Watched()
    ward.look(
        DUE, reading("potassium", PROMISED + HOUR, **changes), reading("qtc", PROMISED + HOUR)
    )
    assert ward.said()[-1] == "reopened promised-value-did-not-arrive"
    assert ward.moves[-1].history[-1].detail == "potassium"


def test_the_evaluation_is_idempotent_at_every_stage() -> None:
    for values in ([], [reading(kind, PROMISED + HOUR) for kind in BOTH]):
        ward = Watched()
        for at in (PROMISED + HOUR, DUE, DUE + HOUR):
            ward.look(at, *values)
            before = ward.only
            ward.look(at, *values)
            assert ward.only == before


@pytest.mark.parametrize("reason", ["being-examined", "awaiting-result"])
def test_another_snooze_promises_nothing_and_ends_at_its_end(reason: str) -> None:
    ward = Watched(reason)
    ward.look(DUE, *(reading(kind, PROMISED + HOUR) for kind in BOTH))
    assert ward.said()[-1] == "called-again snooze-ended"


def test_a_row_that_names_no_value_asks_again_at_its_time() -> None:
    assert promised("INT-BRO-ERG", KNOWLEDGE) == ()
    ward = Watched(rule="INT-BRO-ERG")
    ward.look(DUE)
    assert ward.said()[-1] == "called-again snooze-ended"


def test_people_can_still_act_on_a_kept_promise() -> None:
    """Taken up again it waits, and a second promise is a promise of its own."""
    ward = Watched()
    values = [reading(kind, PROMISED + HOUR) for kind in BOTH]
    ward.look(PROMISED + HOUR, *values)
    again = PROMISED + 2 * HOUR
    ward.keep(reopen(ward.only, "ann", again))
    assert attention(ward.only, again) is Attention.WAITING
    ward.keep(snooze(ward.only, "ann", again, "will-monitor", again + 12 * HOUR))
    assert attention(ward.only, again) is Attention.SNOOZED, "the old values keep no new promise"
    ward.look(again + 12 * HOUR, *values)
    assert ward.said()[-1] == "reopened promised-value-did-not-arrive"


def test_a_promise_taken_back_or_resolved_is_over() -> None:
    ward = Watched()
    ward.keep(undo(ward.only, "ann", PROMISED + MINUTE))
    assert ward.only.human.promised == ()
    ward = Watched()
    ward.keep(resolve(ward.only, "ann", PROMISED + MINUTE, "acted-on"))
    assert ward.only.human.promised == ()
    ward.look(PROMISED + HOUR, *(reading(kind, PROMISED + MINUTE) for kind in BOTH))
    assert not any(line.startswith("monitored") for line in ward.said())


def test_a_promise_survives_the_store() -> None:
    ward = Watched()
    ward.look(PROMISED + HOUR, *(reading(kind, PROMISED + HOUR) for kind in BOTH))
    machine, human = ward.only.machine, ward.only.human
    assert machine_of(plain(machine)) == machine
    assert machine.monitored == PROMISED
    assert human_of(plain(human)) == human
    assert human.promised == ("potassium", "ecg")


def test_an_episode_promises_no_value() -> None:
    ward = Ward()
    ward.see(assessed(T0))
    ward.keep(snooze(ward.only, "ann", PROMISED, "will-monitor", DUE))
    assert ward.only.human.promised == ()


@pytest.mark.parametrize("row", KNOWLEDGE.interactions, ids=lambda r: r.id)
def test_each_row_promises_what_it_asks_for(row: object) -> None:
    """The tests that it monitors, else the readings among its factors; each is one we can see."""
    tests = [s.partition(":")[2] for s in row.suggest if s.startswith("monitor:")]  # type: ignore[attr-defined]
    factors = [f for f in row.factors if f not in LASTING]  # type: ignore[attr-defined]
    found = promised(row.id, KNOWLEDGE)  # type: ignore[attr-defined]
    assert set(found) == set(tests or factors)


@pytest.mark.rules("ALR-07")
def test_what_answers_a_test_stands_in_the_rules() -> None:
    """The table of interactions.yaml, word for word: a change of it is a medical decision."""
    assert {name: test.readings for name, test in KNOWLEDGE.tests.items()} == {
        **{name: (name,) for name in ("alt", "creatine_kinase", "drug_level", "lithium_level")},
        **{name: (name,) for name in ("osmol_gap", "potassium", "respiratory_rate")},
        **dict.fromkeys(("creatinine", "gfr"), ("egfr", "creatinine")),
        **dict.fromkeys(LASTING, ()),
        "blood_pressure": ("systolic_bp",),
        "ecg": ("qtc",),
    }
    assert {test.basis for test in KNOWLEDGE.tests.values()} == {"D"}
    assert KNOWLEDGE.answers("magnesium") == ("magnesium",)


@pytest.mark.rules("ALR-07")
def test_an_overlay_says_what_keeps_a_promise() -> None:
    site = with_overlay(
        KNOWLEDGE,
        {
            "version": "B",
            "tests": {
                "ecg": {"readings": ["qtc", "heart_rate"], "basis": "D", "cite": []},
                "spo2": {"readings": [], "basis": "D", "cite": []},
            },
        },
    )
    chart = chart_of("p1", [reading("heart_rate", PROMISED + HOUR, value=80.0)])
    for rules, missing in ((KNOWLEDGE, ("ecg",)), (site, ())):
        arrivals = Arrivals(moment(chart, rules, DUE))
        assert arrivals.missing(("ecg",), PROMISED, DUE) == missing
    assert "spo2" in promised("INT-BZD-CLOZ", KNOWLEDGE)
    assert "spo2" not in promised("INT-BZD-CLOZ", site)


def test_of_a_rule_that_is_gone_nothing_is_promised() -> None:
    assert promised("INT-NO-SUCH", KNOWLEDGE) == ()


@pytest.mark.rules("ALR-12")
@pytest.mark.parametrize("decided", [True, False])
def test_comfort_care_stated_as_a_sign_suppresses(*, decided: bool) -> None:
    source = Source("t", "Observation", "c1")
    earlier = Sign(SignKind.COMFORT_CARE, T0 - HOUR, TRUE, source)
    newest = Sign(SignKind.COMFORT_CARE, T0, TRUE if decided else FALSE, replace(source))
    chart = chart_of("p1", [earlier, newest])
    found = circumstances(chart, KNOWLEDGE, assessed(T0))
    assert (found.suppression is Suppression.COMFORT_CARE) is decided

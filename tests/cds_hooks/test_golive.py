"""Go-live gates (ALR-10): counts, rates per 1000 treated patient-days, and what cannot be told."""

from datetime import timedelta
from pathlib import Path

import pytest

from service.cds_hooks.golive import report
from tests.cds_hooks.served import (
    LAB,
    NOW,
    PATIENT,
    SICK,
    TENANT,
    Hooks,
    dose,
    order,
    reading,
    request,
)
from tests.cds_hooks.test_feedback import arrive

SINCE = NOW - timedelta(days=10)
UNTIL = NOW + timedelta(days=1)


def gates(hooks: Hooks) -> dict[str, object]:
    return report(hooks.store, TENANT, SINCE, UNTIL, hooks.desk.knowledge)


@pytest.mark.parametrize(
    ("chart", "days"),
    [
        ([dose("haloperidol 5 mg", "a1", 30), dose("haloperidol 5 mg", "a2", 29)], 1),
        ([dose("haloperidol 5 mg", "a1", 50), dose("haloperidol 5 mg", "a2", 2)], 2),
        ([dose("haloperidol 5 mg", "a1", 24 * 30)], 0),  # before the window
        ([dose("paracetamol 1 g", "a1", 2)], 0),
        ([dose("haloperidol 5 mg", "a1", 2, status="not-done")], 0),
        ([order("haloperidol 5 mg", "m1", 72)], 5),  # in force: 7 to 11 March
        ([order("haloperidol 5 mg", "m1", 72), dose("olanzapine 10 mg", "a1", 26)], 5),
        ([order("haloperidol 5 mg", "m1", 72, dosageInstruction=[{"asNeededBoolean": True}])], 0),
    ],
)
def test_a_treated_day_counts_once(
    tmp_path: Path, chart: list[dict[str, object]], days: int
) -> None:
    hooks = Hooks(tmp_path)
    arrive(hooks, *chart)
    assert gates(hooks)["treated_patient_days"] == days


def test_silent_mode_is_compared_with_what_would_have_been_shown(tmp_path: Path) -> None:
    silent = Hooks(tmp_path, silent=True)
    arrive(silent, *SICK, reading("2157-6", 4800, "U/L", 1, **LAB))
    silent.call("patient-view", request("patient-view", chart=SICK))
    told = gates(silent)
    assert told["cards_shown"] == 0
    assert told["cards_hidden"] == 1
    assert told["alerts_opened"] >= 1
    by_name = {gate["gate"]: gate for gate in told["gates"]}
    assert by_name["silent mode"]["met"] is False
    assert by_name["predictive value"]["met"] is None
    assert by_name["overrides"]["found"] == "no feedback"
    assert any("predictive value" in said for said in told["not_known"])
    assert PATIENT not in str(told)


def test_without_treated_days_no_rate_is_made_up(tmp_path: Path) -> None:
    told = gates(Hooks(tmp_path))
    assert told["interruptive_per_1000_days"] is None
    assert {g["gate"]: g["met"] for g in told["gates"]}["interruptive alerts"] is None

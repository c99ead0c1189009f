"""Numbers of criteria.yaml moved a notch: how many does a fixture notice? See `mutants`."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from alerts.knowledge import load
from service.replay.cases import find_cases
from tests.replay.mutants import killer, moved, mutants, played

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
# what gives or withholds a tier: none of these may be moved unseen
CORE = (
    "hyp.threshold_c", "temp40.threshold_c", "ck.multiple", "ck.no_range_u_l", "bpup.ratio",
    "met.hr_ratio", "met.rr_ratio", "iec.EXP", "iec.HYP", "iec.RIG", "iec.MS", "iec.CK", "iec.SNS",
    "iec.MET", "rig.true_h", "ms.true_h", "ck.lookback_h", "levenson.hr", "exposure.literal_h",
)  # fmt: skip


def test_a_notch_fits_the_unit() -> None:
    assert moved(38.0, "Cel") == (37.5, 38.5)
    assert moved(2.0, "1") == (1.0, 3.0)
    assert moved(24.0, "h") == (21.6, 26.4)


@pytest.mark.heavy
@pytest.mark.timeout(1200)
def test_no_core_number_moves_unseen() -> None:
    rules = load()
    places = [FIXTURES / "demo", FIXTURES / "thresholds"]
    found = played(find_cases(places), rules, NOW)
    tried = [one for one in mutants(rules) if one.parameter in CORE]
    assert {one.parameter for one in tried} == set(CORE)
    survivors = [(one.parameter, one.value) for one in tried if killer(one, found) is None]
    assert survivors == []

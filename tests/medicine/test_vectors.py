"""Every test vector of the clinical specification (SPEC 1.3, 11.1)."""

from itertools import combinations, product
from math import ceil
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts.assessment import assess
from alerts.knowledge import load
from alerts.knowledge.loader import Window
from alerts.scales import ITEMS, iec
from alerts.statements import TierName
from alerts.tiers import judge, upper_tier
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth
from tests.medicine.states import case_of, empty_moment, states_from
from tests.medicine.ward import NOW, chart

VECTORS: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parent / "vectors.yaml").read_text("utf-8")
)
KNOWLEDGE = load()
POINTS = {item: int(KNOWLEDGE[f"iec.{item}"]) for item in ITEMS}


def finding(name: str, *lines: str) -> Truth:
    return assess(chart(*lines), KNOWLEDGE, NOW).findings[name].state


def truth(value: Any) -> Truth:
    return Truth(str(value).lower())


@pytest.mark.rules("CK", "CK-01", "CK-02")
@pytest.mark.parametrize("row", VECTORS["ck"], ids=str)
def test_creatine_kinase(row: dict[str, Any]) -> None:
    limit = f" uln {row['uln']}" if row["uln"] else ""
    onset = row.get("hours_after_onset", 13) + 1
    lines = [f"-{onset}h rigidity present", f"-1h CK {row['value']}{limit}"]
    assert finding("CK", *lines) is truth(row["result"])


@pytest.mark.rules("MET", "MET-01")
@pytest.mark.parametrize("row", VECTORS["met"], ids=str)
def test_hypermetabolism(row: dict[str, Any]) -> None:
    lines = [f"-{h}h HR {row['hr_base']}" for h in (70, 60, 50, 40)]
    lines += [f"-{h}h RR {row['rr_base']}" for h in (70, 60, 50, 40)]
    lines += [f"-{h}h HR {row['hr']}" for h in (3, 2, 1)]
    lines += [f"-{h}h RR {row['rr']}" for h in (3, 2, 1)] if row["rr"] else []
    assert finding("MET", *lines) is truth(row["result"])


@pytest.mark.rules("SNS", "SNS-01", "SNS-02")
@pytest.mark.parametrize("row", VECTORS["bp"], ids=str)
def test_blood_pressure(row: dict[str, Any]) -> None:
    if "series" in row:
        lines = [f"-{9 - i}h BP {value}" for i, value in enumerate(row["series"])]
        assert finding("BPFL", *lines) is truth(row["BPFL_literal"])
        return
    lines = [f"-{h}h BP {row['base']}" for h in (70, 60, 50, 40)]
    lines += [f"-{h}h BP {row['reading']}" for h in (3, 2, 1)]
    assert finding("BPUP", *lines) is truth(row["BPUP"])


@pytest.mark.rules("TEMP-01")
@pytest.mark.parametrize("row", [r for r in VECTORS["conversions"] if "celsius" in r], ids=str)
def test_temperature_compared_strictly(row: dict[str, Any]) -> None:
    state = finding("TEMP1", f"-1h temp {row['celsius']} oral")
    assert state is truth(row["above_38"])


@pytest.mark.rules("RISK-01")
@pytest.mark.parametrize("row", [r for r in VECTORS["conversions"] if "iron" in r], ids=str)
def test_iron_at_most_ten(row: dict[str, Any]) -> None:
    said = assess(chart("-2d order haloperidol oral", f"-1h iron {row['iron']}"), KNOWLEDGE, NOW)
    assert ("RF-IRON" in [r.id for r in said.risk_factors]) is row["iron_lte_10"]


@pytest.mark.rules("IEC", "LOG-03", "TIER-1", "TIER-2", "TIER-3", "TIER-4", "TIER-06")
@pytest.mark.parametrize("row", VECTORS["iec"], ids=lambda r: "+".join(r["items_true"]))
def test_interval_and_tier(row: dict[str, Any]) -> None:
    states = states_from(row["items_true"], row["items_false"], row["items_unknown"])
    score = iec(states, KNOWLEDGE)
    assert (score.lower, score.upper) == (row["lower"], row["upper"])
    now, case = empty_moment(), case_of(states)
    tier = judge(now, case).name
    if "at_most" in row:
        assert tier.rank <= TierName(row["at_most"]).rank
    else:
        assert tier.value == row["tier"]
    if "upper_tier" in row:
        assert upper_tier(now, states, case.gate) == row["upper_tier"]


@pytest.mark.rules("IEC", "IEC-SETS")
def test_28_of_256_combinations_reach_the_cutoff_and_eleven_are_minimal() -> None:
    every = [set(c) for n in range(9) for c in combinations(ITEMS, n)]
    cutoff = KNOWLEDGE["iec.cutoff"]
    reaching = [s for s in every if sum(POINTS[i] for i in s) >= cutoff]
    assert len(every) == VECTORS["combinations_total"]
    assert len(reaching) == VECTORS["combinations_gte_74"]
    minimal = [s for s in reaching if not any(other < s for other in reaching)]
    told = [set(row["set"]) for row in VECTORS["minimal_sets_gte_74"]]
    assert sorted(map(sorted, minimal)) == sorted(map(sorted, told))


@pytest.mark.rules("IEC-SETS")
@pytest.mark.parametrize("row", VECTORS["minimal_sets_gte_74"], ids=lambda r: "+".join(r["set"]))
def test_a_minimal_set_reaches_and_loses_the_cutoff(row: dict[str, Any]) -> None:
    told = set(row["set"])
    others = set(ITEMS) - told
    lower = iec(states_from(told, others), KNOWLEDGE).lower
    assert lower == row["points"]
    for item in told:
        less = iec(states_from(told - {item}, others | {item}), KNOWLEDGE).lower
        assert less < KNOWLEDGE["iec.cutoff"]
    tier = judge(empty_moment(), case_of(states_from(told, others))).name
    assert tier is (TierName.NONE if row.get("gated_out") else TierName.HIGHLY_PROBABLE)


@pytest.mark.rules("IEC-SETS", "TIER-3")
@pytest.mark.parametrize(
    "row", VECTORS["minimal_sets_gte_67_without_neg"], ids=lambda r: "+".join(r["set"])
)
def test_a_set_within_reach_of_a_negative_workup(row: dict[str, Any]) -> None:
    told = set(row["set"])
    states = states_from(told, set(ITEMS) - told)
    assert iec(states, KNOWLEDGE).lower == row["points"]
    tier = judge(empty_moment(), case_of(states)).name
    if row.get("gated_out"):
        assert tier is TierName.NONE
    else:
        assert tier.rank >= TierName.PROBABLE.rank


@pytest.mark.rules("IEC-SETS")
def test_what_the_score_can_and_cannot_reach() -> None:
    maxima = VECTORS["maxima"]
    assert 100 - POINTS["RIG"] == maxima["without_rig"]
    assert 100 - POINTS["RIG"] - POINTS["NEG"] == maxima["without_rig_and_neg"]
    assert 100 - POINTS["MS"] - POINTS["NEG"] == maxima["without_ms_and_neg"]
    without = 100 - POINTS["RIG"] - POINTS["MS"] - POINTS["NEG"]
    assert without == maxima["without_rig_ms_and_neg"]
    assert without + POINTS["NEG"] < KNOWLEDGE["iec.cutoff"], "no alert without an examination"


@pytest.mark.rules("LOG-01", "LOG-02", "LOG-03")
def test_the_interval_counts_the_unknown_both_ways_over_all_6561_states() -> None:
    for told in product((TRUE, FALSE, UNKNOWN), repeat=8):
        states = states_from()
        states |= dict(zip(ITEMS, told, strict=True))
        score = iec(states, KNOWLEDGE)
        true = sum(POINTS[i] for i in ITEMS if states[i] is TRUE)
        unknown = sum(POINTS[i] for i in ITEMS if states[i] is UNKNOWN)
        assert (score.lower, score.upper) == (true, true + unknown)


def expected_days(window: Window, raw: dict[str, Any]) -> tuple[int, int]:
    if not window.long_acting:
        longest = ceil(5 * raw["half_life_h"][1] / 24)
        return min(max(longest, 3), 14), max(14, longest)
    full = max(56, ceil(raw["interval_d"] + raw["half_life_d"][1]))
    return full, max(full, ceil(5 * raw["half_life_d"][1]))


# SPEC 3.2 states these by hand beside the formula: a release tail, a short depot, a stated range
BY_HAND = {"risperidone_microspheres_2w", "zuclopenthixol_acetate", "flupentixol_decanoate"}


@pytest.mark.rules("EXP-04", "EXP")
def test_every_window_follows_its_formula() -> None:
    raw = KNOWLEDGE.sources["exposure"]
    for group, windows in (
        ("short_acting", KNOWLEDGE.short_acting),
        ("long_acting", KNOWLEDGE.long_acting),
    ):
        for key, told in raw[group].items():
            window = windows[key]
            if key not in BY_HAND:
                days = expected_days(window, told)
                assert (window.full_d, window.extended_d) == days, key
    assert KNOWLEDGE.long_acting["risperidone_microspheres_2w"].extended_d == 56 + 30
    assert KNOWLEDGE.long_acting["zuclopenthixol_acetate"].full_d == 14
    assert KNOWLEDGE.long_acting["flupentixol_decanoate"].extended_d == 90

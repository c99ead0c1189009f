"""A true finding never lowers a tier or a channel: over all states of the items."""

from itertools import product

import pytest

from alerts.channels import LOUDNESS, told
from alerts.findings import read_findings
from alerts.moment import Moment
from alerts.statements import Channel, Finding, TierName
from alerts.tiers import firm, judge
from alerts.truth import FALSE, TRUE, UNKNOWN
from tests.medicine.states import case_of, empty_moment, states_from

ITEMS = ("EXP", "HYP", "RIG", "MS", "CK", "SNS", "MET")
EMPTY = empty_moment()
NOTHING = read_findings(EMPTY).findings


def judged(now: Moment, states: tuple[object, ...]) -> tuple[TierName, Channel]:
    told_states = states_from(
        [i for i, s in zip(ITEMS, states, strict=True) if s is TRUE],
        [i for i, s in zip(ITEMS, states, strict=True) if s is FALSE],
    )
    full = case_of(told_states)
    verdict = judge(now, full)
    findings = {key: Finding(key, state, "") for key, state in told_states.items()}
    sure = case_of(firm(now, told_states, exposure=True))
    return verdict.name, told(now, verdict, sure, full, {**NOTHING, **findings}, ()).channel


@pytest.mark.rules("TIER-06", "LOG-05", "ALR-02")
def test_adding_a_true_finding_never_lowers_the_tier_nor_the_channel() -> None:
    known = {s: judged(EMPTY, s) for s in product((TRUE, FALSE, UNKNOWN), repeat=len(ITEMS))}
    for states, (tier, channel) in known.items():
        for i, state in enumerate(states):
            if state is TRUE:
                continue
            more = (*states[:i], TRUE, *states[i + 1 :])
            higher, louder = known[more]
            said = f"{dict(zip(ITEMS, states, strict=True))} and {ITEMS[i]}"
            assert higher.rank >= tier.rank, said
            assert LOUDNESS.index(louder) >= LOUDNESS.index(channel), said


@pytest.mark.rules("LOG-01", "SAF-03")
def test_forgetting_that_something_was_absent_never_lowers_the_tier() -> None:
    known = {s: judged(EMPTY, s)[0] for s in product((TRUE, FALSE, UNKNOWN), repeat=len(ITEMS))}
    for states, tier in known.items():
        for i, state in enumerate(states):
            if state is FALSE:
                less = (*states[:i], UNKNOWN, *states[i + 1 :])
                assert known[less].rank >= tier.rank

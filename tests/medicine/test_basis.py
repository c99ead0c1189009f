"""What a value of basis U may drive: nothing that interrupts (SPEC 0.2, ALR-13).

The basis is read from the knowledge. Change it there, and the channel follows; no code changes.
"""

import pytest

from alerts.assessment import assess
from alerts.knowledge import Knowledge, load, with_overlay
from alerts.statements import Channel, TierName
from tests.medicine.ward import NOW, chart

EXPOSED = "-3d order haloperidol oral"
TETRAD = (
    EXPOSED, "-30h temp 39 oral", "-20h temp 39 oral", "-3h rigidity present", "-3h acvpu V",
    "-3h diaphoresis present", "-3h urinary_incontinence present",
)  # fmt: skip
LEVENSON = (EXPOSED, "-2h temp 38.6 oral", "-2h rigidity present", "-3h CK 1500 uln 200")
CUTOFF = (*TETRAD[:4], "-3h CK 900 uln 200", *TETRAD[5:])
WORKUP = TETRAD[:5]
CRITICAL = ("-1h temp 41.2 rectal", "-1h acvpu P")


def with_basis(parameter: str, basis: str) -> Knowledge:
    """The same rules, one parameter with another basis code."""
    known = load().parameters[parameter]
    change = {"value": known.value, "basis": basis, "cite": list(known.cite) or ["gurrera2011"]}
    return with_overlay(load(), {"version": "B", "parameters": {parameter: change}})


def channel(lines: tuple[str, ...], knowledge: Knowledge) -> Channel:
    return assess(chart(*lines), knowledge, NOW).tier.channel


@pytest.mark.rules("ALR-13", "ALR-02")
@pytest.mark.parametrize(
    ("lines", "parameter"),
    [
        (TETRAD, "hyp.threshold_c"),
        (TETRAD, "hyp.separation_min"),
        (TETRAD, "rig.true_h"),
        (TETRAD, "ms.true_h"),
        (TETRAD, "diaph.true_h"),
        (LEVENSON, "levenson.ck_u_l"),
        (LEVENSON, "rig.true_h"),
        (CRITICAL, "temp411.threshold_c"),
        (CRITICAL, "ms.true_h"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[-1],
)
def test_what_becomes_unverified_no_longer_interrupts(
    lines: tuple[str, ...], parameter: str
) -> None:
    assert channel(lines, load()) is Channel.INTERRUPTIVE
    doubtful = with_basis(parameter, "U")
    assert channel(lines, doubtful) is not Channel.INTERRUPTIVE
    # the tier and the findings stand: only the loudness follows the basis
    before, after = assess(chart(*lines), load(), NOW), assess(chart(*lines), doubtful, NOW)
    assert (after.tier.name, after.iec) == (before.tier.name, before.iec)


@pytest.mark.rules("ALR-13")
@pytest.mark.parametrize(
    ("lines", "tier"),
    [(CUTOFF, TierName.HIGHLY_PROBABLE), (WORKUP, TierName.PROBABLE)],
    ids=["TIER-4A", "TIER-3A"],
)
def test_the_cutoff_interrupts_once_it_is_confirmed(lines: tuple[str, ...], tier: TierName) -> None:
    unconfirmed = assess(chart(*lines), load(), NOW).tier
    assert (unconfirmed.name, unconfirmed.channel) == (tier, Channel.URGENT_TASK)
    confirmed = assess(chart(*lines), with_basis("iec.cutoff", "V"), NOW).tier
    assert (confirmed.name, confirmed.channel) == (tier, Channel.INTERRUPTIVE)


@pytest.mark.rules("ALR-13")
def test_an_unverified_window_beyond_72_h_does_not_interrupt_a_verified_one_does() -> None:
    late = ("-110h given {} oral", *TETRAD[1:])
    for drug, loud in (("trifluoperazine", False), ("haloperidol", True)):
        lines = tuple(line.format(drug) for line in late)
        assert (channel(lines, load()) is Channel.INTERRUPTIVE) is loud, drug


@pytest.mark.rules("ALR-13")
def test_a_passive_tier_is_not_silenced_by_a_doubtful_value() -> None:
    lines = (EXPOSED, "-2h temp 38.6 oral", "-2h rigidity present")
    for parameter in ("hyp.threshold_c", "rig.true_h", "temp1.window_h"):
        tier = assess(chart(*lines), with_basis(parameter, "U"), NOW).tier
        assert (tier.name, tier.channel) == (TierName.POSSIBLE, Channel.TASK)


@pytest.mark.rules("ALR-13", "SAF-03")
def test_every_finding_knows_which_values_decided_it() -> None:
    said = assess(chart(*TETRAD), load(), NOW)
    steps = {step.id: step for step in said.trace}
    assert "hyp.threshold_c" in [p.id for p in steps["HYP"].thresholds]
    assert "iec.cutoff" in [p.id for p in steps["TIER-4A"].thresholds]
    assert "levenson.hr" in [p.id for p in steps["levenson"].thresholds]
    assert ("body_temperature", 72.0, 2) in steps["HYP"].reads

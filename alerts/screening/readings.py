"""What in a reading or a sign could begin a tier, and for how long (SPEC 4.3).

Every tier needs a true TEMP, RIG, MENT (or MENTB) or MUSC, or an active dopaminergic withdrawal;
AUT alone gives none, and its points with those of exposure and work-up stay below the cut-off
(`autonomic_signs_reach_a_tier`). So only facts that can make one of the four true are listed. The
numbers are those of the knowledge; a reading at the number counts as one that reaches it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from alerts.chart import Measurement, Sign, SignKind
from alerts.findings.mental_status import NOT_ALERT
from alerts.knowledge import Knowledge
from alerts.truth import FALSE, TRUE

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Domain(StrEnum):
    """The core domains that a fact can make true."""

    TEMPERATURE = "temperature"
    RIGIDITY = "rigidity"
    MIND = "mental status"
    MUSCLE = "creatine kinase"


@dataclass(frozen=True, slots=True)
class Reach:
    """Facts of one kind: which of them count, for which domain, and for how long."""

    domain: Domain
    window: timedelta
    counts: Callable[[Measurement], bool]


@dataclass(frozen=True, slots=True)
class SignReach:
    """The same for a sign."""

    domain: Domain
    window: timedelta
    counts: Callable[[Sign], bool]


def autonomic_signs_reach_a_tier(knowledge: Knowledge) -> bool:
    """Can exposure, lability, metabolism and work-up reach the cut-off with nothing else true?

    Of the routes without a core domain only TIER-4A and TIER-3A count points.
    """
    points = (knowledge[f"iec.{item}"] for item in ("EXP", "SNS", "MET", "NEG"))
    return sum(max(0, int(p)) for p in points) >= knowledge["iec.cutoff"]


def readings(knowledge: Knowledge) -> Mapping[str, Reach]:
    """By kind of reading. Kinds that are not here can make no core domain true."""
    fever = min(
        knowledge["hyp.threshold_c"],
        knowledge["temp40.threshold_c"],
        knowledge["temp411.threshold_c"],
    )
    mind = max(_hours(knowledge, "ms.true_h"), _hours(knowledge, "ms.coded_h"))
    return {
        "body_temperature": Reach(
            Domain.TEMPERATURE,
            max(_hours(knowledge, "hyp.lookback_h"), _hours(knowledge, "temp1.window_h")),
            lambda m: m.value > fever or m.comparator in {">", ">="},
        ),
        "creatine_kinase": Reach(
            Domain.MUSCLE,
            _hours(knowledge, "ck.lookback_h"),
            lambda m: _enzyme(m, knowledge),
        ),
        "gcs_total": Reach(Domain.MIND, mind, lambda m: m.value <= knowledge["ms.gcs_max"]),
        "four_at": Reach(Domain.MIND, mind, lambda m: m.value >= knowledge["ms.four_at"]),
        "rass": Reach(
            Domain.MIND,
            mind,
            lambda m: m.value <= knowledge["ms.rass_max"] or m.value >= knowledge["msb.rass_min"],
        ),
    }


def _enzyme(reading: Measurement, knowledge: Knowledge) -> bool:
    """At four times its own limit, or at the usual level without one (CK-01)."""
    top = reading.reference_high
    limit = top * knowledge["ck.multiple"] if top else knowledge["ck.no_range_u_l"]
    return reading.value >= limit or reading.comparator in {">", ">="}


def signs(knowledge: Knowledge) -> Mapping[SignKind, SignReach]:
    """By kind of sign."""
    mind = max(_hours(knowledge, "ms.true_h"), _hours(knowledge, "ms.coded_h"))
    named = knowledge.reduced_mental_status | knowledge.broad_mental_status
    found = {
        SignKind(kind): SignReach(Domain.MIND, mind, _not_absent)
        for kind in (*named, SignKind.DELIRIUM_SCREEN)
    }
    found[SignKind.ACVPU] = SignReach(
        Domain.MIND, mind, lambda s: s.present is TRUE or s.detail in NOT_ALERT
    )
    found[SignKind.RIGIDITY] = SignReach(
        Domain.RIGIDITY,
        max(_hours(knowledge, "rig.true_h"), knowledge["ddx.eps_watch_d"] * DAY),
        _not_absent,
    )
    return found


def _not_absent(sign: Sign) -> bool:
    return sign.present is not FALSE


def _hours(knowledge: Knowledge, parameter: str) -> timedelta:
    return knowledge[parameter] * HOUR

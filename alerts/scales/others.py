"""The other criteria sets, shown beside the primary score: met, unmet or unknown (SPEC 1.5-1.8)."""

from collections.abc import Mapping, Sequence

from alerts.chart import SignKind
from alerts.moment import Moment
from alerts.scales.historic import adityanjee, pope
from alerts.scales.items import (
    abnormal_pressure,
    acidosis,
    charted,
    feature,
    interval,
    leucocytosis,
    myoglobinuria,
    reached,
    states_of,
)
from alerts.scales.levenson import MAJORS, MINORS, Levenson
from alerts.statements import Exposure, Feature, Finding, Scale, Withdrawal
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth, at_least, both, either

_NUMBERS = tuple(map(str, range(1, 31)))
ENTERED = {"sachdev_total": "sachdev2005", "francis_yacoub_total": "francis_yacoub"}
NAMES = {
    "sachdev_total": "Sachdev rating scale, total as entered",
    "francis_yacoub_total": "Francis–Yacoub rating scale, total as entered",
}


def scales(
    now: Moment,
    findings: Mapping[str, Finding],
    counts: Levenson,
    exposures: Sequence[Exposure],
    withdrawals: Sequence[Withdrawal],
) -> tuple[Scale, ...]:
    """Every set but the primary one, each with its items."""
    state = states_of(findings)
    with now.account("scales"):
        return (
            _levenson(counts),
            _caroff_mann(now, state, exposures, withdrawals),
            _dsm_iv(now, state),
            _dsm_5(now, state),
            pope(now, state),
            adityanjee(now, state, exposures, withdrawals),
            *entered(now),
        )


def _features(texts: Sequence[str], states: Sequence[Truth]) -> tuple[Feature, ...]:
    pairs = zip(texts, states, strict=True)
    return tuple(
        [feature(n, text, state) for n, (text, state) in zip(_NUMBERS, pairs, strict=False)]
    )


def _levenson(counts: Levenson) -> Scale:
    return Scale(
        "LEVENSON_HIGH",
        "Levenson 1985, high probability",
        counts.high_probability,
        _features((*MAJORS, *MINORS), (*counts.majors, *counts.minors)),
        interval(counts.majors),
        f"probable extension: {counts.probable.value} (shown only: sepsis satisfies it)",
        "S",
        ("levenson1985", "ngo2019", "tse2015"),
    )


def _caroff_mann(
    now: Moment,
    state: Mapping[str, Truth],
    exposures: Sequence[Exposure],
    withdrawals: Sequence[Withdrawal],
) -> Scale:
    """Required: exposure, hyperthermia, rigidity, exclusion; and five of nine."""
    window = "met.window_h"
    fast = either((reached(now, "respiratory_rate", "levenson.rr", window), state["RR_RATIO"]))
    items = {
        "mental status change": state["MSB"],
        "tachycardia": either(
            (reached(now, "heart_rate", "levenson.hr", window), state["HR_RATIO"])
        ),
        "hypertension or hypotension": abnormal_pressure(now, state),
        "tachypnoea or sialorrhoea": either((fast, charted(now, SignKind.SIALORRHOEA))),
        "tremor": charted(now, SignKind.TREMOR),
        "incontinence": state["INCONT"],
        "CK elevation or myoglobinuria": either((state["CK"], myoglobinuria(now))),
        "leucocytosis": leucocytosis(now),
        "metabolic acidosis": acidosis(now),
    }
    needed = {
        "neuroleptic within 7 days (28 for a depot)": _within(now, exposures, withdrawals),
        "hyperthermia": state["HYP"],
        "rigidity": state["RIG"],
        "other causes excluded": state["NEG"],
    }
    five = at_least(int(now.knowledge["caroff.minor"]), items.values())
    return Scale(
        "CAROFF_MANN",
        "Caroff & Mann 1993",
        both((*needed.values(), five)),
        _features((*needed, *items), (*needed.values(), *items.values())),
        interval(items.values()),
        "hyperthermia threshold unverified (38.0 °C used)",
        "S",
        ("caroff_mann1993", "ngo2019"),
    )


def _within(now: Moment, exposures: Sequence[Exposure], withdrawals: Sequence[Withdrawal]) -> Truth:
    """Exposure inside this set's own windows."""
    del withdrawals  # this set counts neuroleptics only
    states = []
    for exposure in exposures:
        days = now.knowledge["caroff.depot_d" if exposure.long_acting else "caroff.oral_d"]
        states.append(reading_within(exposure, days))
    if not states:
        return UNKNOWN
    return either(states)


def reading_within(exposure: Exposure, days: float) -> Truth:
    """Is the exposure inside a window of so many days before the onset, as far as told?"""
    if exposure.reading == "possible" or exposure.days_before is None:
        return UNKNOWN
    return TRUE if exposure.days_before <= days else FALSE


def _dsm_iv(now: Moment, state: Mapping[str, Truth]) -> Scale:
    """DSM-IV-TR research criteria, machine reading: A and two of B; C and D by attestation."""
    gate = either((state["EXP"], state["EXPX"]))
    raised = either((state["HYP"], state["TEMP1"]))
    b = {
        "diaphoresis": state["DIAPH"],
        "dysphagia": charted(now, SignKind.DYSPHAGIA),
        "tremor": charted(now, SignKind.TREMOR),
        "incontinence": state["INCONT"],
        "change in consciousness": state["MSB"],
        "mutism": charted(now, SignKind.MUTISM),
        "heart rate 100 or more": reached(now, "heart_rate", "levenson.hr", "met.window_h"),
        "elevated or labile blood pressure": either((state["BPUP"], state["BPFL_ROBUST"])),
        "leucocytosis": leucocytosis(now),
        "CK": state["CK"],
    }
    a = {"rigidity": state["RIG"], "raised temperature": raised, "neuroleptic": gate}
    two = at_least(int(now.knowledge["dsm4tr.associated"]), b.values())
    attested = {"C and D: no other cause": state["NEG"]}
    return Scale(
        "DSM_IV_TR",
        "DSM-IV-TR research criteria (machine reading)",
        both((*a.values(), two, state["NEG"])),
        _features((*a, *b, *attested), (*a.values(), *b.values(), state["NEG"])),
        interval(b.values()),
        "no numeric thresholds are published; C and D unknown unless attested",
        "S",
        ("dsm4tr",),
    )


def _dsm_5(now: Moment, state: Mapping[str, Truth]) -> Scale:
    """DSM-01: features present, absent or unknown. A description: it is never "met"."""
    rapid = (state["HR_RATIO"], state["BPUP"], state["BPFL"], state["DIAPH"], state["INCONT"])
    autonomic = either((*rapid, charted(now, SignKind.PALLOR)))
    iron = now.within("iron", now.hours("ck.lookback_h"))
    limit = now.knowledge["risk.iron"]
    low = [TRUE if m.value <= limit else FALSE for m in iron]
    other = either((leucocytosis(now), acidosis(now), myoglobinuria(now), *(low or [UNKNOWN])))
    features = (
        ("D5_EXP", "dopamine antagonist within 72 h before onset", state["EXP72"]),
        (
            "D5_TEMP",
            "above 38.0 °C on two occasions, with profuse diaphoresis",
            both((state["HYP"], state["DIAPH"])),
        ),
        ("D5_RIG", "generalised rigidity, lead-pipe in its severe form", state["RIG"]),
        ("D5_CK", "CK at least 4 × ULN", state["CK"]),
        ("D5_MS", "delirium or altered consciousness", state["MSB"]),
        ("D5_AUT", "heart rate, blood pressure, diaphoresis, incontinence, pallor", autonomic),
        ("D5_RR", "tachypnoea at least 50 % above baseline", state["RR_RATIO"]),
        ("D5_OTHER", "leucocytosis, acidosis, myoglobinuria, low iron", other),
        ("D5_EXCL", "other causes excluded", state["NEG"]),
    )
    return Scale(
        "DSM_5_FEATURES",
        "Features described in DSM-5(-TR)",
        None,
        tuple([feature(*told) for told in features]),
        None,
        "a description, not a count: nothing is met or unmet",
        "S",
        ("dsm5tr", "bmj_bp_nms", "sarkar2017"),
    )


def entered(now: Moment) -> tuple[Scale, ...]:
    """SCALE-01: totals that a rater entered, never computed here."""
    found = []
    for kind, cite in ENTERED.items():
        totals = now.within(kind, now.hours("episode.gap_h"))
        if totals:
            newest = totals[-1]
            who = newest.rater or "rater not told"
            said = f"total {newest.value:g}, {newest.at:%Y-%m-%d %H:%M %Z}, {who}"
            found.append(Scale(kind.upper(), NAMES[kind], None, (), None, said, "V", (cite,)))
    return tuple(found)

"""The other criteria sets, shown beside the primary score: met, unmet or unknown (SPEC 1.5-1.8)."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from alerts.chart import SignKind
from alerts.moment import Moment
from alerts.record import record
from alerts.scales.historic import adityanjee, pope
from alerts.scales.items import (
    Texts,
    abnormal_pressure,
    acidosis,
    charted,
    feature,
    interval,
    leucocytosis,
    myoglobinuria,
    reached,
    worded,
)
from alerts.scales.levenson import MAJORS, MINORS, Levenson
from alerts.statements import Exposure, Feature, Scale, Withdrawal
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth, at_least, both, either

_NUMBERS = tuple(map(str, range(1, 31)))
ENTERED = {"sachdev_total": "sachdev2005", "francis_yacoub_total": "francis_yacoub"}
NAMES = {
    "sachdev_total": "Sachdev rating scale, total as entered",
    "francis_yacoub_total": "Francis–Yacoub rating scale, total as entered",
}


@record
class _Shared:
    """What several sets read, read once: the account is the same for all of them."""

    fast: Truth  # respiratory rate 20 or more
    pulse: Truth  # heart rate 100 or more
    pressure: Truth
    signs: Mapping[SignKind, Truth]
    muscle: Truth  # myoglobinuria
    white: Truth
    acid: Truth


# signs that the sets count and no finding holds, in the order in which they are read
_CHARTED = (
    SignKind.SIALORRHOEA,
    SignKind.TREMOR,
    SignKind.DYSPHAGIA,
    SignKind.MUTISM,
    SignKind.PALLOR,
    SignKind.DYSTONIA,
)
_NOT_CHARTED = dict.fromkeys(_CHARTED, UNKNOWN)


def scales(
    now: Moment,
    state: Mapping[str, Truth],
    counts: Levenson,
    exposures: Sequence[Exposure],
    withdrawals: Sequence[Withdrawal],
) -> tuple[Scale, ...]:
    """Every set but the primary one, each with its items."""
    with now.account("scales"):
        shared = _shared(now, state)
        return (
            _levenson(worded(now.knowledge, _LEVENSON), counts),
            _caroff_mann(now, state, shared, exposures),
            _dsm_iv(now, state, shared),
            _dsm_5(now, state, shared),
            pope(now, state, shared.signs),
            adityanjee(now, state, exposures, withdrawals),
            *entered(now),
        )


def _shared(now: Moment, state: Mapping[str, Truth]) -> _Shared:
    window = "met.window_h"
    return _Shared(
        fast=reached(now, "respiratory_rate", "levenson.rr", window),
        pulse=reached(now, "heart_rate", "levenson.hr", window),
        pressure=abnormal_pressure(now, state),
        signs=_signs(now),
        muscle=myoglobinuria(now),
        white=leucocytosis(now),
        acid=acidosis(now),
    )


def _signs(now: Moment) -> Mapping[SignKind, Truth]:
    now.hours("ddx.sign_h")
    if now.chart.by_sign.keys().isdisjoint(_CHARTED):  # as for most patients
        return _NOT_CHARTED
    return {kind: charted(now, kind) for kind in _CHARTED}


def _features(texts: Sequence[str], states: Sequence[Truth]) -> tuple[Feature, ...]:
    pairs = zip(texts, states, strict=True)
    return tuple(
        [feature(n, text, state) for n, (text, state) in zip(_NUMBERS, pairs, strict=False)]
    )


# What a set says hangs on its texts and the states of its items alone, and few pictures differ: it
# is said once for each of them, for all patients (as the items are).


_LEVENSON = (*MAJORS, *MINORS)


@lru_cache(maxsize=1024)
def _levenson(texts: Texts, counts: Levenson) -> Scale:
    return Scale(
        "LEVENSON_HIGH",
        "Levenson 1985, high probability",
        counts.high_probability,
        _features(texts, (*counts.majors, *counts.minors)),
        interval(counts.majors),
        f"probable extension: {counts.probable.value} (shown only: sepsis satisfies it)",
        "S",
        ("levenson1985", "ngo2019", "tse2015"),
    )


def _caroff_mann(
    now: Moment, state: Mapping[str, Truth], shared: _Shared, exposures: Sequence[Exposure]
) -> Scale:
    """Required: exposure, hyperthermia, rigidity, exclusion; and five of nine."""
    items = (
        state["MSB"],
        either((shared.pulse, state["HR_RATIO"])),
        shared.pressure,
        either((shared.fast, state["RR_RATIO"], shared.signs[SignKind.SIALORRHOEA])),
        shared.signs[SignKind.TREMOR],
        state["INCONT"],
        either((state["CK"], shared.muscle)),
        shared.white,
        shared.acid,
    )
    needed = (_within(now, exposures), state["HYP"], state["RIG"], state["NEG"])
    texts = worded(now.knowledge, _CAROFF_MANN)
    return _caroff_mann_said(texts, needed, items, int(now.knowledge["caroff.minor"]))


@lru_cache(maxsize=4096)
def _caroff_mann_said(
    texts: Texts, needed: tuple[Truth, ...], items: tuple[Truth, ...], minimum: int
) -> Scale:
    note, *named = texts
    return Scale(
        "CAROFF_MANN",
        "Caroff & Mann 1993",
        both((*needed, at_least(minimum, items))),
        _features(named, (*needed, *items)),
        interval(items),
        note,
        "S",
        ("caroff_mann1993", "ngo2019"),
    )


# the note, then the items
_CAROFF_MANN = (
    "hyperthermia threshold unverified ({hyp.threshold_c} °C used)",
    "neuroleptic within {caroff.oral_d} days ({caroff.depot_d} for a depot)",
    "hyperthermia",
    "rigidity",
    "other causes excluded",
    "mental status change",
    "tachycardia",
    "hypertension or hypotension",
    "tachypnoea or sialorrhoea",
    "tremor",
    "incontinence",
    "CK elevation or myoglobinuria",
    "leucocytosis",
    "metabolic acidosis",
)


def _within(now: Moment, exposures: Sequence[Exposure]) -> Truth:
    """Exposure inside this set's own windows; it counts neuroleptics only, no withdrawal."""
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


def _dsm_iv(now: Moment, state: Mapping[str, Truth], shared: _Shared) -> Scale:
    """DSM-IV-TR research criteria, machine reading: A and two of B; C and D by attestation."""
    needed = (
        state["RIG"],
        either((state["HYP"], state["TEMP1"])),
        either((state["EXP"], state["EXPX"])),
    )
    items = (
        state["DIAPH"],
        shared.signs[SignKind.DYSPHAGIA],
        shared.signs[SignKind.TREMOR],
        state["INCONT"],
        state["MSB"],
        shared.signs[SignKind.MUTISM],
        shared.pulse,
        either((state["BPUP"], state["BPFL_ROBUST"])),
        shared.white,
        state["CK"],
    )
    minimum = int(now.knowledge["dsm4tr.associated"])
    return _dsm_iv_said(worded(now.knowledge, _DSM_IV), needed, items, state["NEG"], minimum)


@lru_cache(maxsize=4096)
def _dsm_iv_said(
    texts: Texts,
    needed: tuple[Truth, ...],
    items: tuple[Truth, ...],
    attested: Truth,
    minimum: int,
) -> Scale:
    return Scale(
        "DSM_IV_TR",
        "DSM-IV-TR research criteria (machine reading)",
        both((*needed, at_least(minimum, items), attested)),
        _features(texts, (*needed, *items, attested)),
        interval(items),
        "no numeric thresholds are published; C and D unknown unless attested",
        "S",
        ("dsm4tr",),
    )


_DSM_IV = (
    "rigidity",
    "raised temperature",
    "neuroleptic",
    "diaphoresis",
    "dysphagia",
    "tremor",
    "incontinence",
    "change in consciousness",
    "mutism",
    "heart rate {levenson.hr} or more",
    "elevated or labile blood pressure",
    "leucocytosis",
    "CK",
    "C and D: no other cause",
)


def _dsm_5(now: Moment, state: Mapping[str, Truth], shared: _Shared) -> Scale:
    """DSM-01: features present, absent or unknown. A description: it is never "met"."""
    rapid = (state["HR_RATIO"], state["BPUP"], state["BPFL"], state["DIAPH"], state["INCONT"])
    iron = now.recent("iron", "ck.lookback_h")
    limit = now.knowledge["risk.iron"]
    low = [TRUE if m.value <= limit else FALSE for m in iron]
    return _dsm_5_said(
        worded(now.knowledge, _DSM_5_TEXTS),
        (
            state["EXP72"],
            both((state["HYP"], state["DIAPH"])),
            state["RIG"],
            state["CK"],
            state["MSB"],
            either((*rapid, shared.signs[SignKind.PALLOR])),
            state["RR_RATIO"],
            either((shared.white, shared.acid, shared.muscle, *(low or [UNKNOWN]))),
            state["NEG"],
        ),
    )


@lru_cache(maxsize=4096)
def _dsm_5_said(texts: Texts, states: tuple[Truth, ...]) -> Scale:
    told = zip(_DSM_5, texts, states, strict=True)
    return Scale(
        "DSM_5_FEATURES",
        "Features described in DSM-5(-TR)",
        None,
        tuple([feature(item, text, state) for item, text, state in told]),
        None,
        "a description, not a count: nothing is met or unmet",
        "S",
        ("dsm5tr", "bmj_bp_nms", "sarkar2017"),
    )


_DSM_5 = {
    "D5_EXP": "dopamine antagonist within {exposure.literal_h} h before onset",
    "D5_TEMP": (
        "above {hyp.threshold_c} °C on {hyp.occasions:word} occasions, with profuse diaphoresis"
    ),
    "D5_RIG": "generalised rigidity, lead-pipe in its severe form",
    "D5_CK": "CK at least {ck.multiple} × ULN",
    "D5_MS": "delirium or altered consciousness",
    "D5_AUT": "heart rate, blood pressure, diaphoresis, incontinence, pallor",
    "D5_RR": "tachypnoea at least {met.rr_ratio:percent} % above baseline",
    "D5_OTHER": "leucocytosis, acidosis, myoglobinuria, low iron",
    "D5_EXCL": "other causes excluded",
}
_DSM_5_TEXTS = tuple(_DSM_5.values())


def entered(now: Moment) -> tuple[Scale, ...]:
    """SCALE-01: totals that a rater entered, never computed here."""
    found = []
    for kind, cite in ENTERED.items():
        totals = now.recent(kind, "episode.gap_h")
        if totals:
            newest = totals[-1]
            who = newest.rater or "rater not told"
            said = f"total {newest.value:g}, {newest.at:%Y-%m-%d %H:%M %Z}, {who}"
            found.append(Scale(kind.upper(), NAMES[kind], None, (), None, said, "V", (cite,)))
    return tuple(found)

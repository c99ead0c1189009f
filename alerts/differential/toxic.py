"""Drugs that look alike: serotonin, anaesthetics, anticholinergics, stimulants."""

from bisect import bisect_right

from alerts.chart import Sign, SignKind
from alerts.differential.scene import Ranked, Say, Scene, Weighed, same
from alerts.scales.items import reached
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth, at_least, both, either, negated

# signs that an entry reads, each for itself
_SEROTONIN = (
    SignKind.AGITATION,
    SignKind.CLONUS,
    SignKind.HYPERREFLEXIA,
    SignKind.TREMOR,
    SignKind.MYDRIASIS,
    SignKind.HYPOREFLEXIA,
)
_ANTICHOLINERGIC = (
    SignKind.MYDRIASIS,
    SignKind.DRY_SKIN,
    SignKind.BOWEL_SOUNDS_ABSENT,
    SignKind.URINARY_RETENTION,
    SignKind.DELIRIUM,
    SignKind.DELIRIUM_SCREEN,
    SignKind.SIALORRHOEA,
)
_STIMULANT = (SignKind.AGITATION, SignKind.MYDRIASIS, SignKind.MUTISM)


def serotonin(scene: Scene) -> Ranked:
    """Hunter's rules (dunkley2003). Hypertonia without clonus never satisfies them (DDX-03)."""
    drug = scene.drug("serotonergic", scene.now.days("ddx.serotonergic_d"))
    agitated, clonus, brisk, tremor, mydriasis, slow = scene.signs(_SEROTONIN)
    signs = scene.now.signs(scene.now.hours("ddx.sign_h"), SignKind.CLONUS)
    bowel = scene.any_sign(SignKind.BOWEL_SOUNDS_HYPERACTIVE, SignKind.DIARRHOEA)
    early = scene.began_within("serotonergic", scene.now.hours("ddx.serotonin_onset_h"))
    return scene.weigh(
        "DDX-SS",
        _serotonin,
        drug,
        agitated,
        scene.state["DIAPH"],
        _clonus(signs, "spontaneous"),
        _clonus(signs, "inducible"),
        _clonus(signs, "ocular"),
        clonus,
        brisk,
        tremor,
        scene.state["RIG"],
        scene.temp,
        bowel,
        early,
        mydriasis,
        scene.lead_pipe,
        slow,
    )


def _serotonin(
    say: Say,
    drug: Truth,
    agitated: Truth,
    sweating: Truth,
    spontaneous: Truth,
    inducible: Truth,
    ocular: Truth,
    any_clonus: Truth,
    brisk: Truth,
    tremor: Truth,
    rigid: Truth,
    hot: Truth,
    bowel: Truth,
    early: Truth,
    mydriasis: Truth,
    lead_pipe: Truth,
    slow: Truth,
) -> Weighed:
    stirred = either((agitated, sweating))
    rule = either(
        (
            spontaneous,
            # whichever sort it is, with agitation or sweating one of the rules is satisfied
            both((any_clonus, stirred)),
            both((inducible, stirred)),
            both((ocular, stirred)),
            both((tremor, brisk)),
            both((rigid, hot, either((ocular, inducible)))),
        )
    )
    onset = say("onset less than {ddx.serotonin_onset_h} h after a serotonergic drug")
    return Weighed(
        both((drug, rule)),
        {"a serotonergic drug": drug, "clonus": any_clonus, "hyperreflexia": brisk},
        {onset: early, "mydriasis": mydriasis, "hyperactive bowel": bowel},
        {
            "lead-pipe rigidity": lead_pipe,
            "slow reflexes": slow,
            "no clonus on examination": negated(any_clonus),
            "normal pupils": negated(mydriasis),
        },
        trigger=drug,
    )


def _clonus(signs: list[Sign], detail: str) -> Truth:
    """One sort of clonus in the signs of a day; whether it is, where its sort is not told."""
    if not signs:
        return UNKNOWN
    present = [s.detail for s in signs if s.present is TRUE]
    if detail in present:
        return TRUE
    if None in present:
        return UNKNOWN
    return FALSE if any(s.present is FALSE for s in signs) else UNKNOWN


def anaesthetic(scene: Scene) -> Ranked:
    """Malignant hyperthermia (larach1994)."""
    now, window = scene.now, scene.now.hours("ddx.mh_drug_h")
    volatile = scene.drug("volatile_anaesthetic", window)
    relaxant = scene.drug("succinylcholine", window)
    limit = "ddx.mh_ck_succinylcholine" if relaxant is TRUE else "ddx.mh_ck"
    breakdown = reached(now, "creatine_kinase", limit, "ck.lookback_h", strict=True)
    hot = scene.hotter("ddx.mh_temperature_c")
    carbon = reached(now, "etco2", "ddx.mh_etco2", "temp1.window_h", strict=True)
    masseter, rank = scene.sign(SignKind.MASSETER_SPASM), larach_rank(scene)
    return scene.weigh(
        "DDX-MH",
        _anaesthetic,
        volatile,
        relaxant,
        breakdown,
        hot,
        carbon,
        scene.state["RIG"],
        masseter,
        rank,
        _antagonist(scene),
    )


def _antagonist(scene: Scene) -> Truth:
    """Is a dopamine antagonist given? A withdrawal counts as exposure, and is no drug given."""
    readings = {e.reading for e in scene.exposures}
    if "full" in readings:
        return TRUE
    return UNKNOWN if "possible" in readings or scene.state["EXP"] is UNKNOWN else FALSE


def _anaesthetic(
    say: Say,
    volatile: Truth,
    relaxant: Truth,
    breakdown: Truth,
    hot: Truth,
    carbon: Truth,
    rigid: Truth,
    masseter: Truth,
    rank: int | None,
    antagonist: Truth,
) -> Weighed:
    drug = either((volatile, relaxant))
    toward = {"masseter spasm": masseter}
    if rank is not None:
        toward[f"Larach rank {rank} of 6, as entered"] = TRUE if rank >= 3 else FALSE
    sole = antagonist if volatile is not TRUE and relaxant is not TRUE else FALSE
    return Weighed(
        both((drug, either((carbon, rigid, hot, breakdown)))),
        {
            say("a volatile anaesthetic or succinylcholine in {ddx.mh_drug_h} h"): drug,
            say("end-tidal CO2 above {ddx.mh_etco2} mmHg"): carbon,
            say("above {ddx.mh_temperature_c} °C"): hot,
        },
        toward,
        {"a dopamine antagonist is the only exposure recorded": sole},
        # whoever graded it, or measured end-tidal CO2 so high, knew of an anaesthetic
        trigger=either((drug, carbon)) if rank is None else TRUE,
    )


def larach_rank(scene: Scene) -> int | None:
    """The rank of an entered Larach total (0 -> 1, 3 -> 2 ... 50 -> 6); None without one."""
    totals = scene.now.recent("larach_points", "episode.gap_h")
    if not totals:
        return None
    starts: list[int] = scene.now.knowledge.criteria["larach_starts"]
    return bisect_right(starts, totals[-1].value)


def anticholinergic(scene: Scene) -> Ranked:
    """An anticholinergic and three of six signs [D]; dry, with normal tone (boyer2005)."""
    now, state = scene.now, scene.state
    drug = scene.drug("anticholinergic", now.hours("ddx.ach_drug_h"))
    mydriasis, dry, silent, retention, delirium, screen, wet = scene.signs(_ANTICHOLINERGIC)
    fast = reached(now, "heart_rate", "levenson.hr", "met.window_h")
    least = int(now.knowledge["ddx.ach_signs"])
    hot = scene.hotter("ddx.ach_temperature_c")
    return scene.weigh(
        "DDX-ACH",
        _anticholinergic,
        drug,
        least,
        mydriasis,
        dry,
        silent,
        retention,
        delirium,
        screen,
        fast,
        hot,
        state["RIG"],
        state["DIAPH"],
        state["CK"],
        wet,
    )


def _anticholinergic(
    say: Say,
    drug: Truth,
    least: int,
    mydriasis: Truth,
    dry: Truth,
    silent: Truth,
    retention: Truth,
    delirium: Truth,
    screen: Truth,
    fast: Truth,
    hot: Truth,
    rigid: Truth,
    sweating: Truth,
    muscle: Truth,
    sialorrhoea: Truth,
) -> Weighed:
    signs = {
        "mydriasis": mydriasis,
        "dry skin or mouth": dry,
        "absent bowel sounds": silent,
        "urinary retention": retention,
        "delirium": either((delirium, screen)),
        "tachycardia": fast,
    }
    return Weighed(
        both((drug, at_least(least, signs.values()))),
        {say("an anticholinergic in {ddx.ach_drug_h} h"): drug, **signs},
        {"normal tone": negated(rigid)},
        {
            "sweating": sweating,
            "rigidity": rigid,
            say("CK at least {ck.multiple} × ULN"): muscle,
            "sialorrhoea": sialorrhoea,
            say("above {ddx.ach_temperature_c} °C"): hot,
        },
        trigger=drug,
    )


def stimulant(scene: Scene) -> Ranked:
    """A stimulant in 72 h with agitation and mydriasis [D] (takematsu_tox)."""
    drug = scene.drug("sympathomimetic", scene.now.hours("ddx.stimulant_h"))
    coded = same(scene.coded(["sympathomimetic_toxicity"]))
    agitated, mydriasis, mute = scene.signs(_STIMULANT)
    return scene.weigh(
        "DDX-SYMP",
        _stimulant,
        either((drug, coded)),
        agitated,
        mydriasis,
        mute,
        scene.low("sodium"),
        scene.lead_pipe,
    )


def _stimulant(
    say: Say,
    drug: Truth,
    agitated: Truth,
    mydriasis: Truth,
    mute: Truth,
    low_sodium: Truth,
    lead_pipe: Truth,
) -> Weighed:
    return Weighed(
        both((drug, agitated, mydriasis)),
        {
            say("a stimulant in {ddx.stimulant_h} h, by history or screen"): drug,
            "agitation": agitated,
            "mydriasis": mydriasis,
        },
        {"low sodium": low_sodium},
        {"lead-pipe rigidity": lead_pipe, "mutism": mute},
        trigger=drug,
    )

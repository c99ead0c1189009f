"""Drugs that look alike: serotonin, anaesthetics, anticholinergics, stimulants, lithium."""

from bisect import bisect_right

from alerts.chart import SignKind
from alerts.differential.scene import Scene, Weighed, negated, same
from alerts.moment import above
from alerts.scales.items import reached
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth, at_least, both, either


def serotonin(scene: Scene) -> Weighed:
    """Hunter's rules (dunkley2003). Hypertonia without clonus never satisfies them (DDX-03)."""
    drug = scene.drug("serotonergic", scene.now.days("ddx.serotonergic_d"))
    stirred = either((scene.sign(SignKind.AGITATION), scene.state["DIAPH"]))
    spontaneous, inducible, ocular = (
        _clonus(scene, detail) for detail in ("spontaneous", "inducible", "ocular")
    )
    any_clonus = scene.sign(SignKind.CLONUS)
    brisk = scene.sign(SignKind.HYPERREFLEXIA)
    rule = either(
        (
            spontaneous,
            # whichever sort it is, with agitation or sweating one of the rules is satisfied
            both((any_clonus, stirred)),
            both((inducible, stirred)),
            both((ocular, stirred)),
            both((scene.sign(SignKind.TREMOR), brisk)),
            both((scene.state["RIG"], scene.temp, either((ocular, inducible)))),
        )
    )
    bowel = scene.sign(SignKind.BOWEL_SOUNDS_HYPERACTIVE, SignKind.DIARRHOEA)
    early = scene.began_within("serotonergic", scene.now.hours("ddx.serotonin_onset_h"))
    return Weighed(
        "DDX-SS",
        both((drug, rule)),
        {"a serotonergic drug": drug, "clonus": any_clonus, "hyperreflexia": brisk},
        {
            scene.says(
                "onset less than {ddx.serotonin_onset_h} h after a serotonergic drug"
            ): early,
            "mydriasis": scene.sign(SignKind.MYDRIASIS),
            "hyperactive bowel": bowel,
        },
        {
            "lead-pipe rigidity": scene.lead_pipe,
            "slow reflexes": scene.sign(SignKind.HYPOREFLEXIA),
            "no clonus on examination": negated(any_clonus),
            "normal pupils": negated(scene.sign(SignKind.MYDRIASIS)),
        },
        trigger=drug,
    )


def _clonus(scene: Scene, detail: str) -> Truth:
    signs = scene.now.signs(scene.now.hours("ddx.sign_h"), SignKind.CLONUS)
    present = [s for s in signs if s.present is TRUE]
    if any(s.detail == detail for s in present):
        return TRUE
    if any(s.detail is None for s in present) or not signs:
        return UNKNOWN
    return FALSE if any(s.present is FALSE for s in signs) else UNKNOWN


def anaesthetic(scene: Scene) -> Weighed:
    """Malignant hyperthermia (larach1994)."""
    now, window = scene.now, scene.now.hours("ddx.mh_drug_h")
    volatile = scene.drug("volatile_anaesthetic", window)
    relaxant = scene.drug("succinylcholine", window)
    drug = either((volatile, relaxant))
    limit = "ddx.mh_ck_succinylcholine" if relaxant is TRUE else "ddx.mh_ck"
    breakdown = reached(now, "creatine_kinase", limit, "ck.lookback_h", strict=True)
    hot = scene.hotter("ddx.mh_temperature_c")
    carbon = reached(now, "etco2", "ddx.mh_etco2", "temp1.window_h", strict=True)
    signs = either((carbon, scene.state["RIG"], hot, breakdown))
    toward = {"masseter spasm": scene.sign(SignKind.MASSETER_SPASM)}
    rank = larach_rank(scene)
    if rank is not None:
        toward[f"Larach rank {rank} of 6, as entered"] = TRUE if rank >= 3 else FALSE
    sole = scene.state["EXP"] if volatile is not TRUE and relaxant is not TRUE else FALSE
    return Weighed(
        "DDX-MH",
        both((drug, signs)),
        {
            scene.says("a volatile anaesthetic or succinylcholine in {ddx.mh_drug_h} h"): drug,
            scene.says("end-tidal CO2 above {ddx.mh_etco2} mmHg"): carbon,
            scene.says("above {ddx.mh_temperature_c} °C"): hot,
        },
        toward,
        {"a dopamine antagonist is the only exposure recorded": sole},
        # whoever graded it, or measured end-tidal CO2 so high, knew of an anaesthetic
        trigger=either((drug, carbon)) if rank is None else TRUE,
    )


def larach_rank(scene: Scene) -> int | None:
    """The rank of an entered Larach total (0 -> 1, 3 -> 2 ... 50 -> 6); None without one."""
    totals = scene.now.within("larach_points", scene.now.hours("episode.gap_h"))
    if not totals:
        return None
    starts: list[int] = scene.now.knowledge.criteria["larach_starts"]
    return bisect_right(starts, totals[-1].value)


def anticholinergic(scene: Scene) -> Weighed:
    """An anticholinergic and three of six signs [D]; dry, with normal tone (boyer2005)."""
    now = scene.now
    drug = scene.drug("anticholinergic", now.hours("ddx.ach_drug_h"))
    signs = {
        "mydriasis": scene.sign(SignKind.MYDRIASIS),
        "dry skin or mouth": scene.sign(SignKind.DRY_SKIN),
        "absent bowel sounds": scene.sign(SignKind.BOWEL_SOUNDS_ABSENT),
        "urinary retention": scene.sign(SignKind.URINARY_RETENTION),
        "delirium": either((scene.sign(SignKind.DELIRIUM), scene.sign(SignKind.DELIRIUM_SCREEN))),
        "tachycardia": reached(now, "heart_rate", "levenson.hr", "met.window_h"),
    }
    three = at_least(int(now.knowledge["ddx.ach_signs"]), signs.values())
    hot = scene.hotter("ddx.ach_temperature_c")
    return Weighed(
        "DDX-ACH",
        both((drug, three)),
        {scene.says("an anticholinergic in {ddx.ach_drug_h} h"): drug, **signs},
        {"normal tone": negated(scene.state["RIG"])},
        {
            "sweating": scene.state["DIAPH"],
            "rigidity": scene.state["RIG"],
            scene.says("CK at least {ck.multiple} × ULN"): scene.state["CK"],
            "sialorrhoea": scene.sign(SignKind.SIALORRHOEA),
            scene.says("above {ddx.ach_temperature_c} °C"): hot,
        },
        trigger=drug,
    )


def stimulant(scene: Scene) -> Weighed:
    """A stimulant in 72 h with agitation and mydriasis [D] (takematsu_tox)."""
    drug = scene.drug("sympathomimetic", scene.now.hours("ddx.stimulant_h"))
    drug = either((drug, same(scene.coded(["sympathomimetic_toxicity"]))))
    agitated, wide = scene.sign(SignKind.AGITATION), scene.sign(SignKind.MYDRIASIS)
    mute = scene.sign(SignKind.MUTISM)
    return Weighed(
        "DDX-SYMP",
        both((drug, agitated, wide)),
        {
            scene.says("a stimulant in {ddx.stimulant_h} h, by history or screen"): drug,
            "agitation": agitated,
            "mydriasis": wide,
        },
        {"low sodium": scene.low("sodium")},
        {"lead-pipe rigidity": scene.lead_pipe, "mutism": mute},
        trigger=drug,
    )


def lithium(scene: Scene) -> Weighed:
    """Lithium with a raised level, or its signs with encephalopathy (lithium_haldol_label)."""
    window = scene.now.days("ddx.lithium_d")
    drug = scene.drug("lithium", window)
    level = scene.high("lithium_level")
    shaky = {
        "tremor": scene.sign(SignKind.TREMOR),
        "ataxia": scene.sign(SignKind.ATAXIA),
        "myoclonus": scene.sign(SignKind.MYOCLONUS),
    }
    toxic = both((either(shaky.values()), scene.state["MS"]))
    kidney = same(scene.coded(["chronic_kidney_disease", "acute_kidney_injury"]))
    return Weighed(
        "DDX-LITH",
        both((drug, either((level, toxic)))),
        {
            scene.says("lithium in {ddx.lithium_d} days"): drug,
            "lithium level above its range": level,
        },
        {**shaky, "renal impairment": kidney},
        {scene.says("no lithium in {ddx.lithium_d} days"): negated(drug)},
        trigger=drug,
    )


def clozapine(scene: Scene) -> Weighed:
    """Clozapine and fever with neutropenia, troponin, or CRP in the first 8 weeks [D]."""
    now = scene.now
    drug = scene.drug("clozapine", now.days("ddx.lithium_d"))
    counts = now.within("neutrophils", now.hours("ck.lookback_h"))
    limit = now.knowledge["ddx.neutrophils"]
    few = [negated(above(m, limit)) for m in counts]
    neutropenia = either(few) if few else UNKNOWN
    new = scene.began_within("clozapine", now.days("ddx.clozapine_start_d"))
    crp = both((scene.high("crp"), new))
    troponin = scene.high("troponin")
    normal = both((negated(neutropenia), negated(troponin), negated(scene.high("crp"))))
    return Weighed(
        "DDX-CLOZ",
        both((drug, scene.temp, either((neutropenia, troponin, crp)))),
        {
            "clozapine": drug,
            "fever on clozapine": both((drug, scene.temp)),
            scene.says("neutrophils below {ddx.neutrophils}"): neutropenia,
            "troponin above its range": troponin,
            scene.says("CRP above its range in the first {ddx.clozapine_start_d:weeks} weeks"): crp,
        },
        {},
        {
            "normal neutrophils, troponin and CRP": normal,
            "rigidity": scene.state["RIG"],
            scene.says("CK at least {ck.multiple} × ULN"): scene.state["CK"],
        },
        trigger=drug,
    )

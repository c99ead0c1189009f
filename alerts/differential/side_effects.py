"""Harm of two treatments that looks alike: lithium and clozapine."""

from alerts.chart import SignKind
from alerts.differential.scene import Ranked, Say, Scene, Weighed, same
from alerts.moment import above
from alerts.truth import UNKNOWN, Truth, both, either, negated

_LITHIUM = (SignKind.TREMOR, SignKind.ATAXIA, SignKind.MYOCLONUS)


def lithium(scene: Scene) -> Ranked:
    """Lithium with a raised level, or its signs with encephalopathy (lithium_haldol_label)."""
    drug = scene.drug("lithium", scene.now.days("ddx.lithium_d"))
    level = scene.high("lithium_level")
    tremor, ataxia, myoclonus = scene.signs(_LITHIUM)
    return scene.weigh(
        "DDX-LITH",
        _lithium,
        drug,
        level,
        tremor,
        ataxia,
        myoclonus,
        scene.state["MS"],
        same(scene.coded(["chronic_kidney_disease", "acute_kidney_injury"])),
    )


def _lithium(
    say: Say,
    drug: Truth,
    level: Truth,
    tremor: Truth,
    ataxia: Truth,
    myoclonus: Truth,
    altered: Truth,
    kidney: Truth,
) -> Weighed:
    toxic = both((either((tremor, ataxia, myoclonus)), altered))
    return Weighed(
        both((drug, either((level, toxic)))),
        {say("lithium in {ddx.lithium_d} days"): drug, "lithium level above its range": level},
        {"tremor": tremor, "ataxia": ataxia, "myoclonus": myoclonus, "renal impairment": kidney},
        {say("no lithium in {ddx.lithium_d} days"): negated(drug)},
        trigger=drug,
    )


def clozapine(scene: Scene) -> Ranked:
    """Clozapine and fever with neutropenia, troponin, or CRP in the first 8 weeks [D]."""
    now = scene.now
    drug = scene.drug("clozapine", now.days("ddx.lithium_d"))
    counts = now.recent("neutrophils", "ck.lookback_h")
    limit = now.knowledge["ddx.neutrophils"]
    few = [negated(above(m, limit)) for m in counts]
    new = scene.began_within("clozapine", now.days("ddx.clozapine_start_d"))
    return scene.weigh(
        "DDX-CLOZ",
        _clozapine,
        drug,
        either(few) if few else UNKNOWN,
        new,
        scene.high("crp"),
        scene.high("troponin"),
        scene.temp,
        scene.state["RIG"],
        scene.state["CK"],
    )


def _clozapine(
    say: Say,
    drug: Truth,
    neutropenia: Truth,
    new: Truth,
    raised: Truth,
    troponin: Truth,
    hot: Truth,
    rigid: Truth,
    muscle: Truth,
) -> Weighed:
    crp = both((raised, new))
    normal = both((negated(neutropenia), negated(troponin), negated(raised)))
    return Weighed(
        both((drug, hot, either((neutropenia, troponin, crp)))),
        {
            "clozapine": drug,
            "fever on clozapine": both((drug, hot)),
            say("neutrophils below {ddx.neutrophils}"): neutropenia,
            "troponin above its range": troponin,
            say("CRP above its range in the first {ddx.clozapine_start_d:weeks} weeks"): crp,
        },
        {},
        {
            "normal neutrophils, troponin and CRP": normal,
            "rigidity": rigid,
            say("CK at least {ck.multiple} × ULN"): muscle,
        },
        trigger=drug,
    )

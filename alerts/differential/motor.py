"""Motor states and withdrawals that look alike."""

from datetime import timedelta

from alerts.chart import SignKind
from alerts.differential.scene import Scene, Weighed, negated, same
from alerts.findings.rigidity import PARKINSONIAN
from alerts.moment import TICK
from alerts.tiers import domains
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth, at_least, both, either

# items of the Bush–Francis screen that the chart can hold as signs
SCREEN = (SignKind.AGITATION, SignKind.STUPOR, SignKind.MUTISM, SignKind.RIGIDITY)
ACTIVE = frozenset({"full", "extended"})


def malignant_catatonia(scene: Scene) -> Weighed:
    """Two catatonic items, fever or autonomic change, and no antagonist or withdrawal [D]."""
    catatonic = _catatonic(scene)
    unstable = either((scene.temp, domains(scene.state)["AUT"]))
    exposed = either((scene.state["EXP"], scene.state["EXPX"]))
    mood = same(scene.coded(["psychosis", "schizophrenia", "bipolar_mania", "catatonia"]))
    return Weighed(
        "DDX-MC",
        both((catatonic, unstable, negated(exposed))),
        {
            scene.says("{ddx.bush_francis:word} of the Bush–Francis screening items"): catatonic,
            "no dopamine antagonist or withdrawal in the window": negated(exposed),
        },
        {"excitement": scene.sign(SignKind.AGITATION), "mood or psychotic disorder": mood},
        {"signs followed a dopamine antagonist or withdrawal": exposed},
    )


def _catatonic(scene: Scene) -> Truth:
    least = scene.now.knowledge["ddx.bush_francis"]
    totals = scene.now.within("bush_francis_catatonia", scene.now.hours("ms.coded_h"))
    if totals:
        return TRUE if totals[-1].value >= least else FALSE
    items = at_least(int(least), (scene.sign(kind) for kind in SCREEN))
    named = either((scene.sign(SignKind.CATATONIA), same(scene.coded(["catatonia"]))))
    return either((named, items if items is TRUE else UNKNOWN))


def sedative_withdrawal(scene: Scene) -> Weighed:
    """Alcohol, benzodiazepine or barbiturate stopped 6 h to 7 d ago; a withdrawal scale [D]."""
    now = scene.now
    since, until = now.days("ddx.sedative_to_d"), now.hours("ddx.sedative_from_h")
    stopped = either(
        (
            scene.stopped("benzodiazepine", since, until),
            scene.stopped("barbiturate", since, until),
            same(scene.coded(["alcohol_sedative_withdrawal"])),
        )
    )
    return Weighed(
        "DDX-WD-ALC",
        both((stopped, same(scene.coded(["alcohol_sedative_withdrawal"])))),
        {
            scene.says(
                "alcohol or a sedative stopped {ddx.sedative_from_h} h to {ddx.sedative_to_d} d ago"
            ): stopped,
            "withdrawal scale": UNKNOWN,
        },
        {
            "tremor": scene.sign(SignKind.TREMOR),
            "hallucinations": scene.sign(SignKind.HALLUCINATION),
            "seizure": scene.sign(SignKind.SEIZURE),
            "hyperreflexia": scene.sign(SignKind.HYPERREFLEXIA),
        },
        {
            "a benzodiazepine goes on": scene.running("benzodiazepine"),
            "lead-pipe rigidity": scene.lead_pipe,
        },
        trigger=stopped,
    )


def baclofen_withdrawal(scene: Scene) -> Weighed:
    """Baclofen stopped in 7 days, with spasticity or fever (itb_withdrawal)."""
    stopped = scene.stopped("baclofen", scene.now.days("ddx.baclofen_d"), timedelta(0))
    stopped = either((stopped, same(scene.coded(["baclofen_withdrawal"]))))
    spastic = scene.sign(SignKind.SPASTICITY)
    exposed = scene.drug("baclofen", scene.now.days("ddx.lithium_d"))
    return Weighed(
        "DDX-WD-BAC",
        both((stopped, either((spastic, scene.temp)))),
        {
            scene.says("baclofen stopped or missed in {ddx.baclofen_d} days"): stopped,
            "rebound spasticity": spastic,
        },
        {"pruritus": scene.sign(SignKind.PRURITUS), "seizure": scene.sign(SignKind.SEIZURE)},
        {"no baclofen": negated(exposed)},
        trigger=stopped,
    )


def parkinsonism_hyperpyrexia(scene: Scene) -> Weighed:
    """A parkinsonian disorder, a dopaminergic trigger in 7 days, and fever, rigidity or MS."""
    disorder = same(scene.coded(PARKINSONIAN))
    triggers = [w for w in scene.withdrawals if w.reading in ACTIVE]
    doubtful = [w for w in scene.withdrawals if w.reading == "possible"]
    none = FALSE if scene.reconciled and not doubtful else UNKNOWN
    trigger = TRUE if triggers else none
    signs = either((scene.temp, scene.state["RIG"], scene.state["MS"]))
    named = {f"{w.trigger}: {w.drug}": TRUE for w in triggers}
    raised = _dose_raised(scene)
    opposite = both((scene.sign(SignKind.DYSKINESIA), raised))
    return Weighed(
        "DDX-PHS",
        both((disorder, trigger, signs)),
        {
            "a parkinsonian disorder": disorder,
            scene.says("a dopaminergic trigger in {withdrawal.extended_d} days"): trigger,
        },
        named,
        {
            "no dopaminergic drug stopped, cut or missed": negated(trigger),
            "dopaminergic dose raised, with dyskinesia: dyskinesia-hyperpyrexia, which is treated"
            " by reduction": opposite,
        },
        trigger=either((disorder, trigger)),
    )


def _dose_raised(scene: Scene) -> Truth:
    """A dopaminergic order begun in 7 days whose daily amount is above an earlier one's."""
    now = scene.now
    since = now.as_of - now.days("withdrawal.extended_d")
    found = UNKNOWN
    for drug in now.on_chart(now.knowledge.dopaminergic):
        orders = [u for u in now.chart.orders.get(drug, ()) if u.start and u.dose]
        for new in orders:
            if new.start is None or new.start < since:
                continue
            now.until(new.start + now.days("withdrawal.extended_d") + TICK)
            for old in orders:
                if old.start and old.start < new.start and old.dose_unit == new.dose_unit:
                    more = (new.dose or 0) * (new.times_per_day or 1)
                    if more > (old.dose or 0) * (old.times_per_day or 1):
                        found = TRUE
    return found


def without_fever(scene: Scene) -> Weighed:
    """Rigidity or dystonia, no fever, CK below 4 × ULN, normal consciousness [D]."""
    dystonia = scene.sign(SignKind.DYSTONIA)
    stiff = either((scene.state["RIG"], dystonia))
    cool, clear = negated(scene.temp), negated(scene.state["MS"])
    muscle = negated(scene.state["CK"])
    return Weighed(
        "DDX-EPS",
        both((stiff, negated(scene.state["HYP"]), cool, muscle, clear)),
        {
            "rigidity or dystonia": stiff,
            scene.says("not above {hyp.threshold_c} °C (oral or core)"): negated(
                scene.state["HYP"]
            ),
            scene.says("CK below {ck.multiple} × ULN"): muscle,
            "normal consciousness": clear,
        },
        {"localised dystonia": dystonia},
        {
            "fever": scene.temp,
            "altered consciousness": scene.state["MS"],
            scene.says("CK at least {ck.multiple} × ULN"): scene.state["CK"],
        },
    )

"""Motor states and withdrawals that look alike."""

from datetime import timedelta

from alerts.chart import SignKind
from alerts.differential.scene import Ranked, Say, Scene, Weighed, same
from alerts.findings.rigidity import PARKINSONIAN
from alerts.moment import TICK
from alerts.tiers import domains
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth, at_least, both, either, negated
from alerts.wording import happened

# items of the Bush–Francis screen that the chart can hold as signs
SCREEN = (SignKind.AGITATION, SignKind.STUPOR, SignKind.MUTISM, SignKind.RIGIDITY)
_WITHDRAWAL = (
    SignKind.TREMOR,
    SignKind.HALLUCINATION,
    SignKind.SEIZURE,
    SignKind.HYPERREFLEXIA,
)
ACTIVE = frozenset({"full", "extended"})


def malignant_catatonia(scene: Scene) -> Ranked:
    """Two catatonic items, fever or autonomic change, and no antagonist or withdrawal [D]."""
    catatonic = _catatonic(scene)
    mood = same(scene.coded(["psychosis", "schizophrenia", "bipolar_mania", "catatonia"]))
    return scene.weigh(
        "DDX-MC",
        _malignant_catatonia,
        catatonic,
        scene.temp,
        domains(scene.state)["AUT"],
        scene.state["EXP"],
        scene.state["EXPX"],
        scene.sign(SignKind.AGITATION),
        mood,
    )


def _malignant_catatonia(
    say: Say,
    catatonic: Truth,
    hot: Truth,
    autonomic: Truth,
    recent: Truth,
    extended: Truth,
    agitated: Truth,
    mood: Truth,
) -> Weighed:
    unstable, exposed = either((hot, autonomic)), either((recent, extended))
    return Weighed(
        both((catatonic, unstable, negated(exposed))),
        {
            say("{ddx.bush_francis:word} of the Bush–Francis screening items"): catatonic,
            "no dopamine antagonist or withdrawal in the window": negated(exposed),
        },
        {"excitement": agitated, "mood or psychotic disorder": mood},
        {"signs followed a dopamine antagonist or withdrawal": exposed},
    )


def _catatonic(scene: Scene) -> Truth:
    least = scene.now.knowledge["ddx.bush_francis"]
    totals = scene.now.recent("bush_francis_catatonia", "ms.coded_h")
    if totals:
        return TRUE if totals[-1].value >= least else FALSE
    items = at_least(int(least), scene.signs(SCREEN))
    named = either((scene.sign(SignKind.CATATONIA), same(scene.coded(["catatonia"]))))
    return either((named, items if items is TRUE else UNKNOWN))


def sedative_withdrawal(scene: Scene) -> Ranked:
    """Alcohol, benzodiazepine or barbiturate stopped 6 h to 7 d ago; a withdrawal scale [D]."""
    now = scene.now
    since, until = now.days("ddx.sedative_to_d"), now.hours("ddx.sedative_from_h")
    tremor, hallucination, seizure, brisk = scene.signs(_WITHDRAWAL)
    return scene.weigh(
        "DDX-WD-ALC",
        _sedative_withdrawal,
        scene.stopped("benzodiazepine", since, until),
        scene.stopped("barbiturate", since, until),
        same(scene.coded(["alcohol_sedative_withdrawal"])),
        tremor,
        hallucination,
        seizure,
        brisk,
        scene.running("benzodiazepine"),
        scene.lead_pipe,
    )


def _sedative_withdrawal(
    say: Say,
    benzodiazepine: Truth,
    barbiturate: Truth,
    coded: Truth,
    tremor: Truth,
    hallucination: Truth,
    seizure: Truth,
    brisk: Truth,
    running: Truth,
    lead_pipe: Truth,
) -> Weighed:
    stopped = either((benzodiazepine, barbiturate, coded))
    ago = "alcohol or a sedative stopped {ddx.sedative_from_h} h to {ddx.sedative_to_d} d ago"
    return Weighed(
        both((stopped, coded)),
        {say(ago): stopped, "withdrawal scale": UNKNOWN},
        {
            "tremor": tremor,
            "hallucinations": hallucination,
            "seizure": seizure,
            "hyperreflexia": brisk,
        },
        {"a benzodiazepine goes on": running, "lead-pipe rigidity": lead_pipe},
        trigger=stopped,
    )


def baclofen_withdrawal(scene: Scene) -> Ranked:
    """Baclofen stopped in 7 days, with spasticity or fever (itb_withdrawal)."""
    stopped = scene.stopped("baclofen", scene.now.days("ddx.baclofen_d"), timedelta(0))
    coded = same(scene.coded(["baclofen_withdrawal"]))
    spastic = scene.sign(SignKind.SPASTICITY)
    exposed = scene.drug("baclofen", scene.now.days("ddx.lithium_d"))
    return scene.weigh(
        "DDX-WD-BAC",
        _baclofen_withdrawal,
        stopped,
        coded,
        spastic,
        scene.temp,
        scene.sign(SignKind.PRURITUS),
        scene.sign(SignKind.SEIZURE),
        exposed,
    )


def _baclofen_withdrawal(
    say: Say,
    ended: Truth,
    coded: Truth,
    spastic: Truth,
    hot: Truth,
    pruritus: Truth,
    seizure: Truth,
    exposed: Truth,
) -> Weighed:
    stopped = either((ended, coded))
    return Weighed(
        both((stopped, either((spastic, hot)))),
        {
            say("baclofen stopped or missed in {ddx.baclofen_d} days"): stopped,
            "rebound spasticity": spastic,
        },
        {"pruritus": pruritus, "seizure": seizure},
        {"no baclofen": negated(exposed)},
        trigger=stopped,
    )


def parkinsonism_hyperpyrexia(scene: Scene) -> Ranked:
    """A parkinsonian disorder, a dopaminergic trigger in 7 days, and fever, rigidity or MS."""
    disorder = same(scene.coded(PARKINSONIAN))
    triggers = tuple(
        [
            f"{w.drug.replace('_', ' ')} {happened(w.trigger)}"
            for w in scene.withdrawals
            if w.reading in ACTIVE
        ]
    )
    doubtful = any(w.reading == "possible" for w in scene.withdrawals)
    trigger = TRUE if triggers else FALSE if scene.reconciled and not doubtful else UNKNOWN
    raised, state = _dose_raised(scene), scene.state
    return scene.weigh(
        "DDX-PHS",
        _parkinsonism_hyperpyrexia,
        disorder,
        trigger,
        triggers,
        scene.temp,
        state["RIG"],
        state["MS"],
        scene.sign(SignKind.DYSKINESIA),
        raised,
    )


def _parkinsonism_hyperpyrexia(
    say: Say,
    disorder: Truth,
    trigger: Truth,
    triggers: tuple[str, ...],
    hot: Truth,
    rigid: Truth,
    altered: Truth,
    dyskinesia: Truth,
    raised: Truth,
) -> Weighed:
    return Weighed(
        both((disorder, trigger, either((hot, rigid, altered)))),
        {
            "a parkinsonian disorder": disorder,
            say("a dopaminergic trigger in {withdrawal.extended_d} days"): trigger,
        },
        dict.fromkeys(triggers, TRUE),
        {
            "no dopaminergic drug stopped, cut or missed": negated(trigger),
            "dopaminergic dose raised, with dyskinesia: dyskinesia-hyperpyrexia, which is treated"
            " by reduction": both((dyskinesia, raised)),
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


def without_fever(scene: Scene) -> Ranked:
    """Rigidity or dystonia, no fever, CK below 4 × ULN, normal consciousness [D]."""
    dystonia, state = scene.sign(SignKind.DYSTONIA), scene.state
    return scene.weigh(
        "DDX-EPS",
        _without_fever,
        dystonia,
        state["RIG"],
        state["HYP"],
        scene.temp,
        state["CK"],
        state["MS"],
    )


def _without_fever(
    say: Say,
    dystonia: Truth,
    rigid: Truth,
    above: Truth,
    hot: Truth,
    muscle: Truth,
    altered: Truth,
) -> Weighed:
    stiff, below, clear = either((rigid, dystonia)), negated(above), negated(altered)
    return Weighed(
        both((stiff, below, negated(hot), negated(muscle), clear)),
        {
            "rigidity or dystonia": stiff,
            say("not above {hyp.threshold_c} °C (oral or core)"): below,
            say("CK below {ck.multiple} × ULN"): negated(muscle),
            "normal consciousness": clear,
        },
        {"localised dystonia": dystonia},
        {
            "fever": hot,
            "altered consciousness": altered,
            say("CK at least {ck.multiple} × ULN"): muscle,
        },
    )

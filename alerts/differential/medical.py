"""Illness that looks alike: infection, heat, endocrine crises, seizures, broken muscle."""

from alerts.chart import SignKind
from alerts.differential.scene import Ranked, Say, Scene, Weighed, same
from alerts.findings.creatine_kinase import confounders
from alerts.scales.items import below, leucocytosis, reached
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth, both, either, negated

INFECTIONS = (
    "sepsis",
    "pneumonia",
    "aspiration_pneumonia",
    "urinary_tract_infection",
    "meningitis",
    "encephalitis",
)


def sepsis(scene: Scene) -> Ranked:
    """A confirmed infection; cultures, imaging and CSF are read as the diagnosis they led to."""
    now = scene.now
    infected = same(scene.coded(INFECTIONS, confirmed=True))
    low = below(now, "systolic_bp", "levenson.low_sbp", "met.window_h")
    crp, procalcitonin = scene.high("crp"), scene.high("procalcitonin")
    unexplained = FALSE if confounders(now) else scene.state["CK"]
    stiff_neck = scene.sign(SignKind.NECK_STIFFNESS)
    white_cells, lactate = leucocytosis(now), scene.high("lactate")
    return scene.weigh(
        "DDX-SEPSIS",
        _sepsis,
        infected,
        crp,
        procalcitonin,
        low,
        stiff_neck,
        white_cells,
        lactate,
        scene.state["RIG"],
        unexplained,
    )


def _sepsis(
    say: Say,
    infected: Truth,
    crp: Truth,
    procalcitonin: Truth,
    low: Truth,
    stiff_neck: Truth,
    white_cells: Truth,
    lactate: Truth,
    rigid: Truth,
    unexplained: Truth,
) -> Weighed:
    return Weighed(
        infected,
        {"an infection, by culture, imaging or CSF": infected},
        {
            "CRP or procalcitonin above its range": either((crp, procalcitonin)),
            "hypotension": low,
            "neck stiffness": stiff_neck,
            "leucocytosis": white_cells,
            "lactate above its range": lactate,
        },
        {
            "rigidity": rigid,
            say("CK at least {ck.multiple} × ULN unexplained"): unexplained,
        },
    )


def heat_stroke(scene: Scene) -> Ranked:
    """Core above 40 °C with altered consciousness after heat or exertion."""
    core = scene.hotter("ddx.heat_c", core=True)
    exposed = scene.any_sign(SignKind.HEAT_EXPOSURE, SignKind.EXERCISE)
    coded = same(scene.coded(["heat_stroke"]))
    state = scene.state
    return scene.weigh("DDX-HEAT", _heat_stroke, core, exposed, coded, state["MS"], state["RIG"])


def _heat_stroke(
    say: Say, core: Truth, exposed: Truth, coded: Truth, altered: Truth, rigid: Truth
) -> Weighed:
    hot = either((exposed, coded))
    return Weighed(
        both((core, altered, hot)),
        {
            say("core temperature above {ddx.heat_c:short} °C"): core,
            "altered consciousness": altered,
            "heat or exertion": hot,
        },
        # SPEC 7 has flaccid muscles; the record tells normal from low tone too seldom to say so
        {"no rigidity on examination": negated(rigid)},
        {"rigidity": rigid},
        # nobody charts the weather: the heat of the body and the altered mind are enough to show it
        trigger=either((hot, both((core, altered)))),
    )


def thyroid_storm(scene: Scene) -> Ranked:
    """TSH suppressed, T4 raised and a Burch–Wartofsky score [U], which is not in the record."""
    suppressed, raised = scene.low("tsh"), scene.high("free_t4")
    storm = same(scene.coded(["thyroid_storm"]))
    known = same(scene.coded(["thyrotoxicosis"]))
    diarrhoea, tremor = scene.sign(SignKind.DIARRHOEA), scene.sign(SignKind.TREMOR)
    rigid = scene.state["RIG"]
    return scene.weigh(
        "DDX-THYROID", _thyroid_storm, suppressed, raised, storm, known, diarrhoea, tremor, rigid
    )


def _thyroid_storm(
    _say: Say,
    suppressed: Truth,
    raised: Truth,
    storm: Truth,
    known: Truth,
    diarrhoea: Truth,
    tremor: Truth,
    rigid: Truth,
) -> Weighed:
    return Weighed(
        both((suppressed, raised, storm)),
        {"TSH below its range": suppressed, "free T4 above its range": raised},
        {"known hyperthyroidism": known, "diarrhoea": diarrhoea, "tremor": tremor},
        {"TSH not below its range": negated(suppressed), "rigidity": rigid},
    )


def phaeochromocytoma(scene: Scene) -> Ranked:
    """Severe hypertension and raised metanephrines or an adrenal mass [U]."""
    severe = reached(scene.now, "systolic_bp", "ddx.severe_sbp", "met.window_h")
    mass, raised = same(scene.coded(["pheochromocytoma"])), scene.high("plasma_metanephrines")
    provoked = any(e.drug == "metoclopramide" and e.reading == "full" for e in scene.exposures)
    return scene.weigh(
        "DDX-PHAEO",
        _phaeochromocytoma,
        severe,
        mass,
        raised,
        scene.sign(SignKind.PALLOR),
        TRUE if provoked else UNKNOWN,
        scene.state["RIG"],
        scene.state["CK"],
    )


def _phaeochromocytoma(
    say: Say,
    severe: Truth,
    mass: Truth,
    raised: Truth,
    pale: Truth,
    provoked: Truth,
    rigid: Truth,
    muscle: Truth,
) -> Weighed:
    tumour = either((mass, raised))
    return Weighed(
        both((severe, tumour)),
        {
            say("systolic pressure of {ddx.severe_sbp} mmHg or more"): severe,
            "metanephrines or adrenal mass": tumour,
        },
        {"pallor": pale, "metoclopramide before it": provoked},
        {"rigidity": rigid, say("CK at least {ck.multiple} × ULN"): muscle},
    )


def status_epilepticus(scene: Scene) -> Ranked:
    """Two seizures in 24 h, or the diagnosis an EEG led to [U]."""
    fits = scene.now.present(scene.now.hours("ddx.seizure_h"), SignKind.SEIZURE)
    coded = same(scene.coded(["status_epilepticus"]))
    one, two = TRUE if fits else UNKNOWN, TRUE if len(fits) >= 2 else UNKNOWN
    altered, lead_pipe = scene.state["MS"], scene.lead_pipe
    return scene.weigh("DDX-SE", _status_epilepticus, coded, one, two, altered, lead_pipe)


def _status_epilepticus(
    say: Say, coded: Truth, one: Truth, two: Truth, altered: Truth, lead_pipe: Truth
) -> Weighed:
    return Weighed(
        either((coded, both((two, altered)))),
        {say("two seizures in {ddx.seizure_h} h"): two, "EEG": UNKNOWN},
        {say("a seizure in {ddx.seizure_h} h"): one},
        {"lead-pipe rigidity": lead_pipe},
    )


def rhabdomyolysis(scene: Scene) -> Ranked:
    """CK above 5 × ULN or 1000 U/L with another cause, and no fever, rigidity or altered mind."""
    now = scene.now
    readings = now.recent("creatine_kinase", "ck.lookback_h")
    multiple, flat = now.knowledge["ddx.rhabdo_multiple"], now.knowledge["ddx.rhabdo_ck"]
    high = [
        m.value > flat or (m.reference_high is not None and m.value > multiple * m.reference_high)
        for m in readings
    ]
    raised = TRUE if True in high else FALSE if high else UNKNOWN
    others = tuple([d.what for d in confounders(now)])
    fibrate = bool(scene.taken("fibrate", now.hours("ck.confounder_h")))
    state = scene.state
    return scene.weigh(
        "DDX-STATIN",
        _rhabdomyolysis,
        raised,
        others,
        fibrate,
        scene.temp,
        state["RIG"],
        state["MS"],
    )


def _rhabdomyolysis(
    say: Say,
    raised: Truth,
    others: tuple[str, ...],
    fibrate: bool,
    hot: Truth,
    rigid: Truth,
    altered: Truth,
) -> Weighed:
    cause = TRUE if others or fibrate else UNKNOWN
    cool, loose, clear = negated(hot), negated(rigid), negated(altered)
    named = {f"cause: {what.replace('_', ' ')}": TRUE for what in others}
    return Weighed(
        both((raised, cause, both((cool, loose, clear)))),
        {
            say("CK above {ddx.rhabdo_multiple} × ULN or {ddx.rhabdo_ck} U/L"): raised,
            "another cause of muscle injury": cause,
        },
        {**named, "afebrile": cool, "normal tone": loose},
        {"fever": hot, "rigidity": rigid, "altered consciousness": altered},
        trigger=cause,
    )

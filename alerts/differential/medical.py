"""Illness that looks alike: infection, heat, endocrine crises, seizures, broken muscle."""

from alerts.chart import SignKind
from alerts.differential.scene import Scene, Weighed, negated, same
from alerts.findings.creatine_kinase import confounders
from alerts.scales.items import below, leucocytosis, reached
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth, both, either

INFECTIONS = (
    "sepsis",
    "pneumonia",
    "aspiration_pneumonia",
    "urinary_tract_infection",
    "meningitis",
    "encephalitis",
)


def sepsis(scene: Scene) -> Weighed:
    """A confirmed infection; cultures, imaging and CSF are read as the diagnosis they led to."""
    now = scene.now
    infected = same(scene.coded(INFECTIONS, confirmed=True))
    low = below(now, "systolic_bp", "levenson.low_sbp", "met.window_h")
    inflamed = either((scene.high("crp"), scene.high("procalcitonin")))
    innocent = bool(confounders(now))
    unexplained = scene.state["CK"] if not innocent else FALSE
    return Weighed(
        "DDX-SEPSIS",
        infected,
        {"an infection, by culture, imaging or CSF": infected},
        {
            "CRP or procalcitonin above its range": inflamed,
            "hypotension": low,
            "neck stiffness": scene.sign(SignKind.NECK_STIFFNESS),
            "leucocytosis": leucocytosis(now),
            "lactate above its range": scene.high("lactate"),
        },
        {
            "rigidity": scene.state["RIG"],
            scene.says("CK at least {ck.multiple} × ULN unexplained"): unexplained,
        },
    )


def heat_stroke(scene: Scene) -> Weighed:
    """Core above 40 °C with altered consciousness after heat or exertion."""
    core = scene.hotter("ddx.heat_c", core=True)
    hot = either((scene.sign(SignKind.HEAT_EXPOSURE, SignKind.EXERCISE), _coded(scene)))
    return Weighed(
        "DDX-HEAT",
        both((core, scene.state["MS"], hot)),
        {
            scene.says("core temperature above {ddx.heat_c:short} °C"): core,
            "altered consciousness": scene.state["MS"],
            "heat or exertion": hot,
        },
        {"flaccid muscles": negated(scene.state["RIG"])},
        {"rigidity": scene.state["RIG"]},
        # nobody charts the weather: the heat of the body and the altered mind are enough to show it
        trigger=either((hot, both((core, scene.state["MS"])))),
    )


def _coded(scene: Scene) -> Truth:
    return same(scene.coded(["heat_stroke"]))


def thyroid_storm(scene: Scene) -> Weighed:
    """TSH suppressed, T4 raised and a Burch–Wartofsky score [U], which is not in the record."""
    suppressed, raised = scene.low("tsh"), scene.high("free_t4")
    storm = same(scene.coded(["thyroid_storm"]))
    known = same(scene.coded(["thyrotoxicosis"]))
    return Weighed(
        "DDX-THYROID",
        both((suppressed, raised, storm)),
        {"TSH below its range": suppressed, "free T4 above its range": raised},
        {
            "known hyperthyroidism": known,
            "diarrhoea": scene.sign(SignKind.DIARRHOEA),
            "tremor": scene.sign(SignKind.TREMOR),
        },
        {"TSH not below its range": negated(suppressed), "rigidity": scene.state["RIG"]},
    )


def phaeochromocytoma(scene: Scene) -> Weighed:
    """Severe hypertension and raised metanephrines or an adrenal mass [U]."""
    severe = reached(scene.now, "systolic_bp", "ddx.severe_sbp", "met.window_h")
    tumour = either((same(scene.coded(["pheochromocytoma"])), scene.high("plasma_metanephrines")))
    provoked = any(e.drug == "metoclopramide" and e.reading == "full" for e in scene.exposures)
    return Weighed(
        "DDX-PHAEO",
        both((severe, tumour)),
        {
            scene.says("systolic pressure of {ddx.severe_sbp} mmHg or more"): severe,
            "metanephrines or adrenal mass": tumour,
        },
        {
            "pallor": scene.sign(SignKind.PALLOR),
            "metoclopramide before it": TRUE if provoked else UNKNOWN,
        },
        {
            "rigidity": scene.state["RIG"],
            scene.says("CK at least {ck.multiple} × ULN"): scene.state["CK"],
        },
    )


def status_epilepticus(scene: Scene) -> Weighed:
    """Two seizures in 24 h, or the diagnosis an EEG led to [U]."""
    fits = scene.now.present(scene.now.hours("ddx.seizure_h"), SignKind.SEIZURE)
    coded = same(scene.coded(["status_epilepticus"]))
    two = TRUE if len(fits) >= 2 else UNKNOWN
    altered = both((two, scene.state["MS"]))
    return Weighed(
        "DDX-SE",
        either((coded, altered)),
        {scene.says("two seizures in {ddx.seizure_h} h"): two, "EEG": UNKNOWN},
        {scene.says("a seizure in {ddx.seizure_h} h"): TRUE if fits else UNKNOWN},
        {"lead-pipe rigidity": scene.lead_pipe},
    )


def rhabdomyolysis(scene: Scene) -> Weighed:
    """CK above 5 × ULN or 1000 U/L with another cause, and no fever, rigidity or altered mind."""
    now = scene.now
    readings = now.within("creatine_kinase", now.hours("ck.lookback_h"))
    multiple, flat = now.knowledge["ddx.rhabdo_multiple"], now.knowledge["ddx.rhabdo_ck"]
    high = [
        m.value > flat or (m.reference_high is not None and m.value > multiple * m.reference_high)
        for m in readings
    ]
    raised = TRUE if any(high) else FALSE if high else UNKNOWN
    others = confounders(now)
    fibrate = scene.taken("fibrate", now.hours("ck.confounder_h"))
    cause = TRUE if others or fibrate else UNKNOWN
    quiet = both((negated(scene.temp), negated(scene.state["RIG"]), negated(scene.state["MS"])))
    named = {f"cause: {d.what.replace('_', ' ')}": TRUE for d in others}
    return Weighed(
        "DDX-STATIN",
        both((raised, cause, quiet)),
        {
            scene.says("CK above {ddx.rhabdo_multiple} × ULN or {ddx.rhabdo_ck} U/L"): raised,
            "another cause of muscle injury": cause,
        },
        {**named, "afebrile": negated(scene.temp), "normal tone": negated(scene.state["RIG"])},
        {
            "fever": scene.temp,
            "rigidity": scene.state["RIG"],
            "altered consciousness": scene.state["MS"],
        },
        trigger=cause,
    )

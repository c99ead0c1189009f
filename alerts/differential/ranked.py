"""All the look-alikes, the best supported first (DDX-01, DDX-02)."""

from collections.abc import Callable, Mapping
from operator import itemgetter

from alerts.chart import SignKind
from alerts.differential import medical, motor, side_effects, toxic
from alerts.differential.scene import Ranked, Scene
from alerts.moment import Moment
from alerts.statements import Exposure, Finding, Possibility, Withdrawal
from alerts.truth import FALSE, Truth

ENTRIES: tuple[Callable[[Scene], Ranked], ...] = (
    toxic.serotonin,
    toxic.anaesthetic,
    toxic.anticholinergic,
    motor.malignant_catatonia,
    medical.sepsis,
    medical.heat_stroke,
    medical.thyroid_storm,
    medical.phaeochromocytoma,
    toxic.stimulant,
    motor.sedative_withdrawal,
    motor.baclofen_withdrawal,
    motor.parkinsonism_hyperpyrexia,
    medical.status_epilepticus,
    medical.rhabdomyolysis,
    side_effects.clozapine,
    side_effects.lithium,
    motor.without_fever,
)
NAMED = tuple((f"differential {weigh.__name__}", weigh) for weigh in ENTRIES)

# signs that tell a look-alike where no core domain is stirred
TELLING = (
    SignKind.CLONUS,
    SignKind.HYPERREFLEXIA,
    SignKind.MYDRIASIS,
    SignKind.MYOCLONUS,
    SignKind.TREMOR,
    SignKind.ATAXIA,
    SignKind.DRY_SKIN,
    SignKind.DYSTONIA,
    SignKind.SEIZURE,
    SignKind.SPASTICITY,
    SignKind.NECK_STIFFNESS,
    SignKind.MASSETER_SPASM,
    SignKind.HEAT_EXPOSURE,
    SignKind.DIAPHORESIS,
)


def weighable(now: Moment) -> bool:
    """Is there a sign, a coded problem or a level that points to a look-alike?"""
    with now.account("differential"):
        return _weighable(now)


def _weighable(now: Moment) -> bool:
    if now.present(now.hours("ddx.sign_h"), *TELLING):
        return True
    levels = now.recent("lithium_level", "ck.lookback_h")
    if any(m.reference_high is not None and m.value > m.reference_high for m in levels):
        return True
    if not now.chart.conditions:
        return False
    known = now.knowledge.criteria["differential"].values()
    coded = {kind for entry in known for kind in entry["coded"]}
    return any(c.kind in coded and c.active is not FALSE for c in now.chart.conditions)


def differential(
    now: Moment,
    findings: Mapping[str, Finding],
    states: Mapping[str, Truth],
    exposures: tuple[Exposure, ...],
    withdrawals: tuple[Withdrawal, ...],
) -> tuple[Possibility, ...]:
    """Every entry of SPEC 7 with its facts toward, away and missing, ranked; `states` are those
    of the findings.

    The met ones first, then by facts toward less facts away; several may be met (DDX-02).
    """
    scene = Scene(now, findings, states, exposures, withdrawals)
    found = []
    outer = now.account_open
    for name, weigh in NAMED:
        now.turn_to(now.account_of(name))
        found.append(weigh(scene))
    now.turn_to(outer)
    found.sort(key=itemgetter(0))
    return tuple([said for _, said in found])

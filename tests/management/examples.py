"""Sixteen patients, each a chart that a ward could send; shared by plans, cards and safety."""

from alerts.chart import Fact, SignKind, UseStatus
from alerts.truth import FALSE
from tests.management.charts import (
    calm_before,
    dose_given,
    order,
    person,
    picture,
    problem,
    reading,
    sign,
)


def haloperidol() -> list[Fact]:
    return [
        order("haloperidol", 4, route="im", dose=5, times=2),
        dose_given("haloperidol", 6.4, 5, route="im"),
        dose_given("haloperidol", 30, 5, route="im"),
    ]


def early_rigidity() -> list[Fact]:
    return [
        person(23, "female"),
        *calm_before(),
        order("haloperidol", 2, dose=5, times=2),
        dose_given("haloperidol", 6, 5),
        reading("body_temperature", 37.2, 1, site="oral"),
        reading("body_temperature", 37.1, 8, site="oral"),
        reading("heart_rate", 84, 1),
        sign(SignKind.RIGIDITY, 3, detail="cogwheel"),
    ]


def fever_and_confusion() -> list[Fact]:
    return [
        person(),
        *calm_before(),
        *haloperidol(),
        reading("body_temperature", 38.9, 3, site="oral"),
        reading("body_temperature", 39.2, 1, site="oral"),
        reading("heart_rate", 112, 1),
        sign(SignKind.ACVPU, 1, detail="C"),
    ]


def severe() -> list[Fact]:
    return [
        person(),
        *calm_before(),
        *haloperidol(),
        order("olanzapine", 10, dose=20, times=1),
        dose_given("olanzapine", 17, 20),
        order("metoclopramide", 1, as_needed=True, dose=10, route="iv"),
        *picture(40.2, 132),
        reading("body_weight", 70, 48),
        reading("creatinine", 142, 3),
        reading("creatinine", 80, 72),
        reading("egfr", 48, 3),
        reading("potassium", 5.9, 3),
        reading("platelets", 140, 3),
        problem("schizophrenia", 3000),
    ]


def severe_on_verapamil() -> list[Fact]:
    return [
        *severe(),
        problem("hypertension", 2000),
        order("verapamil", 30, dose=80, times=3),
        dose_given("verapamil", 6.4, 80),
    ]


def moderate() -> list[Fact]:
    return [
        person(67, "female"),
        *calm_before(),
        order("risperidone", 9, dose=4, times=1),
        dose_given("risperidone", 20, 4),
        order("lithium", 60, dose=400, times=2),
        *picture(39.1, 112),
    ]


def depot() -> list[Fact]:
    return [
        person(36),
        *calm_before(),
        dose_given("haloperidol", 24 * 9, 100, route="im", product="haloperidol_decanoate"),
        order("quetiapine", 20, UseStatus.ON_HOLD, ended=20, dose=300, times=1),
        *picture(39.4, 118),
    ]


def levodopa_stopped() -> list[Fact]:
    return [
        person(72),
        *calm_before(),
        problem("parkinson_disease", 4000),
        order("levodopa", 200, UseStatus.STOPPED, ended=36, dose=100, times=3),
        sign(SignKind.NIL_BY_MOUTH, 36),
        dose_given("ondansetron", 20, 4, route="iv"),
        *picture(39.3, 116),
    ]


def without_ck() -> list[Fact]:
    return [person(), *calm_before(), *haloperidol(), *picture(39.5, 114, ck=None)]


def child() -> list[Fact]:
    return [person(15), *calm_before(), *haloperidol(), *picture(40.1, 140)]


def age_unknown() -> list[Fact]:
    return [*calm_before(), *haloperidol(), *picture(40.1, 130), reading("body_weight", 80, 20)]


def pregnant() -> list[Fact]:
    return [
        person(29, "female"),
        problem("pregnancy", 120),
        *calm_before(),
        *haloperidol(),
        *picture(39.9, 126),
    ]


def atypical() -> list[Fact]:
    return [
        person(44),
        *calm_before(),
        order("clozapine", 14, dose=300, times=1),
        dose_given("clozapine", 14, 300),
        *picture(39.0, 118, ck=600, rigid=False),
        sign(SignKind.RIGIDITY, 0.7, FALSE, detail="normal"),
    ]


def no_data() -> list[Fact]:
    return [
        person(58),
        order("haloperidol", 3, dose=5, times=2),
        dose_given("haloperidol", 6, 5),
        reading("heart_rate", 84, 2),
    ]


def five_days_after() -> list[Fact]:
    return [
        person(41),
        *calm_before(),
        problem("neuroleptic_malignant_syndrome", 16, FALSE, abated_days=5),
        order("haloperidol", 40, UseStatus.STOPPED, ended=24 * 16, dose=5, times=2),
        dose_given("haloperidol", 24 * 16, 5, route="im"),
        dose_given("olanzapine", 4, 10),
        reading("body_temperature", 36.9, 1, site="oral"),
        sign(SignKind.RIGIDITY, 2, detail="increased"),
    ]


def mild() -> list[Fact]:
    """Everything of the syndrome but a fast pulse and a high temperature in the last day."""
    hot = picture(38.0, 96)
    cooler = [f for f in hot if getattr(f, "kind", "") not in {"body_temperature", "heart_rate"}]
    early = [
        reading("body_temperature", 38.4, 40, site="oral"),
        reading("body_temperature", 38.6, 38, site="oral"),
        reading("body_temperature", 37.6, 1, site="oral"),
        reading("heart_rate", 96, 1),
    ]
    return [person(), *haloperidol(), *cooler, *early]


def critical_heat() -> list[Fact]:
    return [
        person(33),
        *calm_before(),
        *haloperidol(),
        reading("body_temperature", 41.4, 0.5, site="rectal"),
        reading("body_temperature", 41.2, 2, site="rectal"),
        reading("heart_rate", 148, 0.5),
        sign(SignKind.ACVPU, 0.5, detail="P"),
    ]


EXAMPLES = {
    "watch-new-rigidity": early_rigidity,
    "possible-fever-confusion": fever_and_confusion,
    "severe-two-antipsychotics": severe,
    "severe-on-verapamil": severe_on_verapamil,
    "moderate-risperidone-lithium": moderate,
    "mild-haloperidol": mild,
    "depot-haloperidol": depot,
    "withdrawal-levodopa": levodopa_stopped,
    "ck-not-sent": without_ck,
    "child": child,
    "age-unknown": age_unknown,
    "pregnant": pregnant,
    "atypical-clozapine": atypical,
    "core-above-41": critical_heat,
    "cannot-assess": no_data,
    "five-days-after": five_days_after,
}

"""Patients for the tables, written as a pharmacist would say them.

Drugs: `haloperidol oral 5 mg x2`, `given haloperidol im 6h` (one dose, six hours ago), `stopped
levodopa 10h`, `held baclofen`, `prn morphine iv`, `depot haloperidol_decanoate 240h`. As orders
also `stop levodopa`, `hold ...`, `cancel ...`, `forbid ...`. `from 100h` says when an order began.
Chart: `parkinson_disease`, `old neuroleptic_malignant_syndrome 10d`, `maybe sepsis`, `active ...`;
`egfr 32`, `egfr 32 100h`, `creatine_kinase 2000/200` (value/upper limit); `sign nil_by_mouth`,
`no sign ...`; `male`, `age 40`.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

from alerts.assessment import assess
from alerts.chart import (
    Chart,
    Condition,
    Evidence,
    Fact,
    Measurement,
    MedicationUse,
    PatientDetails,
    Sign,
    SignKind,
    Source,
    UseStatus,
    chart_of,
)
from alerts.interactions import Situation, order_interactions, running_interactions
from alerts.knowledge import Knowledge, load
from alerts.moment import moment
from alerts.statements import Assessment, Interaction, TierName
from alerts.truth import FALSE, TRUE, UNKNOWN

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=timezone.utc)  # noqa: UP017 (said plainly)
ROUTES = {"oral", "im", "iv", "sc", "td", "depot", "ng", "sublingual", "enteral"}
ORDER_STATUS = {
    "stop": UseStatus.STOPPED,
    "hold": UseStatus.ON_HOLD,
    "cancel": UseStatus.CANCELLED,
    "forbid": UseStatus.DRAFT,
}
UNITS = {"egfr": "mL/min", "creatine_kinase": "U/L", "body_temperature": "Cel", "qtc": "ms"}


def _hours(word: str) -> timedelta:
    number = float(word[:-1])
    return timedelta(hours=number if word.endswith("h") else 24 * number)


def _source(kind: str, name: str) -> Source:
    return Source("t", kind, name)


def drug(said: str, n: int, *, draft: bool = False) -> MedicationUse:
    """A drug record from its words; see the head of this file."""
    words = said.split()
    verb = words.pop(0) if words[0] in {*ORDER_STATUS, *_KINDS} else ""
    as_one = {"chloride", "blue", "sulfate", "lauroxil", "fumarate", "gluconate", "wort"}
    name = words.pop(0)
    while words and words[0] in as_one:
        name += f" {words.pop(0)}"
    since, ago = timedelta(hours=48), timedelta(hours=2)
    use = MedicationUse(
        ingredients=tuple(sorted(name.replace("_", " ").split("+"))),
        text=name,
        evidence=Evidence.ORDER,
        status=UseStatus.DRAFT if draft else UseStatus.ACTIVE,
        source=_source("MedicationRequest", f"{'draft' if draft else 'order'}-{n}"),
        intent="order",
        long_acting=FALSE,
    )
    while words:
        word = words.pop(0)
        if word in ROUTES:
            use = replace(use, route=word)
        elif word == "from":
            since = _hours(words.pop(0))
        elif word == "infusion":
            use = replace(use, text=f"{name} infusion")
        elif word == "id":
            use = replace(use, source=_source("MedicationRequest", words.pop(0)))
        elif word[0] == "x":
            use = replace(use, times_per_day=float(word[1:]))
        elif word[-1] in "hd" and word[:-1].replace(".", "").isdigit():
            ago = _hours(word)
        else:
            use = replace(use, dose=float(word), dose_unit=words.pop(0))
    if verb in ORDER_STATUS:
        return replace(use, status=ORDER_STATUS[verb], do_not_perform=verb == "forbid")
    if draft:
        return use
    return _KINDS[verb](replace(use, start=NOW - since, authored=NOW - since), ago, n)


def _running(use: MedicationUse, ago: timedelta, n: int) -> MedicationUse:
    return use


def _given(use: MedicationUse, ago: timedelta, n: int) -> MedicationUse:
    return replace(
        use,
        evidence=Evidence.ADMINISTRATION,
        status=UseStatus.COMPLETED,
        source=_source("MedicationAdministration", f"dose-{n}"),
        start=NOW - ago,
        end=NOW - ago,
        authored=None,
    )


def _depot(use: MedicationUse, ago: timedelta, n: int) -> MedicationUse:
    product = use.text
    ingredient = load().long_acting[product].ingredient
    shot = _given(use, ago, n)
    return replace(
        shot, ingredients=(ingredient,), product=product, long_acting=TRUE, route="depot"
    )


def _stopped(use: MedicationUse, ago: timedelta, n: int) -> MedicationUse:
    start = min(use.start or NOW, NOW - ago - timedelta(days=5))
    return replace(use, status=UseStatus.STOPPED, start=start, end=NOW - ago)


def _prn(use: MedicationUse, ago: timedelta, n: int) -> MedicationUse:
    return replace(use, as_needed=True)


def _unsure(use: MedicationUse, ago: timedelta, n: int) -> MedicationUse:
    return replace(use, status=UseStatus.UNKNOWN)


_KINDS = {
    "": _running,
    "given": _given,
    "depot": _depot,
    "stopped": _stopped,
    "prn": _prn,
    "unsure": _unsure,
}


def fact(said: str, n: int) -> Fact:
    """A fact of the chart from its words."""
    words = said.split()
    if words[0] in {"male", "female"}:
        return PatientDetails(_source("Patient", "p"), date(1970, 1, 1), words[0])
    if words[0] == "age":
        born = date(NOW.year - int(words[1]), 1, 1)
        return PatientDetails(_source("Patient", "p"), born, "female")
    present = TRUE
    if words[0] == "no":
        present = FALSE
        words.pop(0)
    if words[0] == "sign":
        ago = _hours(words[2]) if len(words) > 2 else timedelta(hours=2)
        kind = SignKind(words[1])
        return Sign(kind, NOW - ago, present, _source("Observation", f"sign-{n}"))
    if len(words) > 1 and words[1][0].isdigit() and words[0] not in _PROBLEMS:
        ago = _hours(words[2]) if len(words) > 2 else timedelta(hours=2)
        value, _, top = words[1].partition("/")
        return Measurement(
            words[0],
            NOW - ago,
            float(value),
            UNITS.get(words[0], "1"),
            _source("Observation", f"value-{n}"),
            reference_high=float(top) if top else None,
        )
    return _problem(words, n)


_PROBLEMS = ("active", "maybe", "old", "undated")


def _problem(words: list[str], n: int) -> Condition:
    how = words.pop(0) if words[0] in _PROBLEMS else "active"
    ago = _hours(words[1]) if len(words) > 1 else timedelta(days=2)
    since = NOW - max(ago, timedelta(days=2)) - timedelta(days=5)
    known = Condition(words[0], _source("Condition", f"c-{n}"), onset=since, confirmed=TRUE)
    if how == "old":
        return replace(known, active=FALSE, abated=NOW - ago)
    if how == "undated":
        return replace(known, active=FALSE)
    return replace(known, active=UNKNOWN if how == "maybe" else TRUE)


def chart(taking: list[str], facts: list[str]) -> Chart:
    uses: list[Fact] = [drug(said, n) for n, said in enumerate(taking)]
    return chart_of("p", [*uses, *(fact(said, n) for n, said in enumerate(facts))])


def assessed(patient: Chart, tier: str, knowledge: Knowledge) -> Assessment:
    """The real assessment with the tier that the table names in place of its own."""
    found = assess(patient, knowledge, NOW)
    return replace(
        found,
        tier=replace(found.tier, name=TierName[tier]),
        onset=NOW - timedelta(hours=24) if tier != "NONE" else None,
    )


def on_order(
    orders: list[str],
    patient: Chart,
    tier: str = "NONE",
    knowledge: Knowledge | None = None,
) -> tuple[Interaction, ...]:
    known = knowledge or load()
    drafts = [drug(said, n, draft=True) for n, said in enumerate(orders)]
    return order_interactions(drafts, patient, assessed(patient, tier, known), known, NOW)


def on_list(
    patient: Chart, tier: str = "NONE", knowledge: Knowledge | None = None
) -> tuple[Interaction, ...]:
    known = knowledge or load()
    found = assessed(patient, tier, known)
    now = moment(patient, known, NOW)
    return running_interactions(
        Situation(now, found.tier.name, found.onset, found.withdrawals, found.findings)
    )

"""Facts on a card: findings with value, time and source, drugs with last dose, what was stopped."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, tzinfo

from alerts.cards.text import clock, datum, escape, joined, named
from alerts.statements import Assessment, Culprit, Exposure, Finding, Withdrawal
from alerts.truth import TRUE
from alerts.wording import happened

_PER_FINDING = 2

# SPEC 1.2: what the consensus items are called; a number in braces is said as the rules have it
_TITLES = {
    "EXP": "Exposure to a dopamine antagonist, or dopaminergic withdrawal",
    "EXP72": "Exposure within {exposure.literal_h} h of onset",
    "EXPX": "Exposure in the extended window",
    "HYP": "Temperature above {hyp.threshold_c} °C on {hyp.occasions:word} occasions",
    "TEMP1": "One temperature above {hyp.threshold_c} °C",
    "TEMP40": "Temperature of {temp40.threshold_c} °C or more",
    "TEMP411": "Core temperature above {temp411.threshold_c} °C with altered mental status",
    "RIG": "Rigidity",
    "MS": "Changed consciousness",
    "MSB": "Changed mental state, agitation included",
    "CK": "CK at least {ck.multiple} times the upper limit of normal",
    "CK_ULN": "CK above the upper limit of normal",
    "SNS": "Sympathetic lability",
    "MET": "Hypermetabolism: pulse and breathing above baseline",
    "NEG": "Work-up negative for other causes",
    "BPUP": "Blood pressure raised above baseline",
    "BPFL": "Blood pressure fluctuating",
    "DIAPH": "Sweating",
    "INCONT": "Urinary incontinence",
}
# the telling form of each sign first: a finding is left out where a stronger one says it
_SAID = (
    ("HYP", "TEMP1"),
    ("RIG",),
    ("MS", "MSB"),
    ("CK", "CK_ULN"),
    ("SNS", "DIAPH", "BPUP", "BPFL", "INCONT"),
    ("MET",),
    ("NEG",),
)
# these say all that the rest of their group says
_WHOLE = frozenset({"HYP", "MS", "CK", "SNS"})
# the fact whose name the head of the line has said already
_BARE = {
    "HYP": "body_temperature",
    "TEMP1": "body_temperature",
    "RIG": "rigidity",
    "CK": "creatine_kinase",
    "CK_ULN": "creatine_kinase",
    "DIAPH": "diaphoresis",
}
# orders that are easily left behind when the regular one is stopped
_TO_CANCEL = frozenset({"as-needed order in force", "order on hold"})
_SHORT = {
    "HYP": "Fever",
    "TEMP1": "Fever, one reading",
    "CK": "CK",
    "CK_ULN": "CK raised",
    "MET": "Fast pulse and breathing",
}


def finding_titles(says: Callable[[str], str]) -> dict[str, str]:
    """Finding -> what it is called. `says`: a sentence with the numbers of the rules in it."""
    return {key: says(text) for key, text in _TITLES.items()}


def title(finding: Finding, assessment: Assessment) -> str:
    known = _TITLES.get(finding.id)
    return assessment.says(known) if known else escape(named(finding.id))


def present(assessment: Assessment, zone: tzinfo) -> Iterator[str]:
    """One line for each sign that is true, with its newest readings."""
    for group in _SAID:
        known = [assessment.findings.get(key) for key in group]
        true = [f for f in known if f is not None and f.state is TRUE]
        strongest = true[:1] if true and true[0].id in _WHOLE else true
        for finding in strongest:
            yield _line(finding, assessment, zone)


def _line(finding: Finding, assessment: Assessment, zone: tzinfo) -> str:
    as_of = assessment.as_of
    head = _SHORT.get(finding.id) or title(finding, assessment)
    if finding.caveats:
        head += f" ({escape(', '.join(named(c) for c in finding.caveats))})"
    measured = [d for d in finding.evidence if d.unit or not finding.id.startswith("CK")]
    newest = sorted(measured, key=lambda d: (d.at is not None, d.at or as_of), reverse=True)
    if not newest:
        return f"{head}: {escape(named(finding.reason))}."
    said = _BARE.get(finding.id)
    facts = [datum(d, as_of, zone, bare=d.what == said) for d in newest[:_PER_FINDING]]
    more = len(newest) - _PER_FINDING
    facts += [f"{more} more"] if more > 0 else []
    other = [f"{named(d.what)} {d.value}" for d in finding.evidence if d not in measured]
    facts += [f"may also come from: {escape(', '.join(other))}"] if other else []
    return f"{head}: {'; '.join(facts)}."


def culprit(drug: Culprit, as_of: datetime, zone: tzinfo, *, brief: bool = False) -> str:
    """'haloperidol 5 mg IM, last dose 08:10 (6 h ago), order in force, Medication.../1'.

    `brief`: for the line that says to stop it: what is needed to do so, without its source.
    """
    name = f"{drug.name}{' (antiemetic)' if drug.antiemetic else ''}"
    head = " ".join(p for p in (name, drug.dose, drug.route) if p)
    last = drug.last_dose
    facts = [f"last dose {clock(last, as_of, zone)}" if last else "last dose not recorded"]
    facts += [s for s in drug.standing if not brief or s in _TO_CANCEL]
    if drug.long_acting and drug.until:
        next_one = "cancel the next injection, " if brief else ""
        facts.append(f"depot: {next_one}acts until about {_day(drug.until, zone)}")
    if not drug.certain and not brief:
        facts.append("exposure not certain")
    return escape(", ".join([head, *facts, *([] if brief else [drug.source])]))


def latest_doses(exposures: Iterable[Exposure]) -> list[Exposure]:
    """One exposure for each drug: the newest dose given, else the order."""
    kept: dict[str, Exposure] = {}
    ranked = sorted(exposures, key=lambda e: (e.evidence == "administration", str(e.last_dose)))
    for exposure in ranked:
        kept[exposure.drug] = exposure
    return [kept[drug] for drug in sorted(kept)]


def exposed(exposure: Exposure, as_of: datetime, zone: tzinfo) -> str:
    """An exposure of a patient without a plan."""
    last = exposure.last_dose
    dose = f"last dose {clock(last, as_of, zone)}" if last else "last dose not recorded"
    drug = named(exposure.product or exposure.drug)
    route = f" {exposure.route}" if exposure.route else ""
    return escape(f"On: {drug}{route}, {dose}, {exposure.source}.")


def withdrawn(stop: Withdrawal, as_of: datetime, zone: tzinfo) -> str:
    """A dopaminergic drug that was stopped, cut, missed or lost its route."""
    before = f", before: {stop.previous_dose}" if stop.previous_dose else ""
    when = clock(stop.at, as_of, zone)
    drug = f"{named(stop.drug).capitalize()} {happened(stop.trigger)}"
    return escape(f"{drug}: {stop.reason}, {when}{before}, {stop.source}.")


def given_back(assessment: Assessment) -> list[Withdrawal]:
    """Each drug once, however many triggers tell of it; the fullest record of its dose."""
    kept: dict[str, Withdrawal] = {}
    for stop in assessment.withdrawals:
        known = kept.get(stop.drug)
        if stop.reading != "ended" and (
            known is None or len(stop.previous_dose or "") > len(known.previous_dose or "")
        ):
            kept[stop.drug] = stop
    return list(kept.values())


def reinstated(stop: Withdrawal, as_of: datetime, zone: tzinfo) -> str:
    """What to give back, at the dose that the chart holds from before the change."""
    if stop.trigger == "DAW-DBS":
        return escape(f"Restore the stimulator ({clock(stop.at, as_of, zone)})")
    dose = f", as recorded before: {stop.previous_dose}" if stop.previous_dose else ""
    if stop.trigger == "DAW-REDUCE":
        dose = f", amount before the cut: {stop.reason}"
    missing = "" if dose else ", which is not recorded: ask pharmacy, clinic or family"
    drug = named(stop.drug)
    return escape(f"Restart {drug} at its earlier dose{dose}{missing}; by tube if needed")


def restarted(stops: Sequence[Withdrawal], as_of: datetime, zone: tzinfo) -> str:
    """All that is to be given back, in one sentence however many drugs it is."""
    if len(stops) < 2:
        return "".join(reinstated(stop, as_of, zone) for stop in stops)
    doses: dict[str, list[str]] = {}
    for stop in stops:
        if stop.trigger != "DAW-DBS":
            doses.setdefault(_earlier(stop), []).append(named(stop.drug))
    drugs = escape("; ".join(f"{joined(names)} ({dose})" for dose, names in doses.items()))
    devices = [reinstated(stop, as_of, zone) for stop in stops if stop.trigger == "DAW-DBS"]
    again = [f"Restart at the earlier dose, by tube if needed: {drugs}"] if drugs else []
    return "; ".join([*again, *devices])


def _earlier(stop: Withdrawal) -> str:
    if stop.trigger == "DAW-REDUCE":
        return f"amount before the cut: {stop.reason}"
    return stop.previous_dose or "dose not recorded: ask pharmacy, clinic or family"


def _day(at: datetime, zone: tzinfo) -> str:
    local = at.astimezone(zone)
    return f"{local.day} {local:%b %Y}"

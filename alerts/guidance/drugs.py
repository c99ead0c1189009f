"""One drug of the plan: what speaks against it first, then doses, then how to use it (SPEC 5.4)."""

from collections.abc import Iterator, Mapping
from typing import Any

from alerts.chart import Measurement
from alerts.guidance.contraindications import Checks, checks, use_words
from alerts.guidance.dantrolene import oral_line, preparation_lines
from alerts.guidance.patient import Bedside
from alerts.record import record
from alerts.severity import RENAL_FAILURE
from alerts.statements import Advice
from alerts.truth import FALSE, TRUE
from alerts.wording import (
    Raw,
    all_citations,
    citations,
    dose,
    line,
    measured,
    shown,
    standing_lines,
    weakest_basis,
)


@record
class _Drug:
    """What an entry says to every patient, made once: its doses, lines and what they rest on.

    `dosed`: there is a dose that an age or a combination can withhold.
    """

    entry: Mapping[str, Any]
    doses: tuple[Raw, ...]
    dosed: bool
    lines: tuple[str, ...]
    basis: str
    cite: tuple[str, ...]


def _drug(bedside: Bedside, key: str) -> _Drug:
    knowledge = bedside.now.knowledge
    known: _Drug | None = knowledge.memo.get(("drug", key))
    if known is None:
        entry = knowledge.drugs[key]
        raws = shown([*entry["doses"], *entry.get("renal", ()), *entry["lines"]])
        doses = tuple(shown(entry["doses"]))
        known = knowledge.memo["drug", key] = _Drug(
            entry,
            doses,
            bool(doses) or "renal" in entry,
            standing_lines(knowledge, entry["lines"], bedside.labels).lines,
            weakest_basis(raws),
            all_citations(raws),
        )
    return known


def drug_advice(bedside: Bedside, key: str) -> Advice:
    """The advice of one DRG entry for this patient."""
    drug = _drug(bedside, key)
    entry = drug.entry
    against = checks(bedside, entry)
    withheld = _withheld(bedside, drug, against)
    doses = () if withheld else tuple(_doses(bedside, drug))
    when = _when(bedside, entry)
    return Advice(
        key,
        entry["title"],
        entry["priority"],
        (*_first(bedside, entry), *against.warnings),
        (*((when,) if when else ()), *withheld, *doses, *drug.lines),
        drug.basis,
        drug.cite,
        brief=_brief(bedside, drug, against, when, withheld),
    )


def _when(bedside: Bedside, entry: Mapping[str, Any]) -> str:
    """When to think of it at this stage; never "beside" a drug that must not be given."""
    said = str(entry.get("when", {}).get(bedside.stage, ""))
    for other, words in entry.get("without", {}).items():
        if bedside.stage in words and checks(bedside, bedside.now.knowledge.drugs[other]).absolute:
            return str(words[bedside.stage])
    return said


def _first(bedside: Bedside, entry: Mapping[str, Any]) -> Iterator[str]:
    """What comes before everything: pregnancy (SAF-06), and that the drug already runs."""
    if bedside.pregnant:
        yield bedside.labels["obstetric"]
    running = bedside.recent_drugs.get(entry["drug"])
    if running is not None:
        over = running.end is not None and running.end <= bedside.now.as_of
        said = "Taken until lately" if over else "Already on the chart"
        yield f"{said}: {use_words(bedside, entry['drug'], running)}"


def _withheld(bedside: Bedside, drug: _Drug, against: Checks) -> tuple[str, ...]:
    """Why no dose is shown: a child, an unknown age (SAF-06), a combination never to be given.

    An unknown age is not taken as adult: a date of birth on the chart brings the doses back.
    """
    if not drug.dosed:
        return ()
    if bedside.child is TRUE:
        return (bedside.labels["paediatric"],)
    if bedside.child is not FALSE:
        return (bedside.labels["age_unknown"],)
    if against.absolute:
        named = ", ".join(against.absolute)
        return (f"Do not give together, no dose is shown: {named} is on the chart",)
    return ()


def _doses(bedside: Bedside, drug: _Drug) -> Iterator[str]:
    entry = drug.entry
    yield from (dose(raw, bedside.labels) for raw in drug.doses)
    if "renal" in entry:
        yield from _renal(bedside, entry["renal"])
    if "preparation" in entry:
        yield from preparation_lines(bedside, entry)
        yield oral_line(bedside, entry)
    yield from (line(raw, bedside.labels) for raw in entry.get("with_doses", ()))


NO_GFR = "GFR of the last {dose.gfr_age_h} h not known: creatinine before the first dose"


def _renal(bedside: Bedside, rows: list[Raw]) -> Iterator[str]:
    """The row of the newest GFR of a day, or creatinine first and the whole table."""
    gfr = _gfr(bedside)
    row = renal_row(gfr.value, gfr.comparator, rows) if gfr else None
    if gfr is None or row is None:
        yield _unknown_gfr(bedside)
        yield from (dose(raw, bedside.labels) for raw in rows)
        return
    yield f"{dose(row, bedside.labels)} (chosen by {measured(gfr, bedside.now)})"
    measured_injury = any(s.startswith(RENAL_FAILURE) for s in bedside.severity.critical_care)
    if measured_injury or "acute_kidney_injury" in bedside.conditions:
        told = "by creatinine" if measured_injury else "recorded"
        yield f"Acute kidney injury {told}: GFR overstates kidney function while creatinine rises"
    yield from _next_row(rows, row)


def _gfr(bedside: Bedside) -> Measurement | None:
    """The newest GFR of a day; None once creatinine has risen since: it tells of another kidney."""
    gfr = bedside.newest("egfr", "dose.gfr_age_h")
    if gfr is None:
        return None
    creatinine = bedside.now.recent("creatinine", "dose.gfr_age_h")
    since = [m.value for m in creatinine if m.at > gfr.at]
    before = [m.value for m in creatinine if m.at <= gfr.at]
    risen = bool(since) and (not before or max(since) > before[-1])
    return None if risen else gfr


def _unknown_gfr(bedside: Bedside) -> str:
    creatinine = bedside.newest("creatinine", "dose.gfr_age_h")
    known = f" ({measured(creatinine, bedside.now)}: work out the GFR)" if creatinine else ""
    return f"{bedside.says(NO_GFR)}{known}"


def renal_row(gfr: float, comparator: str | None, rows: list[Raw]) -> Raw | None:
    """The row of a GFR in mL/min; a value on a boundary takes the more cautious one.

    ">60" may be anything above and is read as 60. "<60" may be anything below: None, unless
    even its upper end lies in the lowest row.
    """
    if comparator in {"<", "<="} and gfr > rows[0]["up_to"]:
        return None
    for raw in rows:
        if ("up_to" in raw and gfr <= raw["up_to"]) or ("below" in raw and gfr < raw["below"]):
            return raw
    return rows[-1]


def _next_row(rows: list[Raw], row: Raw) -> Iterator[str]:
    """The next step down, so that a falling GFR is not met unprepared."""
    place = rows.index(row)
    if place:
        lower = rows[place - 1]
        yield (
            f"If it falls ({lower['text']}): {lower['amount']} {lower['route']} "
            f"{lower['interval']}; maximum: {lower['maximum']}{citations(lower['cite'])}"
        )


def _brief(
    bedside: Bedside, drug: _Drug, against: Checks, when: str, withheld: tuple[str, ...]
) -> str:
    """Contraindications first, then the first dose, in one line for a card (SAF-05)."""
    name = drug.entry["name"]
    if against.absolute:
        return f"{name}: do not give, on the chart: {', '.join(against.absolute)}"
    first = f" {when}." if when and not withheld else ""
    if against.against:
        first += f" Against it on the chart: {', '.join(against.against)}."
    # the line says to check first: each reading that is missing need not say it again
    wanted = against.brief.replace(f": check before {name.lower()}", "")
    first += f" Check first: {wanted}." if wanted else ""
    if bedside.pregnant:
        first = f" {bedside.labels['obstetric']}.{first}"
    offered = withheld[0] if withheld else _first_dose(bedside, drug)
    return f"{name}.{first} {offered}" if offered else ""


def _first_dose(bedside: Bedside, drug: _Drug) -> str:
    if "renal" in drug.entry:
        gfr = _gfr(bedside)
        row = renal_row(gfr.value, gfr.comparator, drug.entry["renal"]) if gfr else None
        if row is None:
            return _unknown_gfr(bedside)
        return dose(row, bedside.labels, short=True)
    return dose(drug.doses[0], bedside.labels, short=True) if drug.doses else ""

"""One drug of the plan: what speaks against it first, then doses, then how to use it (SPEC 5.4)."""

from collections.abc import Iterator, Mapping
from typing import Any

from alerts.guidance.contraindications import Checks, checks, use_words
from alerts.guidance.dantrolene import oral_line, preparation_lines
from alerts.guidance.patient import Bedside
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


def drug_advice(bedside: Bedside, key: str) -> Advice:
    """The advice of one DRG entry for this patient."""
    entry = bedside.now.knowledge.drugs[key]
    against = checks(bedside, entry)
    withheld = _withheld(bedside, entry, against)
    doses = [] if withheld else list(_doses(bedside, entry))
    when = entry.get("when", {}).get(bedside.stage, "")
    lines = [
        *([when] if when else ()),
        *withheld,
        *doses,
        *standing_lines(bedside.now.knowledge, entry["lines"], bedside.labels).lines,
    ]
    basis, cite = _grounds(bedside, key, entry)
    return Advice(
        key,
        entry["title"],
        entry["priority"],
        (*_first(bedside, entry), *against.warnings),
        tuple(lines),
        basis,
        cite,
        brief=_brief(bedside, entry, against, withheld),
    )


def _grounds(bedside: Bedside, key: str, entry: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """The weakest basis and the citations of all that is shown of a drug."""
    memo = bedside.now.knowledge.memo
    known: tuple[str, tuple[str, ...]] | None = memo.get(("grounds", key))
    if known is None:
        raws = shown([*entry["doses"], *entry.get("renal", ()), *entry["lines"]])
        known = memo["grounds", key] = (weakest_basis(raws), all_citations(raws))
    return known


def _first(bedside: Bedside, entry: Mapping[str, Any]) -> Iterator[str]:
    """What comes before everything: pregnancy (SAF-06), and that the drug already runs."""
    if bedside.pregnant:
        yield bedside.labels["obstetric"]
    running = bedside.recent_drugs.get(entry["drug"])
    if running is not None:
        yield f"Already on the chart: {use_words(bedside, entry['drug'], running)}"


def _withheld(bedside: Bedside, entry: Mapping[str, Any], against: Checks) -> list[str]:
    """Why no dose is shown: a child, an unknown age (SAF-06), a combination never to be given.

    An unknown age is not taken as adult: a date of birth on the chart brings the doses back.
    """
    if not shown(entry["doses"]) and "renal" not in entry:
        return []
    if bedside.child is TRUE:
        return [bedside.labels["paediatric"]]
    if bedside.child is not FALSE:
        return [bedside.labels["age_unknown"]]
    if against.absolute:
        return [
            f"Do not give together, no dose is shown: {', '.join(against.absolute)} is on the chart"
        ]
    return []


def _doses(bedside: Bedside, entry: Mapping[str, Any]) -> Iterator[str]:
    yield from (dose(raw, bedside.labels) for raw in shown(entry["doses"]))
    if "renal" in entry:
        yield from _renal(bedside, entry["renal"])
    if "preparation" in entry:
        yield from preparation_lines(bedside, entry)
        yield oral_line(bedside, entry)
    yield from (line(raw, bedside.labels) for raw in entry.get("with_doses", ()))


NO_GFR = "GFR of the last {dose.gfr_age_h} h not known: creatinine before the first dose"


def _renal(bedside: Bedside, rows: list[Raw]) -> Iterator[str]:
    """The row of the newest GFR of a day, or creatinine first and the whole table."""
    gfr = bedside.newest("egfr", "dose.gfr_age_h")
    row = renal_row(gfr.value, gfr.comparator, rows) if gfr else None
    if gfr is None or row is None:
        creatinine = bedside.newest("creatinine", "dose.gfr_age_h")
        known = f" ({measured(creatinine, bedside.now)}: work out the GFR)" if creatinine else ""
        yield f"{bedside.says(NO_GFR)}{known}"
        yield from (dose(raw, bedside.labels) for raw in rows)
        return
    yield f"{dose(row, bedside.labels)} (chosen by {measured(gfr, bedside.now)})"
    if "acute_kidney_injury" in bedside.conditions:
        yield "Acute kidney injury recorded: GFR overstates kidney function while creatinine rises"
    yield from _next_row(rows, row)


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


def _brief(bedside: Bedside, entry: Mapping[str, Any], against: Checks, withheld: list[str]) -> str:
    """Contraindications first, then the first dose, in one line for a card (SAF-05)."""
    if against.absolute:
        return f"{entry['name']}: do not give, on the chart: {', '.join(against.absolute)}"
    when = entry.get("when", {}).get(bedside.stage, "")
    first = f" {when}." if when and not withheld else ""
    first += f" Check first: {against.brief}." if against.brief else ""
    if bedside.pregnant:
        first = f" {bedside.labels['obstetric']}.{first}"
    offered = withheld[0] if withheld else _first_dose(bedside, entry)
    return f"{entry['name']}.{first} {offered}" if offered else ""


def _first_dose(bedside: Bedside, entry: Mapping[str, Any]) -> str:
    if "renal" in entry:
        gfr = bedside.newest("egfr", "dose.gfr_age_h")
        row = renal_row(gfr.value, gfr.comparator, entry["renal"]) if gfr else None
        if row is None:
            return bedside.says(NO_GFR)
        return dose(row, bedside.labels, short=True)
    offered = shown(entry["doses"])
    return dose(offered[0], bedside.labels, short=True) if offered else ""

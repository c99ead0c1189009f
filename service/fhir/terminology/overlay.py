"""A site's own codes: licensed SNOMED CT and dm+d, and local codes (NMS_SENTINEL_TERMINOLOGY).

The variable names one or more CSV files (separated like PATH) with the columns
`kind, system, code, target, unit, site, depot`:
kind     drug | observation | finding | answer
system   a URI, or rxnorm, ndc, sct, dmd, loinc, icd10cm ..., or the URI of a local system
target   drug: ingredient keys joined by "|"; else a concept key of the package
unit     observation: UCUM unit that the code is defined in (may be empty)
site     observation: site of a temperature; answer: the value that the code stands for
depot    drug: Y, N, short_depot, form_dependent or empty
An entry of the site outranks the package's. Every row is proved when the files are read, and by
`knowledge check`.
"""

import csv
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from service.errors import SettingsFault
from service.fhir import units
from service.fhir.terminology import licensed
from service.fhir.terminology.drugs import Coded
from service.fhir.terminology.matches import ConceptMatch
from service.fhir.terminology.observations import NEGATIVE
from service.fhir.terminology.systems import system_key, well_formed
from service.fhir.terminology.tables import INGREDIENT_FILES, rows

VARIABLE = "NMS_SENTINEL_TERMINOLOGY"
COLUMNS = ("kind", "system", "code", "target", "unit", "site", "depot")
DEPOTS = frozenset({"", "Y", "N", "short_depot", "form_dependent"})
KINDS = frozenset({"drug", "observation", "finding", "answer"})


@dataclass(frozen=True, slots=True)
class Overlay:
    """The rows of a site's files by kind."""

    drugs: dict[tuple[str, str], Coded] = field(default_factory=dict)
    observations: dict[tuple[str, str], ConceptMatch] = field(default_factory=dict)
    findings: dict[tuple[str, str], tuple[ConceptMatch, ...]] = field(default_factory=dict)
    answers: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)


def paths(environ: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """The files that the setting names."""
    told = environ.get(VARIABLE, "")
    return tuple(Path(part) for part in told.split(os.pathsep) if part.strip())


def rows_of(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """(line, row) of one file; missing cells are empty."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), 2):
            yield line, {column: (row.get(column) or "").strip() for column in COLUMNS}


def read(files: tuple[Path, ...], with_licensed: bool = False) -> Overlay:
    """The rows of all files; the last outranks. SettingsFault names every fault.

    `with_licensed`: the licensed identifiers of the package too; a site's own rows outrank them.
    """
    found = [fault for path in files for fault in faults_of(path)]
    if found:
        raise SettingsFault(f"{VARIABLE}: " + "; ".join(found), code="terminology-file")
    overlay = Overlay()
    for row in licensed.all_rows() if with_licensed else ():
        _take(overlay, row, "licensed identifier")
    own = Overlay()
    for path in files:
        for _, row in rows_of(path):
            _take(own, row, "site table")
    for name in Overlay.__slots__:
        getattr(overlay, name).update(getattr(own, name))
    return overlay


def _take(overlay: Overlay, row: dict[str, str], told_by: str) -> None:
    key = (system_key(row["system"]), row["code"])
    target, how = row["target"], f"{told_by}: {row['system']} {row['code']}"
    if row["kind"] == "drug":
        overlay.drugs[key] = Coded(tuple(sorted(filter(None, target.split("|")))), row["depot"])
    elif row["kind"] == "answer":
        overlay.answers[key] = (target, row["site"])
    elif row["kind"] == "finding":
        hit = ConceptMatch(target, how)
        known = [one for one in overlay.findings.get(key, ()) if one.concept != target]
        overlay.findings[key] = (*known, hit)
    elif row["kind"] == "observation":
        overlay.observations[key] = ConceptMatch(
            target, how, row["site"] or None, row["unit"] or None, target.endswith(NEGATIVE)
        )


def faults_of(path: Path) -> Iterator[str]:
    """What is wrong with a site's file, row by row."""
    if not path.is_file():
        yield f"{path.name}: there is no such file"
        return
    yield from faults_in(path.name, rows_of(path))


def faults_in(name: str, lines: Iterable[tuple[int, dict[str, str]]]) -> Iterator[str]:
    """What is wrong with (line, row) pairs in the columns of a site's file."""
    ingredients = {r["ingredient"] for n in INGREDIENT_FILES for r in rows(n)}
    measured = {r["concept"] for n in ("observations.csv", "answers.csv", "observation_text.csv")
                for r in rows(n)}  # fmt: skip
    found = {r["concept"] for n in ("findings.csv", "finding_text.csv") for r in rows(n)}
    targets = {"drug": ingredients, "observation": measured, "answer": measured, "finding": found}
    for line, row in lines:
        where = f"{name}:{line}"
        if row["kind"] not in KINDS:
            yield f"{where}: kind {row['kind']!r} is not one of {', '.join(sorted(KINDS))}"
            continue
        if not row["system"] or not row["code"]:
            yield f"{where}: system and code must be told"
        elif not well_formed(system_key(row["system"]), row["code"]):
            yield f"{where}: {row['code']!r} is no code of {row['system']}"
        told = row["target"].split("|") if row["kind"] == "drug" else [row["target"]]
        for key in told:
            if key not in targets[row["kind"]]:
                yield f"{where}: {row['kind']} target {key!r} is not known"
        if row["unit"] and row["unit"] not in units.ucum():
            yield f"{where}: unit {row['unit']!r} is not a UCUM unit that we know"
        if row["depot"] not in DEPOTS:
            yield f"{where}: depot {row['depot']!r} is not one of Y, N, short_depot, form_dependent"

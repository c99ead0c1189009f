"""Proof that the terminology is whole: files, references, shapes, units, and a site's own rows."""

import hashlib
import re
from collections.abc import Iterator

from alerts.knowledge import load
from service.fhir import units
from service.fhir.terminology import licensed, overlay
from service.fhir.terminology.depots import Depots
from service.fhir.terminology.licensed import standing
from service.fhir.terminology.observations import NEGATIVE
from service.fhir.terminology.systems import well_formed
from service.fhir.terminology.tables import (
    DATA,
    FINDING_FILES,
    INGREDIENT_FILES,
    OBSERVATION_FILES,
    SNOMED_DRUG_FILES,
    DrugCodes,
    manifest,
    rows,
)

__all__ = ["faults", "kinds", "standing"]

ROLES = frozenset({
    "d2_antagonist", "d2_antagonist_weak", "d2_antagonist_peripheral", "d2_partial_agonist",
    "dopamine_depleter", "dopaminergic_withdrawal_trigger", "not_dopaminergic_alone",
    "not_d2_antagonist",
    "antiparkinson_adjunct", "nms_treatment", "interaction_partner", "control",
})  # fmt: skip


def faults() -> list[str]:
    """Every fault, as sentences; an empty list is a sound terminology."""
    keys = {r["ingredient"] for name in INGREDIENT_FILES for r in rows(name)}
    found = [*_files(), *_ingredients(keys), *_products(keys), *_codes(), *_patterns(), *_units()]
    found += [f"terminology: {fault}" for fault in _licensed()]
    return [*found, *(f for path in overlay.paths() for f in overlay.faults_of(path))]


def kinds() -> frozenset[str]:
    """Every kind of reading that the reader can give: `Measurement.kind`."""
    texts = ("observation_text.csv", "authored_observation_text.csv", "answers.csv")
    concepts = {row["concept"] for name in (*OBSERVATION_FILES, *texts) for row in rows(name)}
    return frozenset(concept for concept in concepts if not concept.endswith(NEGATIVE))


def _files() -> Iterator[str]:
    told: dict[str, str] = manifest()["files"]
    there = {p.name for p in DATA.iterdir() if p.is_file()} - {"manifest.yaml"}
    for name in sorted(there ^ set(told)):
        yield f"terminology: {name} is {'not in the manifest' if name in there else 'missing'}"
    for name in sorted(there & set(told)):
        if hashlib.sha256((DATA / name).read_bytes()).hexdigest() != told[name]:
            yield f"terminology: {name} differs from its checksum"


def _ingredients(keys: set[str]) -> Iterator[str]:
    for row in (r for name in INGREDIENT_FILES for r in rows(name)):
        if not set(row["role"].split("|")) <= ROLES:
            yield f"terminology: {row['ingredient']} has the unknown role {row['role']!r}"
    named = (
        (name, row["term"] if "term" in row else row["code"], row["ingredients"])
        for name in ("names.csv", "authored_names.csv", "atc.csv", *SNOMED_DRUG_FILES)
        for row in rows(name)
    )
    codes = DrugCodes()
    profiles = (("profiles", str(p), "|".join(p.ingredients)) for p in codes.profiles)
    for name, what, cell in (*named, *profiles):
        for key in filter(None, cell.split("|")):
            if key not in keys:
                yield f"terminology: {name}: {what!r} names the unknown ingredient {key!r}"
    last = len(codes.profiles)
    if any(profile >= last for _, profile in codes.rxnorm.values()):
        yield "terminology: rxnorm.csv.gz points beyond the profiles"


def _licensed() -> Iterator[str]:
    """The licensed identifiers are proved whether they are switched on or not."""
    for name in licensed.FILES:
        told = list(enumerate(licensed.rows_of(name), 2))
        yield from overlay.faults_in(name, (r for r in told if r[1]["kind"] in overlay.KINDS))
        for line, row in told:
            if row["kind"] == "presence" and row["target"] not in {"true", "false", "unknown"}:
                yield f"{name}:{line}: {row['target']!r} is neither true, false nor unknown"
            if not well_formed("sct", row["code"]):
                yield f"{name}:{line}: {row['code']!r} is no SNOMED CT identifier"


def _products(keys: set[str]) -> Iterator[str]:
    """Product keys are those of the exposure windows, each of its own ingredient."""
    windows = load().long_acting
    rules = Depots.rules(DATA)
    for key, rule in rules.items():
        if key not in windows:
            yield f"terminology: product {key!r} has no exposure window"
        elif windows[key].ingredient != rule["ingredient"] or rule["ingredient"] not in keys:
            yield f"terminology: product {key!r} and its window name different ingredients"
    for key in sorted(set(windows) - set(rules)):
        yield f"terminology: no text or code tells the product {key!r}"
    for profile in DrugCodes().profiles:
        if profile.product is not None and profile.product not in windows:
            yield f"terminology: a code has the unknown product {profile.product!r}"


def _codes() -> Iterator[str]:
    for name in (*OBSERVATION_FILES, "answers.csv", *FINDING_FILES):
        for row in rows(name):
            if not well_formed(row["system"], row["code"]) and row.get("match") != "prefix":
                yield f"terminology: {name}: {row['code']!r} is no code of {row['system']}"
            if not row.get("source", "-").strip():
                yield f"terminology: {name}: {row['code']!r} does not say where it was verified"
    for row in rows("atc.csv"):
        if not well_formed("atc", row["code"]):
            yield f"terminology: atc.csv: {row['code']!r} is no ATC code"


def _patterns() -> Iterator[str]:
    names = ("observation_text.csv", "authored_observation_text.csv", "finding_text.csv",
             "authored_finding_text.csv")  # fmt: skip
    for name in names:
        for row in rows(name):
            try:
                empty = re.compile(row["pattern"]).search("")
            except re.error as error:
                yield f"terminology: {name}: {row['pattern']!r}: {error}"
                continue
            if empty:
                yield f"terminology: {name}: {row['pattern']!r} matches nothing at all"


def _units() -> Iterator[str]:
    known = units.ucum()
    for name in ("units.csv", "authored_units.csv"):
        for row in rows(name):
            if row["ucum"] not in known:
                yield f"terminology: {name}: {row['text']!r} stands for the unknown {row['ucum']!r}"
    concepts = units.concept_units()
    for row in (r for name in OBSERVATION_FILES for r in rows(name)):
        concept, unit = row["concept"], row["unit"]
        if not unit or concept.endswith(NEGATIVE) or concept == "bp_panel":
            continue
        if concept not in concepts:
            yield f"terminology: {concept} has a unit and no rule in concept_units.csv"
        elif unit not in concepts[concept].scales and concept != "urine_red_cells":
            yield f"terminology: {concept}: {row['code']} is in {unit}, which cannot be converted"

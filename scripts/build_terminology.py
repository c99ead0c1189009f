"""Make the terminology's data files from the source tables.

    python scripts/build_terminology.py SOURCE [--overlay FILE]

SOURCE is a folder with drugs.csv, brands.csv, rxnorm_map.csv, ndc_map.csv, snomed_drug_map.csv,
observations.csv, findings.csv and units.csv. Files kept by hand (authored_*.csv, products.yaml,
concept_units.csv, ucum.csv, NOTICE.md) are not touched. SNOMED CT identifiers outside the Global
Patient Set go, without any description, into snomed_licensed.csv.gz, which only a licensed
deployment switches on; those that Mondo (CC BY 4.0) or the Disease Ontology (CC0) name as their
cross-references are in findings.csv. Identifiers that the NHS gives out in dm+d, in its own
namespace, are under the Open Government Licence and go, without description, into dmd.csv.gz.
--overlay writes the licensed ones as a file of a site, too.
"""

import argparse
import csv
import gzip
import hashlib
import io
import sys
from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from service.fhir.terminology.depots import Depots
from service.fhir.terminology.words import phrase

DATA = Path(__file__).resolve().parents[1] / "service" / "fhir" / "terminology" / "data"
VERSION = "2026.11"
Row = dict[str, str]

# ATC codes whose name does not tell every ingredient, or that are one drug (WHO ATC names).
ATC_CERTAIN = {
    "N04BA02": ("levodopa",),  # levodopa and decarboxylase inhibitor
    "N04BA03": ("levodopa",),  # ... and COMT inhibitor
    "N02AC03": ("piritramide",),
}
ROUTES = {"injection": "injection", "transdermal": "td", "inhalation": "inhaled"}
SITES = {
    "ear": "tympanic", "temporal artery": "temporal", "blood": "intravascular",
    "sublingual": "oral", "urinary bladder": "bladder", "bladder via Foley": "bladder",
    "forehead: surface": "forehead", "rectal (about +0.3 to 0.6 Cel over oral)": "rectal",
    "axillary (about -0.5 Cel)": "axillary",
}  # fmt: skip
# Patterns of the source that match inside other words ("Manual" holds "UA").
PATTERNS = {
    r"(?:blood|h(?:a)?emoglobin).{0,12}(?:urine|UA|dipstick)": (
        r"(?:blood|h(?:a)?emoglobin).{0,12}\b(?:urine|UA|dipstick)\b"
    ),
}
NO_SITE = {"first encounter"}
# The namespace in which the NHS gives out dm+d identifiers (Open Government Licence).
NHS_NAMESPACE = "1000001"
# Sources whose cross-references to SNOMED CT may be shipped: Mondo is CC BY 4.0, the Disease
# Ontology CC0. Their labels are the descriptions that go with the identifiers.
OPEN_SOURCES = ("Mondo ", "Disease Ontology ")
ANSWERS = {"gcs_component_answers", "rass_answers"}
ANSWER_ROWS = {"248234008": "A", "130987000": "C", "300202002": "V", "450847001": "P",
               "422768004": "U", "10828004": "positive", "260385009": "negative"}  # fmt: skip
GCS_PART = {"eye": "gcs_eye", "verbal": "gcs_verbal", "motor": "gcs_motor"}


def rows(source: Path, name: str) -> list[Row]:
    with (source / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(name: str, header: Sequence[str], body: Iterable[Sequence[object]]) -> int:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    count = 0
    for row in body:
        writer.writerow(row)
        count += 1
    raw = text.getvalue().encode()
    (DATA / name).write_bytes(gzip.compress(raw, 9, mtime=0) if name.endswith(".gz") else raw)
    return count


def ingredients(source: Path) -> None:
    drugs = rows(source, "drugs.csv")
    write(
        "ingredients.csv",
        ("ingredient", "role", "classes", "rxcui", "names", "note"),
        (
            (
                d["ingredient"],
                d["dopamine_role"],
                d["classes"],
                d["rxnorm_in"],
                d["synonyms"],
                d["note"],
            )
            for d in drugs
        ),
    )
    atc: dict[str, list[str]] = defaultdict(list)
    for drug in drugs:
        for code in filter(None, drug["atc_codes"].split("|")):
            atc[code].append(drug["ingredient"])
    write(
        "atc.csv",
        ("code", "ingredients"),
        ((code, "|".join(ATC_CERTAIN.get(code, sorted(atc[code])))) for code in sorted(atc)),
    )
    names(drugs, rows(source, "brands.csv"), rows(source, "rxnorm_map.csv"))


def names(drugs: list[Row], brands: list[Row], rxnorm: list[Row]) -> None:
    """Every text that names ingredients; a generic name outranks a brand, a brand a spelling."""
    known: dict[str, tuple[str, str, str]] = {}

    def add(term: str, targets: str, kind: str, depot: str = "") -> None:
        key = phrase(term)
        if len(key) > 2 and key not in known:
            known[key] = (targets, kind, depot)

    for drug in drugs:
        add(drug["ingredient"], drug["ingredient"], "name")
        add(drug["usan_or_rxnorm_name"], drug["ingredient"], "name")
    shared: dict[tuple[str, str], set[str]] = defaultdict(set)
    for drug in drugs:
        for column, kind in (("synonyms", "name"), ("other_spellings_unverified", "spelling")):
            for term in filter(None, drug[column].split("|")):
                shared[phrase(term), kind].add(drug["ingredient"])
    for brand in brands:
        add(brand["brand"], brand["target_ingredients"], "brand", brand["is_long_acting"])
    for (term, kind), targets in shared.items():
        add(term, "|".join(sorted(targets)), kind)
    for row in rxnorm:
        if row["tty"] == "BN" and row["name"]:
            add(row["name"], row["target_ingredients"], "brand", row["is_long_acting"])
    write(
        "names.csv",
        ("term", "ingredients", "kind", "depot"),
        ((t, *known[t]) for t in sorted(known) if not _of_two_drugs(t, known)),
    )


def _of_two_drugs(term: str, known: dict[str, tuple[str, str, str]]) -> bool:
    """A spelling of one drug that spells out another beside it: each is read by its own name."""
    targets, kind, _ = known[term]
    words = [known[word] for word in term.split() if word in known]
    named = {target for target, how, _ in words if how == "name"}
    return kind == "spelling" and targets in named and len(named) > 1


class Profiles:
    """The distinct combinations of ingredients, depot, product, route and form."""

    def __init__(self, depots: Depots) -> None:
        self.depots = depots
        self.index: dict[tuple[str, ...], int] = {}

    def of(self, targets: str, depot: str, route: str, form: str, name: str) -> int:
        found = tuple(sorted(filter(None, targets.split("|"))))
        product = self.depots.product_named(found, name) if depot in ("Y", "form_dependent") else ""
        flag = depot if depot != "N" else ("N" if found else "")
        key = ("|".join(found), flag, product or "", ROUTES.get(route, route), form)
        return self.index.setdefault(key, len(self.index))

    def write(self) -> None:
        header = ("ingredients", "depot", "product", "route", "form")
        write("profiles.csv.gz", header, sorted(self.index, key=self.index.__getitem__))


def _tells_no_salt(row: Row) -> bool:
    """A form group of injections whose depot has the name of the plain drug (olanzapine ...)."""
    plain = {"olanzapine", "aripiprazole", "risperidone"}
    grouped = row["tty"] in {"SCDF", "SBDF", "SCDG", "SBDG"}
    return grouped and row["route"] == "injection" and row["target_ingredients"] in plain


def drug_codes(source: Path) -> None:
    profiles = Profiles(Depots.load(DATA))
    by_rxcui: dict[str, tuple[str, str, str]] = {}
    table = []
    for r in rows(source, "rxnorm_map.csv"):
        form = "" if r["dose_form"].endswith(" Product") else r["dose_form"].lower()
        flag = "" if _tells_no_salt(r) else r["is_long_acting"]
        profile = profiles.of(r["target_ingredients"], flag, r["route"], form, r["name"])
        by_rxcui[r["rxcui"]] = (r["route"], form, r["name"])
        table.append((r["rxcui"], r["tty"], profile))
    write("rxnorm.csv.gz", ("rxcui", "tty", "profile"), sorted(table, key=lambda t: int(t[0])))
    numbers, kinds = array("Q"), array("H")
    last = 0
    for r in sorted(rows(source, "ndc_map.csv"), key=lambda r: int(r["ndc11"])):
        route, form, name = by_rxcui.get(r["rxcui"], ("", "", ""))
        numbers.append(int(r["ndc11"]) - last)
        last = int(r["ndc11"])
        kinds.append(profiles.of(r["target_ingredients"], r["is_long_acting"], route, form, name))
    if sys.byteorder == "big":
        numbers.byteswap()
        kinds.byteswap()
    raw = len(numbers).to_bytes(8, "little") + numbers.tobytes() + kinds.tobytes()
    (DATA / "ndc.bin").write_bytes(gzip.compress(raw, 9, mtime=0))
    profiles.write()


def snomed_drugs(source: Path, overlay: list[tuple[str, ...]]) -> None:
    free, dmd = [], []
    for r in rows(source, "snomed_drug_map.csv"):
        told = (r["code"], r["target_ingredients"], r["is_long_acting"])
        if r["in_snomed_gps"] == "Y":
            free.append(told)
        elif namespace(r["code"]) == NHS_NAMESPACE:
            dmd.append(told)
        else:
            overlay.append(
                ("drug", "sct", r["code"], r["target_ingredients"], "", "", r["is_long_acting"])
            )
    write("snomed_drugs.csv", ("code", "ingredients", "depot"), sorted(free))
    write("dmd.csv.gz", ("code", "ingredients", "depot"), sorted(dmd))


def namespace(code: str) -> str:
    """The namespace of a concept identifier in long format; "" for the international core."""
    return code[-10:-3] if len(code) > 10 and code[-3:-1] == "10" else ""


def short(system: str) -> str:
    return {
        "http://loinc.org": "loinc", "http://snomed.info/sct": "sct",
        "http://hl7.org/fhir/sid/icd-10-cm": "icd10cm",
        "http://hl7.org/fhir/sid/icd-9-cm": "icd9cm",
        "http://hl7.org/fhir/sid/icd-10": "icd10",
    }[system]  # fmt: skip


def observations(source: Path, overlay: list[tuple[str, ...]]) -> None:
    codes, answers, texts = [], [], []
    for r in rows(source, "observations.csv"):
        concept, code, site = r["concept_key"], r["code"], r["site_or_component"]
        if r["system"] == "text":
            texts.append((concept, PATTERNS.get(code, code), r["note"]))
            continue
        system, free = short(r["system"]), r["in_snomed_gps"] != "N"
        if r["verification"] == "UNVERIFIED" and not free:
            continue
        if concept in ANSWERS or (code in ANSWER_ROWS and concept in ("avpu", "cam_icu")):
            part, _, value = site.rpartition(" ")
            told = GCS_PART.get(part, concept.removesuffix("_answers"))
            row = (told, system, code, ANSWER_ROWS.get(code, value.lstrip("+") or site))
            answers.append(row) if free else overlay.append(
                ("answer", system, code, told, "", row[3], "")
            )
            continue
        if concept == "body_temperature":
            site = SITES.get(site, site).replace(" ", "_")
            site = (
                ""
                if "_h_" in site or site.endswith("_h") or site in NO_SITE or "maximum" in site
                else site
            )
            site = "core" if code == "276885007" else site.replace("first_encounter", "")
        row = (concept, system, code, r["display"], r["ucum_unit"], site)
        if free:
            codes.append(row)
        else:
            overlay.append(("observation", system, code, concept, r["ucum_unit"], site, ""))
    write("observations.csv", ("concept", "system", "code", "display", "unit", "site"), codes)
    write("answers.csv", ("concept", "system", "code", "value"), answers)
    write("observation_text.csv", ("concept", "pattern", "note"), texts)


def findings(source: Path, overlay: list[tuple[str, ...]]) -> None:
    codes, texts = [], []
    for r in rows(source, "findings.csv"):
        if r["match"] == "regex":
            texts.append((r["concept_key"], r["code"], r["note"]))
        elif r["in_snomed_gps"] == "N" and not r["source"].startswith(OPEN_SOURCES):
            overlay.append(("finding", "sct", r["code"], r["concept_key"], "", "", ""))
        else:
            codes.append(
                (r["concept_key"], short(r["system"]), r["code"], r["match"], r["display"])
            )
    write("findings.csv", ("concept", "system", "code", "match", "display"), codes)
    write("finding_text.csv", ("concept", "pattern", "note"), texts)


def licensed(overlay: list[tuple[str, ...]]) -> None:
    """The identifiers that need a SNOMED CT licence: no description, no source, off by default."""
    told = {(kind, code, *rest) for kind, _, code, *rest in overlay}
    write(
        "snomed_licensed.csv.gz",
        ("kind", "code", "target", "unit", "site", "depot"),
        sorted(told),
    )


def units(source: Path) -> None:
    wrong = {"def F", "units", '"'}  # a slip, a word that is no unit, a sign lost in tidying
    write(
        "units.csv",
        ("text", "ucum", "note"),
        (
            (r["unit_text"], r["ucum_code"], r["note"])
            for r in rows(source, "units.csv")
            if r["unit_text"] not in wrong
        ),
    )


def manifest() -> None:
    files = sorted(p for p in DATA.iterdir() if p.name != "manifest.yaml")
    sums = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in files}
    told = {"schema": "nms-terminology/1", "version": VERSION, "files": sums}
    (DATA / "manifest.yaml").write_text(yaml.safe_dump(told, sort_keys=False))


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the terminology's data files.")
    parser.add_argument("source", type=Path, help="folder of the source tables", nargs="?")
    parser.add_argument("--overlay", type=Path, help="write the licensed codes to this file")
    options = parser.parse_args()
    if options.source is None:
        manifest()  # after an edit of a file kept by hand
        return
    overlay: list[tuple[str, ...]] = []
    ingredients(options.source)
    drug_codes(options.source)
    snomed_drugs(options.source, overlay)
    observations(options.source, overlay)
    findings(options.source, overlay)
    licensed(overlay)
    units(options.source)
    manifest()
    if options.overlay:
        with options.overlay.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("kind", "system", "code", "target", "unit", "site", "depot"))
            writer.writerows(overlay)


if __name__ == "__main__":
    main()

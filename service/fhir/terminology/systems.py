"""Code systems by any of their names, and the shape of their codes (field facts 9, 10)."""

import re
from functools import lru_cache

RXNORM, NDC, ATC, SCT, DMD = "rxnorm", "ndc", "atc", "sct", "dmd"
LOINC, ICD10CM, ICD9CM, ICD10 = "loinc", "icd10cm", "icd9cm", "icd10"

_NAMES = {
    RXNORM: (
        "http://www.nlm.nih.gov/research/umls/rxnorm", "urn:oid:2.16.840.1.113883.6.88",
        "http://rxnav.nlm.nih.gov", "rxnorm", "rxcui", "rxn",
    ),
    NDC: ("http://hl7.org/fhir/sid/ndc", "urn:oid:2.16.840.1.113883.6.69", "ndc"),
    ATC: ("http://www.whocc.no/atc", "urn:oid:2.16.840.1.113883.6.73",
          "http://fhir.de/codesystem/bfarm/atc", "http://fhir.de/codesystem/dimdi/atc", "atc"),
    SCT: ("http://snomed.info/sct", "urn:oid:2.16.840.1.113883.6.96", "http://snomed.info/id",
          "snomed", "snomedct", "sct", "snomed ct"),
    DMD: ("https://dmd.nhs.uk", "dmd", "dm+d"),
    LOINC: ("http://loinc.org", "urn:oid:2.16.840.1.113883.6.1", "loinc", "ln"),
    ICD10CM: ("http://hl7.org/fhir/sid/icd-10-cm", "urn:oid:2.16.840.1.113883.6.90", "icd10cm",
              "icd-10-cm"),
    ICD9CM: ("http://hl7.org/fhir/sid/icd-9-cm", "urn:oid:2.16.840.1.113883.6.103",
             "urn:oid:2.16.840.1.113883.6.2", "icd9cm", "icd-9-cm", "icd9"),
    ICD10: ("http://hl7.org/fhir/sid/icd-10", "urn:oid:2.16.840.1.113883.6.3", "icd10", "icd-10",
            "http://fhir.de/codesystem/bfarm/icd-10-gm", "http://hl7.org/fhir/sid/icd-10-gm"),
}  # fmt: skip
_SHAPES = {
    RXNORM: re.compile(r"[1-9]\d{0,7}"),
    NDC: re.compile(r"[\d-]{4,14}\*?"),
    ATC: re.compile(r"[A-Z]\d\d[A-Z]{2}\d\d"),
    SCT: re.compile(r"[1-9]\d{5,17}"),
    DMD: re.compile(r"[1-9]\d{5,17}"),
    LOINC: re.compile(r"\d{1,6}-\d|LA\d+-\d|LP\d+-\d"),
    ICD10CM: re.compile(r"[A-Z]\d[0-9A-Z](?:\.?[0-9A-Z]{1,4})?"),
    ICD10: re.compile(r"[A-Z]\d\d(?:\.?[0-9A-Z]{1,3})?[+*!]?"),
    ICD9CM: re.compile(r"(?:V\d\d|E\d{3}|\d{3})(?:\.?\d{1,2})?"),
}
CODE_SYSTEMS = frozenset(_SHAPES)
_BY_NAME = {name: key for key, names in _NAMES.items() for name in names}
# Resources hold the same few addresses over and over.
_EXACT = {name: key for name, key in _BY_NAME.items() if ":" in name}


@lru_cache(maxsize=1024)
def _folded(system: str) -> str:
    name = system.strip().lower()
    if name.startswith("https://") and name not in _BY_NAME:
        name = "http://" + name[8:]
    name = name.replace("http://www.snomed.info", "http://snomed.info").rstrip("/")
    if re.fullmatch(r"[\d.]{10,}", name):
        name = "urn:oid:" + name
    if name.startswith("http://snomed.info/sct"):
        return SCT
    if name == "http://dmd.nhs.uk":
        return DMD
    name = (
        name.removeprefix("http://www.").removeprefix("http://") if name not in _BY_NAME else name
    )
    for prefix in ("", "http://", "http://www."):
        if prefix + name in _BY_NAME:
            return _BY_NAME[prefix + name]
    return name


def system_key(system: str) -> str:
    """The short key of a known system, else the system in lower case without end slash."""
    return _EXACT.get(system) or _folded(system)


def well_formed(key: str, code: str) -> bool:
    """Whether a code has the shape of its system; codes of unknown systems may have any."""
    shape = _SHAPES.get(key)
    return shape is None or shape.fullmatch(code) is not None

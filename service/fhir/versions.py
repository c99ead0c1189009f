"""Which version of FHIR: told by the tenant or the media type, else by the resource's own form."""

import re
from collections.abc import Mapping
from typing import Any

DSTU2, STU3, R4, R4B, R5, R6 = "DSTU2", "STU3", "R4", "R4B", "R5", "R6"
_BY_NUMBER = {"1.0": DSTU2, "3.0": STU3, "4.0": R4, "4.3": R4B, "5.0": R5, "6.0": R6}
NUMBERS = tuple(_BY_NUMBER)
_PARAMETER = re.compile(r";\s*fhirVersion\s*=\s*\"?(?P<version>[0-9.]+)\"?", re.I)
_OLDEST = frozenset({"MedicationOrder", "MedicationPrescription", "DiagnosticOrder", "Conformance"})
_NEWEST = frozenset({"MedicationUsage", "DeviceUsage"})
_ONLY_R5 = frozenset({"medication", "occurenceDateTime", "occurencePeriod", "adherence",
                      "actualPeriod", "statusChanged", "renderedDosageInstruction"})  # fmt: skip
_STU3_NAMES = frozenset({"taken", "notGiven", "related", "assertedDate", "comment"})
# `context` is STU3 here; other R4 resources have an element of that name.
_STU3_CONTEXT = frozenset({"Observation", "MedicationRequest", "Condition", "Procedure"})
_DSTU2_NAMES = frozenset({"wasNotGiven", "wasNotTaken", "dateRecorded", "comments",
                          "effectiveTimeDateTime", "dateWritten"})  # fmt: skip


def version_named(text: str | None) -> str | None:
    """ "R4", "4.0", "4.0.1" ... as one name; None when it names no version that we read."""
    if not text:
        return None
    name = text.strip().upper()
    if name in {DSTU2, STU3, R4, R4B, R5, R6}:
        return name
    return _BY_NUMBER.get(".".join(name.split(".")[:2]))


def version_of_media_type(content_type: str | None) -> str | None:
    """The `fhirVersion` parameter of application/fhir+json."""
    match = _PARAMETER.search(content_type or "")
    return version_named(match["version"]) if match else None


def version_of(resource: Mapping[str, Any], told: str | None = None) -> str:
    """The version to read a resource as: as told, else what its elements allow; R4 in doubt."""
    named = version_named(told)
    if named is not None:
        return named
    kind, names = resource.get("resourceType"), resource.keys()
    if kind in _OLDEST or names & _DSTU2_NAMES:
        return DSTU2
    if kind in _NEWEST or names & _ONLY_R5 or (kind == "Encounter" and _is_list(resource, "class")):
        return R5
    if names & _STU3_NAMES or (kind in _STU3_CONTEXT and "context" in names):
        return STU3
    return STU3 if _of_the_third_form(resource) else R4


def _is_list(resource: Mapping[str, Any], name: str) -> bool:
    return isinstance(resource.get(name), list)


def _of_the_third_form(resource: Mapping[str, Any]) -> bool:
    """A code where R4 has a concept, an object where it has a list, a dose without doseAndRate."""
    if resource.get("resourceType") == "Condition":
        return isinstance(resource.get("clinicalStatus"), str)
    if isinstance(resource.get("interpretation"), dict):
        return True
    dosages = resource.get("dosageInstruction")
    return isinstance(dosages, list) and any(
        isinstance(one, dict) and "doseQuantity" in one for one in dosages
    )

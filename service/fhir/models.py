"""The models of fhir.resources: the arbiter of what we emit, and in strict mode of what comes in.

Two traps (field facts, part 5): the package's root is R5 and refuses every R4 MedicationRequest;
and a type that a version does not have raises KeyError instead of a validation error.
"""

from functools import cache
from importlib import import_module
from typing import Any

from service.fhir.versions import R4, R4B, R5, R6, STU3, version_of

_PACKAGES = {
    R4: "fhir.resources.R4B",
    R4B: "fhir.resources.R4B",
    R5: "fhir.resources",
    R6: "fhir.resources",
    STU3: "fhir.resources.STU3",
}
MOST_FAULTS = 20


@cache
def _model(version: str, resource_type: str) -> Any | None:
    """The model class; None when there is none for this type in this version."""
    package = _PACKAGES.get(version)
    if package is None or not resource_type.isalpha():
        return None
    try:
        module = import_module(f"{package}.{resource_type.lower()}")
    except ModuleNotFoundError:
        return None
    return getattr(module, resource_type, None)


def model_faults(resource: dict[str, Any], version: str | None = None) -> tuple[str, ...] | None:
    """What the models refuse in a resource: "path: what", without any value of the patient's.

    () when they accept it; None when there is no model to ask (DSTU2, unknown types).
    """
    from pydantic import ValidationError  # noqa: PLC0415 - a slow import, needed in strict mode only

    kind = resource.get("resourceType")
    told = version_of(resource, version)
    model = _model(told, kind) if isinstance(kind, str) else None
    if model is None:
        return None
    try:
        model.model_validate(resource)
    except ValidationError as refusal:
        return tuple(
            f"{'.'.join(map(str, fault['loc'])) or kind}: {fault['type']}"
            for fault in refusal.errors(include_url=False, include_input=False)[:MOST_FAULTS]
        )
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as fault:
        # a contained resource of a type that the version does not have
        return (f"{kind}: {type(fault).__name__}",)
    return ()

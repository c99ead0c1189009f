"""modifierExtension: what may turn a resource into its opposite (fact 16)."""

from service.fhir.reader.fields import Fields, decoded


def modified(found: Fields) -> bool:
    """Is there a modifier that we do not know? Then nothing of the resource may be used.

    No modifier extension is known to us; an empty list says nothing.
    """
    raw = found.get("modifierExtension")
    if raw is None:
        return False
    try:
        return bool(decoded(raw))
    except ValueError:
        return True

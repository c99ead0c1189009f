"""Forms of bodies: what may come in, what the client takes back."""

from collections.abc import Collection

from starlette.requests import Request

from service.errors import NotAcceptable, UnsupportedType
from service.fhir.versions import NUMBERS, version_named

FHIR = "application/fhir+json"
PLAIN = "application/json"
# application/json+fhir is how DSTU2 said it
JSON_FORMS = frozenset({FHIR, PLAIN, "application/json+fhir"})
NDJSON_FORMS = frozenset({"application/fhir+ndjson", "application/ndjson", "application/x-ndjson"})
_CHARSETS = ("utf-8", "utf8", "us-ascii")
_ANY = ("*/*", "application/*")


def content_form(request: Request, taken: Collection[str]) -> str:
    """The media type of the body; UnsupportedType (415) unless it is one of `taken`, in UTF-8 and
    in a version of FHIR that we read."""
    form, *details = request.headers.get("content-type", "").split(";")
    form = form.strip().lower()
    offered = ", ".join(sorted(taken))
    if form not in taken:
        said = f"Content-Type must be one of {offered}."
        raise UnsupportedType(said, code="content-type", location="http.content-type")
    for detail in details:
        name, _, value = detail.partition("=")
        if name.strip().lower() == "charset" and value.strip(' "').lower() not in _CHARSETS:
            said = "Only charset=utf-8 can be read."
            raise UnsupportedType(said, code="charset", location="http.content-type")
        if name.strip().lower() == "fhirversion" and not version_named(value.strip(' "')):
            said = f"fhirVersion must be one of {', '.join(NUMBERS)}."
            raise UnsupportedType(said, code="fhir-version", location="http.content-type")
    return form


def accept_form(request: Request, written: Collection[str] = JSON_FORMS) -> str:
    """The media type to answer in; NotAcceptable (406) when the client takes none of `written`."""
    wanted = request.headers.get("accept", "")
    if not wanted.strip():
        return FHIR
    for part in wanted.split(","):
        form, *details = (piece.strip().lower() for piece in part.split(";"))
        if any(detail.replace(" ", "") in ("q=0", "q=0.0", "q=0.00") for detail in details):
            continue
        if form in _ANY:
            return FHIR
        if form in written:
            return form
    said = f"Answers are written as {', '.join(sorted(written))}."
    raise NotAcceptable(said, code="accept", location="http.accept")

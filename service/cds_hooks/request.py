"""A hook request, read leniently: what clients really send (not only what the text says).

Lenient: 'Patient/x' as patientId, missing userId and selections, extension objects, the older
order hooks, draft Bundles without type. Strict: hook and service must fit, hookInstance and
the context that the hook needs must be there. Anything else is a BadInput naming the key.
"""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from service.cds_hooks.services import Service
from service.errors import BadInput

_ID_MAX = 128
_HEX = frozenset("0123456789abcdefABCDEF-")


@dataclass(frozen=True, slots=True)
class HookCall:
    """One call, checked. `drafts`: the Bundle of draft orders, {} where the hook has none.

    `selections`: None when the client did not send them. `prefetch`: as sent, key -> value.
    `ids`: the context's plain texts, for prefetch templates. `fhir_server`: as the client claims.
    `token`: its access token for that server, neither kept nor shown. `tried`: what came of
    asking that server, in words, "" when it was not asked.
    """

    hook: str
    instance: str
    patient: str
    prefetch: dict[str, Any]
    drafts: dict[str, Any] = field(default_factory=dict)
    selections: tuple[str, ...] | None = None
    ids: dict[str, str] = field(default_factory=dict)
    fhir_server: str | None = None
    token: str | None = field(default=None, repr=False)
    tried: str = ""


def read_call(body: bytes, service: Service) -> HookCall:
    """Read a request body for a service; BadInput says what is wrong and where."""
    held = decoded(body)
    hook = _text(held, "hook", "hook")
    if hook != service.hook and hook not in service.aliases:
        said = f"This service answers {service.hook}, not the hook that was sent."
        raise BadInput(said, code="hook-mismatch", location="hook")
    context = held.get("context")
    if not isinstance(context, dict):
        raise BadInput("context is required.", code="context-missing", location="context")
    drafts = _drafts(context, service)
    for key in service.needs:
        if key != "draftOrders" and not context.get(key):
            raise _missing(key)
    prefetch = held.get("prefetch")
    if prefetch is not None and not isinstance(prefetch, dict):
        raise BadInput("prefetch must be an object.", code="prefetch-type", location="prefetch")
    return HookCall(
        hook=service.hook,
        instance=_instance(held),
        patient=_patient(context),
        prefetch=prefetch or {},
        drafts=drafts,
        selections=_selections(context),
        ids=_ids(context),
        fhir_server=_server(held.get("fhirServer")),
        token=_access_token(held.get("fhirAuthorization")),
    )


def _ids(context: dict[str, Any]) -> dict[str, str]:
    given = {key: value for key, value in context.items() if isinstance(value, str)}
    return {**given, "patientId": _patient(context)}


def _server(given: Any) -> str | None:
    return given if isinstance(given, str) and given else None


def _access_token(given: Any) -> str | None:
    """The bearer token of `fhirAuthorization`; what could break out of a header is none."""
    if not isinstance(given, dict) or str(given.get("token_type", "")).lower() != "bearer":
        return None
    token = given.get("access_token")
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        return None
    return token or None


def decoded(body: bytes) -> dict[str, Any]:
    """The body as a JSON object; BadInput otherwise. The parser's message is not repeated."""
    try:
        held = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as fault:
        raise BadInput("The body is not JSON.", code="not-json", location="$") from fault
    if not isinstance(held, dict):
        raise BadInput("The body must be a JSON object.", code="not-an-object", location="$")
    return held


def _text(held: dict[str, Any], key: str, location: str) -> str:
    value = held.get(key)
    if not isinstance(value, str) or not value:
        raise BadInput(f"{location} is required.", code=f"{key}-missing", location=location)
    return value


def _instance(held: dict[str, Any]) -> str:
    """UUIDs, and what comes close to one: hexadecimal groups, as clients write them."""
    instance = _text(held, "hookInstance", "hookInstance").removeprefix("urn:uuid:")
    if not 8 <= len(instance) <= 64 or not set(instance) <= _HEX:
        said = "hookInstance must be a UUID."
        raise BadInput(said, code="hookInstance-format", location="hookInstance")
    return instance


def _patient(context: dict[str, Any]) -> str:
    given = context.get("patientId")
    if not isinstance(given, str):
        raise _missing("patientId")
    patient = given.rsplit("/", 1)[-1]
    if not 0 < len(patient) <= _ID_MAX or not patient.isprintable() or " " in patient:
        said = "context.patientId is not an id."
        raise BadInput(said, code="patientId-format", location="context.patientId")
    return patient


def _drafts(context: dict[str, Any], service: Service) -> dict[str, Any]:
    """The drafts as one Bundle, whatever name and wrapping the client used."""
    if not service.orders:
        return {}
    for key in service.orders:
        given = context.get(key)
        if given is None:
            continue
        if not isinstance(given, dict):
            raise BadInput(
                f"context.{key} must be a Bundle.",
                code="draftOrders-type",
                location=f"context.{key}",
            )
        return _bundle(given, key)
    raise _missing("draftOrders")


def _bundle(given: dict[str, Any], key: str) -> dict[str, Any]:
    inner = given.get("resource") if "resourceType" not in given else given
    if not isinstance(inner, dict):
        inner = {"resourceType": "Bundle", **given}
    if inner.get("resourceType") != "Bundle":
        return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": inner}]}
    entries = inner.get("entry", [])
    if not isinstance(entries, list):
        raise BadInput(
            f"context.{key}.entry must be an array.",
            code="draftOrders-type",
            location=f"context.{key}.entry",
        )
    whole = [{"resource": e} if isinstance(e, dict) and "resourceType" in e else e for e in entries]
    return {**inner, "type": inner.get("type") or "collection", "entry": whole}


def _selections(context: dict[str, Any]) -> tuple[str, ...] | None:
    given = context.get("selections")
    if not isinstance(given, list):
        return None
    return tuple(s for s in given if isinstance(s, str))


def _missing(key: str) -> BadInput:
    location = f"context.{key}"
    return BadInput(f"{location} is required.", code=f"{key}-missing", location=location)

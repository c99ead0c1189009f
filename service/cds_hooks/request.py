"""A hook request, read leniently: what clients really send (not only what the text says).

Lenient: 'Patient/x' as patientId, missing userId and selections, extension objects, the older
order hooks, draft Bundles without type. Strict: hook and service must fit, hookInstance and
the context that the hook needs must be there. Anything else is a BadInput naming the key.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from service.cds_hooks.options import chosen
from service.cds_hooks.prefetch import Filled, Plain, filled, plainly
from service.cds_hooks.recall import Whole
from service.cds_hooks.services import PREFETCH, Service
from service.errors import BadInput
from service.fhir.limits import BYTE_ORDER_MARK

_ID_MAX = 128
_NOTHING = msgspec.Raw(b"null")
_HEX = frozenset("0123456789abcdefABCDEF-")


@dataclass(frozen=True, slots=True)
class HookCall:
    """One call, checked. `drafts`: the Bundle of draft orders, {} where the hook has none.

    `selections`: None when the client did not send them. `prefetch`: key -> what it was filled
    with. `ids`: the context's plain texts, for prefetch templates. `fhir_server`: as the client
    claims. `token`: its access token for that server, neither kept nor shown. `tried`: what came
    of asking that server, in words, "" when it was not asked. `options`: the options of the
    drug-interaction guide that the client switched on for this call. `body`: as it came, while
    `prefetch` is all from there. `known`: what this prefetch is known to give; then the resources
    are left out of `prefetch`.
    """

    hook: str
    instance: str
    patient: str
    prefetch: Mapping[str, Filled]
    drafts: dict[str, Any] = field(default_factory=dict)
    selections: tuple[str, ...] | None = None
    ids: dict[str, str] = field(default_factory=dict)
    fhir_server: str | None = None
    token: str | None = field(default=None, repr=False)
    tried: str = ""
    options: frozenset[str] = frozenset()
    body: bytes = field(default=b"", repr=False)
    known: Whole | None = field(default=None, repr=False)

    @property
    def user(self) -> str:
        """Who looks, as 'Practitioner/id'; "" when the client did not say."""
        return self.ids.get("userId", "")

    @property
    def encounter(self) -> str:
        return self.ids.get("encounterId", "")


class _Body(msgspec.Struct):
    """The request as far as it is taken apart; what rules read stays as it was sent."""

    hook: Any = None
    hookInstance: Any = None  # noqa: N815 - an element of CDS Hooks
    context: Any = None
    prefetch: msgspec.Raw = _NOTHING
    fhirServer: Any = None  # noqa: N815 - an element of CDS Hooks
    fhirAuthorization: Any = None  # noqa: N815 - an element of CDS Hooks
    extension: Any = None


# what our templates ask for, as most clients send it: searchsets, and one read
_Asked = msgspec.defstruct(
    "_Asked",
    [
        (key, Plain | msgspec.UnsetType | None if "?" in query else msgspec.Raw, msgspec.UNSET)
        for key, query in PREFETCH.items()
    ],
    forbid_unknown_fields=True,
    gc=False,
)


class _PlainBody(_Body, kw_only=True):
    prefetch: _Asked  # type: ignore[valid-type]


_PLAIN_BODY = msgspec.json.Decoder(_PlainBody)
_BODY = msgspec.json.Decoder(_Body)
_KEYS = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read_call(body: bytes, service: Service) -> HookCall:
    """Read a request body for a service; BadInput says what is wrong and where."""
    held, came = _told(body.removeprefix(BYTE_ORDER_MARK))
    return _call(held, came, service, body=body)


def read_around(body: bytes, service: Service, mark: bytes, known: Whole) -> HookCall | None:
    """The same where `mark` stands for a known prefetch; None when it is not the prefetch that
    it stands for."""
    held = _opened(body.removeprefix(BYTE_ORDER_MARK))
    if bytes(held.prefetch) != mark:
        return None
    return _call(held, known.prefetch, service, known=known)


def prefetch_of(body: bytes) -> msgspec.Raw:
    """The prefetch of a call as it was sent."""
    return _opened(body.removeprefix(BYTE_ORDER_MARK)).prefetch


def _call(
    held: _Body,
    came: Mapping[str, Filled] | None,
    service: Service,
    *,
    body: bytes = b"",
    known: Whole | None = None,
) -> HookCall:
    hook = _text(held.hook, "hook")
    if hook != service.hook and hook not in service.aliases:
        said = f"This service answers {service.hook}, not the hook that was sent."
        raise BadInput(said, code="hook-mismatch", location="hook")
    context = held.context
    if not isinstance(context, dict):
        raise BadInput("context is required.", code="context-missing", location="context")
    drafts = _drafts(context, service)
    for key in service.needs:
        if key != "draftOrders" and not context.get(key):
            raise _missing(key)
    return HookCall(
        hook=service.hook,
        instance=_instance(held.hookInstance),
        patient=_patient(context),
        prefetch=_prefetch(held.prefetch) if came is None else came,
        drafts=drafts,
        selections=_selections(context),
        ids=_ids(context),
        fhir_server=_server(held.fhirServer),
        token=_access_token(held.fhirAuthorization),
        options=chosen(held.extension),
        body=body,
        known=known,
    )


def _told(body: bytes) -> tuple[_Body, dict[str, Filled] | None]:
    """The request, and its prefetch where one pass over the body was enough to tell it apart."""
    try:
        held = _PLAIN_BODY.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return _opened(body), None
    sent = {key: getattr(held.prefetch, key) for key in PREFETCH}
    came = {key: plainly(value) for key, value in sent.items() if value is not msgspec.UNSET}
    told = {key: one for key, one in came.items() if one is not None}
    return (held, told) if len(told) == len(came) else (_opened(body), None)


def _opened(body: bytes) -> _Body:
    """BadInput when the body is no JSON object. The parser's message is not repeated."""
    try:
        return _BODY.decode(body)
    except msgspec.ValidationError as fault:
        raise _not_an_object() from fault
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as fault:
        raise _not_json() from fault


def _prefetch(raw: msgspec.Raw) -> dict[str, Filled]:
    if bytes(raw) == b"null":
        return {}
    try:
        return {key: filled(value) for key, value in _KEYS.decode(raw).items()}
    except (msgspec.ValidationError, UnicodeDecodeError) as fault:
        said = "prefetch must be an object."
        raise BadInput(said, code="prefetch-type", location="prefetch") from fault


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
        held = msgspec.json.decode(body.removeprefix(BYTE_ORDER_MARK))
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as fault:
        raise _not_json() from fault
    if not isinstance(held, dict):
        raise _not_an_object()
    return held


def _not_json() -> BadInput:
    return BadInput("The body is not JSON.", code="not-json", location="$")


def _not_an_object() -> BadInput:
    return BadInput("The body must be a JSON object.", code="not-an-object", location="$")


def _text(value: Any, key: str) -> str:
    if not isinstance(value, str) or not value:
        raise BadInput(f"{key} is required.", code=f"{key}-missing", location=key)
    return value


def _instance(given: Any) -> str:
    """UUIDs, and what comes close to one: hexadecimal groups, as clients write them."""
    instance = _text(given, "hookInstance").removeprefix("urn:uuid:")
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

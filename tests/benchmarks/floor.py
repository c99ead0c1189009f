"""The floor for a hook call: bare ASGI, a narrow decode with msgspec, the least rule; no service
can answer a call with less. It reads what a rule of five facts needs and skips the rest."""

from typing import Any

import msgspec


class _Coding(msgspec.Struct, gc=False):
    code: str = ""


class _Concept(msgspec.Struct, gc=False):
    coding: list[_Coding] = []
    text: str = ""


class _Quantity(msgspec.Struct, gc=False):
    value: float = 0.0


class _Resource(msgspec.Struct, gc=False):
    resourceType: str = ""  # noqa: N815 - a FHIR element
    status: str = ""
    code: _Concept | None = None
    valueQuantity: _Quantity | None = None  # noqa: N815 - a FHIR element
    effectiveDateTime: str = ""  # noqa: N815 - a FHIR element
    medicationCodeableConcept: _Concept | None = None  # noqa: N815 - a FHIR element


class _Entry(msgspec.Struct, gc=False):
    resource: _Resource


class _Bundle(msgspec.Struct, gc=False):
    entry: list[_Entry] = []


class _Call(msgspec.Struct, gc=False):
    hook: str
    prefetch: dict[str, _Bundle]


_CALL = msgspec.json.Decoder(_Call)
_LIMITS = {"8331-1": 38.0, "8867-4": 100.0, "9279-1": 20.0, "2157-6": 800.0}
_HEADERS = [(b"content-type", b"application/json")]


def points(body: bytes) -> int:
    """One point for a dopamine antagonist, one for each reading beyond its limit."""
    exposed, beyond = False, set()
    for bundle in _CALL.decode(body).prefetch.values():
        for entry in bundle.entry:
            one = entry.resource
            if one.medicationCodeableConcept is not None:
                exposed = exposed or "haloperidol" in one.medicationCodeableConcept.text
            elif one.code is not None and one.valueQuantity is not None:
                code = one.code.coding[0].code if one.code.coding else ""
                limit = _LIMITS.get(code)
                if limit is not None and one.valueQuantity.value > limit:
                    beyond.add(code)
    return exposed + len(beyond)


async def floor(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The ASGI application."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message["body"]
        more = message["more_body"]
    card = {"summary": f"{points(body)} points", "indicator": "info", "source": {"label": "floor"}}
    answer = msgspec.json.encode({"cards": [card]})
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": answer})

"""POST /fhir, /fhir/{type}, /fhir/notifications/{subscription}; GET /fhir/metadata."""

from collections.abc import Callable, Coroutine
from datetime import date, datetime
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from service.edge.gate import Gate
from service.edge.media import JSON_FORMS, NDJSON_FORMS, accept_form, content_form
from service.errors import BadInput
from service.intake.delivery import Delivery, Form, Receipt
from service.intake.door import Door
from service.intake.metadata import capability_statement
from service.metrics import count
from service.outcome import encoded
from service.security.callers import Caller

RELEASED = date(2026, 11, 25)
_NAME_MAX = 200

Take = Callable[..., Coroutine[Any, Any, Response]]
Bodies = Callable[[Request], Coroutine[Any, Any, Response]]


def intake_routes(
    door: Door,
    gate: Gate,
    *,
    now: Callable[[], datetime],
    base_url: str,
    version: str,
) -> tuple[Bodies, APIRouter]:
    """The intake: what is taken through the door is stored, and has rung the bell. The first
    answers POST /fhir, and may be asked without the router, which documents it."""
    router = APIRouter(prefix="/fhir", tags=["intake"])
    statement = encoded(capability_statement(base_url, version, RELEASED))

    async def taken(request: Request, form: Form, **told: str) -> Response:
        who = await gate.admit(request, "intake")
        answer_as = accept_form(request)
        given = await delivery(request, who, form, now(), **told)
        receipt = await door.take(given)
        return answered(receipt, given, answer_as)

    @router.get("/metadata")
    async def metadata(request: Request) -> Response:
        """The CapabilityStatement: needs no token, says nothing about anybody."""
        return Response(statement, media_type=accept_form(request))

    _notification_routes(router, taken)
    _resource_routes(router, taken)
    return partial(taken, form=Form.BUNDLE), router


def _notification_routes(router: APIRouter, taken: Take) -> None:
    @router.post("/notifications/{subscription}")
    async def notification(request: Request, subscription: str) -> Response:
        """A subscription notification (R4, R4 back-port, R5), handshake and heartbeat included."""
        return await taken(request, Form.NOTIFICATION, subscription=named(subscription))

    @router.put("/notifications/{subscription}/{kind}/{key}")
    async def rest_hook(request: Request, subscription: str, kind: str, key: str) -> Response:
        """A resource put by an R4 rest-hook under the address of its subscription."""
        told = {"subscription": named(subscription), "resource_type": kind, "resource_id": key}
        return await taken(request, Form.NOTIFICATION, **told)


def _resource_routes(router: APIRouter, taken: Take) -> None:
    @router.post("")
    async def body(request: Request) -> Response:
        """A Bundle, one resource, or NDJSON; each entry is answered by itself."""
        return await taken(request, Form.BUNDLE)

    @router.post("/{kind}")
    async def resource(request: Request, kind: str) -> Response:
        """One resource of this type."""
        form = Form.BUNDLE if kind == "Bundle" else Form.RESOURCE
        return await taken(request, form, resource_type=kind)

    @router.put("/{kind}/{key}")
    async def update(request: Request, kind: str, key: str) -> Response:
        """One resource under its id."""
        return await taken(request, Form.RESOURCE, resource_type=kind, resource_id=key)


async def delivery(
    request: Request, who: Caller, form: Form, at: datetime, **told: str
) -> Delivery:
    """The request as plain data. 415 for a form that is not read, 400 for no body at all."""
    body = await request.body()
    media = ""
    if body or form is not Form.NOTIFICATION:  # an R4 rest-hook without payload posts nothing
        media = content_form(request, JSON_FORMS | NDJSON_FORMS)
    if media in NDJSON_FORMS:
        form = Form.NDJSON
    return Delivery(
        body=body,
        form=form,
        tenant=who.tenant,
        client=who.client,
        received_at=at,
        correlation=request.state.correlation,
        fhir_version=_version(request.headers.get("content-type", "")),
        **told,
    )


def named(subscription: str) -> str:
    if not 0 < len(subscription) <= _NAME_MAX or not subscription.isprintable():
        raise BadInput("The name of the subscription is too long.", code="subscription-name")
    return subscription


def _version(media: str) -> str | None:
    """`fhirVersion=4.0` of a media type."""
    for detail in media.split(";")[1:]:
        name, _, value = detail.partition("=")
        if name.strip().lower() == "fhirversion":
            return value.strip(' "')[:8] or None
    return None


def answered(receipt: Receipt, given: Delivery, media: str) -> Response:
    """The receipt as an answer, counted."""
    result = "taken" if receipt.status < 400 else "refused"
    count("nms_sentinel_intake_bodies_total", form=given.form.value, result=result)
    count("nms_sentinel_intake_received_total", receipt.received)
    for outcome, number in receipt.outcomes.items():
        count("nms_sentinel_intake_entries_total", number, outcome=outcome)
    if receipt.kind:
        count("nms_sentinel_notifications_total", kind=receipt.kind, standing=receipt.standing)
    summary = ", ".join(f"{outcome}={number}" for outcome, number in receipt.outcomes.items())
    headers = {"X-NMS-Sentinel-Outcomes": summary} if summary else {}
    return Response(receipt.body, receipt.status, media_type=media, headers=headers)

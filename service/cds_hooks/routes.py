"""GET /cds-services, POST /cds-services/{id} and /cds-services/{id}/feedback.

The answer is computed in the request, without broker or queue; what is kept for feedback is
written after it has gone out.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
import structlog
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.background import BackgroundTask
from starlette.responses import Response

from service.cds_hooks.answer import answer, record
from service.cds_hooks.completion import completed
from service.cds_hooks.desk import Desk
from service.cds_hooks.feedback import read_feedback
from service.cds_hooks.request import HookCall, read_call
from service.cds_hooks.services import BY_ID, Service, discovery
from service.edge.gate import Gate
from service.edge.media import JSON_FORMS, PLAIN, accept_form, content_form
from service.errors import NotFound
from service.fhir.client import FhirClient
from service.fhir.limits import Limits, check
from service.metrics import count
from service.outcome import JSON, Issue, encoded, operation_outcome

ROOM = "/cds-services"
log = structlog.get_logger(__name__)


def hook_routes(
    desk: Desk, gate: Gate, limits: Limits, clients: Mapping[str, FhirClient]
) -> APIRouter:
    """The hooks. `clients`: by tenant, the FHIR server that may be asked for what is missing."""
    router = APIRouter(prefix=ROOM, tags=["cds-hooks"])
    listed = orjson.dumps(discovery())

    @router.get("")
    async def services(request: Request) -> Response:
        """Discovery."""
        await gate.admit(request, "hooks")
        accept_form(request)
        return Response(listed, media_type=PLAIN)

    @router.post("/{service_id}")
    async def call(request: Request, service_id: str) -> Response:
        """One hook call, answered with cards; 412 when there is nothing to go by."""
        who = await gate.admit(request, "hooks")
        service = _service(service_id)
        body = await _body(request, limits)
        asked = await completed(read_call(body, service), clients.get(who.tenant))
        response = await run_in_threadpool(answer, asked, service, who.tenant, desk)
        return _answered(response, asked, service, who.tenant, desk)

    @router.post("/{service_id}/feedback")
    async def feedback(request: Request, service_id: str) -> Response:
        """What became of cards; entries that cannot be read are named, the others are kept."""
        who = await gate.admit(request, "hooks")
        service = _service(service_id)
        entries, faults = read_feedback(await _body(request, limits))
        at = desk.now()
        stored = 0
        if entries:
            stored = await run_in_threadpool(
                desk.ledger.record_feedback, who.tenant, service.id, entries, at
            )
        return _told(service, stored, faults)

    return router


def _service(service_id: str) -> Service:
    service = BY_ID.get(service_id)
    if service is None:
        raise NotFound("There is no such service.", code="unknown-service", location="http.url")
    return service


async def _body(request: Request, limits: Limits) -> bytes:
    content_form(request, JSON_FORMS)
    accept_form(request)
    body = await request.body()
    check(body, limits)
    return body


def _answered(
    response: dict[str, Any], call: HookCall, service: Service, tenant: str, desk: Desk
) -> Response:
    count("nms_sentinel_hook_calls_total", service=service.id)
    for card in response["cards"]:
        count("nms_sentinel_cards_total", service=service.id, indicator=card["indicator"])
    log.info("hook.answered", service=service.id, cards=len(response["cards"]))
    at: datetime = desk.now()
    afterwards = BackgroundTask(record, response, call, service, at, tenant, desk)
    return Response(orjson.dumps(response), media_type=PLAIN, background=afterwards)


def _told(service: Service, stored: int, faults: list[tuple[str, str]]) -> Response:
    """200 without a body when all was read; else which entries were not, 400 when none was."""
    count("nms_sentinel_feedback_total", stored, service=service.id, result="stored")
    count("nms_sentinel_feedback_total", len(faults), service=service.id, result="refused")
    if not faults:
        return Response(status_code=200)
    severity = "warning" if stored else "error"
    issues = [
        Issue(severity, "invalid", "feedback-entry", f"{where} {what}.", where)
        for where, what in faults
    ]
    status = 200 if stored else 400
    return Response(encoded(operation_outcome(issues)), status, media_type=JSON)

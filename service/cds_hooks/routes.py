"""GET /cds-services, POST /cds-services/{id} and /cds-services/{id}/feedback.

The answer is computed in the request, without broker or queue; what is kept for feedback is
written after it has gone out.
"""

from collections.abc import Mapping
from typing import Any

import orjson
import structlog
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.background import BackgroundTask
from starlette.responses import Response

from service.cds_hooks.answer import answer, record
from service.cds_hooks.completion import completed
from service.cds_hooks.counter import Counter, Counters
from service.cds_hooks.desk import Desk
from service.cds_hooks.feedback import read_feedback
from service.cds_hooks.request import HookCall, read_call
from service.cds_hooks.services import Service
from service.edge.gate import Gate
from service.edge.media import JSON_FORMS, PLAIN, accept_form, content_form
from service.fhir.limits import Limits, check
from service.metrics import count
from service.outcome import JSON, Issue, encoded, operation_outcome
from service.security.tenants import Tenant

ROOM = "/cds-services"
log = structlog.get_logger(__name__)


def hook_routes(desk: Desk, gate: Gate, limits: Limits, tenants: Mapping[str, Tenant]) -> APIRouter:
    """The hooks, for the tenants of the file and for any other that a caller speaks for."""
    router = APIRouter(prefix=ROOM, tags=["cds-hooks"])
    counters = Counters(desk, tenants)

    @router.get("")
    async def services(request: Request) -> Response:
        """Discovery."""
        counter = counters.of(await gate.admit(request, "hooks"))
        accept_form(request)
        return Response(counter.discovery, media_type=PLAIN)

    @router.post("/{service_id}")
    async def call(request: Request, service_id: str) -> Response:
        """One hook call, answered with cards; 412 when there is nothing to go by."""
        counter = counters.of(await gate.admit(request, "hooks"))
        service = counter.service(service_id)
        body = await _body(request, limits)
        asked = await completed(read_call(body, service), counter.fhir)
        name = counter.tenant.name
        response = await run_in_threadpool(answer, asked, service, name, counter.desk)
        return _answered(response, asked, service, counter)

    @router.post("/{service_id}/feedback")
    async def feedback(request: Request, service_id: str) -> Response:
        """What became of cards; entries that cannot be read are named, the others are kept."""
        counter = counters.of(await gate.admit(request, "hooks"))
        service = counter.service(service_id)
        entries, faults = read_feedback(await _body(request, limits))
        stored = 0
        if entries:
            keep = desk.ledger.record_feedback
            name = counter.tenant.name
            stored = await run_in_threadpool(keep, name, service.id, entries, desk.now())
        return _told(service, stored, faults)

    return router


async def _body(request: Request, limits: Limits) -> bytes:
    content_form(request, JSON_FORMS)
    accept_form(request)
    body = await request.body()
    check(body, limits)
    return body


def _answered(
    response: dict[str, Any], call: HookCall, service: Service, counter: Counter
) -> Response:
    """The answer as the tenant may see it; everything computed is kept, shown or not."""
    count("nms_sentinel_hook_calls_total", service=service.id)
    seen = counter.shown(response)
    for card in seen["cards"]:
        count("nms_sentinel_cards_total", service=service.id, indicator=card["indicator"])
    hidden = len(response["cards"]) - len(seen["cards"])
    count("nms_sentinel_cards_silent_total", hidden, service=service.id)
    log.info("hook.answered", service=service.id, cards=len(seen["cards"]), silent=hidden)
    at, name = counter.desk.now(), counter.tenant.name
    afterwards = BackgroundTask(record, response, call, service, at, name, counter.desk)
    return Response(orjson.dumps(seen), media_type=PLAIN, background=afterwards)


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

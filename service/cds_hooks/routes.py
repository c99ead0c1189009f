"""GET /cds-services, POST /cds-services/{id} and /cds-services/{id}/feedback.

The answer is computed in the request, without broker or queue; what is kept for feedback is
written after it has gone out.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Any

import orjson
import structlog
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.background import BackgroundTask
from starlette.responses import Response

from service.cds_hooks.answer import Answer, answer
from service.cds_hooks.completion import completed
from service.cds_hooks.consequences import follow
from service.cds_hooks.counter import Counter, Counters
from service.cds_hooks.desk import Desk
from service.cds_hooks.familiar import familiar
from service.cds_hooks.feedback import read_feedback
from service.cds_hooks.prefetch import unsatisfied
from service.cds_hooks.records import Recorder, record_of
from service.cds_hooks.request import HookCall, read_call
from service.cds_hooks.services import SERVICES, Service
from service.cds_hooks.soundness import warm
from service.edge.gate import Gate
from service.edge.media import JSON_FORMS, PLAIN, accept_form, content_form
from service.edge.straight import Road
from service.fhir.limits import Limits, check_bytes, check_structure
from service.fhir.reader import ReadContext
from service.logs import correlation
from service.metrics import count
from service.outcome import JSON, Issue, encoded, operation_outcome
from service.security.tenants import Tenant
from service.store import AuditEntry

ROOM = "/cds-services"
# of a call's time, kept for the assessment
RESERVE_S = 0.05
# an answer is computing: more threads than this only take turns, and all come late
ANSWERED_AT_ONCE = 8
log = structlog.get_logger(__name__)


def hook_routes(
    desk: Desk, gate: Gate, limits: Limits, tenants: Mapping[str, Tenant]
) -> tuple[dict[str, Road], APIRouter]:
    """The hooks, for the tenants of the file and for any other that a caller speaks for: the
    calls alone by their addresses, for a straight way to them, and the whole room."""
    counters = Counters(desk, tenants)
    recorder = Recorder(desk)
    # a place of their own: neither a page nor the intake can take the threads that hooks need
    places = CapacityLimiter(ANSWERED_AT_ONCE)

    router = APIRouter(prefix=ROOM, tags=["cds-hooks"], lifespan=_ready(counters))

    @router.api_route("", methods=["GET", "HEAD"])
    async def services(request: Request) -> Response:
        """Discovery."""
        counter = counters.of(await gate.admit(request, "hooks"))
        accept_form(request)
        return Response(counter.discovery, media_type=PLAIN)

    @router.post("/{service_id}")
    async def call(request: Request, service_id: str) -> Response:
        """One hook call, answered with cards; 412 when there is nothing to go by."""
        begun = time.monotonic()
        counter = counters.of(await gate.admit(request, "hooks"))
        service = counter.service(service_id)
        asked = _read(await _body(request, limits), service, counter, limits)
        left = counter.tenant.fetch_deadline_s - RESERVE_S - (time.monotonic() - begun)
        asked = await completed(asked, counter.fhir, max(left, RESERVE_S))
        name = counter.tenant.name
        told = await to_thread.run_sync(answer, asked, service, name, counter.desk, limiter=places)
        return _answered(told, asked, service, counter, recorder)

    @router.post("/{service_id}/feedback")
    async def feedback(request: Request, service_id: str) -> Response:
        """What became of cards; entries that cannot be read are named, the others are kept."""
        counter = counters.of(await gate.admit(request, "hooks"))
        service = counter.service(service_id)
        body = await _body(request, limits)
        check_structure(body, limits)
        entries, faults = read_feedback(body)
        stored = 0
        if entries:
            stored = await run_in_threadpool(_kept, entries, service, counter)
        return _told(service, stored, len(entries), faults)

    return _roads(call), router


def _ready(counters: Counters) -> Callable[[Any], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def ready(_app: Any) -> AsyncIterator[None]:
        """Load what a first call would wait for; at the end let go of the FHIR servers."""
        await run_in_threadpool(warm)
        try:
            yield
        finally:
            await counters.aclose()

    return ready


def _roads(call: Callable[..., Awaitable[Response]]) -> dict[str, Road]:
    """The address of each service, and what answers there."""
    template = f"{ROOM}/{{service_id}}"
    return {
        f"{ROOM}/{one.id}": Road(template, partial(call, service_id=one.id)) for one in SERVICES
    }


async def _body(request: Request, limits: Limits) -> bytes:
    content_form(request, JSON_FORMS)
    accept_form(request)
    body = await request.body()
    check_bytes(body, limits)
    return body


def _read(body: bytes, service: Service, counter: Counter, limits: Limits) -> HookCall:
    """The call; what it has in common with the one before is not read again."""
    desk = counter.desk

    def context(patient: str) -> ReadContext:
        return desk.context(counter.tenant.name, patient, desk.now())

    known = familiar(body, service, limits, desk.recall, context)
    if known is not None and (counter.fhir is None or not unsatisfied(known.prefetch)):
        return known
    check_structure(body, limits)
    return read_call(body, service)


def _answered(
    told: Answer, call: HookCall, service: Service, counter: Counter, recorder: Recorder
) -> Response:
    """The answer as the tenant may see it; everything computed is kept, shown or not."""
    count("nms_sentinel_hook_calls_total", service=service.id)
    response = told.response
    shown = counter.shown(response, service.hook)
    seen = {card["uuid"] for card in shown["cards"]}
    for card in shown["cards"]:
        count("nms_sentinel_cards_total", service=service.id, indicator=card["indicator"])
    hidden = len(response["cards"]) - len(seen)
    count("nms_sentinel_cards_silent_total", hidden, service=service.id)
    log.info("hook.answered", service=service.id, cards=len(seen), silent=hidden)
    name = counter.tenant.name
    counter.desk.note(name, accessed(call, service, len(seen), counter.desk.now()))
    record = record_of(told, seen, call, service, name, counter.desk)
    afterwards = BackgroundTask(recorder.keep, record)
    return Response(orjson.dumps(shown), media_type=PLAIN, background=afterwards)


def accessed(call: HookCall, service: Service, cards: int, at: datetime) -> AuditEntry:
    """Who looked at whom through this hook, for the audit: codes and ids only."""
    return AuditEntry(
        at=at,
        who=call.user or "client",
        action=f"hook.{service.hook}",
        role="clinician",
        patient=call.patient,
        subject=service.id,
        correlation=correlation() or "",
        detail={"cards": cards},
    )


def _kept(entries: list[dict[str, Any]], service: Service, counter: Counter) -> int:
    """Store feedback, then take the steps that it sets off. A repeat changes nothing."""
    desk, name = counter.desk, counter.tenant.name
    stored = desk.ledger.record_feedback(name, service.id, entries, desk.now())
    steps = follow(entries, name, desk.now(), desk)
    log.info("feedback.kept", service=service.id, entries=len(entries), new=stored, steps=steps)
    return stored


def _told(service: Service, stored: int, read: int, faults: list[tuple[str, str]]) -> Response:
    """200 without a body when all was read; else which entries were not, 400 when none was."""
    count("nms_sentinel_feedback_total", stored, service=service.id, result="stored")
    count("nms_sentinel_feedback_total", len(faults), service=service.id, result="refused")
    if not faults:
        return Response(status_code=200)
    severity = "warning" if read else "error"
    issues = [
        Issue(severity, "invalid", "feedback-entry", f"{where} {what}.", where)
        for where, what in faults
    ]
    status = 200 if read else 400
    return Response(encoded(operation_outcome(issues)), status, media_type=JSON)

"""The worklist room: pages, actions, live stream, bedside form, /api/v1."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

from alerts.knowledge import Knowledge, load
from service.settings import Settings
from service.store import Store
from service.worklist.actions import action_routes
from service.worklist.bedside.routes import check_routes
from service.worklist.counter import StoreDesk
from service.worklist.door import HEADERS, QuietRoute, problem
from service.worklist.export import export_routes
from service.worklist.pages import page_routes
from service.worklist.patient.library import library_routes
from service.worklist.patient.routes import patient_routes
from service.worklist.programs import program_routes
from service.worklist.room import Accept, Room
from service.worklist.stream import stream_routes

STATIC = Path(__file__).parent / "static"
ASSETS = {
    "sentinel.css": "text/css",
    "worklist.js": "text/javascript",
    "alive.js": "text/javascript",
    "patient.js": "text/javascript",
    "check.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}


def routes(
    store: Store,
    settings: Settings,
    *,
    knowledge: Knowledge | None = None,
    accept: Accept | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    tenants: tuple[str, ...] = (),
) -> APIRouter:
    """Everything under /worklist, /patients, /check and /api/v1, and the FHIR Questionnaire.

    `accept(body, tenant, user)` takes a FHIR bundle in through the front door and answers the
    reasons of refused entries; without it there is no bedside check.
    """
    names = {settings.tenant, *tenants}
    room = Room(
        desks={name: StoreDesk(store, name, clock) for name in names},
        home=settings.tenant,
        knowledge=knowledge or load(),
        zone=settings.zone,
        clock=clock,
        accept=accept,
    )
    router = APIRouter()
    router.include_router(_static_routes())
    router.include_router(library_routes())
    router.include_router(stream_routes(room))
    router.include_router(export_routes(room))
    router.include_router(page_routes(room))
    router.include_router(patient_routes(room))
    if accept is not None:
        router.include_router(check_routes(room, accept))
    router.include_router(action_routes(room))
    router.include_router(program_routes(room))
    return router


def _static_routes() -> APIRouter:
    """Our own style and script; nothing else is served from the folder."""
    router = APIRouter(route_class=QuietRoute)

    @router.get("/worklist/static/{name}", include_in_schema=False, response_model=None)
    def static(name: str) -> FileResponse | object:
        if name not in ASSETS:
            return problem(404, "There is no such file.")
        headers = {**HEADERS, "Cache-Control": "no-cache"}
        return FileResponse(STATIC / name, media_type=ASSETS[name], headers=headers)

    return router

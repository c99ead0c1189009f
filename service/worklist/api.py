"""The worklist room: pages, actions, live stream, bedside form, /api/v1."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from fastapi import APIRouter

from alerts.knowledge import Knowledge, load
from service.security.session import check_links
from service.settings import Settings
from service.store import Store
from service.worklist.actions import action_routes
from service.worklist.assets import asset_routes
from service.worklist.bedside.routes import check_routes
from service.worklist.counter import StoreDesk
from service.worklist.door import HEADERS, QuietRoute
from service.worklist.export import export_routes
from service.worklist.pages import page_routes
from service.worklist.patient.library import library_routes
from service.worklist.patient.routes import patient_routes
from service.worklist.programs import program_routes
from service.worklist.room import Accept, Room
from service.worklist.stream import stream_routes


def routes(
    store: Store,
    settings: Settings,
    *,
    knowledge: Knowledge | None = None,
    accept: Accept | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    tenants: Mapping[str, ZoneInfo] | None = None,
) -> APIRouter:
    """Everything under /worklist, /patients, /check and /api/v1, and the FHIR Questionnaire.

    `accept(body, tenant, user)` takes a FHIR bundle in through the front door and answers the
    reasons of refused entries; without it there is no bedside check. `tenants`: further tenants
    with the zones of their wards.
    """
    zones = {settings.tenant: settings.zone, **(tenants or {})}
    rules = knowledge or load()
    room = Room(
        desks={name: StoreDesk(store, name, clock, zone, rules) for name, zone in zones.items()},
        home=settings.tenant,
        knowledge=rules,
        clock=clock,
        accept=accept,
        check_link=check_links(settings),
    )
    router = APIRouter()
    static = APIRouter(route_class=QuietRoute)
    asset_routes(static, HEADERS)
    router.include_router(static)
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

"""create_app(): everything the API is made of, wired top to bottom."""

import gc
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.metadata import version
from typing import Any
from uuid import uuid4

import structlog
from fastapi import FastAPI
from starlette.responses import RedirectResponse

from alerts.knowledge import Knowledge
from service.audit import Trail
from service.cds_hooks.analytics import analytics_routes
from service.cds_hooks.desk import Desk, evidence
from service.cds_hooks.routes import hook_routes
from service.edge.cors import Cors
from service.edge.faults import Faults
from service.edge.gate import Gate
from service.edge.limits import BodyLimits
from service.edge.passage import Passage
from service.edge.rate import Rate
from service.edge.straight import Road, Straight
from service.errors import Unavailable
from service.fhir.limits import Limits
from service.health import Health
from service.intake.clerk import Clerk, limits_of
from service.intake.delivery import Delivery, Form
from service.intake.door import Door, ThreadDoor
from service.intake.routes import intake_routes
from service.journal import Journal
from service.logs import correlation
from service.monitoring.doorbell import broker_up, ring
from service.operation import operation_routes
from service.rules import rules_in_force
from service.security import session
from service.security.callers import callers_of, tenants_of
from service.security.providers import read_providers
from service.security.roles import May, may
from service.security.sign_in import sign_in_routes
from service.security.tenants import Tenant
from service.settings import PREFIX, Settings
from service.store import SESSION_KEY, AuditEntry, Store, open_store
from service.worklist import api as worklist
from service.worklist.door import problem

Clock = Callable[[], datetime]
# new objects before cycles are searched for; one large answer makes some ten thousand
SEARCHED_AFTER = (20_000, 20, 20)
log = structlog.get_logger(__name__)


def utc_now() -> datetime:
    return datetime.now(UTC)


def create_app(
    settings: Settings,
    store: Store | None = None,
    *,
    door: Door | None = None,
    now: Clock = utc_now,
) -> FastAPI:
    """The API. `door`: how bodies are taken in, in threads of this process when not given.

    `store`: opened from the settings when not given; whoever gives one closes it.
    """
    held = store or open_store(settings.database_url)
    knowledge, tenants = rules_in_force(settings), tenants_of(settings)
    door = door or _threads(held, tenants, settings)
    callers = callers_of(settings, tenants, _shared_memory(held, now))
    gate = Gate(callers, Rate(settings.rate_per_minute))
    health = Health(held, tuple(tenants), partial(broker_up, settings), now, knowledge.version)
    trail = Trail(held.record_audit, journal=partial(Journal, settings.data_dir / "journal"))
    compare = partial(_compare_keys, held, settings, now)
    app = _application(settings, _lifespan(door, trail, compare, None if store else held))
    providers = read_providers(settings.sign_in)
    session.install(app, settings, _Memory(held, now), providers.idle_seconds)
    told = {"base_url": settings.base_url, "version": app.version}
    bodies, intake = intake_routes(door, gate, now=now, **told)
    desk = _desk(held, knowledge, settings, now, trail)
    calls, hooks = hook_routes(desk, gate, _limits(settings), tenants)
    for router in (
        hooks,
        analytics_routes(held, settings.tenant),
        intake,
        operation_routes(health, settings.metrics_token),
        sign_in_routes(settings, providers, _sign_in_note(held, settings.tenant, now)),
        worklist.routes(
            held,
            settings,
            knowledge=knowledge,
            accept=_accept(door, now),
            clock=now,
            tenants={name: tenant.zone for name, tenant in tenants.items()},
        ),
    ):
        app.include_router(router)
    app.add_api_route("/", lambda: RedirectResponse("/worklist"), include_in_schema=False)
    _frame(app, settings, {"/fhir": Road("/fhir", bodies), **calls})
    return app


def _application(settings: Settings, lifespan: Callable[[FastAPI], Any]) -> FastAPI:
    """The framework's part, with nothing in it yet."""
    return FastAPI(
        title="NMS Sentinel",
        version=version("nms-sentinel"),
        docs_url="/docs" if settings.docs else None,
        redoc_url=None,
        openapi_url="/openapi.json" if settings.docs else None,
        lifespan=lifespan,
        # a redirect would name the host that the caller named, and lose the body of a call
        redirect_slashes=False,
    )


def _threads(held: Store, tenants: Mapping[str, Tenant], settings: Settings) -> Door:
    """The intake in threads of this process."""
    clerk = Clerk(held, tenants, settings.zone, limits_of(settings))
    return ThreadDoor(clerk, partial(ring, settings))


def _desk(held: Store, knowledge: Knowledge, settings: Settings, now: Clock, trail: Trail) -> Desk:
    """What hook calls are answered with."""
    return Desk(
        ledger=held,
        knowledge=knowledge,
        base_url=settings.base_url,
        zone=settings.zone,
        now=now,
        new_id=lambda: str(uuid4()),
        references=evidence(knowledge),
        check_link=session.check_links(settings),
        note=trail.note,
    )


def _frame(app: FastAPI, settings: Settings, roads: Mapping[str, Road]) -> None:
    """What every request passes: the last one added is the outermost."""
    faults = Faults(problem)
    faults.install(app)
    app.add_middleware(Straight, faults=faults, roads=roads)
    largest = (("/cds-services", settings.max_hook_bytes), ("/fhir", settings.max_bytes))
    app.add_middleware(BodyLimits, faults=faults, largest=largest, seconds=settings.read_timeout_s)
    https = settings.base_url.startswith("https:")
    app.add_middleware(Passage, faults=faults, https=https, docs=settings.docs)
    app.add_middleware(Cors, origins=settings.cors_origins)


def _limits(settings: Settings) -> Limits:
    return Limits(settings.max_hook_bytes, settings.max_depth, settings.max_entries)


def _accept(door: Door, now: Clock) -> Callable[[bytes, str, str], tuple[str, ...]]:
    """The front door for the bedside form: (body, tenant, user) -> reasons of refused entries."""

    def accept(body: bytes, tenant: str, user: str) -> tuple[str, ...]:
        taken = door.take_now(
            Delivery(body, Form.BUNDLE, tenant, user, now(), correlation() or uuid4().hex)
        )
        return taken.refusals

    return accept


def _shared_memory(store: Store, now: Clock) -> Callable[[str, float], bool]:
    """Tokens seen by any process, also before a restart: the store remembers them."""

    def use_once(key: str, expires: float) -> bool:
        return store.use_once("jti", key, datetime.fromtimestamp(expires, UTC), now())

    return use_once


class _Memory:
    """What sessions must remember in all processes: the store keeps it."""

    def __init__(self, store: Store, now: Clock) -> None:
        self._store, self._now = store, now

    def once(self, kind: str, key: str, seconds: float) -> bool:
        now = self._now()
        return self._store.use_once(kind, key, now + timedelta(seconds=seconds), now)

    def known(self, kind: str, key: str) -> bool:
        return self._store.is_used(kind, key, self._now())


def _sign_in_note(
    store: Store, tenant: str, now: Clock
) -> Callable[[str, str, session.User | None], None]:
    """Who came and who left, in the audit; who may act and came is known from then on."""

    def note(action: str, outcome: str, user: session.User | None) -> None:
        if user and (action, outcome) == ("user.sign-in", "success") and may(user, May.ACT):
            store.note_person(user.tenants or (tenant,), user.name, user.wards, now())
        who, role = (user.name, user.role) if user else ("", "")
        entry = AuditEntry(now(), who, action, outcome, role, correlation=correlation() or "")
        store.record_audit(tenant, [entry])

    return note


def _compare_keys(store: Store, settings: Settings, now: Clock) -> None:
    """Two APIs that sign with different keys: a sign-in at one is none at the other. Said where it
    begins, not by whoever is asked to sign in again and again."""
    mark = session.sessions_of(settings).key_mark()
    try:
        before = store.in_force(SESSION_KEY)
        if before == mark:
            return
        store.put_in_force(SESSION_KEY, mark, now())
        if before is not None:
            log.error("sign_in.key_differs", setting=f"{PREFIX}SESSION_KEY")
            entry = AuditEntry(now(), "service", "sign-in.key-changed", subject="session-key")
            store.record_audit(settings.tenant, [entry])
    except Unavailable as fault:
        log.warning("sign_in.key_not_compared", code=fault.code)


def _lifespan(
    door: Door, trail: Trail, begin: Callable[[], None], ours: Store | None
) -> Callable[[FastAPI], Any]:
    """At the end: the intake finishes what it holds, the audit is written, then the store is
    closed if it is ours."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            if ours is not None:
                stack.callback(ours.close)
            stack.callback(trail.close)
            stack.callback(door.close)
            trail.begin()
            begin()
            stack.enter_context(_what_stays())
            yield

    return lifespan


@contextmanager
def _what_stays() -> Iterator[None]:
    """What was loaded at start (code, knowledge, terminology) stays: the search for cycles need
    not go through it again and again. An answer leaves none behind but by accident."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SEARCHED_AFTER)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()

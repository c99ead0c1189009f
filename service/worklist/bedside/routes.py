"""The bedside check: signed in, or by a short-lived link that names the patient."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import quote

import orjson
from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse

from alerts.assessment import as_dict, assess
from alerts.chart import Chart
from service.edge.rate import Rate
from service.errors import BadInput, NotAllowed, NotFound
from service.security.roles import May, Needs, may
from service.security.session import (
    Forbidden,
    User,
    check_csrf,
    check_mark,
    check_origin,
    csrf_token,
    require_user,
    sessions_in,
)
from service.worklist.bedside.link import link_routes
from service.worklist.bedside.parts import SITES, form
from service.worklist.bedside.questionnaire import questionnaire
from service.worklist.bedside.record import (
    QUESTIONNAIRE,
    checked_handle,
    examination,
    references,
    response_id,
    retraction,
)
from service.worklist.desk import Desk
from service.worklist.door import PageRoute, ProgramRoute, QuietRoute, page
from service.worklist.patient.access import chart_for
from service.worklist.patient.who import ward, who
from service.worklist.reads import did
from service.worklist.room import Accept, Room
from service.worklist.synopsis import gaps, next_steps, score_words
from service.worklist.words import TIERS, clock, history_words, inside, instant, named

UNDO_FOR = timedelta(minutes=2)
# kept on a phone without a network: sent late, with the time at which it was taken
LATE_FOR = timedelta(hours=12)
_SKEW = timedelta(minutes=2)


class NeedsCheck(Needs):
    """May.EXAMINE; or a link that names one patient and has not expired. TooMany (429)."""

    def __init__(self, what: May, rate: Rate) -> None:
        super().__init__(what)
        self._rate = rate

    async def __call__(self, request: Request) -> User:
        token = str(request.path_params.get("key", ""))
        if not _is_token(token):
            return await super().__call__(request)
        try:
            held = sessions_in(request).open("check", token)
        except NotAllowed:
            # guesses count for who makes them; a link that is good, for itself
            self._rate.take(f"guess {request.client.host if request.client else ''}")
            raise
        mark = check_mark(token)
        self._rate.take(mark)
        return User(mark, "link", tenants=(held["t"],), session=mark)


@dataclass(frozen=True, slots=True)
class Bed:
    """The check of one patient by one holder. `key` as it stands in the address."""

    desk: Desk
    patient: str
    key: str
    user: User
    tenant: str = ""

    @property
    def by_link(self) -> bool:
        return self.user.role == "link"

    @property
    def address(self) -> str:
        return f"/check/{self.key if self.by_link else quote(self.key, safe='')}"

    @property
    def suffix(self) -> str:
        return f"?tenant={quote(self.tenant, safe='')}" if self.tenant and not self.by_link else ""


def check_routes(room: Room, accept: Accept) -> APIRouter:
    """GET and POST /check/{key}, its answer, its undo; GET /fhir/Questionnaire/..."""
    router = APIRouter(route_class=PageRoute)
    holder = NeedsCheck(May.EXAMINE, room.rate)

    @router.get("/check/{key}")
    def show(request: Request, key: str, user: Annotated[User, Depends(holder)]) -> Response:
        bed = _bed(room, request, key, user)
        return _own_check(room, request, bed) or _page(room, request, bed)

    @router.post("/check/{key}")
    async def save(request: Request, key: str, user: Annotated[User, Depends(holder)]) -> Response:
        given = {name: str(value) for name, value in (await request.form()).items()}
        _same_site(request, user, given)
        return await run_in_threadpool(_save, room, accept, request, key, user, given)

    @router.get("/check/{key}/done/{handle}")
    def done(
        request: Request, key: str, handle: str, user: Annotated[User, Depends(holder)]
    ) -> HTMLResponse:
        bed = _bed(room, request, key, user)
        return page("checked.html", **_answer(room, request, bed, handle))

    @router.post("/check/{key}/undo")
    async def undo(request: Request, key: str, user: Annotated[User, Depends(holder)]) -> Response:
        given = {name: str(value) for name, value in (await request.form()).items()}
        _same_site(request, user, given)
        return await run_in_threadpool(_undo, room, accept, request, key, user, given)

    both = APIRouter()
    both.include_router(router)
    both.include_router(_by_itself(room, holder))
    both.include_router(link_routes(room))
    return both


def _by_itself(room: Room, holder: NeedsCheck) -> APIRouter:
    """What an open page, or a record system, asks for."""
    both = APIRouter()
    quiet = APIRouter(route_class=QuietRoute)
    programs = APIRouter(route_class=ProgramRoute)

    @quiet.get("/check/{key}/told/{handle}")
    def told(
        request: Request, key: str, handle: str, user: Annotated[User, Depends(holder)]
    ) -> HTMLResponse:
        """What has happened since it was saved, for the page that shows the answer."""
        bed = _bed(room, request, key, user)
        return page("told.html", **_answer(room, request, bed, handle))

    @programs.get(f"/fhir/Questionnaire/{QUESTIONNAIRE}")
    def served(request: Request) -> Response:
        base = str(request.base_url).rstrip("/")
        return Response(orjson.dumps(questionnaire(base)), media_type="application/fhir+json")

    both.include_router(quiet)
    both.include_router(programs)
    return both


def _is_token(key: str) -> bool:
    """body.mac: no patient of ours has a 64-digit mark behind a dot."""
    body, _, mark = key.rpartition(".")
    return bool(body) and len(mark) == 64 and all(c in "0123456789abcdef" for c in mark)


def _bed(room: Room, request: Request, key: str, user: User) -> Bed:
    if user.role != "link":
        tenant = request.query_params.get("tenant", "")
        return Bed(room.desk(user, tenant), key, key, user, tenant)
    held = sessions_in(request).open("check", key)
    desk = room.desks.get(str(held["t"]))
    if desk is None:
        raise NotFound("There is no such list.", code="no-tenant")
    return Bed(desk, str(held["p"]), key, user, str(held["t"]))


def _own_check(room: Room, request: Request, bed: Bed) -> Response | None:
    """Who opens a link and is signed in examines under their own name; None for everybody else."""
    if not bed.by_link:
        return None
    try:
        user = require_user(request)
    except NotAllowed:
        return None
    chart = bed.desk.chart(bed.patient)
    mine = may(user, May.EXAMINE) and bed.desk.tenant in room.tenants(user)
    if chart is None or not mine or (user.wards and ward(chart) not in {"", *user.wards}):
        return None
    tenant = "" if bed.desk.tenant == room.home else f"?tenant={quote(bed.desk.tenant, safe='')}"
    return RedirectResponse(f"/check/{quote(bed.patient, safe='')}{tenant}", 303)


def _same_site(request: Request, user: User, given: dict[str, str]) -> None:
    """A link is its own secret: no other site knows it. A session is guarded by its token."""
    if user.role == "link":
        check_origin(request)
    else:
        check_csrf(request, given.get("csrf", ""))


def _read(room: Room, request: Request, bed: Bed) -> Chart:
    if not bed.by_link:
        return chart_for(room, bed.desk, request, bed.user, bed.patient, bed.tenant)
    chart = bed.desk.chart(bed.patient)
    if chart is None:
        raise NotFound("No facts about this patient are on record here.", code="no-patient")
    room.reads.patient(bed.desk, bed.user, bed.patient, room.clock(), "bedside-link")
    return chart


def _page(room: Room, request: Request, bed: Bed) -> HTMLResponse:
    now = room.clock()
    chart = _read(room, request, bed)
    said = as_dict(assess(chart, room.knowledge, now))
    return page(
        "check.html",
        user=None if bed.by_link else bed.user,
        csrf="" if bed.by_link else csrf_token(request),
        by_link=bed.by_link,
        person=who(chart, now),
        action=f"{bed.address}{bed.suffix}",
        back="" if bed.by_link else f"/patients/{quote(bed.patient, safe='')}{bed.suffix}",
        handle=secrets.token_hex(8),
        sites=SITES,
        missing=gaps(said),
        asked=form(said, attest=not bed.by_link and may(bed.user, May.ATTEST)),
    )


def _save(
    room: Room,
    accept: Accept,
    request: Request,
    key: str,
    user: User,
    given: dict[str, str],
) -> Response:
    bed, now = _bed(room, request, key, user), room.clock()
    _read(room, request, bed)
    if not may(user, May.ATTEST) and given.get("workup_negative"):
        raise Forbidden("Your role does not attest a work-up.", code="role")
    name = user.name
    if bed.by_link:
        name = " ".join(given.get("who", "").split())[:80]
        if not name:
            raise BadInput("Say who examined.", code="bedside-who", location="who")
        name = f"{name} (by link, not signed in)"
    at = _taken_at(given.get("at", ""), now)
    handle = checked_handle(given)
    body = examination(bed.patient, given, at, name, _address(request))
    refused = accept(body, bed.desk.tenant, name)
    if refused:
        raise BadInput(
            "The examination was not recorded. Repeat it in the record.", code="bedside-refused"
        )
    who_did = user if not bed.by_link else User(name, "link")
    subject = f"QuestionnaireResponse/{response_id(handle)}"
    did(bed.desk, who_did, "bedside.save", now, patient=bed.patient, subject=subject)
    return RedirectResponse(f"{bed.address}/done/{handle}{bed.suffix}", 303)


def _taken_at(told: str, now: datetime) -> datetime:
    """When it was taken: the phone's clock where it may have been kept; ours else."""
    try:
        at = instant(told) if told else None
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not now - LATE_FOR <= at <= now + _SKEW:
        return now
    return min(at, now)


def _address(request: Request) -> str:
    return f"{str(request.base_url).rstrip('/')}/fhir/Questionnaire/{QUESTIONNAIRE}"


def _answer(room: Room, request: Request, bed: Bed, handle: str) -> dict[str, Any]:
    """'Now: compatible with NMS, 78-85': assessed for this page, with what came in."""
    checked_handle({"handle": handle})
    now = room.clock()
    chart = _read(room, request, bed)
    saved = bed.desk.received(f"QuestionnaireResponse/{response_id(handle)}", bed.patient)
    said = as_dict(assess(chart, room.knowledge, now))
    lines = [e for e in bed.desk.patient_history(bed.patient) if saved and e.at >= saved]
    return {
        "user": None if bed.by_link else bed.user,
        "csrf": "" if bed.by_link else csrf_token(request),
        "person": who(chart, now),
        "saved": clock(saved, now, bed.desk.zone) if saved else "",
        "tier": inside(TIERS.get(said["tier"], named(said["tier"]))),
        "score": score_words(said),
        "next": next_steps(said),
        "gaps": gaps(said),
        "lines": [
            {
                "when": clock(e.at, now, bed.desk.zone),
                "what": e.what.replace("-", " "),
                "who": e.who,
                "why": history_words(e.why),
            }
            for e in lines
        ],
        "handle": handle,
        "undo": f"{bed.address}/undo{bed.suffix}",
        "may_undo": saved is not None and now - saved < UNDO_FOR,
        "undo_until": f"{(saved + UNDO_FOR).isoformat()}" if saved else "",
        "again": f"{bed.address}{bed.suffix}",
        "told": f"{bed.address}/told/{handle}{bed.suffix}",
        "back": "" if bed.by_link else f"/patients/{quote(bed.patient, safe='')}{bed.suffix}",
    }


def _undo(
    room: Room,
    accept: Accept,
    request: Request,
    key: str,
    user: User,
    given: dict[str, str],
) -> Response:
    """Entered in error, within two minutes: the alerts that rested on it are corrected."""
    bed, now = _bed(room, request, key, user), room.clock()
    _read(room, request, bed)
    handle = checked_handle(given)
    whole = f"QuestionnaireResponse/{response_id(handle)}"
    saved = bed.desk.received(whole, bed.patient)
    if saved is not None and now - saved >= UNDO_FOR:
        said = "Two minutes have passed: correct it in the record."
        raise BadInput(said, code="bedside-undo-late")
    present = [ref for ref in references(handle) if bed.desk.received(ref, bed.patient)]
    if present:
        accept(retraction(bed.patient, handle, present, now), bed.desk.tenant, user.name)
        did(bed.desk, user, "bedside.undo", now, patient=bed.patient, subject=whole)
    return RedirectResponse(f"{bed.address}/done/{handle}{bed.suffix}", 303)

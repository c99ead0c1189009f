"""May this user read this patient? By role, by ward, or by a broken glass; and the audit of it."""

from typing import Annotated, Any

from fastapi import Depends, Request

from alerts.chart import Chart
from service.errors import NotAllowed, NotFound
from service.security.roles import May, Needs, may
from service.security.session import GLASS_SECONDS, Forbidden, User, require_user, sessions_in
from service.worklist.desk import Desk
from service.worklist.door import GlassClosed
from service.worklist.patient.who import ward
from service.worklist.room import Room

GLASS_COOKIE = "nms_sentinel_glass"
_GLASSES = 20


class NeedsPatient(Needs):
    """May.PATIENT; or a glass that this user broke for this patient."""

    async def __call__(self, request: Request) -> User:
        user = require_user(request)
        if may(user, self.what):
            return user
        if not may(user, May.BREAK_GLASS):
            raise Forbidden("Your role does not include this.", code="role")
        patient = str(request.path_params.get("key", ""))
        if not broken(request, user, request.query_params.get("tenant", ""), patient):
            raise GlassClosed(patient, request.query_params.get("tenant", ""))
        return user


Reader = Annotated[User, Depends(NeedsPatient(May.PATIENT))]


def readable(room: Room, request: Request, user: User, patient: str) -> Chart:
    """The chart, read and noted. NotFound (`no-patient`), GlassClosed (another ward's)."""
    tenant = request.query_params.get("tenant", "")
    return chart_for(room, room.desk(user, tenant), request, user, patient, tenant)


def chart_for(
    room: Room, desk: Desk, request: Request, user: User, patient: str, tenant: str = ""
) -> Chart:
    chart = desk.chart(patient)
    if chart is None:
        raise NotFound("No facts about this patient are on record here.", code="no-patient")
    place, why = ward(chart), ""
    if user.wards and place and place not in user.wards:
        if not broken(request, user, tenant, patient):
            raise GlassClosed(patient, tenant)
        why = "break-glass"
    room.reads.patient(desk, user, patient, room.clock(), why)
    return chart


def broken(request: Request, user: User, tenant: str, patient: str) -> bool:
    """Has this user, in this session, given a reason within the hour?"""
    return [tenant, patient] in _held(request, user)["p"]


def with_glass(request: Request, user: User, tenant: str, patient: str) -> str:
    """The cookie in which this patient is readable for an hour."""
    held = [*_held(request, user)["p"], [tenant, patient]][-_GLASSES:]
    return sessions_in(request).seal("glass", {"j": user.session, "p": held}, GLASS_SECONDS)


def _held(request: Request, user: User) -> dict[str, Any]:
    try:
        held = sessions_in(request).open("glass", request.cookies.get(GLASS_COOKIE, ""))
    except NotAllowed:
        return {"p": []}
    return held if held["j"] == user.session else {"p": []}

"""The bedside check as a QR code: from the screen or from paper onto a phone that is not signed in.

The link opens the check of one patient for four hours and nothing else. Who asked for it is in the
audit under the mark of the link, which is also the name under which it is used.
"""

from datetime import timedelta
from urllib.parse import quote

import segno
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from alerts.assessment import as_dict, assess
from service.security.roles import Examiner
from service.security.session import CHECK_SECONDS, check_mark, csrf_token
from service.worklist.door import PageRoute, page
from service.worklist.patient.access import readable
from service.worklist.patient.who import who
from service.worklist.reads import did
from service.worklist.room import Room
from service.worklist.synopsis import gaps

# quiet zone that a scanner needs around the code, in modules (ISO/IEC 18004)
_MARGIN = 4


def link_routes(room: Room) -> APIRouter:
    """GET /check/{key}/link: the code, the link, how long it works."""
    router = APIRouter(route_class=PageRoute)

    @router.get("/check/{key}/link")
    def link(request: Request, key: str, user: Examiner, tenant: str = "") -> HTMLResponse:
        chart, now = readable(room, request, user, key), room.clock()
        desk = room.desk(user, tenant)
        address = room.check_link(desk.tenant, key)
        mark = check_mark(address)
        did(desk, user, "bedside.link", now, patient=key, subject=mark)
        ends = (now + timedelta(seconds=CHECK_SECONDS)).astimezone(desk.zone)
        suffix = f"?tenant={quote(tenant, safe='')}" if tenant else ""
        return page(
            "link.html",
            user=user,
            csrf=csrf_token(request),
            person=who(chart, now),
            address=address,
            code=qr_code(address),
            ends=f"{ends:%H:%M on %d %b}",
            gaps=gaps(as_dict(assess(chart, room.knowledge, now))),
            back=f"/check/{quote(key, safe='')}{suffix}",
        )

    return router


def qr_code(text: str) -> Markup:
    """An SVG without a style or a script, dark on light in the dark too: a scanner wants that."""
    code = segno.make_qr(text, error="m")
    drawn = code.svg_inline(
        omitsize=True, border=_MARGIN, light="#fff", dark="#000", svgclass="qr", lineclass=None
    )
    named = f'<svg role="img" aria-label="QR code of the link" {drawn.removeprefix("<svg ")}'
    return Markup(named)  # noqa: S704 - made here, of modules alone

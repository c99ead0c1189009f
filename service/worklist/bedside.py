"""A small examination at the bedside: tone, consciousness, sweating.

What was examined becomes FHIR Observations that go through the same door as everything else;
what was not assessed is not sent, so unknown stays unknown (LOG-01).
"""

import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from alerts.chart import SignKind
from service.errors import BadInput
from service.security.session import check_csrf, require_user
from service.worklist.door import PageRoute
from service.worklist.room import Accept, Room

SYSTEM = "urn:nms-sentinel:bedside"
_HANDLE = re.compile(r"[0-9a-f]{16}")

PARTS: tuple[tuple[SignKind, str, str, dict[str, str]], ...] = (
    (
        SignKind.RIGIDITY,
        "Tone",
        "move elbows, knees and neck slowly, then fast",
        {
            "normal": "Normal",
            "increased": "Increased",
            "cogwheel": "Cogwheel",
            "lead_pipe": "Lead-pipe",
        },
    ),
    (
        SignKind.ACVPU,
        "Consciousness",
        "best response now",
        {
            "A": "Alert",
            "C": "New confusion",
            "V": "Responds to voice",
            "P": "Responds to pain",
            "U": "Unresponsive",
        },
    ),
    (
        SignKind.DIAPHORESIS,
        "Sweating",
        "face, trunk, sheets",
        {"absent": "No", "present": "Yes"},
    ),
)


def bedside_form(patient: str) -> dict[str, Any]:
    """What the form shows. The handle makes a form sent twice one record."""
    return {
        "action": f"/patients/{quote(patient, safe='')}/bedside",
        "handle": secrets.token_hex(8),
        "parts": [
            {"name": kind.value, "legend": legend, "how": how, "choices": choices}
            for kind, legend, how, choices in PARTS
        ],
    }


def bedside_routes(room: Room, accept: Accept) -> APIRouter:
    """POST /patients/{key}/bedside."""
    router = APIRouter(route_class=PageRoute)

    @router.post("/patients/{key}/bedside")
    async def save(request: Request, key: str) -> Response:
        user = require_user(request)
        form = {name: str(value) for name, value in (await request.form()).items()}
        check_csrf(request, form.get("csrf", ""))
        body = examination(key, form, room.clock())
        refused = await run_in_threadpool(accept, body, room.desk.tenant, user.name)
        if refused:
            raise BadInput(
                "The examination was not recorded. Repeat it in the record.", code="bedside-refused"
            )
        return RedirectResponse(f"/patients/{quote(key, safe='')}?done=bedside", 303)

    return router


def examination(patient: str, form: Mapping[str, str], at: datetime) -> bytes:
    """A FHIR R4 Bundle with one Observation for each thing that was examined."""
    handle = form.get("handle", "")
    if not _HANDLE.fullmatch(handle):
        raise BadInput("The form is damaged: load the page again.", code="bedside-handle")
    entries = [
        {"resource": _observation(patient, kind, legend, choices, choice, at, handle)}
        for kind, legend, _, choices in PARTS
        if (choice := form.get(kind.value, ""))
    ]
    if not entries:
        raise BadInput("Nothing was marked as examined: nothing to save.", code="bedside-empty")
    return orjson.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})


def _observation(
    patient: str,
    kind: SignKind,
    legend: str,
    choices: Mapping[str, str],
    choice: str,
    at: datetime,
    handle: str,
) -> dict[str, Any]:
    if choice not in choices:
        raise BadInput(f"{legend}: not one of the choices.", code="bedside-choice")
    answer = {"system": SYSTEM, "code": choice, "display": choices[choice]}
    return {
        "resourceType": "Observation",
        "id": f"bedside-{handle}-{kind.value.replace('_', '-')}",
        "status": "final",
        "code": {"coding": [{"system": SYSTEM, "code": kind.value, "display": legend}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": at.isoformat(),
        "issued": at.isoformat(),
        "valueCodeableConcept": {"coding": [answer], "text": choices[choice]},
    }

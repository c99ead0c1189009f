"""Our own style and scripts: each under an address that changes with its content, so that a browser
asks for it once."""

import hashlib
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Response

from service.errors import NotFound

STATIC = Path(__file__).parent / "static"
ASSETS = {
    "sentinel.css": "text/css",
    "worklist.js": "text/javascript",
    "alive.js": "text/javascript",
    "patient.js": "text/javascript",
    "check.js": "text/javascript",
    "clock.js": "text/javascript",
    "sheet.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
_FOREVER = "public, max-age=31536000, immutable"


@cache
def content(name: str) -> bytes:
    return (STATIC / name).read_bytes()


@cache
def asset(name: str) -> str:
    """The address of one of ASSETS, for a template."""
    return f"/worklist/static/{name}?v={hashlib.sha256(content(name)).hexdigest()[:12]}"


def asset_routes(router: APIRouter, headers: dict[str, str]) -> None:
    """GET /worklist/static/{name}, without sign-in; nothing else is served from the folder."""

    @router.get("/worklist/static/{name}", include_in_schema=False)
    def static(name: str, v: str = "") -> Response:
        if name not in ASSETS:
            raise NotFound("There is no such file.", code="no-file")
        kept = _FOREVER if asset(name).endswith(f"?v={v}") else "no-cache"
        return Response(
            content(name), media_type=ASSETS[name], headers={**headers, "Cache-Control": kept}
        )

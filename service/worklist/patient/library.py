"""The chart library, served from the installed wheel: compressed once, kept by browsers for a year.

Nothing of it is in the repository; another version has another address.
"""

import gzip
import re
from functools import cache
from importlib.metadata import version
from importlib.resources import files

from fastapi import APIRouter, Request, Response

from service.errors import NotFound
from service.worklist.door import QuietRoute

LIBRARY = f"/worklist/library/plotly-{version('plotly')}.js"


@cache
def _packed() -> bytes:
    """1.4 MB instead of 4.8; mtime 0, so that every process serves the same bytes."""
    return gzip.compress(_whole(), compresslevel=6, mtime=0)


def _whole() -> bytes:
    return files("plotly").joinpath("package_data/plotly.min.js").read_bytes()


@cache
def style_marks() -> tuple[str, ...]:
    """Ids of the style sheets that the library would add by script, which our policy forbids.

    An element of that id tells it that they are there already; what is needed is in our own.
    """
    found = re.findall(rb'getElementById\("([0-9a-f]{64})"\)', _whole())
    return tuple(sorted({mark.decode() for mark in found}))


def library_routes() -> APIRouter:
    """GET /worklist/library/plotly-{version}.js, without sign-in: it holds nothing of ours."""
    router = APIRouter(route_class=QuietRoute)

    @router.get("/worklist/library/{name}", include_in_schema=False)
    def library(request: Request, name: str) -> Response:
        if f"/worklist/library/{name}" != LIBRARY:
            raise NotFound("There is no such file.", code="no-file")
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable",
            "X-Content-Type-Options": "nosniff",
            "Vary": "Accept-Encoding",
        }
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return Response(_packed(), media_type="text/javascript", headers=headers)
        return Response(_whole(), media_type="text/javascript", headers=headers)

    return router

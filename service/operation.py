"""/health/live, /health/ready and /metrics, for those who run the service."""

import hmac

import orjson
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from service import metrics
from service.errors import NotAllowed
from service.health import Health


def operation_routes(health: Health, metrics_token: str | None) -> APIRouter:
    """The routes; /metrics asks for the token when there is one."""
    router = APIRouter(tags=["operation"])

    @router.api_route("/health/live", methods=["GET", "HEAD"])
    async def live() -> Response:
        """The process answers."""
        return _plain({"state": "live"}, 200)

    @router.api_route("/health/ready", methods=["GET", "HEAD"])
    async def ready() -> Response:
        """Whether work may be sent: 503 when the store does not take it."""
        found = await run_in_threadpool(health.ready)
        told: dict[str, object] = {"state": found.state, "checks": found.checks}
        told["rules"] = health.rules
        return _plain(told, found.status)

    @router.get("/metrics")
    async def scrape(request: Request) -> Response:
        """Prometheus exposition; behind a bearer token when one is set."""
        given = request.headers.get("authorization", "").encode()
        if metrics_token and not hmac.compare_digest(given, f"Bearer {metrics_token}".encode()):
            raise NotAllowed("Unauthorized", code="unauthorized")
        measured = await run_in_threadpool(health.measured)
        return Response(metrics.scrape(measured), media_type=metrics.CONTENT_TYPE)

    return router


def _plain(told: dict[str, object], status: int) -> Response:
    return Response(orjson.dumps(told), status, media_type="application/json")

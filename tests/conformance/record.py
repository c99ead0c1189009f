"""A small record system (FHIR R4 over HTTP) that our own server may read from, in a thread."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.conformance.client import CHART, PATIENT_RESOURCE, is_laboratory

PAGE = 2


class Record(ThreadingHTTPServer):
    """Answers reads and searches in small pages; keeps which tokens came."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.tokens: list[str | None] = []

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/fhir"


class _Handler(BaseHTTPRequestHandler):
    server: Record

    def do_GET(self) -> None:
        self.server.tokens.append(self.headers.get("Authorization"))
        parts = urlsplit(self.path)
        kind, _, name = parts.path.removeprefix("/fhir/").partition("/")
        if kind == "metadata":
            found: dict[str, Any] = {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"}
        elif name:
            found = self._read(kind, name)
        else:
            found = self._search(kind, parse_qs(parts.query))
        body = json.dumps(found).encode()
        self.send_response(200 if "resourceType" in found else 404)
        self.send_header("Content-Type", "application/fhir+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _read(self, kind: str, name: str) -> dict[str, Any]:
        every = [PATIENT_RESOURCE, *CHART]
        return next((r for r in every if (r["resourceType"], r["id"]) == (kind, name)), {})

    def _search(self, kind: str, asked: dict[str, list[str]]) -> dict[str, Any]:
        mine = [r for r in CHART if r["resourceType"] == kind]
        if kind == "Observation":
            mine = [r for r in mine if is_laboratory(r) == ("code" in asked)]
        first = int(asked.get("page", ["0"])[0])
        sent = mine[first : first + PAGE]
        query = "&".join(f"{k}={v[0]}" for k, v in asked.items() if k != "page")
        after = f"{self.server.base}/{kind}?{query}&page={first + PAGE}"
        more = [{"relation": "next", "url": after}] if first + PAGE < len(mine) else []
        return {
            "resourceType": "Bundle",
            "type": "searchset",
            "link": [{"relation": "self", "url": self.server.base}, *more],
            "entry": [{"resource": r} for r in sent],
        }

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@contextmanager
def record_system() -> Iterator[Record]:
    record = Record()
    threading.Thread(target=record.serve_forever, daemon=True).start()
    try:
        yield record
    finally:
        record.shutdown()
        record.server_close()

"""Writes to a record system, where a hospital asks for it: one base, pinned, bounded, in time.

A create is conditional on our identifier (`If-None-Exist`): sent twice, it is there once. The host
is resolved once for each Writer and connected at that address; redirects are refused; of an
answer only the status is read. The token goes to that one server and is neither kept nor logged.
"""

import re
import ssl
from collections.abc import Callable, Iterable
from typing import Any

import httpcore
import httpx
import orjson

from service.fhir.address import Base, Resolve, addresses
from service.fhir.emit import validated

TIMEOUT_S = 5.0
DELIVERY = "urn:nms-sentinel:delivery"
FORM = "application/fhir+json"
_VALUE = re.compile(r"[A-Za-z0-9._/\-]{1,200}")


class NotWritten(Exception):
    """The server did not take it; `code` for logs and the list of dead letters."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class _Pinned(httpcore.NetworkBackend):
    """Connects to the pinned host at the address it resolved to first, and nowhere else."""

    def __init__(self, base: Base, resolve: Resolve) -> None:
        self._base = base
        self._resolve = resolve
        self._address: str | None = None
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        if (host, port) != (self._base.host, self._base.port):
            raise httpcore.ConnectError("not the pinned server")
        if self._address is None:
            found = self._resolve(host, port)
            if not found:
                raise httpcore.ConnectError("host has no address")
            self._address = found[0]
        return self._inner.connect_tcp(self._address, port, timeout, local_address, socket_options)


class Writer:
    """Creates resources on one server. Use as a context manager."""

    def __init__(
        self,
        base: Base,
        token: Callable[[], str | None] = lambda: None,
        *,
        resolve: Resolve = addresses,
        verify: ssl.SSLContext | None = None,
    ) -> None:
        self.base = base
        self._token = token
        context = verify or ssl.create_default_context()
        transport = httpx.HTTPTransport(verify=context, trust_env=False)
        transport._pool = httpcore.ConnectionPool(
            ssl_context=context, max_connections=2, network_backend=_Pinned(base, resolve)
        )
        self._http = httpx.Client(
            transport=transport, follow_redirects=False, trust_env=False, timeout=TIMEOUT_S
        )

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def create(self, resource: dict[str, Any], delivery: str) -> str:
        """Create it unless one with this delivery id is there; the receipt ("Task 201").

        Raises NotWritten; EmitFault when what we built is not FHIR.
        """
        if not _VALUE.fullmatch(delivery):
            raise NotWritten("fhir-delivery-id")
        kind = str(resource["resourceType"])
        marked = {**resource, "identifier": [{"system": DELIVERY, "value": delivery}]}
        headers = {
            "Content-Type": FORM,
            "Accept": FORM,
            "Prefer": "return=minimal",
            "If-None-Exist": f"identifier={DELIVERY}|{delivery}",
        }
        token = self._token()
        if token:
            headers["Authorization"] = f"Bearer {token}"
        body = orjson.dumps(validated(marked))
        status = self._post(f"{self.base.url}/{kind}", body, headers)
        if status not in (httpx.codes.OK, httpx.codes.CREATED):
            raise NotWritten(f"fhir-{status}")
        return f"{kind} {status}"

    def _post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        try:
            with self._http.stream("POST", url, content=body, headers=headers) as answer:
                return answer.status_code
        except (httpx.TimeoutException, httpcore.TimeoutException):
            raise NotWritten("fhir-timeout") from None
        except (httpx.HTTPError, httpcore.NetworkError, httpcore.ProtocolError, OSError):
            raise NotWritten("fhir-unreachable") from None

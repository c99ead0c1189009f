"""A FHIR server that can misbehave: real sockets on loopback, one behaviour a path."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson

PATIENT = {"resourceType": "Patient", "id": "p1"}
# what is sent, with which status, with which header besides
PLAIN: dict[str, tuple[bytes, str, str]] = {
    "Redirect": (b"", "302 Found", "Location: http://127.0.0.1:1/fhir/Patient/p1"),
    "Gzip": (b"\x1f\x8b", "200 OK", "Content-Encoding: gzip"),
    "Html": (b"<html>sign in</html>", "200 OK", ""),
    "List": (b"[]", "200 OK", ""),
    "Outcome": (orjson.dumps({"resourceType": "OperationOutcome"}), "200 OK", ""),
    "Forbidden": (b"{}", "403 Forbidden", ""),
}
AWKWARD = ("Reset", "Slow", "Drip", "Never", "Huge", "Paged", "Elsewhere", "Climbing")
# where the next page is said to be
PAGES: dict[str, Callable[[str, int], str]] = {
    "Paged": lambda base, page: f"{base}/Paged?page={page + 1}",
    "Elsewhere": lambda *_: "http://localhost:1/fhir/Elsewhere?page=2",
    "Climbing": lambda base, _: f"{base}/../admin",
}


class FakeServer:
    """Answers by the last part of the path; keeps what it was asked and with which token."""

    def __init__(self) -> None:
        self.port = 0
        self.asked: list[str] = []
        self.tokens: list[str | None] = []
        # a chart to search by type, in pages of `page_size`; `odd`: type -> how it misbehaves
        self.chart: list[dict[str, Any]] = []
        self.page_size = 100
        self.last_page = 0  # where it is, no later page is ever answered
        self.odd: dict[str, str] = {}
        self.delay_s = 0.0
        # how many queries must be there before the first is answered
        self.together = 0
        self.waiting = 0
        self.all_there = asyncio.Event()
        self.over = asyncio.Event()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}/fhir"

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        target = lines[0].split(" ")[1]
        named = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
        headers = {key.lower(): value for key, value in named.items()}
        self.asked.append(target)
        self.tokens.append(headers.get("authorization"))
        behaviour = target.split("/fhir/", 1)[-1].split("?")[0].split("/")[0]
        behaviour = self.odd.get(behaviour, behaviour)
        if self.chart and behaviour not in PLAIN and behaviour not in AWKWARD:
            await self._turn(target)
            self._send(writer, *self._found(target.split("/fhir/", 1)[-1]))
        elif behaviour in PLAIN:
            self._send(writer, *PLAIN[behaviour])
        elif behaviour in PAGES:
            page = int(target.rsplit("page=", 1)[-1]) if "page=" in target else 1
            self._send(writer, self._page(page, PAGES[behaviour](self.base, page)))
        elif not await self._awkward(behaviour, writer):
            return False
        await writer.drain()
        return True

    async def _turn(self, target: str) -> None:
        """A moment, and nobody is answered before as many as `together` have asked."""
        if self.last_page and "page=" in target:
            await self.over.wait()
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        self.waiting += 1
        if self.waiting >= self.together:
            self.all_there.set()
        await self.all_there.wait()

    async def _awkward(self, behaviour: str, writer: asyncio.StreamWriter) -> bool:
        """Answers that take long, never end or break off; False when the connection is gone."""
        if behaviour == "Reset":
            writer.transport.abort()
            return False
        if behaviour == "Slow":
            await asyncio.sleep(1000)  # longer than any test waits
        elif behaviour == "Never":
            await self.over.wait()
        elif behaviour == "Drip":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            for _ in range(1000):
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(1)
        elif behaviour == "Huge":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000000000\r\n\r\n")
            for _ in range(400):
                writer.write(b"[" * 65536)
                await writer.drain()
        else:
            self._send(writer, orjson.dumps(PATIENT))
        return True

    def _found(self, query: str) -> tuple[bytes, str]:
        """A read or a search of the chart, as an ordinary server answers it."""
        kind, _, rest = query.partition("?")
        kind, _, name = kind.partition("/")
        mine = [r for r in self.chart if r["resourceType"] == kind]
        if name:
            read = [r for r in mine if r["id"] == name]
            return (orjson.dumps(read[0]), "200 OK") if read else (b"{}", "404 Not Found")
        if kind == "Observation":
            mine = [r for r in mine if ("code=" in rest) == ("laboratory" in str(r))]
        first = int(rest.rsplit("page=", 1)[-1]) if "page=" in rest else 0
        last = first + self.page_size
        bare = rest.split("&page=")[0]
        after = [{"relation": "next", "url": f"{self.base}/{kind}?{bare}&page={last}"}]
        bundle = {
            "resourceType": "Bundle",
            "type": "searchset",
            "link": after if last < len(mine) else [],
            "entry": [{"resource": r} for r in mine[first:last]],
        }
        return orjson.dumps(bundle), "200 OK"

    def _page(self, number: int, after: str) -> bytes:
        link = [{"relation": "next", "url": after}] if number < 9 else []
        entry = [{"resource": {"resourceType": "Observation", "id": f"o{number}"}}]
        return orjson.dumps(
            {"resourceType": "Bundle", "type": "searchset", "link": link, "entry": entry}
        )

    def _send(
        self, writer: asyncio.StreamWriter, body: bytes, status: str = "200 OK", extra: str = ""
    ) -> None:
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n"
        writer.write((head + (f"{extra}\r\n" if extra else "") + "\r\n").encode() + body)


@asynccontextmanager
async def fake_server() -> AsyncIterator[FakeServer]:
    fake = FakeServer()
    server = await asyncio.start_server(fake.handle, "127.0.0.1", 0)
    fake.port = server.sockets[0].getsockname()[1]
    try:
        yield fake
    finally:
        fake.over.set()
        fake.all_there.set()
        await asyncio.sleep(0)
        server.close()

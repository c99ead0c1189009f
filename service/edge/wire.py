"""What of an answer is ready goes out in one piece.

The server writes head and body by themselves: two calls into the system, two packets, and a
client that is woken twice, for each hook and each bundle.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# more than this is not held for the rest of the turn: a large answer is to be slowed by its reader
HELD_MOST = 65_536


class Wire(HttpToolsProtocol):
    """The server's protocol, over a transport that joins what is written in one turn."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(Joined(transport, self.loop))  # type: ignore[arg-type]


class Joined:
    """A transport whose writes of one turn of the loop go out together; else as it is."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: list[bytes] = []
        self._bytes = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._held:
            self._loop.call_soon(self.flush)
        self._held.append(data)
        self._bytes += len(data)
        if self._bytes > HELD_MOST:
            self.flush()

    def flush(self) -> None:
        """Write what is held; nothing when it was written before, or the client has gone."""
        held, self._held, self._bytes = self._held, [], 0
        if held and not self._transport.is_closing():
            self._transport.write(b"".join(held))

    def close(self) -> None:
        """What was written goes out first."""
        self.flush()
        self._transport.close()

"""The line to a process of the intake: a pair of sockets; a message is a length and a pickle.

Our end is waited for in the event loop. A thread for each body would cost the hooks more than the
body itself: two switches, and the interpreter's lock asked for in between.
"""

import asyncio
import pickle
import socket
import struct
from typing import Any

_LENGTH = struct.Struct("!Q")
_PIECE = 262_144


async def exchange(line: socket.socket, told: object) -> Any:
    """Tell something, and hear what comes back; `line` does not block.

    EOFError or OSError when the other end is gone. Cancelled in between, the line is of no more
    use: what comes then would be taken for the answer to the next.
    """
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(line, _packed(told))
    held, ends = bytearray(), 0
    while not ends or len(held) < ends:
        piece = await loop.sock_recv(line, _PIECE)
        if not piece:
            raise EOFError
        held += piece
        if not ends and len(held) >= _LENGTH.size:
            ends = _LENGTH.size + _LENGTH.unpack_from(held)[0]
    return pickle.loads(memoryview(held)[_LENGTH.size :])  # noqa: S301 - our own child


def hear(line: socket.socket) -> Any:
    """Wait for a message. EOFError when the other end is gone."""
    (length,) = _LENGTH.unpack(_exactly(line, _LENGTH.size))
    return pickle.loads(_exactly(line, length))  # noqa: S301 - our own parent


def tell(line: socket.socket, told: object) -> None:
    line.sendall(_packed(told))


def _packed(told: object) -> bytearray:
    held = bytearray(_LENGTH.size)
    held += pickle.dumps(told, pickle.HIGHEST_PROTOCOL)
    _LENGTH.pack_into(held, 0, len(held) - _LENGTH.size)
    return held


def _exactly(line: socket.socket, length: int) -> bytearray:
    held = bytearray(length)
    left = memoryview(held)
    while left:
        taken = line.recv_into(left)
        if not taken:
            raise EOFError
        left = left[taken:]
    return held

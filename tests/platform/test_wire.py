"""Answers go out in one piece, in order, and none of them is held back."""

import asyncio
from typing import Any

import pytest

from service.edge.wire import HELD_MOST, Joined


class Transport:
    """What reached the system, and that it was closed."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []
        self.gone = False

    def write(self, data: bytes) -> None:
        self.seen.append(data)

    def close(self) -> None:
        self.seen.append(b"closed")
        self.gone = True

    def is_closing(self) -> bool:
        return self.gone

    def get_extra_info(self, name: str) -> str:
        return f"extra {name}"


def turns(work: Any) -> list[list[bytes]]:
    """What had reached the system before, and what after, the turn of the loop ended."""

    async def run() -> list[list[bytes]]:
        far = Transport()
        work(Joined(far, asyncio.get_running_loop()))  # type: ignore[arg-type]
        before = list(far.seen)
        await asyncio.sleep(0)
        return [before, far.seen]

    return asyncio.run(run())


def written(*pieces: bytes, close: bool = False) -> Any:
    def work(joined: Joined) -> None:
        for piece in pieces:
            joined.write(piece)
        if close:
            joined.close()

    return work


def test_head_and_body_are_one_piece_when_the_turn_ends() -> None:
    assert turns(written(b"head", b"body")) == [[], [b"headbody"]]


def test_a_close_comes_after_what_was_written() -> None:
    assert turns(written(b"head", b"body", close=True)) == [[b"headbody", b"closed"]] * 2


def test_much_is_not_held() -> None:
    much = b"x" * (HELD_MOST + 1)
    assert turns(written(b"head", much, b"rest")) == [[b"head" + much], [b"head" + much, b"rest"]]


@pytest.mark.parametrize("pieces", [(), (b"",)])
def test_nothing_is_nothing(pieces: tuple[bytes, ...]) -> None:
    before, after = turns(written(*pieces))
    assert b"".join(before + after) == b""


def test_all_else_is_as_it_was() -> None:
    assert turns(lambda joined: joined.write(joined.get_extra_info("peer").encode()))[1] == [
        b"extra peer"
    ]


def test_nothing_is_written_to_a_client_that_has_gone() -> None:
    async def run() -> list[bytes]:
        far = Transport()
        joined = Joined(far, asyncio.get_running_loop())  # type: ignore[arg-type]
        joined.write(b"head")
        far.gone = True
        await asyncio.sleep(0)
        return far.seen

    assert asyncio.run(run()) == []

"""Real processes: `nms-sentinel serve` and its parts, started, asked, killed and stopped."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import orjson

ROOT = Path(__file__).resolve().parents[2]
PORTS = range(15_000, 32_000)
_turn = count(os.getpid() * 1009)  # processes that run side by side begin far from one another
LINK = re.compile(r"http://\S+/sign-in\?token=\S+")


class Running:
    """One process of ours with what it prints."""

    def __init__(self, arguments: list[str], environ: dict[str, str]) -> None:
        clean = {k: v for k, v in os.environ.items() if not k.startswith("NMS_SENTINEL_")}
        clean.pop("REDIS_URL", None)
        clean.pop("DATABASE_URL", None)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.acceptance.patiently", *arguments],
            cwd=ROOT,
            env={**clean, **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.printed: list[str] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.printed.append(line.rstrip("\n"))

    @property
    def text(self) -> str:
        return "\n".join(self.printed)

    def wait_for(self, words: str, within_s: float = 120) -> None:
        def said() -> bool:
            assert self.process.poll() is None or words in self.text, self.text
            return words in self.text

        until(said, within_s, f"{words!r} in what was printed")

    def stop(self, number: int = signal.SIGTERM, within_s: float = 120) -> tuple[int, float]:
        """Exit code, and how long it took."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.ended(within_s)

    def ended(self, within_s: float) -> tuple[int, float]:
        """Wait for the end of what was told to stop: exit code, and how long it took from now."""
        begun = time.monotonic()
        try:
            code = self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        return code, time.monotonic() - begun

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Served(Running):
    """`serve` on a free port with a data directory of its own."""

    def __init__(self, data: Path, *options: str, **environ: str) -> None:
        given = {"NMS_SENTINEL_DATA_DIR": str(data), "NMS_SENTINEL_PORT": "0", **environ}
        super().__init__(["serve", *options], given)
        self.wait_for("Stop it with Ctrl-C")
        until(lambda: LINK.search(self.text) is not None, 60, "a sign-in link")
        link = LINK.search(self.text)
        assert link is not None
        self.link = link[0]
        self.base = self.link.split("/sign-in")[0]
        self.data = data / "demo" if "--demo" in options else data
        self.http = httpx.Client(base_url=self.base, timeout=120)

    def sign_in(self) -> None:
        answer = self.http.get(self.link)
        assert answer.status_code == 303, answer.text

    def alerts(self) -> list[dict[str, Any]]:
        answer = self.http.get("/api/v1/alerts")
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["alerts"]
        return found

    def push(self, body: bytes) -> httpx.Response:
        return self.http.post(
            "/fhir", content=body, headers={"content-type": "application/fhir+json"}
        )

    def events(self, part: str) -> list[dict[str, Any]]:
        """What a part has logged."""
        path = self.data / "logs" / f"{part}.jsonl"
        lines = path.read_bytes().splitlines() if path.exists() else []
        return [orjson.loads(line) for line in lines]

    def pid_of(self, part: str) -> int:
        """The newest process of a part, as the supervisor logged it."""
        found = [
            event["pid"]
            for event in self.events("supervisor")
            if event["event"] == "part.started" and event["name"] == part
        ]
        return int(found[-1])


@contextmanager
def serving(data: Path, *options: str, **environ: str) -> Iterator[Served]:
    served = Served(data, *options, **environ)
    try:
        yield served
    finally:
        served.http.close()
        served.end()


def free_port() -> int:
    """A port that nobody has now, and another one each time.

    None of those that the system gives away by itself (from 32768 on Linux, from 49152 elsewhere):
    before our server has it, another test that runs beside this one could be given it.
    """
    while True:
        port = PORTS[next(_turn) % len(PORTS)]
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def until(condition: Callable[[], bool], within_s: float, what: str = "it") -> None:
    """Wait for a condition; fails, naming what was waited for."""
    ends = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < ends, f"{what}: not within {within_s} s"
        time.sleep(0.1)

"""Bodies that are big, deep or broken: refused at once, no memory kept, nobody dies (row 12)."""

import gzip
import os
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import orjson
import pytest

from tests.acceptance.running import Running, free_port, until
from tests.fhir import charted
from tests.monitoring.orders import bundle

MB = 1_000_000
GROWTH_MB = 50
HONEST_MB = 1
OBSERVATION = (
    b'{"resourceType":"Observation","id":"x","status":"final","valueQuantity":{"value":%s}}'
)
BODIES = {
    "50 MB": b" " * 50 * MB,
    "depth 10,000": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "a million keys": b"{" + b",".join(b'"k%d":1' % n for n in range(1_000_000)) + b"}",
    "a million spaced keys": b"{" + b",".join(b'"k%d" : 1' % n for n in range(1_000_000)) + b"}",
    "1e400": OBSERVATION % b"1e400",
    "NaN": OBSERVATION % b"NaN",
    "the same key twice": b'{"resourceType":"Patient","id":"a","resourceType":"Claim"}',
    "bad UTF-8": b'{"resourceType":"Pati\xff\xfent"}',
    "half a surrogate pair": b'{"resourceType":"Patient","id":"\\ud800"}',
    "a gzip bomb": gzip.compress(b" " * 100 * MB),
}


class Served:
    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.running = Running(
            ["api"],
            {
                "NMS_SENTINEL_DATA_DIR": str(folder),
                "REDIS_URL": "redis://127.0.0.1:1/0",
                "NMS_SENTINEL_PORT": str(self.port),
                "NMS_SENTINEL_OPEN_MODE": "1",
                "NMS_SENTINEL_LOG_FILE": os.devnull,
            },
        )
        until(self.answers, 200, "the API")

    def answers(self) -> bool:
        try:
            return self.ask("GET", "/health/live", b"")[0] == 200
        except OSError:
            return False

    def ask(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, path, body, {"content-type": "application/fhir+json"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (BrokenPipeError, ConnectionResetError):
            answer = connection.response_class(connection.sock, method=method)
            answer.begin()  # refused before all of it was sent: the answer is there
            return answer.status, answer.read()
        finally:
            connection.close()

    def pids(self) -> list[int]:
        """The API and its intake process."""
        own = self.running.process.pid
        return [own, *(pid for pid in _processes() if _stat(pid)[1] == str(own))]

    def resident_mb(self) -> float:
        pages = sum(int(Path(f"/proc/{p}/statm").read_text().split()[1]) for p in self.pids())
        return pages * os.sysconf("SC_PAGE_SIZE") / MB

    def cpu_s(self) -> float:
        ticks = sum(int(n) for pid in self.pids() for n in _stat(pid)[11:13])
        return ticks / os.sysconf("SC_CLK_TCK")


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*")]


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return [""] * 20


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("hostile")
    held = None
    try:
        from service.store import open_store

        store = open_store(f"sqlite:///{folder / 'nms-sentinel.db'}")
        store.upgrade()
        store.close()
        held = Served(folder)
        for n in range(20):  # what is loaded once has been loaded
            assert held.ask("POST", "/fhir", bundle(f"p{n}"))[0] == 200
        yield held
    finally:
        if held is not None:
            held.running.end()


@pytest.fixture(scope="module")
def honest(served: Served) -> float:
    """Processor seconds of a megabyte of temperatures that is sent again, and holds nothing new."""
    one = len(orjson.dumps({"resource": charted.temperature(id="o12345")}))
    readings = (charted.temperature(id=f"o{n}") for n in range(HONEST_MB * MB // one))
    body = orjson.dumps(charted.bundle(*readings))
    assert served.ask("POST", "/fhir", body)[0] == 200
    return cost(served, body, range(200, 201))


def cost(served: Served, body: bytes, answered: range, turns: int = 5) -> float:
    """Processor seconds until it is answered."""
    burned = served.cpu_s()
    for _ in range(turns):
        status, answer = served.ask("POST", "/fhir", body)
        assert status in answered, answer[:300]
        assert status == 200 or b"OperationOutcome" in answer
    return (served.cpu_s() - burned) / turns


@pytest.mark.faults
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="looks at /proc")
@pytest.mark.parametrize("name", BODIES)
def test_it_is_refused_and_nothing_stays(served: Served, honest: float, name: str) -> None:
    """Beside what it takes to receive it, at less cost than an honest megabyte."""
    refused = range(400, 500)
    pids, before = served.pids(), served.resident_mb()
    spent = cost(served, BODIES[name], refused)
    # as many blanks are refused at once: what is left is to take them in
    received = cost(served, b" " * len(BODIES[name]), refused)
    assert served.pids() == pids  # nobody died
    until(lambda: served.resident_mb() - before <= GROWTH_MB, 60, "the memory given back")
    assert spent - received < honest
    assert served.ask("POST", "/fhir", bundle(f"after-{len(name)}"))[0] == 200

"""When a worker counts as deaf, and what its own threads do when things fail."""

import threading
from dataclasses import dataclass, field

from service.monitoring.keeper import DEAF_EXIT, Hearing, Keeper
from tests.monitoring.orders import until


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def test_deaf_is_60_s_without_a_pulse_that_was_sent() -> None:
    clock = Clock()
    hearing = Hearing(clock)
    clock.now = 1000.0
    assert not hearing.deaf  # nothing was sent: nothing can be missed
    hearing.sent()
    clock.now += 59.9
    hearing.sent()  # further ones do not start the count anew
    assert not hearing.deaf
    clock.now += 0.2
    assert hearing.deaf


def test_a_pulse_that_comes_back_or_a_broker_that_is_away_starts_the_count_anew() -> None:
    for event in (Hearing.heard, Hearing.broker_away):
        clock = Clock()
        hearing = Hearing(clock)
        hearing.sent()
        clock.now = 59.0
        event(hearing)
        clock.now = 100.0
        hearing.sent()
        clock.now = 159.0
        assert not hearing.deaf
        clock.now = 161.0
        assert hearing.deaf


@dataclass
class Bench:
    broken: bool = False
    left: list[int] = field(default_factory=list)
    sweeps: int = 0

    def send(self) -> None:
        if self.broken:
            raise ConnectionError

    def sweep(self) -> None:
        self.sweeps += 1
        raise RuntimeError("the store is away")

    def keeper(self, stopping: threading.Event) -> Keeper:
        return Keeper(
            Hearing(deaf_s=0.2),
            self.send,
            self.sweep,
            stopping,
            leave=self.left.append,
            pulse_s=0.02,
            sweep_s=0.02,
            tick_s=0.01,
        )


def test_it_leaves_when_deaf_and_stays_while_the_broker_is_away() -> None:
    for broken, left in ((False, [DEAF_EXIT]), (True, [])):
        stopping, bench = threading.Event(), Bench(broken=broken)
        bench.keeper(stopping).start()
        until(lambda bench=bench: bench.sweeps > 30, 60)
        stopping.set()
        assert bench.left == left


def test_a_sweep_that_fails_is_tried_again() -> None:
    stopping, bench = threading.Event(), Bench()
    bench.keeper(stopping).start()
    until(lambda: bench.sweeps >= 3, 60)
    stopping.set()

"""What a call costs beside another call of the same run: speed is watched by ratios alone.

A figure in seconds tells a slow reader from a fast one only on a machine that is known and quiet.
A machine that is slow or busy, or counts which lines have run, makes both sides of a ratio dearer.
Costs are of the thread on its processor, the least of several turns; figures in seconds are the
benchmarks' (tests/benchmarks).
"""

import gc
import time
from collections.abc import Callable

Call = Callable[[], object]
# how much larger the large one is; where cost is linear it is 16 times dearer, where it is
# quadratic 256 times: the bar stands in the middle, four times from either
SPAN = 16
FASTER_THAN_LINEAR = 64


def cost(call: Call, turns: int = 5) -> float:
    """Seconds of processor, the least of several turns. To be held against another cost only."""
    return costs(call, turns=turns)[0]


def costs(*calls: Call, turns: int = 5) -> tuple[float, ...]:
    """The same of several calls that take turns, so that a busy moment befalls each of them."""
    least = [float("inf")] * len(calls)
    collects = gc.isenabled()
    gc.disable()  # whose turn it is to collect is chance
    try:
        for _ in range(turns):
            for number, call in enumerate(calls):
                begun = time.thread_time_ns()
                call()
                least[number] = min(least[number], (time.thread_time_ns() - begun) / 1e9)
    finally:
        if collects:
            gc.enable()
    return tuple(least)


def growth(small: Call, large: Call, turns: int = 5) -> float:
    """How many times dearer `large` is, which is `SPAN` times as large as `small`."""
    cheap, dear = costs(small, large, turns=turns)
    return dear / cheap

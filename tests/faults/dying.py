"""`python -m tests.faults.dying URL POINT`: an evaluation that is killed (-9) at a named point."""

import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from alerts.knowledge import load
from service.monitoring import evaluation
from service.store import open_store
from service.store.evaluation import settlement

POINTS = ("claimed", "charted", "assessed", "moved", "in the transaction", "settled")


def dying(work: Callable[..., Any], *, before: bool = False) -> Callable[..., Any]:
    def run(*given: Any, **named: Any) -> Any:
        if not before:
            work(*given, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    return run


def main(url: str, point: str) -> None:
    store: Any = open_store(url)
    places: dict[str, tuple[Any, str, bool]] = {
        "claimed": (store, "claim_due", False),
        "charted": (store, "chart", False),
        "assessed": (evaluation, "assess", False),
        "moved": (evaluation, "advance", False),
        "in the transaction": (settlement, "note_changes", True),
        "settled": (store, "settle_many", False),
    }
    where, name, before = places[point]
    setattr(where, name, dying(getattr(where, name), before=before))
    evaluation.Evaluator(store, load(), lambda: datetime.now(UTC), lambda: str(uuid4())).drain()


if __name__ == "__main__":
    main(*sys.argv[1:])

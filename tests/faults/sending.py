"""`python -m tests.faults.sending URL ADDRESS`: what waits in the outbox is sent to an address."""

import sys
from datetime import UTC, datetime

from service.monitoring.notifications import Channels, dispatch
from service.security.webhook import Target
from service.store import Store, open_store


def send(store: Store, address: str, at: datetime) -> None:
    target = Target("bleep", address, "s" * 32, frozenset({"worklist"}))
    dispatch(store, Channels((target,)), lambda: at, "http://x")


if __name__ == "__main__":
    send(open_store(sys.argv[1]), sys.argv[2], datetime.now(UTC))

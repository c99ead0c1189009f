"""`nms-sentinel ingest`: bundles from disk into the store, each file answered by its entries."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, BinaryIO
from uuid import uuid4

from service.errors import BadInput
from service.fhir.reader import Outcome, ReadContext
from service.monitoring.doorbell import ring
from service.replay.bodies import read_any
from service.replay.files import files_of
from service.settings import Settings
from service.store import open_store

REPORTED = (Outcome.REFUSED, Outcome.IGNORED)


def ingest(
    paths: Iterable[str],
    settings: Settings,
    stdin: BinaryIO,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[dict[str, Any]]:
    """One answer a file: counts by outcome, and where and why entries were not taken.

    A file that cannot be read at all is an answer too (`refused` 1); the others are still taken.
    """
    store = open_store(settings.database_url)
    store.upgrade()
    files = list(files_of(paths, stdin))
    for done, (name, body) in enumerate(files, start=1):
        received = datetime.now(UTC)
        context = ReadContext(tenant=settings.tenant, received_at=received, zone=settings.zone)
        try:
            reading = read_any(body, context)
        except BadInput as refusal:
            yield {"file": name, "refused": 1, "code": refusal.code, "reason": refusal.message}
            continue
        outcomes = store.accept(reading, settings.tenant, received, uuid4().hex)
        counts = Counter(outcome.outcome.value for outcome in outcomes)
        yield {
            "file": name,
            **{outcome.value: counts.get(outcome.value, 0) for outcome in Outcome},
            "details": [
                f"{o.location} {o.outcome.value}: {o.reason}"
                for o in outcomes
                if o.outcome in REPORTED
            ],
        }
        if progress:
            progress(done, len(files))
    ring(settings)

"""The newest assessments as the list needs them: read once for each thing that they say.

Reading one costs more than everything else about its row; the store tells cheaply whether it says
something new.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

Said = Mapping[str, Any]

# patients whose assessment is kept in a process
ROOM = 1000
# of an assessment, what rows, exports and programs tell; the rest is the patient page's
_KEPT = (
    "tier", "channel", "severity", "rules", "iec", "ask_next", "guidance", "findings", "exposures",
    "withdrawals", "interactions", "requests", "incomplete", "culprits",
)  # fmt: skip


class Assessments(Protocol):
    """What is asked of the store."""

    def digests(self, tenant: str, patients: Sequence[str]) -> dict[str, str]: ...

    def assessments(self, tenant: str, patients: list[str]) -> dict[str, dict[str, Any]]: ...


class Newest:
    """Of one tenant. Safe for threads."""

    def __init__(self, store: Assessments, tenant: str, room: int = ROOM) -> None:
        self._store = store
        self._tenant = tenant
        self._room = room
        self._held: OrderedDict[str, tuple[str, Said]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, patients: Iterable[str]) -> dict[str, tuple[str, Said]]:
        """Patient -> (digest of what it says, the assessment); without those that have none."""
        digests = self._store.digests(self._tenant, sorted(set(patients)))
        with self._lock:
            found = {p: self._held[p] for p in digests if p in self._held}
        stale = [p for p, digest in digests.items() if p not in found or found[p][0] != digest]
        if stale:
            read = self._store.assessments(self._tenant, stale)
            # one that was written in between is kept under the older digest and read again
            found |= {p: (digests[p], _kept(said)) for p, said in read.items()}
        self._keep(found)
        return found

    def _keep(self, found: Mapping[str, tuple[str, Said]]) -> None:
        with self._lock:
            for patient, held in found.items():
                self._held[patient] = held
                self._held.move_to_end(patient)
            while len(self._held) > self._room:
                self._held.popitem(last=False)


def _kept(said: Said) -> Said:
    return {name: said[name] for name in _KEPT if name in said}

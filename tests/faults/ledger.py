"""The ledger: what was acknowledged, written by the client at each 2xx, held against the store.

The client behaves as a hospital's interface engine does: what is not acknowledged is sent again.
"""

import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from service.monitoring.celery_app import SWEEP_S
from service.monitoring.evaluation import LEASE_S
from service.store import Store
from tests.faults.processes import Processes
from tests.monitoring.orders import TENANT, bundle

SENDERS = 4
# from the 2xx, or the last kill of a worker before the alert: lease 20 s, sweep 10 s, a start
VISIBLE_S = 45.0
# on a machine on which the house starts slowly, or the usual patient waits: of what that took
STARTS, WAITS = 5, 10
PER_SECOND = 30


@dataclass
class Ledger:
    """Patients acknowledged, each with the time of its 2xx; on disk as well."""

    path: Path
    acknowledged: dict[str, float] = field(default_factory=dict)
    repeats: int = 0
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def note(self, patient: str) -> int:
        """Written before anybody counts on it; how many there are now."""
        with self._guard:
            self.acknowledged[patient] = time.time()
            with self.path.open("a", encoding="utf-8") as file:
                file.write(f"{self.acknowledged[patient]:.3f} {patient}\n")
            return len(self.acknowledged)

    def repeated(self) -> None:
        with self._guard:
            self.repeats += 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the store says of the ledger. Seconds from the 2xx to the alert.

    `late`: patients who waited for longer than 45 s (a slow machine: `patience`) after the 2xx or
    after the last kill of a worker before their alert, with that wait; `after_kill_s`: the longest
    such wait.
    """

    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    late: tuple[tuple[str, float], ...]
    slowest_s: float
    median_s: float
    after_kill_s: float


def push(
    house: Processes,
    ledger: Ledger,
    bundles: int,
    kills: list[str],
    seed: int,
    per_second: float = PER_SECOND,
) -> None:
    """Send that many bundles, a patient each, and kill on the way, evenly spread.

    No faster than `per_second` (30: 2.6 million a day): what is held to account is that nothing is
    lost or late through kills, not how much two cores can take; benchmarks measure that.
    """
    order = random.Random(seed)
    order.shuffle(kills)
    step = bundles / (len(kills) + 1)
    at = {int(step * (n + 1)): name for n, name in enumerate(kills)}

    began = time.monotonic()

    def send(client: httpx.Client, number: int) -> None:
        patient = f"p{number}"
        body = bundle(patient)
        time.sleep(max(0.0, began + number / per_second - time.monotonic()))
        while True:
            try:
                answer = client.post(
                    house.intake_url,
                    content=body,
                    headers={"Content-Type": "application/fhir+json"},
                )
            except httpx.HTTPError:
                answer = None
            if answer is not None and answer.status_code == 200:
                break
            assert answer is None or answer.status_code >= 500, answer.text[:500]
            ledger.repeated()
            time.sleep(0.05)
        victim = at.get(ledger.note(patient))
        if victim is not None:
            house.kill(victim)

    with httpx.Client(timeout=120) as client, ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(lambda n: send(client, n), range(bundles)))


def settled(store: Store, ledger: Ledger, within_s: float) -> float:
    """Seconds until every acknowledged patient has an alert, or the time is over."""
    began = time.monotonic()
    while time.monotonic() - began < within_s:
        if {a.patient for a in store.alerts(TENANT)} >= set(ledger.acknowledged):
            break
        time.sleep(0.5)
    return time.monotonic() - began


def patience(start_s: float, median_s: float) -> float:
    """How long a patient may wait whose worker was killed: as long as the lease and the sweep let
    them, and what a start and the queue take on this machine."""
    return max(VISIBLE_S, LEASE_S + SWEEP_S + STARTS * start_s + WAITS * median_s)


def verdict(
    store: Store, ledger: Ledger, killed: list[tuple[float, str]], start_s: float = 0.0
) -> Verdict:
    """`start_s`: how long the house took to start."""
    alerts = store.alerts(TENANT, open_only=False)
    counted = Counter(alert.patient for alert in alerts)
    opened = {alert.patient: alert.machine.opened_at.timestamp() for alert in alerts}
    waited = {
        patient: max(0.0, opened[patient] - at)
        for patient, at in ledger.acknowledged.items()
        if patient in opened
    }
    waits = sorted(waited.values())
    workers = [at for at, name in killed if name.startswith("worker")]

    def since_last_kill(patient: str) -> float:
        begun = ledger.acknowledged[patient]
        hits = [at for at in workers if begun <= at <= opened[patient]]
        return max(0.0, opened[patient] - max([begun, *hits]))

    median_s = waits[len(waits) // 2] if waits else 0.0
    bound_s = patience(start_s, median_s)
    after = {patient: since_last_kill(patient) for patient in waited}
    twice = [
        alert.patient
        for alert in alerts
        if [entry.what.value for entry in store.history(TENANT, alert.id)].count("opened") != 1
    ]
    return Verdict(
        lost=tuple(sorted(set(ledger.acknowledged) - set(counted))),
        doubled=tuple(sorted({*twice, *(p for p, n in counted.items() if n != 1)})),
        late=tuple((p, wait) for p, wait in after.items() if wait > bound_s),
        slowest_s=waits[-1] if waits else 0.0,
        median_s=median_s,
        after_kill_s=max(after.values(), default=0.0),
    )

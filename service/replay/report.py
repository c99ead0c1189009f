"""The replay itself, and its report as data."""

import multiprocessing
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from alerts.knowledge import Knowledge
from service.fhir.terminology import terminology
from service.replay.bulk import pieces
from service.replay.cases import Case, find_cases
from service.replay.play import Manner, Part, Played, play
from service.replay.result import CaseResult

Progress = Callable[[int, int], None]
# less than this is over before a second process has started
WORTH_A_PROCESS = 16
BATCH = 4


@dataclass(frozen=True, slots=True)
class Report:
    rules: str
    cases: tuple[CaseResult, ...]

    @property
    def ok(self) -> bool:
        return all(case.ok for case in self.cases)

    def as_dict(self) -> dict[str, Any]:
        """The stable JSON form; times in ISO 8601."""
        verdicts = Counter(case.verdict.value for case in self.cases)
        summary = {
            "rules": self.rules,
            "cases": len(self.cases),
            "differences": sum(not case.ok for case in self.cases),
            "verdicts": dict(sorted(verdicts.items())),
            "peak_tiers": dict(sorted(Counter(c.peak_tier for c in self.cases).items())),
        }
        return {"summary": summary, "cases": [case.as_dict() for case in self.cases]}


def replay(
    paths: Iterable[Path],
    rules: Knowledge,
    step: bool,
    as_of: datetime | None,
    now: datetime,
    progress: Progress | None = None,
) -> Report:
    """Replay every case under `paths`; the order of `paths` changes nothing.

    `step` keeps every moment in the timelines, else only those where the answer changed.
    `as_of` ends each course there. `now` bounds the clock of bundles without a stamp.
    Raises BadInput when the paths or expectations are wrong; a bundle that cannot be read is a
    result (`refused`), not an error.
    """
    return replays(paths, Manner((rules,), step, as_of, now, draw=False), progress)[0]


def replays(
    paths: Iterable[Path],
    manner: Manner,
    progress: Progress | None = None,
    workers: int = 1,
) -> tuple[Report, ...]:
    """One report for each rule version of `manner`, each bundle read once.

    `workers` processes share the cases; their number changes nothing but the time.
    """
    with tempfile.TemporaryDirectory(prefix="nms-replay-") as folder:
        parts = list(_parts(find_cases(paths), Path(folder)))
        played = [one for batch in _played(parts, manner, progress, workers) for one in batch]
    played = list(_numbered(played))
    return tuple(
        Report(rules.version, tuple(one[n] for one in played))
        for n, rules in enumerate(manner.versions)
    )


def _numbered(played: list[Played]) -> Iterator[Played]:
    """By case and patient; several patients of one case are counted, for pages without ids."""
    played.sort(key=lambda one: (one[0].case, one[0].patient))
    sizes = Counter(one[0].case for one in played)
    seen: Counter[str] = Counter()
    for one in played:
        case = one[0].case
        seen[case] += 1
        yield one if sizes[case] == 1 else tuple(replace(r, number=seen[case]) for r in one)


def _parts(cases: Sequence[Case], folder: Path) -> Iterator[Part]:
    for number, case in enumerate(cases):
        if not case.whole:
            yield Part(case)
            continue
        room = folder / str(number)
        room.mkdir()
        yield from (Part(case, piece) for piece in pieces(case.bodies, room))


def _played(
    parts: Sequence[Part], manner: Manner, progress: Progress | None, workers: int
) -> Iterator[list[Played]]:
    done = 0
    batches = [range(n, min(n + BATCH, len(parts))) for n in range(0, len(parts), BATCH)]
    _Shared.parts, _Shared.manner = parts, manner
    for batch, results in zip(batches, _run(batches, workers), strict=True):
        done += len(batch)
        if progress:
            progress(done, len(parts))
        yield results


def _run(batches: Sequence[range], workers: int) -> Iterator[list[Played]]:
    terminology()  # loaded once, shared by forked workers, as the rules are
    alone = sum(map(len, batches)) < WORTH_A_PROCESS
    if workers < 2 or alone or "fork" not in multiprocessing.get_all_start_methods():
        yield from map(_batch, batches)
        return
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        yield from pool.map(_batch, batches)


class _Shared:
    """What forked workers inherit: rules and expectations are too large to send with each case."""

    manner: Manner
    parts: Sequence[Part]


def _batch(batch: range) -> list[Played]:
    return [one for n in batch for one in play(_Shared.parts[n], _Shared.manner)]

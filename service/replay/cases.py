"""Which cases the paths name: a folder with expected.yaml or with bundles, or single files."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from glob import glob
from pathlib import Path

from service.errors import BadInput
from service.replay.bulk import is_export
from service.replay.expected import Expected, read_expected, read_truth

BODIES = (".json", ".ndjson")
EXPECTED = "expected.yaml"
TRUTH = "truth.json"
# beside bodies, but none: what was planted, what was recorded
NOT_BODIES = frozenset({TRUTH, "verdicts.json", "recorded.json"})


@dataclass(frozen=True, slots=True)
class Case:
    """`bodies` are what arrived, in the order of their names; the clock orders them later.

    `whole`: NDJSON whose files are one record, to be read patient by patient. `truth`: what is
    expected of each patient of a simulated export.
    """

    name: str
    bodies: tuple[Path, ...]
    expected: Expected | None
    whole: bool = False
    truth: Mapping[str, Expected] = field(default_factory=dict)


def find_cases(paths: Iterable[Path]) -> tuple[Case, ...]:
    """The cases under paths and globs, by name; their order changes nothing.

    Raises BadInput: `no-such-path`, `no-cases`, `bad-expectation`, `case-twice`.
    """
    found: dict[str, Case] = {}
    for path in sorted({_home(one) for named in paths for one in _expanded(named)}):
        for case in _cases_at(path):
            known = found.get(case.name)
            if known is not None and known.bodies != case.bodies:
                raise BadInput(f"Two cases are called {case.name}.", code="case-twice")
            found[case.name] = case
    if not found:
        raise BadInput("No bundles are there (.json or .ndjson).", code="no-cases")
    return tuple(found[name] for name in sorted(found))


def _expanded(path: Path) -> list[Path]:
    """The path, or what a glob in it names; at least one."""
    if path.exists():
        return [path]
    named = glob(str(path), recursive=True)  # noqa: PTH207 - absolute patterns too
    found = [Path(one) for one in sorted(named)]
    if not found:
        raise BadInput(f"There is no {path}.", code="no-such-path", location=str(path))
    fitting = [p for p in found if p.is_dir() or p.suffix in BODIES or p.name == EXPECTED]
    if not fitting:
        raise BadInput(f"{path.name} names no bundle.", code="no-cases", location=str(path))
    return fitting


def _home(path: Path) -> Path:
    """A bundle beside an expected.yaml stands for its whole folder."""
    path = path.resolve()
    return path.parent if path.is_file() and (path.parent / EXPECTED).is_file() else path


def _cases_at(path: Path) -> Iterator[Case]:
    if path.is_file():
        yield Case(path.stem, (path,), None, whole=path.suffix == ".ndjson")
        return
    bodies = tuple(
        p for p in sorted(path.iterdir()) if p.suffix in BODIES and p.name not in NOT_BODIES
    )
    if (path / EXPECTED).is_file():
        expected = read_expected(path / EXPECTED)
        if not bodies:
            raise BadInput(f"{path.name} expects something of no bundle.", code="no-cases")
        yield Case(expected.case, bodies, expected, whole=is_export(bodies))
        return
    if is_export(bodies):
        lines = tuple(p for p in bodies if p.suffix == ".ndjson")
        truth = read_truth(path / TRUTH) if (path / TRUTH).is_file() else {}
        yield Case(path.name, lines, None, whole=True, truth=truth)
    else:
        for body in bodies:
            yield Case(body.stem, (body,), None, whole=body.suffix == ".ndjson")
    for folder in sorted(p for p in path.iterdir() if p.is_dir()):
        yield from _cases_at(folder)

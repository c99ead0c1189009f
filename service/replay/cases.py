"""Which cases the paths name: a folder with expected.yaml or with bundles, or single files."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from service.errors import BadInput
from service.replay.expected import Expected, read_expected

BODIES = (".json", ".ndjson")
EXPECTED = "expected.yaml"


@dataclass(frozen=True, slots=True)
class Case:
    """`bodies` are what arrived, in the order of their names; the clock orders them later."""

    name: str
    bodies: tuple[Path, ...]
    expected: Expected | None


def find_cases(paths: Iterable[Path]) -> tuple[Case, ...]:
    """The cases under the paths, by name; the order of `paths` changes nothing.

    Raises BadInput: `no-such-path`, `no-cases`, `bad-expectation`, `case-twice`.
    """
    found: dict[str, Case] = {}
    for path in sorted(set(map(_home, paths))):
        for case in _cases_at(path):
            known = found.get(case.name)
            if known is not None and known.bodies != case.bodies:
                raise BadInput(f"Two cases are called {case.name}.", code="case-twice")
            found[case.name] = case
    if not found:
        raise BadInput("No bundles are there (.json or .ndjson).", code="no-cases")
    return tuple(found[name] for name in sorted(found))


def _home(path: Path) -> Path:
    """A bundle beside an expected.yaml stands for its whole folder."""
    if not path.exists():
        raise BadInput(f"There is no {path.name}.", code="no-such-path", location=str(path))
    path = path.resolve()
    return path.parent if path.is_file() and (path.parent / EXPECTED).is_file() else path


def _cases_at(path: Path) -> Iterator[Case]:
    if path.is_file():
        yield Case(path.stem, (path,), None)
        return
    bodies = tuple(p for p in sorted(path.iterdir()) if p.suffix in BODIES)
    if (path / EXPECTED).is_file():
        expected = read_expected(path / EXPECTED)
        if not bodies:
            raise BadInput(f"{path.name} expects something of no bundle.", code="no-cases")
        yield Case(expected.case, bodies, expected)
        return
    yield from (Case(body.stem, (body,), None) for body in bodies)
    for folder in sorted(p for p in path.iterdir() if p.is_dir()):
        yield from _cases_at(folder)

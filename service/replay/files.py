"""Bundles named on a command line: files, folders, standard input."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from service.errors import BadInput, TooLarge
from service.fhir.limits import Limits
from service.replay.cases import BODIES

STDIN = "-"


def files_of(paths: Iterable[str], stdin: BinaryIO) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of each; folders are searched for .json and .ndjson, "-" is standard input.

    A file is named as on the command line, one of a folder with the folder: many cases call theirs
    alike. Raises BadInput (`no-such-path`, `no-bundles`) and TooLarge, naming the file.
    """
    limit = Limits().max_bytes
    for path in dict.fromkeys(paths):
        if path == STDIN:
            yield "standard input", _within(stdin.read(limit + 1), "standard input", limit)
            continue
        here = Path(path)
        if not here.exists():
            raise BadInput(f"There is no {path}.", code="no-such-path", location=path)
        found = (
            sorted(p for p in here.rglob("*") if p.suffix in BODIES) if here.is_dir() else [here]
        )
        if not found:
            raise BadInput(f"No bundles are in {path}.", code="no-bundles", location=path)
        for file in found:
            yield str(file), _within(file.read_bytes(), str(file), limit)


def _within(body: bytes, name: str, limit: int) -> bytes:
    if len(body) > limit:
        raise TooLarge(f"{name} is larger than {limit} bytes.", code="too-large", location=name)
    return body

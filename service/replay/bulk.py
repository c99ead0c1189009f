"""Large NDJSON and bulk exports (one file a resource type) in pieces that each hold whole patients.

A first pass copies every line into one of a few temporary files by its patient; a Medication,
which belongs to nobody, goes into each. Memory stays that of one piece, however long the export.
"""

import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import msgspec

# 2 MB of FHIR is about 4,000 resources: some hundred megabytes of facts at no time
PIECE_BYTES = 2 * 1024 * 1024
MOST_PIECES = 512
_TYPED = re.compile(r"[A-Z][A-Za-z]+(?:[._-].*)?\.ndjson")
_ABOUT = ("subject", "patient", "individual", "beneficiary")


class _Reference(msgspec.Struct):
    reference: str | None = None


class _Entry(msgspec.Struct):
    resource: msgspec.Raw = msgspec.Raw()


class _Line(msgspec.Struct):
    """What tells whose a line is; anything else is not looked at."""

    resourceType: str = ""  # noqa: N815 - FHIR's own name
    id: str | None = None
    subject: _Reference | None = None
    patient: _Reference | None = None
    individual: _Reference | None = None
    beneficiary: _Reference | None = None
    entry: list[_Entry] | None = None


_line = msgspec.json.Decoder(_Line)


def is_export(folder_files: Sequence[Path]) -> bool:
    """Whether the files of a folder are one bulk export: NDJSON named after resource types."""
    lines = [p for p in folder_files if p.suffix == ".ndjson"]
    return bool(lines) and all(_TYPED.fullmatch(p.name) for p in lines)


def pieces(files: Sequence[Path], folder: Path) -> tuple[Path, ...]:
    """The lines of `files` in files of `folder`, every patient's in one of them.

    A line that is no JSON goes into the first piece, where the reader refuses it.
    """
    whole = sum(path.stat().st_size for path in files)
    count = min(MOST_PIECES, 1 + whole // PIECE_BYTES)
    paths = tuple(folder / f"{number:04d}.ndjson" for number in range(count))
    with ExitStack() as stack:
        outs = [stack.enter_context(path.open("wb")) for path in paths]
        for file in files:
            source = stack.enter_context(file.open("rb"))
            _deal(source, outs)
    return paths


def _deal(source: BinaryIO, outs: Sequence[BinaryIO]) -> None:
    for line in source:
        if not line.strip():
            continue
        for owner, text in _owned(line):
            if owner is None:
                for out in outs:
                    out.write(text + b"\n")
            else:
                outs[zlib.crc32(owner.encode()) % len(outs)].write(text + b"\n")


def _owned(line: bytes) -> Iterator[tuple[str | None, bytes]]:
    """(patient, resource) of a line, or of each entry of a bundle; None: everybody's."""
    text = line.rstrip(b"\r\n")
    try:
        told = _line.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        yield "", text
        return
    if told.resourceType == "Bundle":
        for one in told.entry or ():
            if bytes(one.resource):
                yield from _owned(bytes(one.resource))
        return
    yield _owner(told), text


def _owner(told: _Line) -> str | None:
    if told.resourceType == "Medication":
        return None
    if told.resourceType == "Patient":
        return told.id or ""
    for name in _ABOUT:
        about = getattr(told, name)
        if about is not None and about.reference:
            return str(about.reference).rsplit("/", maxsplit=1)[-1]
    return ""

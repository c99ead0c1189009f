"""The journal: accesses on disk before their answer goes out, until the audit holds them.

A process that is killed loses nothing that it has written to a file, whether or not the disk was
told to sync: so a line costs microseconds, and no hook waits for the disk or for another writer of
the store. (A power cut may cost the lines of the last quarter of a second.) What a dead process
left behind is written to the audit by the next one that uses the directory, each segment once:
the audit remembers the segment in the same transaction.
"""

import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import msgspec
import structlog

from service.store import AuditEntry

log = structlog.get_logger(__name__)
Line = tuple[str, AuditEntry]  # tenant and entry
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Line)
_LOCK, _LINES = ".lock", ".jsonl"


@dataclass
class Segment:
    """Some accesses that go into the audit together. `key`: its name, "" when not on disk."""

    key: str = ""
    path: Path | None = None
    lines: list[Line] = field(default_factory=list)
    written: set[str] = field(default_factory=set)
    _file: int | None = None
    _torn: bool = False

    def add(self, tenant: str, entry: AuditEntry) -> None:
        """On disk when it returns. A disk that takes nothing is logged: then it is in memory."""
        self.lines.append((tenant, entry))
        if self.path is None:
            return
        try:
            if self._file is None:
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
                self._file = os.open(self.path, flags, 0o600)
            # after a line of which the disk took a part, a new one: else both were lost
            line = (b"\n" if self._torn else b"") + _encoder.encode((tenant, entry)) + b"\n"
            self._torn = True
            while line:
                line = line[os.write(self._file, line) :]
            self._torn = False
        except OSError as fault:
            log.error("audit.not_on_disk", fault=type(fault).__name__, number=fault.errno)

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def done(self) -> None:
        """The audit holds it."""
        self.close()
        if self.path is not None:
            self.path.unlink(missing_ok=True)


class Journal:
    """The segments of this process in a directory that it may share with others.

    Raises OSError when the directory cannot be used. A process that lives holds the lock of its
    name, which appears only when it is locked.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._name = uuid4().hex
        self._number = 0
        hidden = folder / f".{self._name}{_LOCK}"
        self._lock = os.open(hidden, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        hidden.rename(folder / f"{self._name}{_LOCK}")

    def segment(self) -> Segment:
        self._number += 1
        key = f"{self._name}.{self._number:08}"
        return Segment(key, self._folder / f"{key}{_LINES}")

    def left_behind(self) -> Iterator[Segment]:
        """Segments of processes that are gone. Each is to be `done` before the next is asked for;
        one that is not stays for the next time."""
        for lock in sorted(self._folder.glob(f"[!.]*{_LOCK}")):
            held = _locked(lock)
            if held is None:
                continue
            try:
                for path in sorted(self._folder.glob(f"{lock.stem}.*{_LINES}")):
                    yield Segment(path.stem, path, _read(path))
                lock.unlink(missing_ok=True)
            finally:
                os.close(held)

    def close(self) -> None:
        """Let go of the name. What lies there still is for the next process."""
        if not any(self._folder.glob(f"{self._name}.*{_LINES}")):
            (self._folder / f"{self._name}{_LOCK}").unlink(missing_ok=True)
        os.close(self._lock)


def _locked(lock: Path) -> int | None:
    """None while the process that it belongs to lives, or another is at it."""
    try:
        file = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        return None
    return file


def _read(path: Path) -> list[Line]:
    """A line that a power cut or a full disk has torn is left out, and said."""
    found = []
    for line in filter(None, path.read_bytes().splitlines()):
        try:
            found.append(_decoder.decode(line))
        except msgspec.MsgspecError:
            log.error("audit.torn_line", segment=path.stem)
    return found

"""The files of the project, as git sees them (new ones that are not ignored count too)."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def project_files() -> tuple[Path, ...]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout
    names = sorted({name for name in listed.decode().split("\0") if name})
    return tuple(path for path in (ROOT / name for name in names) if path.is_file())


def python_files(*rooms: str) -> list[Path]:
    return [
        path
        for path in project_files()
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in rooms
    ]


def text_of(path: Path) -> str | None:
    """The text of a file; None for a binary one (a compressed table, a picture)."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None

"""A rewritten store has a whole chain: only a head that was kept outside tells."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.cli import run
from service.store import AuditEntry, open_store

Output = pytest.CaptureFixture[str]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with five entries in the audit of one tenant."""
    path = tmp_path / "s.db"
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{path}")
    store = open_store(f"sqlite:///{path}")
    store.upgrade()
    store.record_audit("north", [AuditEntry(datetime.now(UTC), f"u{n}", "read") for n in range(5)])
    store.close()
    return path


def rewrite(path: Path, *steps: str) -> None:
    with sqlite3.connect(path) as held:
        for step in ("DROP TRIGGER audit_no_delete", *steps):
            held.execute(step)


CUT = (
    "DELETE FROM audit WHERE seq > 3",
    "UPDATE audit_chain SET seq = 3, hash = (SELECT hash FROM audit WHERE seq = 3)",
)
GONE = ("DELETE FROM audit", "DELETE FROM audit_chain")


@pytest.mark.parametrize("steps", [CUT, GONE])
def test_a_tail_cut_with_its_head_shows_against_what_was_kept(
    file: Path, steps: tuple[str, ...], tmp_path: Path, capsys: Output
) -> None:
    assert run(["audit", "head"]) == 0
    kept = tmp_path / "heads"
    kept.write_text(capsys.readouterr().out)
    assert run(["audit", "verify", "--against", str(kept)]) == 0
    rewrite(file, *steps)
    assert run(["audit", "verify"]) == 0  # from inside nothing shows
    capsys.readouterr()
    assert run(["audit", "verify", "--against", str(kept)]) == 1
    assert "north" in capsys.readouterr().out


def test_a_file_that_holds_no_heads_is_said(file: Path, tmp_path: Path, capsys: Output) -> None:
    kept = tmp_path / "heads"
    kept.write_text("north five abc\n")
    assert run(["audit", "verify", "--against", str(kept)]) == 2
    assert "line 1" in capsys.readouterr().err

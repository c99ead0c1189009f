"""Missing events of a subscription can be seen and closed by hand, from the command line."""

from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from service.cli import run
from service.store import Store, open_store

Output = pytest.CaptureFixture[str]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TENANTS = """
[tenants.north]
zone = "Europe/Oslo"
[tenants.south]
zone = "Europe/Berlin"
"""


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """`vitals` of two tenants, each without some events; `labs` in order."""
    url = f"sqlite:///{tmp_path / 's.db'}"
    tenants = tmp_path / "tenants.toml"
    tenants.write_text(TENANTS)
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("NMS_SENTINEL_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("NMS_SENTINEL_TENANTS", str(tenants))
    made = open_store(url)
    made.upgrade()
    for number in (1, 3, 9):
        made.note_event("north", "vitals", number, NOW)
    made.note_event("south", "vitals", 3, NOW)
    made.note_event("south", "labs", 1, NOW)
    return made


def told(capsys: Output, *arguments: str) -> tuple[int, str, str]:
    code = run(list(arguments))
    out, err = capsys.readouterr()
    return code, out, err


def missing(store: Store, tenant: str) -> tuple[tuple[int, int], ...]:
    known = store.subscription(tenant, "vitals")
    assert known is not None
    return known.missing


def test_what_is_missing_is_listed(store: Store, capsys: Output) -> None:
    code, out, _ = told(capsys, "gaps", "list", "--format", "json")
    held = [orjson.loads(line) for line in out.splitlines()]
    assert code == 1
    assert [(h["tenant"], h["subscription"], h["missing"], h["last_event"]) for h in held] == [
        ("north", "vitals", "2, 4-8", 9),
        ("south", "vitals", "1-2", 3),
    ]
    one = told(capsys, "gaps", "list", "--tenant", "south", "--format", "json")[1]
    assert orjson.loads(one)["tenant"] == "south"


def test_it_is_closed_for_one_tenant_and_audited(store: Store, capsys: Output) -> None:
    closed = told(capsys, "gaps", "close", "vitals", "--tenant", "north")
    assert closed[:2] == (0, "Closed: 2, 4-8.\n")
    assert missing(store, "north") == ()
    assert missing(store, "south") == ((1, 2),)
    (entry,) = [r.entry for r in store.audit("north") if r.entry.who == "operator"]
    assert (entry.action, entry.subject) == ("gaps.close", "vitals")
    assert entry.detail == {"events": "2, 4-8"}
    assert [r for r in store.audit("south") if r.entry.who == "operator"] == []
    assert store.verify_audit("north").sound


def test_it_is_closed_up_to_an_event(store: Store, capsys: Output) -> None:
    closed = told(capsys, "gaps", "close", "vitals", "--tenant", "north", "--up-to", "5")
    assert closed[:2] == (0, "Closed: 2, 4-5.\n")
    assert missing(store, "north") == ((6, 8),)


def test_two_tenants_are_never_closed_at_once(store: Store, capsys: Output) -> None:
    code, out, err = told(capsys, "gaps", "close", "vitals")
    assert (code, out) == (2, "")
    assert "north, south" in err
    assert missing(store, "north") == ((2, 2), (4, 8))


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["labs"], 1),
        (["nothing-of-that-name"], 1),
        (["vitals", "--tenant", "north", "--up-to", "1"], 1),
        (["vitals", "--tenant", "nowhere"], 2),
    ],
)
def test_nothing_to_close_is_said_and_not_audited(
    store: Store, capsys: Output, arguments: list[str], code: int
) -> None:
    assert told(capsys, "gaps", "close", *arguments)[0] == code
    assert missing(store, "north") == ((2, 2), (4, 8))
    assert [r for r in store.audit("north") if r.entry.who == "operator"] == []


def test_nothing_missing_is_an_empty_list(store: Store, capsys: Output) -> None:
    for tenant in ("north", "south"):
        told(capsys, "gaps", "close", "vitals", "--tenant", tenant)
    assert told(capsys, "gaps", "list")[:2] == (0, "")


def test_a_tenant_that_left_the_file_and_has_no_patients_is_not_omitted(
    store: Store, capsys: Output
) -> None:
    assert store.patients("gone") == []
    store.note_event("gone", "vitals", 2, NOW)
    code, out, _ = told(capsys, "gaps", "list", "--tenant", "gone", "--format", "json")
    assert (code, orjson.loads(out)["missing"]) == (1, "1")
    assert '"gone"' in told(capsys, "gaps", "list", "--format", "json")[1]
    assert told(capsys, "gaps", "close", "vitals", "--tenant", "gone")[0] == 0

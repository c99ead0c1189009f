"""One key for all API processes: given, or else said where the ways part."""

from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from service.app import create_app
from service.errors import NotAllowed, SettingsFault
from service.security.session import User, sessions_of
from service.settings import Settings, environ_of, load_settings
from service.store import SESSION_KEY, Store, open_store

ANN = User("Ann", "pharmacist")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = open_store(f"sqlite:///{tmp_path / 's.db'}")
    made.upgrade()
    return made


def machine(folder: Path, key: Path | None = None) -> Settings:
    """An API's settings on a machine with a data directory of its own."""
    return Settings(data_dir=folder, database_url="sqlite:///x", session_key=key)


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_with_a_key_in_common_a_sign_in_at_one_is_one_at_the_other(tmp_path: Path) -> None:
    key = written(tmp_path / "key", b"0123456789abcdef0123456789abcdef0123\n")
    one, other = (sessions_of(machine(tmp_path / name, key)) for name in ("a", "b"))
    assert other.user(one.begin(ANN)) == ANN
    apart = sessions_of(machine(tmp_path / "c"))
    with pytest.raises(NotAllowed):
        apart.user(one.begin(ANN))


def test_the_key_of_a_data_directory_can_be_given_to_the_others(tmp_path: Path) -> None:
    """Also when its bytes look like white space at their ends."""
    for kept in (b"\n" + b"k" * 30 + b" ", b"\x00" * 32):
        folder = tmp_path / kept.hex()
        folder.mkdir()
        path = written(folder / "session.key", kept)
        first = sessions_of(machine(folder))
        assert sessions_of(machine(tmp_path / "b", path)).user(first.begin(ANN)) == ANN


@pytest.mark.parametrize("content", [b"", b"short", b" " * 40 + b"x", b"k" * 31])
def test_a_key_that_is_too_short_is_a_fault_of_the_settings(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(SettingsFault, match="32 bytes"):
        sessions_of(machine(tmp_path, written(tmp_path / "key", content)))


def test_the_setting_goes_to_the_parts(tmp_path: Path) -> None:
    key = written(tmp_path / "key", b"k" * 40)
    read = load_settings({"NMS_SENTINEL_SESSION_KEY": str(key)})
    assert read.session_key == key
    assert load_settings(environ_of(read)).session_key == key
    with pytest.raises(SettingsFault, match="NMS_SENTINEL_SESSION_KEY"):
        load_settings({"NMS_SENTINEL_SESSION_KEY": str(tmp_path / "none")})


def starts(settings: Settings, store: Store) -> list[str]:
    """What the audit says of keys after this API has started."""
    with TestClient(create_app(settings, store)):
        pass
    return [
        row.entry.action
        for row in store.audit(settings.tenant)
        if row.entry.action == "sign-in.key-changed"
    ]


def test_an_api_with_another_key_than_the_one_before_says_so(store: Store, tmp_path: Path) -> None:
    first, second = (machine(tmp_path / name) for name in ("a", "b"))
    assert starts(first, store) == []
    assert starts(first, store) == []  # the same one, started again
    assert len(starts(second, store)) == 1
    assert store.in_force(SESSION_KEY) == sessions_of(second).key_mark()
    common = written(tmp_path / "key", b"k" * 40)
    assert len(starts(replace(first, session_key=common), store)) == 2
    assert len(starts(replace(second, session_key=common), store)) == 2

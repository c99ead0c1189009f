"""What a running instance takes for itself: directory, address, and how open it is."""

import errno
import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from service.demo import begin_afresh
from service.errors import SettingsFault
from service.instance import LOCK, at_port, listen, only_one, prepared
from service.security.session import sign_in_link
from service.settings import Settings, load_settings


def settings(folder: Path, **environ: str) -> Settings:
    return load_settings(
        {"NMS_SENTINEL_DATA_DIR": str(folder), "NMS_SENTINEL_PORT": "0", **environ}
    )


def test_serve_is_open_on_loopback_without_keys_only(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.touch()
    assert prepared(settings(tmp_path), demo=False).open_mode is True
    keyed = settings(tmp_path, NMS_SENTINEL_CLIENT_KEYS=str(keys))
    assert prepared(keyed, demo=False).open_mode is False
    assert not prepared(settings(tmp_path, NMS_SENTINEL_HOST="0.0.0.0"), demo=False).open_mode
    closed = settings(tmp_path, NMS_SENTINEL_OPEN_MODE="0")
    assert prepared(closed, demo=False).open_mode is False


def test_a_demonstration_keeps_to_itself(tmp_path: Path) -> None:
    apart = prepared(settings(tmp_path), demo=True)
    assert apart.data_dir == tmp_path / "demo"
    assert apart.database_url == f"sqlite:///{tmp_path}/demo/nms-sentinel.db"
    with pytest.raises(SettingsFault, match="never writes into a configured"):
        prepared(settings(tmp_path, DATABASE_URL="postgresql://localhost/real"), demo=True)


def test_a_demonstration_begins_afresh_but_deletes_only_its_own(tmp_path: Path) -> None:
    real = tmp_path / "real.db"
    real.touch()
    begin_afresh(tmp_path)  # not marked as ours before: nothing is removed
    assert real.exists()
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "api.jsonl").touch()
    (tmp_path / LOCK).touch()
    begin_afresh(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".demonstration", LOCK]


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk without space: files can be made, and nothing is written into them."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", refuse)
    monkeypatch.setattr(os, "fdopen", refuse)


@pytest.mark.usefixtures("full")
def test_a_full_disk_is_said_at_the_start(tmp_path: Path) -> None:
    with (
        pytest.raises(SettingsFault, match=r"DATA_DIR.*No space left"),
        only_one(settings(tmp_path)),
    ):
        pass


def test_a_full_disk_leaves_no_half_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue("full")
    with pytest.raises(SettingsFault, match=r"DATA_DIR.*No space left"):
        sign_in_link(settings(tmp_path))
    monkeypatch.undo()
    assert "token=" in sign_in_link(settings(tmp_path))


def test_one_instance_for_each_directory(tmp_path: Path) -> None:
    mine = settings(tmp_path / "data")
    with only_one(mine):
        assert (tmp_path / "data").stat().st_mode & 0o077 == 0
        with pytest.raises(SettingsFault, match="Another NMS Sentinel"), only_one(mine):
            pass
    with only_one(mine):
        pass


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(SettingsFault, match="DATA_DIR"),
        only_one(settings(tmp_path / "file" / "x")),
    ):
        pass


def test_an_address_in_use_is_named(tmp_path: Path) -> None:
    with listen(settings(tmp_path)) as first:
        port = first.getsockname()[1]
        with pytest.raises(SettingsFault, match=f"127.0.0.1:{port} cannot be listened on"):
            listen(replace(settings(tmp_path), port=port))
        assert at_port(settings(tmp_path), first).base_url == f"http://127.0.0.1:{port}"
        named = settings(tmp_path, NMS_SENTINEL_BASE_URL="https://nms.example.org")
        assert at_port(named, first).base_url == "https://nms.example.org"
        socket.create_connection(("127.0.0.1", port), timeout=60).close()  # waits, is not refused

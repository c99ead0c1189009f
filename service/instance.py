"""What a running instance holds for itself: its data directory and its listening socket."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from service.errors import SettingsFault
from service.settings import PREFIX, Settings, address_of, unwritable

BACKLOG = 2048
LOCK = "serve.lock"


def prepared(settings: Settings, demo: bool) -> Settings:
    """The settings of `serve`: open on loopback when no keys are given; a demonstration keeps
    its synthetic patients in a directory of its own, never in a configured database.
    """
    if settings.open_mode is None and settings.is_loopback:
        keyed = settings.client_keys or settings.tenants
        settings = replace(settings, open_mode=not keyed)
    if not demo:
        return settings
    own = settings.data_dir / "nms-sentinel.db"
    if settings.database_url != f"sqlite:///{own}":
        raise SettingsFault(
            "DATABASE_URL: --demo plays synthetic patients and never writes into a configured"
            " database; unset it.",
            code="demo-database",
        )
    folder = settings.data_dir / "demo"
    return replace(settings, data_dir=folder, database_url=f"sqlite:///{folder / own.name}")


@contextmanager
def only_one(settings: Settings) -> Iterator[None]:
    """Hold the data directory; SettingsFault when another instance does, or it cannot be made."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)  # charts are in it
        lock = os.open(settings.data_dir / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as fault:
        raise unwritable(settings.data_dir, fault) from fault
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder = os.read(lock, 100).decode(errors="replace").strip()
        os.close(lock)
        raise SettingsFault(
            f"Another NMS Sentinel ({holder}) uses {settings.data_dir}."
            f" Stop it, or name another directory with {PREFIX}DATA_DIR.",
            code="second-instance",
        ) from None
    try:
        _signed(lock, settings)
        yield
    finally:
        os.close(lock)


def _signed(lock: int, settings: Settings) -> None:
    """Who holds the directory, for whoever comes second."""
    try:
        os.ftruncate(lock, 0)
        os.write(lock, f"process {os.getpid()}".encode())
    except OSError as fault:
        raise unwritable(settings.data_dir, fault) from fault


def listen(settings: Settings) -> socket.socket:
    """The listening socket; SettingsFault when the address cannot be had."""
    return _bound(settings.host, settings.port, f"--port or {PREFIX}PORT")


def listen_for_intake(settings: Settings) -> socket.socket:
    """The listening socket at the intake's own port; SettingsFault when there is none."""
    name = f"{PREFIX}INTAKE_PORT"
    if settings.intake_port is None:
        raise SettingsFault(f"{name}: is not set.", code="address")
    return _bound(settings.host, settings.intake_port, name)


def _bound(host: str, port: int, chosen_by: str) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError as fault:
        raise SettingsFault(
            f"{host}:{port} cannot be listened on ({fault.strerror})."
            f" Choose another with {chosen_by}.",
            code="address",
        ) from fault
    return listening


def at_port(settings: Settings, listening: socket.socket) -> Settings:
    """The settings with the port that was really taken (port 0 takes any that is free)."""
    port = int(listening.getsockname()[1])
    if settings.port == port:
        return settings
    base_url = settings.base_url
    if base_url == address_of(settings.host, settings.port):
        base_url = address_of(settings.host, port)
    return replace(settings, port=port, base_url=base_url)

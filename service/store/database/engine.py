"""Connections and transactions on SQLite and PostgreSQL, and what their faults mean.

SQLite: WAL, synchronous FULL (a committed row survives a power cut), foreign keys, and
BEGIN IMMEDIATE for every transaction that writes: a plain BEGIN that reads first and writes then
was measured to fail 270 of 400 times with "database is locked". PostgreSQL: READ COMMITTED with
explicit guards; a deadlock or serialisation fault is tried again.
"""

import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, Engine, Select, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from service.errors import SettingsFault, Unavailable
from service.store.database.faults import told, transient

PATIENCE_S = 15.0  # how long a write waits for another writer before it answers 503
TRIES = 8
# guards count the rows that a batch really wrote
_OPTIONS = {"preserve_rowcount": True}
T = TypeVar("T")


def engine_of(url: str, pool: int = 10) -> Engine:
    """An engine for `sqlite:///path` or `postgresql://...`; SettingsFault for anything else."""
    try:
        place = make_url(url)
    except ArgumentError:
        raise SettingsFault("The database URL cannot be read.", code="database-url") from None
    if place.get_backend_name() == "sqlite":
        return _sqlite(place, pool)
    if place.get_backend_name() == "postgresql":
        return _postgresql(place, pool)
    raise SettingsFault(
        "The database URL must begin with sqlite:/// or postgresql://.", code="database-url"
    )


def _sqlite(place: URL, pool: int) -> Engine:
    if not place.database or place.database == ":memory:" or "mode=memory" in place.database:
        raise SettingsFault("SQLite needs a file: sqlite:///path.", code="database-url")
    _private_file(Path(place.database))
    engine = create_engine(
        place.set(drivername="sqlite+pysqlite"),
        pool_size=pool,
        max_overflow=pool,
        pool_timeout=PATIENCE_S,
        connect_args={"timeout": PATIENCE_S, "check_same_thread": False},
        execution_options=_OPTIONS,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _postgresql(place: URL, pool: int) -> Engine:
    return create_engine(
        place.set(drivername="postgresql+psycopg"),
        pool_size=pool,
        max_overflow=pool,
        pool_timeout=PATIENCE_S,
        pool_pre_ping=True,
        execution_options=_OPTIONS,
        connect_args={"connect_timeout": 5, "application_name": "nms-sentinel"},
    )


def _private_file(path: Path) -> None:
    """Create the database readable by its owner only; the WAL takes the mode of the file."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        path.chmod(0o600)
    except OSError as fault:
        raise Unavailable(
            f"The database file cannot be opened: {fault.strerror}.", code="store-unreachable"
        ) from fault


def _prepare_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {int(PATIENCE_S * 1000)}")
    _write_ahead(cursor)
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA cache_size = -16000")
    cursor.close()


def _write_ahead(cursor: sqlite3.Cursor) -> None:
    """Turning WAL on ignores the busy timeout: several first starts at once must wait here."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            if cursor.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
                return
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


class _Sent(NamedTuple):
    """A statement as the driver takes it. `order`: of the parameters, where they have no names;
    `fixed`: those that the statement itself names."""

    text: str
    order: Sequence[str] | None
    fixed: Mapping[str, Any]

    def ordered(self, given: Mapping[str, Any]) -> Any:
        return given if self.order is None else [given[name] for name in self.order]


class Database:
    """The engine with its two kinds of transaction. Every fault comes out as Unavailable."""

    def __init__(self, url: str, pool: int = 10) -> None:
        self.engine = engine_of(url, pool)
        self.sqlite = self.engine.dialect.name == "sqlite"
        self._sent: dict[Select[Any], _Sent] = {}
        # writers of one process queue fairly here instead of polling SQLite's lock
        self._turn = threading.Lock()
        _forget_after_fork(self)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent snapshot (SQLite) or committed reads (PostgreSQL)."""
        with told(), self.engine.connect() as connection, connection.begin():
            yield connection

    def glance(
        self, statement: Select[Any], parameters: Mapping[str, str | int]
    ) -> Sequence[tuple[Any, ...]]:
        """The rows of one query as the driver has them: for what every hook call and every
        evaluation asks. `statement`: made once; its text is kept.

        A query alone is a snapshot of its own, so it is given to the driver without a transaction
        around it. Its parameters are plain texts and numbers.
        """
        sent = self._sent.get(statement) or self._as_sent(statement)
        given = {**sent.fixed, **parameters}
        with told():
            connection = self.engine.raw_connection()
            try:
                cursor = connection.cursor()
                cursor.execute(sent.text, sent.ordered(given))
                rows: Sequence[tuple[Any, ...]] = cursor.fetchall()
                cursor.close()
            except self.engine.dialect.loaded_dbapi.Error as fault:
                connection.invalidate()
                raise DBAPIError(sent.text, None, fault) from fault
            finally:
                connection.close()
        return rows

    def _as_sent(self, statement: Select[Any]) -> "_Sent":
        compiled = statement.compile(self.engine)
        found = _Sent(str(compiled), compiled.positiontup, dict(compiled.params))
        self._sent[statement] = found
        return found

    @contextmanager
    def write(self, patience_s: float = PATIENCE_S) -> Iterator[Connection]:
        """One transaction that writes: all of it or nothing.

        Raises Unavailable (`store-locked`) when another writer holds the store for longer than
        `patience_s`.
        """
        with told(), self._queue(patience_s), self.engine.connect() as plain:
            connection = plain.execution_options(writes=True)
            if self.sqlite:
                _patience(connection, patience_s)
            try:
                with connection.begin():
                    if not self.sqlite:
                        connection.exec_driver_sql(
                            f"SET LOCAL lock_timeout = {max(1, int(patience_s * 1000))}"
                        )
                    yield connection
            finally:
                if self.sqlite and patience_s != PATIENCE_S:
                    _patience(connection, PATIENCE_S)

    def transact(self, work: Callable[[Connection], T], patience_s: float = PATIENCE_S) -> T:
        """`work` in one writing transaction, again when another writer came in between.

        `work` may raise Again to ask for it.
        """
        for attempt in range(TRIES):
            try:
                with self.write(patience_s) as connection:
                    return work(connection)
            except Again:
                pass
            except Unavailable as fault:
                if not isinstance(fault.__cause__, DBAPIError) or not transient(fault.__cause__):
                    raise
            time.sleep(0.002 * 2**attempt)
        raise Unavailable("The store is too busy: try again.", code="store-contended")

    @contextmanager
    def _queue(self, patience_s: float) -> Iterator[None]:
        if not self.sqlite:
            yield
            return
        if not self._turn.acquire(timeout=max(patience_s, 0.001)):
            raise Unavailable("The store is busy: try again.", code="store-locked")
        try:
            yield
        finally:
            self._turn.release()

    def close(self) -> None:
        self.engine.dispose()

    def begin_anew(self) -> None:
        """In a forked child: the parent's connections are not ours, nor is a lock it held."""
        self.engine.dispose(close=False)
        self._turn = threading.Lock()


class Again(Exception):
    """Another writer changed what this transaction had read: do it again."""


def _forget_after_fork(database: Database) -> None:
    held = weakref.ref(database)

    def forget() -> None:
        alive = held()
        if alive is not None:
            alive.begin_anew()

    os.register_at_fork(after_in_child=forget)


def _patience(connection: Connection, patience_s: float) -> None:
    """Set on the driver's connection: a pragma through SQLAlchemy would begin a transaction."""
    driver = connection.connection.driver_connection
    if driver is None:
        raise PoolTimeout("no connection")
    driver.execute(f"PRAGMA busy_timeout = {max(1, int(patience_s * 1000))}")

"""The contract of the store runs on both databases, each test on a fresh one."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from service.store import Store, open_store
from service.store.database.schema import metadata
from tests.store.postgres import Postgres, postgres, postgres_url

__all__ = ["postgres", "postgres_url"]

BOTH = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def sqlite_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An upgraded, empty file to copy from."""
    path = tmp_path_factory.mktemp("model") / "model.db"
    made = open_store(f"sqlite:///{path}")
    made.upgrade()
    made.close()
    return path


@pytest.fixture(scope="session")
def postgres_prepared(postgres: Postgres) -> str:
    """An upgraded database that is emptied for each test: faster than a new one each time."""
    url = postgres.fresh()
    made = open_store(url)
    made.upgrade()
    made.close()
    return url


def emptied(url: str) -> str:
    """Nobody connected, every table empty, every counter at its start."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        names = ", ".join(f'"{table}"' for table in metadata.tables)
        connection.execute(f"TRUNCATE {names} RESTART IDENTITY")
    return url


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An upgraded, empty database of either kind."""
    if request.param == "sqlite":
        path = tmp_path / "store.db"
        shutil.copy(request.getfixturevalue("sqlite_model"), path)
        return f"sqlite:///{path}"
    return emptied(request.getfixturevalue("postgres_prepared"))


@pytest.fixture(params=BOTH)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of either kind with nothing in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = open_store(url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_store(tmp_path: Path, sqlite_model: Path) -> Iterator[Store]:
    """For what only SQLite has."""
    path = tmp_path / "only.db"
    shutil.copy(sqlite_model, path)
    opened = open_store(f"sqlite:///{path}")
    yield opened
    opened.close()

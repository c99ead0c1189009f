"""The contract of the store runs on both databases, each test on a fresh one."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.store import Store, open_store
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
def postgres_model(postgres: Postgres) -> str:
    """An upgraded, empty database to copy from."""
    url = postgres.fresh()
    made = open_store(url)
    made.upgrade()
    made.close()
    return url.partition("@/")[2].partition("?")[0]


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An upgraded, empty database of either kind."""
    if request.param == "sqlite":
        path = tmp_path / "store.db"
        shutil.copy(request.getfixturevalue("sqlite_model"), path)
        return f"sqlite:///{path}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.fresh(request.getfixturevalue("postgres_model"))


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

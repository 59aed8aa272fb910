"""A database that threads and processes share, threads, and a server with four processes."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
import pytest
from django.contrib.auth.models import User
from django.db import connection, connections

from tests.support.accounts import PASSWORD

from .crowd import Crowd
from .servers import Server, running_server

CROWD = 32


@pytest.fixture
def shared_database(transactional_db: None, tmp_path: Path) -> Iterator[str]:
    """Return the address of the database of this test, for threads and processes to share.

    SQLite in memory is for one connection: it is copied to a file for as long as the test runs.
    """
    if connection.vendor == "sqlite":
        yield from _on_disk(tmp_path / "shared.sqlite3")
    else:  # pragma: no cover - not with SQLite
        name = connection.settings_dict["NAME"]
        yield urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


def _on_disk(file: Path) -> Iterator[str]:
    url = f"sqlite:///{file}?timeout=60&transaction_mode=IMMEDIATE"
    with closing(sqlite3.connect(file)) as disk:
        disk.execute("PRAGMA journal_mode=WAL")
        connection.ensure_connection()
        connection.connection.backup(disk)
    with moved_database(**environ.Env.db_url_config(url)):
        yield url


@contextmanager
def moved_database(**changes: Any) -> Iterator[None]:
    """Let every thread connect to another database than that of the settings."""
    before, settings = connections["default"], connections.settings["default"]
    connections.settings["default"] = settings | changes
    connections["default"] = connections.create_connection("default")
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"], connections.settings["default"] = before, settings


@pytest.fixture
def ada(shared_database: str) -> User:
    """Return a user that all threads and processes know."""
    return User.objects.create_user("ada", password=PASSWORD)


@pytest.fixture
def crowd(shared_database: str) -> Iterator[Crowd]:
    """Return 32 threads."""
    crowd = Crowd(CROWD)
    yield crowd
    crowd.close()


@pytest.fixture
def server(shared_database: str, tmp_path: Path) -> Iterator[Server]:
    """Return a server of four processes with the same database."""
    with running_server(shared_database, tmp_path) as server:
        yield server

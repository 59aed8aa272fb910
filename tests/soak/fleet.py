"""Servers of two kinds, two of each, and the database that they share."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.db.utils import ConnectionHandler

from ..services.servers import free_port, running

THREADS = 16

SITE = "tests.soak.serving"
COMMANDS = {
    "gunicorn": [
        *("gunicorn", "--no-control-socket", "--threads", str(THREADS), f"{SITE}:wsgi()", "--bind"),
    ],
    "uvicorn": [
        *("uvicorn", "--factory", "--lifespan", "off", "--no-access-log", f"{SITE}:asgi"),
        *("--host", "127.0.0.1", "--port"),
    ],
}
"""What runs each; its place is to follow."""


@dataclass
class Server:
    """One process of the site."""

    kind: str
    folder: Path
    environment: dict[str, str]
    port: int = field(default_factory=free_port)
    starts: int = 0
    _stack: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        """Start it, and wait until it listens."""
        self.starts += 1
        log = self.folder / f"{self.kind}-{self.port}-{self.starts}.log"
        place = f"127.0.0.1:{self.port}" if self.kind == "gunicorn" else str(self.port)
        command = [sys.executable, "-m", *COMMANDS[self.kind], place]
        self._stack.enter_context(running(command, self.port, log, **self.environment))

    def stop(self) -> None:
        """Let it serve what it has begun, and end."""
        self._stack.close()


class Database:
    """A database of its own on a server that others may use too."""

    def __init__(self, url: str) -> None:
        self.name = f"soak_{secrets.token_hex(4)}"
        self._admin = ConnectionHandler({"default": environ.Env.db_url_config(url)})["default"]
        self.is_mariadb = self._admin.vendor == "mysql"
        place = urlsplit(url)._replace(path=f"/{self.name}")
        if self.is_mariadb:
            # Whoever may do all can write into a database that takes no writes.
            self._password = secrets.token_hex(16)
            place = place._replace(
                netloc=f"{self.name}:{self._password}@{place.hostname}:{place.port}"
            )
        self.url = place.geturl()

    def create(self) -> None:
        """Make it, with its tables."""
        self._do(f"CREATE DATABASE {self.name}")
        if self.is_mariadb:
            self._do(f"CREATE USER {self.name}@'127.0.0.1' IDENTIFIED BY '{self._password}'")
            self._do(f"GRANT ALL ON {self.name}.* TO {self.name}@'127.0.0.1'")

    def drop(self) -> None:
        """Delete it."""
        force = "" if self.is_mariadb else " WITH (FORCE)"
        self._do(f"DROP DATABASE {self.name}{force}")
        if self.is_mariadb:
            self._do(f"DROP USER {self.name}@'127.0.0.1'")
        self._admin.close()

    def take_writes(self, *, may: bool) -> None:
        """Let it take writes, or none, of whoever connects from now on."""
        if self.is_mariadb:
            self._do(f"SET GLOBAL read_only = {int(not may)}")
        else:
            self._do(f"ALTER DATABASE {self.name} SET default_transaction_read_only = {not may}")

    def _do(self, statement: str) -> None:
        with self._admin.cursor() as cursor:
            cursor.execute(statement)


class Fleet:
    """The servers with their database."""

    def __init__(
        self, url: str, folder: Path, *, wrong: tuple[str, float], **environment: str
    ) -> None:
        """``wrong`` is the kind of server of which one has a wrong clock, and how many seconds."""
        self.database = Database(url)
        self._environment = {
            "DJANGO_SETTINGS_MODULE": "tests.soak.settings",
            "DATABASE_URL": self.database.url,
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            **environment,
        }
        self.servers = [
            Server(kind, folder, {**self._environment, "SOAK_CLOCK": clock})
            for kind in COMMANDS
            for clock in ("0", str(wrong[1]) if kind == wrong[0] else "0")
        ]

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run all of it."""
        self.database.create()
        try:
            subprocess.run(
                [sys.executable, "-m", "django", "migrate", "--skip-checks", "--verbosity", "0"],
                env=os.environ | self._environment,
                check=True,
            )
            for server in self.servers:
                server.start()
            yield
        finally:
            for server in self.servers:
                server.stop()
            self.database.take_writes(may=True)
            self.database.drop()

"""A site on a server: requests to it, streams from it, and what its processes hold open."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage, HTTPResponse
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

from django.db import connection

from django_jwt_cookie.tokens import decode

from ..services.servers import PATIENCE

COOKIE = "jwt"
"""Over plain http."""

PROC = Path("/proc")
"""Where Linux tells what a process holds open."""

OTHER_CONNECTIONS = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    "mysql": "SELECT count(*) FROM information_schema.processlist"
    " WHERE db = database() AND id <> connection_id()",
}


@dataclass(frozen=True)
class Site:
    """Where it listens, and the process that does."""

    port: int
    pid: int
    stream_path: str
    """The stream that its kind of server is for."""

    pool: int
    """How many threads it may make as it needs them, and keep."""

    @contextmanager
    def stream(self, token: str, path: str | None = None) -> Iterator["Response"]:
        """Send a request with ``token`` in the jar; leave with the response half read, or not."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as line:
            line.request("GET", path or self.stream_path, headers={"Cookie": f"{COOKIE}={token}"})
            response = Response(line.getresponse())
            yield response
            response.close()

    def ask(self, token: str, path: str) -> "Answer":
        """Send a request and read the whole response."""
        with self.stream(token, path) as response:
            return Answer(response.status, response.token, response.rest())

    # --- What it holds open

    def threads(self) -> int:
        """Count the threads of the server's processes."""
        return sum(len(list((PROC / str(pid) / "task").iterdir())) for pid in self._processes())

    def connections(self) -> int:
        """Count the connections to the database that the server has, from outside of it."""
        if connection.vendor in OTHER_CONNECTIONS:  # pragma: no cover - not with SQLite
            with connection.cursor() as cursor:
                cursor.execute(OTHER_CONNECTIONS[connection.vendor])
                return int(cursor.fetchone()[0])
        name = str(connection.settings_dict["NAME"])
        return sum(
            _target(descriptor) == name
            for pid in self._processes()
            for descriptor in (PROC / str(pid) / "fd").iterdir()
        )

    def _processes(self) -> set[int]:
        """Return the server's process and those that it started."""
        parents = {}
        for status in PROC.glob("[0-9]*/stat"):
            try:
                fields = status.read_text().rpartition(")")[2].split()
            except OSError:  # pragma: no cover - one that has ended meanwhile
                continue
            parents[int(status.parent.name)] = int(fields[1])
        found, latest = {self.pid}, {self.pid}
        while latest := {pid for pid, parent in parents.items() if parent in latest}:
            found |= latest
        return found


def _target(descriptor: Path) -> str:
    try:
        return str(descriptor.readlink())
    except OSError:  # pragma: no cover - closed meanwhile
        return ""


class Response:
    """A response whose body is on its way."""

    def __init__(self, response: HTTPResponse) -> None:
        self._response = response
        self.status = response.status
        self.headers: HTTPMessage = response.headers
        self.close = response.close

    @property
    def token(self) -> str | None:
        """Return the token that the headers bring; empty: the cookie is deleted; none: neither."""
        cookies = SimpleCookie(self.headers.get("Set-Cookie", ""))
        return cookies[COOKIE].value if COOKIE in cookies else None

    def event(self) -> str:
        """Wait for the next event; empty at the end."""
        lines = []
        while (line := self._response.readline()) not in (b"", b"\n"):
            lines.append(line.decode())
        return "".join(lines)

    def rest(self) -> str:
        """Wait for the end."""
        return self._response.read().decode()


@dataclass(frozen=True)
class Answer:
    """A response that was read to its end."""

    status: int
    token: str | None
    body: str

    @property
    def generation(self) -> int | None:
        """The generation of the token that it brings."""
        return decode(self.token, allow_expired=True).gen if self.token else None

    def json(self) -> Any:
        """Return what the body says."""
        return json.loads(self.body)


def wait_until(is_so: Callable[[], bool], seconds: float = 60) -> bool:
    """Wait until something is so; return whether it is, after ``seconds`` at the latest."""
    deadline = time.monotonic() + seconds
    while not (was_so := is_so()) and time.monotonic() < deadline:  # pragma: no branch
        time.sleep(0.05)  # pragma: no cover - if it was so at once
    return was_so

"""A real server with four processes, for tests to race and to kill."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from pathlib import Path

from django_jwt_cookie.cookies import get_cookie_names

from .crowd import PATIENCE, Answer

COOKIE, _ = get_cookie_names()
"""Over plain http."""

PROCESSES = 4
THREADS = 8

DYING = "dies"
"""The name of a browser whose renewals kill the process that makes them."""


@dataclass(frozen=True)
class Server:
    """Where it listens, and where it notes the renewals that it made."""

    port: int
    renewals: Path

    def ask(self, token: str, path: str = "/accounts/me/") -> Answer:
        """Ask who is logged in, over a connection of its own."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as line:
            headers = {"Host": "testserver", "Cookie": f"{COOKIE}={token}"}
            line.request("GET", path, headers=headers)
            response = line.getresponse()
            response.read()
            cookies = SimpleCookie(response.headers.get("Set-Cookie", ""))
        return Answer(response.status, cookies[COOKIE].value if COOKIE in cookies else None)

    def renewed(self) -> list[str]:
        """Return the ids of the logins that were renewed, once for each renewal."""
        return self.renewals.read_text().splitlines()


@contextmanager
def running_server(
    database_url: str, folder: Path, processes: int = PROCESSES, **settings: str
) -> Iterator[Server]:
    """Run a server with the database of the test; the port is one that was free.

    ``settings`` are what `tests.settings` reads from the environment.
    """
    renewals, log = folder / "renewals", folder / "log"
    renewals.touch()
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        command = (
            *(sys.executable, "-m", "gunicorn", "--preload", "--no-control-socket"),
            *("--workers", str(processes), "--threads", str(THREADS)),
            *("--bind", f"fd://{listener.fileno()}", "tests.concurrency.wsgi"),
        )
        variables = {
            "DATABASE_URL": database_url,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "RENEWALS": str(renewals),
            "DYING": DYING,
            **settings,
        }
        with log.open("wb") as words:
            process = subprocess.Popen(  # noqa: S603
                command,
                env=os.environ | variables,
                pass_fds=[listener.fileno()],
                stdout=words,
                stderr=words,
            )
        try:
            yield Server(listener.getsockname()[1], renewals)
        finally:
            process.terminate()
            process.wait(PATIENCE)

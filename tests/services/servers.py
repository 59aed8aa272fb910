"""Servers of many kinds on ports of loopback, and requests to them, byte by byte."""

import json
import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Any

PATIENCE = 60
"""Seconds that a server may take to start, or to answer."""

REPORTS = "reports.example.com"
ACCOUNTS = "accounts.example.com"


@dataclass(frozen=True)
class Answer:
    """What a client learns from a response."""

    status: int
    headers: Message
    body: bytes

    def json(self) -> Any:
        """Return what the body says."""
        return json.loads(self.body)

    @property
    def cookies(self) -> list[str]:
        """Every ``Set-Cookie``."""
        return self.headers.get_all("Set-Cookie", [])


@dataclass(frozen=True)
class Server:
    """Where it listens, and the host that it is to its clients."""

    port: int
    host: str
    is_tls: bool = False

    @property
    def origin(self) -> str:
        """The origin of its pages, as the document has it: without a port."""
        return f"https://{self.host}"

    def ask(
        self, path: str, cookie: str | None = None, method: str = "GET", body: str = "", **more: str
    ) -> Answer:
        """Send one request over a connection of its own; ``more`` are headers, by their names.

        As a proxy does that ends https, where there is none.
        """
        headers = {"Host": self.host, "Accept": "application/json", "X-Forwarded-Proto": "https"}
        headers |= more if cookie is None else {"Cookie": cookie, **more}
        with closing(self._connect()) as line:
            line.request(method, path, body or None, headers)
            response = line.getresponse()
            return Answer(response.status, response.headers, response.read())

    def _connect(self) -> HTTPConnection:
        place: Any = {"host": "127.0.0.1", "port": self.port, "timeout": PATIENCE}
        if self.is_tls:  # pragma: no cover - with nginx alone
            # Nobody is on the way from here to here.
            place["context"] = ssl._create_unverified_context()  # noqa: S323
            return HTTPSConnection(**place)
        return HTTPConnection(**place)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running(
    command: list[str], port: int, log: Path, **environment: str
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a server until the test is done with it."""
    variables = os.environ | {"no_proxy": "127.0.0.1"} | environment
    with (
        log.open("wb") as words,
        subprocess.Popen(command, env=variables, stdout=words, stderr=words) as process,  # noqa: S603
    ):
        try:
            _wait_for(process, port, log)
            yield process
        finally:
            process.terminate()


def _wait_for(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(f"The server did not start:\n{log.read_text()}")  # pragma: no cover


def gunicorn(port: int, *options: str) -> list[str]:
    """Return the command that serves a Django site."""
    return [
        *(sys.executable, "-m", "gunicorn", "--no-control-socket", "--threads", "4"),
        *("--bind", f"127.0.0.1:{port}", *options, "django.core.wsgi:get_wsgi_application()"),
    ]

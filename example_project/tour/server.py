"""The example as a server of its own, on a free port, with a database and secrets to throw away."""

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MANAGE = Path(__file__).resolve().parents[1] / "manage.py"
START_TIMEOUT = 60
"""Seconds that the server may take until it answers."""


@dataclass(frozen=True)
class Site:
    """A running example."""

    address: str
    demo_password: str
    log: Path
    """What the server prints: requests, errors, and the e-mails that it would send."""


@contextmanager
def running_example(**settings: str) -> Iterator[Site]:
    """Run the example with ``settings`` in place of some lines of `.env`."""
    with tempfile.TemporaryDirectory(prefix="example-") as folder:
        quick = {"DJANGO_SETTINGS_MODULE": "example_project.tour.settings"}
        environment = os.environ | environment_for(Path(folder)) | quick | settings
        for arguments in (["migrate", "--verbosity=0"], ["demo_user"]):
            command = [sys.executable, str(MANAGE), *arguments]
            subprocess.run(  # noqa: S603
                command, env=environment, check=True, stdout=subprocess.DEVNULL
            )
        site = Site(
            f"http://127.0.0.1:{_free_port()}",
            environment["DEMO_PASSWORD"],
            Path(folder) / "server.log",
        )
        with _serving(site, environment):
            yield site


def environment_for(folder: Path) -> dict[str, str]:
    """Return all that .env would say, so that neither the developer's file nor database is used."""
    return {
        "DJANGO_SETTINGS_MODULE": "example_project.settings",
        # The log is read while the server runs.
        "PYTHONUNBUFFERED": "1",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "JWT_COOKIE_SECRET": secrets.token_urlsafe(48),
        "DEMO_PASSWORD": secrets.token_urlsafe(16),
        "TOKEN_LIFETIME": "600",
        "IDLE_TIMEOUT": "1209600",
        "ABSOLUTE_TIMEOUT": "2592000",
        "BROWSER_SESSION_TIMEOUT": "43200",
        "DEBUG": "true",
        "ALLOWED_HOSTS": "127.0.0.1",
        "DATABASE_URL": f"sqlite:///{folder / 'example.sqlite3'}",
        "CACHE_URL": "locmemcache://",
    }


@contextmanager
def _serving(site: Site, environment: dict[str, str]) -> Iterator[None]:
    address = site.address.removeprefix("http://")
    command = [sys.executable, str(MANAGE), "runserver", "--noreload", address]
    with (
        site.log.open("w") as log,
        subprocess.Popen(  # noqa: S603
            command, env=environment, stdout=log, stderr=log
        ) as server,
    ):
        try:
            _wait_for(server, site)
            yield
        finally:
            server.terminate()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _wait_for(server: "subprocess.Popen[bytes]", site: Site) -> None:
    host, port = site.address.removeprefix("http://").split(":")
    deadline = time.monotonic() + START_TIMEOUT
    while server.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"The example did not start:\n{site.log.read_text()}")

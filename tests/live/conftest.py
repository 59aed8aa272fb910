"""The servers that a site runs on, each on a socket of loopback, and a user who is logged in."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from django_jwt_cookie.test.client import JWTClient
from tests.support.accounts import NAME
from tests.support.documents import ROOT, write_files

from ..concurrency.conftest import shared_database
from ..services.servers import free_port, running
from . import settings as live_settings
from .site import Site

__all__ = ["shared_database"]

ASGI, WSGI = "django.core.asgi:get_asgi_application", "django.core.wsgi:get_wsgi_application"
PLACE = ["--host", "127.0.0.1", "--port"]
GRANIAN = ["granian", "--factory", "--workers", "1", "--interface"]

POOL = 16
"""Threads that a synchronous server has, at most, as it needs them."""

COMMANDS: dict[str, list[str]] = {
    "uvicorn": ["uvicorn", "--factory", "--lifespan", "off", ASGI, *PLACE],
    "granian": [*GRANIAN, "asginl", ASGI, *PLACE],
    "granian-wsgi": [*GRANIAN, "wsgi", "--blocking-threads", str(POOL), WSGI, *PLACE],
    "gunicorn": ["gunicorn", "--no-control-socket", "--threads", str(POOL), f"{WSGI}()", "--bind"],
}
"""What runs each; the port is to follow."""

ASYNCHRONOUS = ["uvicorn", "granian"]


@pytest.fixture
def source(request: pytest.FixtureRequest, settings: Any) -> str:
    """Return where the user comes from: the database, or what the test says."""
    source: str = getattr(request, "param", "database")
    settings.JWT_COOKIE = live_settings.JWT_COOKIE | {"USER_SOURCE": source}
    return source


@pytest.fixture
def site(
    request: pytest.FixtureRequest, shared_database: str, tmp_path: Path, source: str
) -> Iterator[Site]:
    """Return the site as a server runs it, which a test names; its log must be clean in the end."""
    write_files(ROOT / "docs" / "async.md", tmp_path)
    port, log, name = free_port(), tmp_path / "log", request.param
    place = f"127.0.0.1:{port}" if name == "gunicorn" else str(port)
    environment = {
        "DJANGO_SETTINGS_MODULE": "tests.live.settings",
        "DATABASE_URL": shared_database,
        "USER_SOURCE": source,
        "PYTHONPATH": os.pathsep.join([str(tmp_path), *filter(None, sys.path)]),
        # Also for the processes that a server starts.
        "PYTHONDEVMODE": "1",
        "PYTHONWARNINGS": "error",
    }
    command = [sys.executable, "-m", *COMMANDS[name], place]
    with running(command, port, log, **environment) as process:
        is_asynchronous = name in ASYNCHRONOUS
        path = "/events/" if is_asynchronous else "/report/"
        yield Site(port, process.pid, path, pool=0 if is_asynchronous else POOL)
    assert complaints(log) == []


@pytest.fixture
def ada(shared_database: str) -> User:
    """Return a user."""
    return User.objects.create_user(NAME)


@pytest.fixture
def client(ada: User, source: str) -> JWTClient:
    """Return the browser of a user who is logged in."""
    return JWTClient.logged_in_as(ada)


def complaints(log: Path) -> list[str]:
    """Return the lines of a server's log that tell of something wrong."""
    words = ("Traceback", "Error", "Exception", "Warning", "never awaited")
    return [line for line in log.read_text().splitlines() if any(word in line for word in words)]

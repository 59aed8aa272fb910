"""Clients for every test, and which tests need something that may not be there."""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.conf import settings
from django.core.signals import setting_changed
from django.db import connection, connections
from django.test import Client
from django.test.signals import root_urlconf_changed
from django.urls import set_urlconf
from time_machine import TimeMachineFixture

from django_jwt_cookie.signals import session_ended
from tests.support.cases import mark_many, mark_repeated
from tests.support.clients import ASGIClient, WSGIClient

CLIENTS: dict[str, type[Client]] = {"wsgi": WSGIClient, "asgi": ASGIClient}


@pytest.fixture(scope="session", autouse=True)
def _kept_resolvers() -> Iterator[None]:
    """Build the resolver of each URLconf once: with the admin in it, that takes milliseconds.

    Django finds it by the URLconf's name, and yet would forget all at each change of ROOT_URLCONF.
    """
    setting_changed.disconnect(root_urlconf_changed)
    setting_changed.connect(forget_urlconf)
    yield
    setting_changed.disconnect(forget_urlconf)
    setting_changed.connect(root_urlconf_changed)


def forget_urlconf(*, setting: str, **kwargs: Any) -> None:
    """Forget the URLconf of the request before; the rest of what Django does at a change."""
    if setting == "ROOT_URLCONF":
        set_urlconf(None)


@pytest.fixture(params=CLIENTS)
def new_client(request: pytest.FixtureRequest) -> type[Client]:
    """Make clients, as in ``new_client(enforce_csrf_checks=True)``; each test runs with both."""
    return CLIENTS[request.param]


@pytest.fixture
def client(new_client: type[Client]) -> Client:
    """Return a client; each test runs with both."""
    return new_client()


NOW = 1_800_000_000
"""When `clock` stands still: seconds since 1970, as in tokens."""


@pytest.fixture
def clock(time_machine: TimeMachineFixture) -> TimeMachineFixture:
    """Stop the clock; ``clock.shift(seconds)`` lets time pass."""
    time_machine.move_to(NOW, tick=False)
    return time_machine


@pytest.fixture
def ended() -> Iterator[list[tuple[UUID, str]]]:
    """Collect the logins that are told to have ended, and why."""
    signals: list[tuple[UUID, str]] = []

    def collect(session: Any, **kwargs: Any) -> None:
        signals.append((session.pk, session.revoked_because))

    session_ended.connect(collect)
    yield signals
    session_ended.disconnect(collect)


@pytest.fixture
def second_database(db: None, tmp_path: Path) -> Iterator[str]:
    """Return the alias of another database, with empty tables of users and logins."""
    databases = {
        "default": {},
        "second": {"ENGINE": "django.db.backends.sqlite3", "NAME": tmp_path / "second.db"},
    }
    connections.settings["second"] = connections.configure_settings(databases)["second"]
    # Django's test case opens no database that it has not been told of.
    connections["second"].connect()
    with connections["second"].schema_editor() as editor:
        for name in (settings.AUTH_USER_MODEL, "django_jwt_cookie.LoginSession"):
            editor.create_model(apps.get_model(name))
    yield "second"
    connections["second"].close()
    del connections["second"], connections.settings["second"]


def missing_packages(*names: str) -> str:
    """Say which of these packages are not installed, if any."""
    missing = [name for name in names if not find_spec(name)]
    return f"not installed: {', '.join(missing)}" if missing else ""


def missing_database(vendor: str, name: str) -> str:
    """Say what keeps a test for one kind of database from running, if anything."""
    return "" if connection.vendor == vendor else f"DATABASE_URL names no {name}"


def missing_server(variable: str, driver: str) -> str:
    """Say what keeps a test that makes a database of its own from running, if anything."""
    return missing_packages(driver) if os.environ.get(variable) else f"{variable} is not set"


def missing_redis() -> str:
    """Say what keeps a test with Redis from running, if anything."""
    if not os.environ.get("REDIS_URL"):
        return "REDIS_URL is not set"
    return "" if find_spec("redis") else "the package redis is not installed"


def missing_chromium() -> str:
    """Say what keeps a test in a browser from running, if anything."""
    if not shutil.which(os.environ.get("CHROMIUM", "chromium")):
        return "there is no chromium; the variable CHROMIUM may name one"
    return missing_packages("axe_playwright_python", "playwright")


NODE = Path(__file__).parent / "services" / "node"
"""Where npm installs what a service in Node needs."""

NGINX = shutil.which("nginx", path=os.pathsep.join([os.environ["PATH"], "/usr/sbin"]))
"""Debian keeps it off the search path."""


def missing_node() -> str:
    """Say what keeps a test of a service in Node from running, if anything."""
    if not shutil.which("node"):
        return "there is no node"
    return "" if (NODE / "node_modules").exists() else f"nobody ran npm ci in {NODE}"


ECOSYSTEM = Path(__file__).parent / "ecosystem"
"""A folder for each package that the site of an ecosystem test has."""


TOGETHER = {
    "other_logins": [
        *("django_cas_ng", "django_su", "easyaudit", "mozilla_django_oidc", "oauth2_provider"),
    ]
}
"""Packages that share a site; of all others, the folder has the name."""


def ecosystem() -> list[str]:
    """Name the sites: each after its package, as that is imported, or as `TOGETHER` does."""
    return sorted(settings.parent.name for settings in ECOSYSTEM.glob("*/settings.py"))


MISSING: dict[str, Callable[[], str]] = {
    "needs_postgresql": lambda: missing_database("postgresql", "PostgreSQL"),
    "needs_mariadb": lambda: missing_database("mysql", "MariaDB"),
    "needs_postgresql_server": lambda: missing_server("POSTGRESQL_URL", "psycopg"),
    "needs_mariadb_server": lambda: missing_server("MARIADB_URL", "MySQLdb"),
    "needs_redis": missing_redis,
    "needs_chromium": missing_chromium,
    "needs_clients": lambda: missing_packages("httpx", "requests"),
    "needs_curl": lambda: "" if shutil.which("curl") else "there is no curl",
    "needs_ecosystem": lambda: missing_packages(
        *(name for site in ecosystem() for name in TOGETHER.get(site, [site]))
    ),
    "needs_fastapi": lambda: missing_packages("fastapi", "uvicorn"),
    "needs_schemathesis": lambda: missing_packages(
        "openapi_spec_validator", "schemathesis", "uvicorn"
    ),
    "needs_nginx": lambda: "" if NGINX else "there is no nginx",
    "needs_node": missing_node,
    "needs_servers": lambda: missing_packages("granian", "uvicorn"),
    "needs_tenants": lambda: missing_packages("django_tenants"),
}


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers."""
    for marker in MISSING:
        config.addinivalue_line("markers", f"{marker}: skipped where that is not there")
    config.addinivalue_line("markers", "slow: many requests, or servers")
    config.addinivalue_line("markers", "many: cases of a rule beyond the first few")
    config.addinivalue_line("markers", "repeated: cases with no value that no case before has")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Leave the thousandth case of a rule to the runs that try all, before the order is random."""
    mark_many(items)
    mark_repeated(items)
    return (yield)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test for want of a server or browser, unless that was promised to be there.

    CI_NO_SKIP lists what a run promises, for example ``redis chromium``.
    """
    skip_or_fail(
        (marker.name for marker in item.iter_markers() if marker.name in MISSING),
        promised=os.environ.get("CI_NO_SKIP", "").split(),
    )


def skip_or_fail(markers: Iterable[str], *, promised: Iterable[str]) -> None:
    """Skip the test at hand, or fail it, if something that it needs is missing."""
    for marker in markers:
        if reason := MISSING[marker]():
            if marker.removeprefix("needs_") in promised:
                pytest.fail(f"{reason}, but CI_NO_SKIP promises it", pytrace=False)
            pytest.skip(reason)

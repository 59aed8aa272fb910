"""The site of `tests.support.sites`, its users, and each of the places where sessions are kept."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.backends.file import SessionStore as FileSessionStore
from django.contrib.sessions.models import Session

from tests.support.accounts import PASSWORD
from tests.support.cases import spread
from tests.support.visitors import LOGINS, LOGOUTS

from .moving import move_from

ENGINES = ["db", "cache", "cached_db", "file", "signed_cookies"]
NOW = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def site(settings, ada, bob):
    """Serve `tests.support.sites`, to Ada and Bob."""
    settings.ROOT_URLCONF = "tests.support.sites"


@pytest.fixture
def ada(db):
    """Return a user who may see the admin."""
    return User.objects.create_superuser("ada", email="ada@example.com", password=PASSWORD)


@pytest.fixture
def bob(db):
    """Return another one."""
    return User.objects.create_superuser("bob", password=PASSWORD)


@pytest.fixture
def clock(time_machine):
    """Stop the clock; ``clock.shift(seconds)`` lets time pass."""
    time_machine.move_to(NOW, tick=False)
    return time_machine


def keep_sessions(settings, monkeypatch, folder, engine):
    """Keep Django sessions in one of the places that Django has for them."""
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    settings.SESSION_FILE_PATH = str(folder)
    monkeypatch.delattr(FileSessionStore, "_storage_path", raising=False)
    backend = "django.core.cache.backends.filebased.FileBasedCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": str(folder)}}
    return engine


@pytest.fixture(params=spread(ENGINES, 3))
def engine(request, settings, tmp_path, monkeypatch):
    """Keep Django sessions in each of the places that Django has for them; return its name."""
    return keep_sessions(settings, monkeypatch, tmp_path, request.param)


@pytest.fixture(params=ENGINES[:-1])
def server_engine(request, settings, tmp_path, monkeypatch):
    """Keep Django sessions in each of the places on the server; return its name."""
    return keep_sessions(settings, monkeypatch, tmp_path, request.param)


@pytest.fixture
def stored_sessions(tmp_path):
    """Count what the server keeps of Django sessions, wherever that is: ``stored_sessions()``."""
    return lambda: Session.objects.count() + len([*tmp_path.iterdir()])


@pytest.fixture(params=LOGINS)
def log_in(request):
    """Log in by each of the ways there are: ``log_in(client, name)``."""
    return LOGINS[request.param]


@pytest.fixture(params=LOGOUTS)
def log_out(request):
    """Log out by each of the ways there are: ``log_out(client)``."""
    return LOGOUTS[request.param]


@pytest.fixture
def moving(settings, site, clock):
    """Serve the site that moves away from tickets."""
    settings.ROOT_URLCONF = "tests.support.urls_moving"
    move_from(settings)

"""A site with and without sessions, for the clients of its tests."""

import pytest
from django.contrib.auth.models import User

from tests.support.accounts import NAME, PASSWORD

COOKIE = "jwt"
"""What it is called over plain http, which Django's clients speak."""

KINDS = {
    "database": {},
    "token": {"USER_SOURCE": "token"},
    "stateless": {"TRACK_SESSIONS": False},
    "stateless token": {"TRACK_SESSIONS": False, "USER_SOURCE": "token"},
}
BACKENDS = {
    "one backend": ["django.contrib.auth.backends.ModelBackend"],
    "several": ["tests.support.sites.OtherBackend", "django.contrib.auth.backends.ModelBackend"],
}


@pytest.fixture(autouse=True)
def _site(settings):
    settings.ROOT_URLCONF = "tests.support.sites"


@pytest.fixture(params=KINDS)
def kind(request, settings):
    """Return how the site keeps its logins; each test runs with all."""
    settings.JWT_COOKIE = KINDS[request.param]
    return request.param


@pytest.fixture(params=BACKENDS)
def backends(request, settings):
    """Return the ways to log in; each test runs with one and with several."""
    settings.AUTHENTICATION_BACKENDS = BACKENDS[request.param]
    return BACKENDS[request.param]


@pytest.fixture
def ada():
    """Return a user with a password."""
    return User.objects.create_user(NAME, password=PASSWORD)


@pytest.fixture
def bob():
    """Return another user."""
    return User.objects.create_user("bob", password=PASSWORD)


@pytest.fixture
def _no_sessions(settings):
    """Let the site have neither sessions nor what needs them."""
    needs = ("sessions", "messages", "admin")
    settings.MIDDLEWARE = [
        path for path in settings.MIDDLEWARE if not any(word in path for word in needs)
    ]
    settings.INSTALLED_APPS = [
        path for path in settings.INSTALLED_APPS if not any(word in path for word in needs)
    ]

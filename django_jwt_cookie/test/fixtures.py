"""Fixtures for pytest: ``pytest_plugins = ["django_jwt_cookie.test.fixtures"]`` in a conftest."""

import pytest

from .client import AsyncJWTClient, JWTClient


@pytest.fixture
def jwt_client() -> JWTClient:
    """Return a client whose logins need no session."""
    return JWTClient()


@pytest.fixture
def async_jwt_client() -> AsyncJWTClient:
    """Return an asynchronous client whose logins need no session."""
    return AsyncJWTClient()

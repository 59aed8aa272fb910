"""The browser of the connections; `new_client`, where it matters how requests are served."""

import pytest
from django.test import Client

from tests.support.clients import WSGIClient


@pytest.fixture
def client() -> Client:
    """Return a client whose requests are served through WSGI."""
    return WSGIClient()

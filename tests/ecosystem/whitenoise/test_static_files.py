"""WhiteNoise answers before anybody asks for the user."""

import pytest
from django.core.management import call_command
from django.test import Client

from tests.accounts import sign_up

FILE = "/static/admin/css/base.css"


@pytest.fixture
def client(new_client, settings, tmp_path):
    """A visitor of a site whose static files are collected."""
    settings.STATIC_ROOT = tmp_path
    call_command("collectstatic", "--no-input", verbosity=0)
    return new_client()


@pytest.mark.django_db
def test_a_static_file_says_nothing_of_who_asks(client: Client):
    """A cache in between may keep it for everybody; for ever, under its hashed name."""
    sign_up(client)
    response = client.get(FILE)
    response.close()
    assert response.status_code == 200
    assert "Cookie" not in response.get("Vary", "")
    assert "Set-Cookie" not in response.headers
    assert not response.cookies

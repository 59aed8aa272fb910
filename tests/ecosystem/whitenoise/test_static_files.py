"""WhiteNoise answers before anybody asks for the user."""

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command
from django.test import Client, override_settings

from tests.ecosystem.refusals import REFUSALS
from tests.support.accounts import COOKIE, sign_up

FILE = "/static/admin/css/base.css"


@pytest.fixture(scope="session")
def collected(tmp_path_factory):
    """The folder of the static files."""
    folder = tmp_path_factory.mktemp("static")
    with override_settings(STATIC_ROOT=folder):
        call_command("collectstatic", "--no-input", verbosity=0)
    return folder


@pytest.fixture
def client(new_client, settings, collected):
    """A visitor of a site whose static files are collected."""
    settings.STATIC_ROOT = collected
    return new_client()


@pytest.mark.django_db
@pytest.mark.parametrize(("refuse", "reason"), [(str, None), *REFUSALS])
@pytest.mark.parametrize("hashed", [False, True])
def test_a_static_file_says_nothing_of_who_asks(
    client: Client, django_assert_num_queries, refuse, reason, hashed
):
    """A cache in between may keep it for everybody; for ever, under its hashed name."""
    sign_up(client)
    refuse(client)
    before = client.cookies[COOKIE].value
    with django_assert_num_queries(0):
        response = client.get(staticfiles_storage.url("admin/css/base.css") if hashed else FILE)
    response.close()
    assert response.status_code == 200
    assert "Cookie" not in response.get("Vary", "")
    assert "Set-Cookie" not in response.headers
    assert not response.cookies
    assert client.cookies[COOKIE].value == before
    assert ("immutable" in response["Cache-Control"]) is hashed

"""Django's own test clients log in and out as before: docs/testing.md says so."""

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import BACKEND_SESSION_KEY
from django.test import AsyncClient, Client

from django_jwt_cookie.models import LoginSession
from tests.support.accounts import NAME, PASSWORD
from tests.testing.conftest import COOKIE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("kind", "backends")]

SECRET = {"username": NAME, "password": PASSWORD}


def name(client, path="/public/"):
    """Return by which name the site knows ``client``."""
    return client.get(path).json()["user"]


async def aname(client, path="/apublic/"):
    return (await client.get(path)).json()["user"]


@pytest.mark.parametrize("path", ["/public/", "/apublic/"])
def test_a_client_is_logged_in(ada, path):
    """By force, and out again."""
    client = Client()
    client.force_login(ada)
    assert name(client, path) == NAME
    assert client.cookies[COOKIE].value.count(".") == 2
    assert name(client, path) == NAME
    client.logout()
    assert name(client, path) == ""


def test_a_client_logs_in(ada):
    """With a password; a wrong one does not."""
    client = Client()
    assert not client.login(username=NAME, password="wrong")
    assert name(client) == ""
    assert client.login(**SECRET)
    assert name(client) == NAME


@pytest.mark.parametrize("path", ["/public/", "/apublic/"])
def test_an_asynchronous_client_is_logged_in(ada, path):
    """By force, and out again."""

    async def story():
        client = AsyncClient()
        await client.aforce_login(ada)
        names = [await aname(client, path), await aname(client, path)]
        await client.alogout()
        return [*names, await aname(client, path)]

    assert async_to_sync(story)() == [NAME, NAME, ""]


def test_an_asynchronous_client_logs_in(ada):
    """With a password; a wrong one does not."""

    async def story():
        client = AsyncClient()
        answers = [await client.alogin(username=NAME, password="wrong"), await aname(client)]
        return [*answers, await client.alogin(**SECRET), await aname(client)]

    assert async_to_sync(story)() == [False, "", True, NAME]


def test_a_login_in_place_of_another(ada, bob):
    """The last one counts."""
    client = Client()
    client.force_login(ada)
    assert name(client) == NAME
    client.force_login(bob)
    assert name(client) == "bob"


def test_the_backend_is_the_one_named(ada, backends):
    """By default the first."""
    for named, expected in [(None, backends[0]), (backends[-1], backends[-1])]:
        client = Client()
        client.force_login(ada, backend=named)
        assert client.session[BACKEND_SESSION_KEY] == expected
        assert name(client) == NAME
        recorded = LoginSession.objects.order_by("created_at").last()
        assert recorded is None or recorded.backend == expected

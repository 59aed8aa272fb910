"""The Django session as other code sees it: it names the backend, and is not there for nothing."""

from importlib import import_module

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    SESSION_KEY,
    aupdate_session_auth_hash,
    update_session_auth_hash,
)
from django.contrib.auth.models import User
from django.http import JsonResponse
from django.urls import include, path

from tests.support.accounts import BACKEND, NAME, sign_up
from tests.support.key_samples import public_pem

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

ENGINES = ("db", "cache", "cached_db", "signed_cookies")


def by_key(request):
    return JsonResponse({"backend": request.session[BACKEND_SESSION_KEY]})


def by_get(request):
    return JsonResponse({"backend": request.session.get(BACKEND_SESSION_KEY, "none")})


async def by_aget(request):
    return JsonResponse({"backend": await request.session.aget(BACKEND_SESSION_KEY, "none")})


async def cart(request):
    items = await request.session.aget("cart", 0)
    await request.session.aset("cart", items + 1)
    return JsonResponse({"items": items, "other": request.session.get("other", "none")})


def change_password_of_another(request):
    user = User.objects.create_user("eve")
    update_session_auth_hash(request, user)
    return JsonResponse({"key": request.session.session_key})


async def achange_password_of_another(request):
    await request.auser()  # Django 5.2 compares with `request.user` here.
    user = await User.objects.acreate_user("eve")
    await aupdate_session_auth_hash(request, user)
    return JsonResponse({"key": request.session.session_key})


urlpatterns = [
    path("another/", change_password_of_another),
    path("aanother/", achange_password_of_another),
    path("accounts/", include("django_jwt_cookie.urls")),
    path("key/", by_key),
    path("get/", by_get),
    path("aget/", by_aget),
    path("cart/", cart),
]


def backend_of(client, path):
    """Return what a view finds."""
    return client.get(path).json()["backend"]


@pytest.fixture(params=ENGINES)
def engine(request, settings):
    """Keep sessions in each of Django's places."""
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{request.param}"


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("path", ["/key/", "/get/", "/aget/"])
def test_the_backend_of_the_login_in_the_cookie(client, path):
    """And nothing is left in the session by that."""
    sign_up(client)
    assert backend_of(client, path) == BACKEND
    assert "sessionid" not in client.cookies


@pytest.mark.parametrize("path", ["/get/", "/aget/"])
def test_a_stranger_has_none(client, path):
    """The default is returned."""
    assert backend_of(client, path) == "none"


def test_a_stranger_has_no_such_key(client):
    """As in a session of Django's."""
    with pytest.raises(KeyError, match=BACKEND_SESSION_KEY):
        client.get("/key/")


def test_a_site_that_only_verifies_knows_of_none(new_client, settings):
    """What a token says is whose login it is, and not how it began."""
    settings.JWT_COOKIE = {"SECRET": public_pem("EdDSA"), "USER_SOURCE": "token"}
    assert backend_of(new_client(), "/get/") == "none"


@pytest.mark.usefixtures("engine")
def test_a_session_from_before_the_swap_can_still_be_read(client):
    """Django salts a session with the name of its class: it stays the same."""
    session = import_module(django_settings.SESSION_ENGINE).SessionStore()
    session.update({"cart": 1, "other": "lamp"})
    session.save()
    client.cookies["sessionid"] = session.session_key
    assert client.get("/cart/").json() == {"items": 1, "other": "lamp"}
    assert client.get("/cart/").json() == {"items": 2, "other": "lamp"}


@pytest.mark.parametrize("path", ["/get/", "/aget/"])
def test_half_a_login_in_the_session_is_none(client, path):
    """Attack: a session with a user and without a backend asks for itself without end."""
    sign_up(client)
    session = import_module(django_settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = "1"
    session.save()
    client.cookies["sessionid"] = session.session_key
    assert backend_of(client, path) == "none"
    assert client.get("/accounts/me/").json()["user"]["username"] == NAME


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("path", ["/another/", "/aanother/"])
def test_to_change_anothers_password_begins_no_session(client, path):
    """Django changes the key of one's own session on the way, where there is one."""
    sign_up(client)
    assert client.get(path).json()["key"] is None
    assert "sessionid" not in client.cookies


@pytest.mark.parametrize("path", ["/another/", "/aanother/"])
def test_the_key_of_a_session_is_changed(client, path):
    """As Django does it, for what else is in there."""
    sign_up(client)
    client.get("/cart/")
    before = client.cookies["sessionid"].value
    assert client.get(path).json()["key"] not in (None, before)
    assert client.get("/cart/").json()["items"] == 1

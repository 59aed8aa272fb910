"""Middleware of one kind only, around ours: Django changes threads and loops in between."""

from datetime import timedelta
from itertools import product

import pytest
from django.contrib.auth.models import User
from django.utils.decorators import async_only_middleware, sync_only_middleware

from django_jwt_cookie.authentication import served
from django_jwt_cookie.test.logins import age_login
from django_jwt_cookie.test.tokens import get_claims
from tests.support.accounts import NAME, PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.support.sites")]

JWT = "django_jwt_cookie.middleware.JWTCookieMiddleware"


@sync_only_middleware
def sync_only(get_response):
    """Note whom it sees before the view and after it, and who is served after it."""

    def middleware(request):
        before = name_of(getattr(request, "user", None))
        response = get_response(request)
        return note(response, before, name_of(request.user))

    return middleware


@async_only_middleware
def async_only(get_response):
    """Do the same, asynchronously."""

    async def middleware(request):
        before = name_of(await request.auser() if hasattr(request, "auser") else None)
        response = await get_response(request)
        return note(response, before, name_of(await request.auser()))

    return middleware


def name_of(user):
    return user.get_username() if user else "-"


def note(response, *names):
    response.headers.setdefault("X-Seen", "")
    response.headers["X-Seen"] += f"[{' '.join(names)} {served.get() is None}]"
    return response


KINDS = {"sync": f"{__name__}.sync_only", "async": f"{__name__}.async_only"}
AROUND = {f"{before}, ours, {after}": (before, after) for before, after in product(KINDS, KINDS)}


@pytest.fixture(params=AROUND)
def client(request, client, settings):
    """Return a client of a site with one kind before ours, and one after it."""
    before, after = AROUND[request.param]
    place = settings.MIDDLEWARE.index(JWT)
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE[:place],
        *(KINDS[before], JWT, KINDS[after]),
        *settings.MIDDLEWARE[place + 1 :],
    ]
    User.objects.create_user(NAME, password=PASSWORD)
    return client


@pytest.mark.parametrize("path", ["public", "apublic"])
def test_a_user_is_known_on_either_side(client, path):
    """Before the view where ours comes first, and after it; outside of ours nobody is served."""
    client.get(f"/login/{NAME}/")
    response = client.get(f"/{path}/")
    assert response.json()["user"] == NAME
    assert response.headers["X-Seen"] == f"[{NAME} {NAME} False][- {NAME} True]"


@pytest.mark.parametrize("way", ["login", "alogin", "login-ours", "alogin-ours"])
def test_a_login_and_its_renewal_and_its_end(client, way, ended):
    """The cookie is set, set anew and deleted."""
    client.get(f"/{way}/{NAME}/")
    assert get_claims(client).gen == 0
    age_login(client, timedelta(minutes=5))
    assert client.get("/apublic/").json()["user"] == NAME
    assert get_claims(client).gen == 1
    client.get(f"/{way.replace('login', 'logout')}/")
    assert client.get("/public/").json()["user"] == ""
    assert [because for _, because in ended] == ["logout"]


def test_an_error_of_the_view_leaves_nobody_served(client, new_client):
    """The next request of the same thread begins anew."""
    client.get(f"/login/{NAME}/")
    with pytest.raises(LookupError, match=NAME):
        client.get("/failing/")
    assert client.get("/public/").headers["X-Seen"].endswith(f"[- {NAME} True]")

"""Whoever reads the login from ``request.session`` finds it there, wherever sessions are kept."""

import copy
import pickle

import pytest
from django.contrib import auth
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.test import RequestFactory

from django_jwt_cookie.authentication.django_session import MARK
from django_jwt_cookie.middleware import JWTCookieMiddleware
from tests.support.accounts import BACKEND, COOKIE
from tests.support.key_samples import pem, public_pem
from tests.support.visitors import (
    cart_of,
    cookie_of,
    do,
    log_in_before_the_swap,
    session_store,
    sid_of,
    whoami,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]

KEYS = (auth.SESSION_KEY, auth.BACKEND_SESSION_KEY, auth.HASH_SESSION_KEY)


async def by_aitems(session, key):
    return dict(await session.aitems()).get(key)


async def by_apop(session, key):
    """Take it out and put it back."""
    value = await session.apop(key, None)
    if value is not None:
        await session.aset(key, value)
    return value


WAYS = {
    "[]": lambda session, key: session[key] if key in session else None,  # noqa: SIM401
    "get": lambda session, key: session.get(key),
    "has_key": lambda session, key: session.get(key) if session.has_key(key) else None,
    "keys": lambda session, key: session.get(key) if key in session.keys() else None,  # noqa: SIM118
    "values": lambda session, key: session.get(key) if list(session.values()) else None,
    "items": lambda session, key: dict(session.items()).get(key),
    "setdefault": lambda session, key: session.setdefault(key, None),
}


async def by_aget(session, key):
    return await session.aget(key)


async def by_ahas_key(session, key):
    return await session.aget(key) if await session.ahas_key(key) else None


async def by_akeys(session, key):
    return await session.aget(key) if key in await session.akeys() else None


async def by_avalues(session, key):
    return await session.aget(key) if list(await session.avalues()) else None


async def by_asetdefault(session, key):
    return await session.asetdefault(key, None)


AWAYS = (by_aget, by_ahas_key, by_akeys, by_avalues, by_aitems, by_asetdefault, by_apop)


def read(client, way, key):
    """Return what a view reads by one of the ways there are."""
    if way in WAYS:
        return do(client, lambda request: WAYS[way](request.session, key))

    async def aread(request):
        return await {each.__name__: each for each in AWAYS}[way](request.session, key)

    return do(client, aread)


@pytest.fixture(params=[*WAYS, *(each.__name__ for each in AWAYS)])
def way(request):
    """Read in each of the ways there are."""
    return request.param


def answers_of(user):
    """Return what a session has to say of a login of that user."""
    return [str(user.pk), BACKEND, user.get_session_auth_hash()]


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("fill", [None, "/cart/lamp/"])
def test_the_login_is_in_the_session(client, ada, way, fill):
    """Its user, its backend and its hash; with and without anything else in there."""
    client.get("/login/ada/")
    if fill:
        client.get(fill)
    assert [read(client, way, key) for key in KEYS] == answers_of(ada)
    assert whoami(client) == "ada"
    assert cart_of(client) == (fill and "lamp")


@pytest.mark.usefixtures("engine")
def test_a_stranger_has_no_login_there(client, way):
    """With and without anything else in there."""
    assert [read(client, way, key) for key in KEYS] == [None] * 3
    client.get("/cart/lamp/")
    assert [read(client, way, key) for key in KEYS] == [None] * 3
    assert cart_of(client) == "lamp"


@pytest.mark.usefixtures("engine")
def test_a_login_from_before_the_swap_is_there_too(client, ada, way):
    """In the request that moves it, and in those after it."""
    log_in_before_the_swap(client, ada, cart="lamp")
    for _ in range(2):
        assert [read(client, way, key) for key in KEYS] == answers_of(ada)
    assert (whoami(client), cart_of(client)) == ("ada", "lamp")


@pytest.mark.parametrize(
    "settings_of_package", [{"USER_SOURCE": "token"}, {"TRACK_SESSIONS": False}]
)
def test_it_is_there_whatever_the_login_is_kept_by(client, settings, ada, way, settings_of_package):
    """A believed token does not know the hash: its record is asked."""
    settings.JWT_COOKIE = settings_of_package
    client.get("/login/ada/")
    assert [read(client, way, key) for key in KEYS] == answers_of(ada)


@pytest.mark.usefixtures("stored_sessions")
def test_reading_leaves_nothing_behind(client, engine, stored_sessions, way):
    """Neither a session nor a cookie of one."""
    client.get("/login/ada/")
    for key in KEYS:
        read(client, way, key)
    if way in {"setdefault", "by_asetdefault", "by_apop"}:
        return  # They write.
    assert cookie_of(client, "sessionid") == ""
    assert stored_sessions() == 0


@pytest.mark.usefixtures("engine")
def test_a_key_that_is_not_there_raises_no_more_than_a_key_error(client):
    """For strangers and those who are logged in, of the login or anything else."""

    def look(request):
        with pytest.raises(KeyError):
            request.session["cart"]
        with pytest.raises(KeyError):
            request.session.pop("cart")
        with pytest.raises(KeyError):
            del request.session["cart"]
        return [key in request.session for key in KEYS]

    assert do(client, look) == [False] * 3
    with pytest.raises(KeyError, match=auth.SESSION_KEY):
        do(client, lambda request: request.session[auth.SESSION_KEY])
    client.get("/login/ada/")
    assert do(client, look) == [True] * 3


def test_nobody_is_asked_for_what_is_no_login(client, django_assert_num_queries):
    """A view that reads something else of a session that is not stored."""
    client.get("/login/ada/")
    with django_assert_num_queries(0):
        assert do(client, lambda request: request.session.get("cart")) is None


def test_half_a_login_in_the_session_is_none(client, ada, way):
    """Attack: a session with a user and without a backend asks for itself without end."""
    client.get("/login/ada/")
    session = session_store()
    session[auth.SESSION_KEY] = "2"
    session.save()
    client.cookies["sessionid"] = session.session_key
    assert [read(client, way, key) for key in KEYS] == answers_of(ada)
    assert whoami(client) == "ada"
    client.cookies.pop(COOKIE)
    client.cookies["sessionid"] = session.session_key
    assert [read(client, way, key) for key in KEYS] == [None] * 3


def test_a_site_that_only_verifies_knows_whose_login_it_is(client, settings, ada):
    """And no more: how it began is known where it was issued."""
    settings.JWT_COOKIE = {"ALGORITHM": "EdDSA", "KEYS": [pem("EdDSA")], "USER_SOURCE": "token"}
    client.get("/login/ada/")
    settings.JWT_COOKIE = {
        "ALGORITHM": "EdDSA",
        "SECRET": public_pem("EdDSA"),
        "USER_SOURCE": "token",
        "SHARES_USERS": True,
    }
    assert [read(client, "get", key) for key in KEYS] == [str(ada.pk), None, None]
    assert whoami(client) == "ada"


# --- The session as an object


@pytest.mark.usefixtures("engine")
def test_another_session_of_its_class_is_an_ordinary_one(client):
    """As code does that opens the session of somebody else, by its key."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")

    def look(request):
        other = type(request.session)(request.session.session_key)
        new = type(request.session)()
        return [
            auth.SESSION_KEY in other,
            auth.SESSION_KEY in new,
            new.session_key,
            other.get("cart"),
        ]

    assert do(client, look)[:3] == [False, False, None]
    assert cart_of(client) == "lamp"


@pytest.mark.usefixtures("server_engine")
def test_it_opens_the_data_of_a_login_by_its_key(client):
    """Which is the key that the session tells."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    key = do(client, lambda request: request.session.session_key)
    assert session_store(key)["cart"] == "lamp"
    assert do(client, lambda request: type(request.session)(key)["cart"]) == "lamp"
    assert cookie_of(client, "sessionid") == key


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
def test_a_copy_of_its_data(client, ada, duplicate):
    """Plain text, whose types anybody can load."""
    client.get("/login/ada/")

    def look(request):
        data = duplicate(dict(request.session.items()))
        return pickle.loads(pickle.dumps(data))  # noqa: S301

    found = do(client, look)
    assert [found[key] for key in KEYS] == answers_of(ada)


def test_what_it_answers_is_plain_once_it_is_pickled(client, ada):
    """In a queue's worker there may be no such package."""
    client.get("/login/ada/")
    pickled = do(
        client,
        lambda request: pickle.dumps(request.session.get(auth.SESSION_KEY)).decode("latin-1"),
    )
    assert "django_jwt_cookie" not in pickled


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("path", ["/cart/lamp/", "/acart/lamp/"])
def test_a_session_from_before_the_swap_can_still_be_read(client, path):
    """Django salts a session with the name of its class: it stays the same."""
    session = session_store()
    session.update({"cart": "chair", "other": "table"})
    session.save()
    client.cookies["sessionid"] = session.session_key
    assert cart_of(client) == "chair"
    client.get(path)
    assert do(client, lambda request: dict(request.session.items())) == {
        "cart": "lamp",
        "other": "table",
    }


# --- Who else knows the user


def serve(view, **attributes):
    """Have a request served that middleware before ours has left something on."""
    request = RequestFactory().get("/")
    for name, value in attributes.items():
        setattr(request, name, value)
    JWTCookieMiddleware(view)(request)
    return request


def test_a_user_whom_earlier_middleware_knows_counts(ada):
    """As with Django's: ``_cached_user`` is where that looks first."""
    seen = []

    def view(request):
        seen.append(request.user)
        return HttpResponse()

    serve(view, _cached_user=ada, _acached_user=ada)
    assert seen == [ada]


@pytest.mark.parametrize("path", ["/public/", "/apublic/"])
def test_the_user_is_left_where_djangos_middleware_leaves_it(client, path):
    """Code looks there to tell whether anybody has asked."""
    client.get("/login/ada/")
    request = client.get(path).wsgi_request
    assert request._cached_user.get_username() == "ada"
    assert request._acached_user.get_username() == "ada"
    client.cookies.clear()
    request = client.get("/public/").wsgi_request
    assert request._cached_user == request._acached_user == AnonymousUser()


def test_a_mark_is_not_for_views(client):
    """What the package keeps in a stored session is not shown."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    assert do(client, lambda request: sorted(request.session.keys())) == sorted([*KEYS, "cart"])
    stored = session_store(cookie_of(client, "sessionid")).load()
    assert stored == {"cart": "lamp", MARK: sid_of(client).hex}
    assert not set(KEYS) & set(stored)

"""``session_key`` names a login for as long as it lasts, whether anything is stored or not."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib import auth
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in

from django_jwt_cookie.models import LoginSession
from tests.support.accounts import BACKEND, COOKIE
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


def key_of(client):
    """Return the key that a view is told."""
    return do(client, lambda request: request.session.session_key)


def is_key(value):
    """Tell whether that is a key as Django's own are, for a column of 40 characters."""
    return isinstance(value, str) and re.fullmatch("[a-z0-9]{8,40}", value) is not None


@pytest.mark.usefixtures("engine")
def test_whoever_is_logged_in_has_a_key(client, time_machine):
    """The same for the whole login: renewed, unused for a week, with and without data stored."""
    clock = time_machine
    clock.move_to(datetime.now(UTC), tick=False)  # Files have the time of the operating system.
    client.get("/login/ada/")
    key = key_of(client)
    assert is_key(key)
    clock.shift(400)
    assert whoami(client) == "ada"
    clock.shift(timedelta(days=7))
    assert key_of(client) == key
    client.get("/cart/lamp/")
    assert key_of(client) == key
    do(client, lambda request: request.session.pop("cart"))
    assert key_of(client) == key
    assert LoginSession.objects.get().generation == 2


@pytest.mark.usefixtures("engine")
def test_asking_for_it_stores_nothing(client, stored_sessions):
    """A line of a log is no session."""
    client.get("/login/ada/")
    key_of(client)
    assert (cookie_of(client, "sessionid"), stored_sessions()) == ("", 0)


@pytest.mark.usefixtures("engine")
def test_a_stranger_has_none_without_a_session(client):
    """As with Django."""
    assert key_of(client) is None


@pytest.mark.usefixtures("server_engine")
def test_a_stranger_has_that_of_the_session(client):
    """As with Django."""
    client.get("/cart/lamp/")
    assert key_of(client) == cookie_of(client, "sessionid")


@pytest.mark.usefixtures("engine")
def test_each_login_has_another(client, new_client):
    """Of another user, in another browser, and of the same once more."""
    other = new_client()
    keys = []
    for who, name in ((client, "ada"), (other, "ada"), (client, "ada"), (client, "bob")):
        who.get(f"/login/{name}/")
        keys.append(key_of(who))
    assert len(set(keys)) == 4


@pytest.mark.usefixtures("engine")
def test_a_new_password_makes_another(client):
    """The login goes on under an id that a copy of the cookie does not tell."""
    client.get("/login/ada/")
    key = key_of(client)
    client.get("/update-hash/")
    assert is_key(key_of(client))
    assert key_of(client) != key


@pytest.mark.usefixtures("server_engine")
def test_it_is_the_key_under_which_data_is_stored(client):
    """A lock or a cart of another table, by that key, and the session itself are of one visitor."""
    client.get("/login/ada/")
    key = key_of(client)
    assert not session_store().exists(key)
    client.get("/cart/lamp/")
    assert session_store(key)["cart"] == "lamp"
    assert cookie_of(client, "sessionid") == key


@pytest.mark.usefixtures("engine")
def test_it_can_not_be_told_from_the_token(client, settings):
    """A keyed hash: whoever sees the token in a log does not have the session by that."""
    client.get("/login/ada/")
    key, token, sid = key_of(client), cookie_of(client, COOKIE), sid_of(client)
    assert key not in token
    assert key not in {sid.hex, str(sid)}
    settings.JWT_COOKIE = {"SECRET": settings.SECRET_KEY}
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "n" * 64
    assert key_of(client) != key


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("is_filled", [True, False])
def test_it_is_there_while_somebody_logs_in(client, bob, is_filled):
    """For receivers of ``user_logged_in``, and it is that of the login that begins."""
    if is_filled:
        client.get("/cart/lamp/")
    told = []

    def receive(request, **kwargs):
        told.append(request.session.session_key)

    user_logged_in.connect(receive)
    try:
        client.get("/login/ada/")
        (key,) = told
        assert is_key(key)
        assert key_of(client) == key
        client.get("/alogin/bob/")
    finally:
        user_logged_in.disconnect(receive)
    assert key_of(client) == told[1] != key


@pytest.mark.usefixtures("engine")
def test_a_login_from_before_the_swap_has_one(client, ada):
    """The same in the request that moves it and after it; not the one that the browser had."""
    log_in_before_the_swap(client, ada, cart="lamp")
    before = cookie_of(client, "sessionid")
    key = key_of(client)
    assert is_key(key)
    assert key != before
    assert key_of(client) == key
    assert cart_of(client) == "lamp"


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("is_asynchronous", [True, False])
def test_another_key_is_that_of_the_login_all_the_same(client, is_asynchronous):
    """``cycle_key()``, as after a second factor: the data stays, and so does the login."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")

    def cycle(request):
        request.session.cycle_key()

    async def acycle(request):
        await request.session.acycle_key()

    key = key_of(client)
    do(client, acycle if is_asynchronous else cycle)
    assert (whoami(client), cart_of(client)) == ("ada", "lamp")
    assert is_key(key_of(client))
    assert key_of(client) == key


@pytest.mark.usefixtures("server_engine")
@pytest.mark.parametrize("is_asynchronous", [True, False])
def test_the_key_of_an_anonymous_session_is_changed(client, is_asynchronous):
    """The session of before is gone from the server, and nobody is logged in by that."""
    client.get("/cart/lamp/")
    before = cookie_of(client, "sessionid")

    def cycle(request):
        request.session.cycle_key()

    async def acycle(request):
        await request.session.acycle_key()

    do(client, acycle if is_asynchronous else cycle)
    assert cookie_of(client, "sessionid") not in {"", before}
    assert not session_store().exists(before)
    assert (whoami(client), cart_of(client)) == ("", "lamp")


@pytest.mark.usefixtures("server_engine")
@pytest.mark.parametrize("is_asynchronous", [True, False])
def test_to_make_a_session_is_to_store_one_under_the_key(client, is_asynchronous):
    """``create()``, as code calls that needs a key; also if another request was faster."""
    client.get("/login/ada/")
    key = key_of(client)

    def create(request):
        request.session.create()
        return request.session.session_key

    async def acreate(request):
        await request.session.acreate()
        return request.session.session_key

    for _ in range(2):
        assert do(client, acreate if is_asynchronous else create) == key
        assert session_store().exists(key)
    assert whoami(client) == "ada"


@pytest.mark.usefixtures("server_engine")
@pytest.mark.parametrize("is_asynchronous", [True, False])
def test_to_make_a_session_after_a_login_keeps_the_login(client, is_asynchronous):
    """As django-cas-ng does, which finds nothing stored under the key; with what is in it."""

    def log_in(request):
        auth.login(request, User.objects.get(username="ada"), BACKEND)
        request.session["cart"] = "lamp"
        request.session.create()
        return request.session.session_key

    async def alog_in(request):
        await auth.alogin(request, await User.objects.aget(username="ada"), BACKEND)
        await request.session.aset("cart", "lamp")
        await request.session.acreate()
        return request.session.session_key

    key = do(client, alog_in if is_asynchronous else log_in)
    assert (whoami(client), cart_of(client), key_of(client)) == ("ada", "lamp", key)
    assert session_store().exists(key)


@pytest.mark.usefixtures("server_engine")
@pytest.mark.parametrize("is_asynchronous", [True, False])
def test_to_save_a_session_is_to_store_one_under_the_key(client, is_asynchronous):
    """``save()``, in the middle of a view."""
    client.get("/login/ada/")
    key = key_of(client)

    def save(request):
        request.session["cart"] = "lamp"
        request.session.save()
        return session_store(key)["cart"]

    async def asave(request):
        await request.session.aset("cart", "lamp")
        await request.session.asave()
        return request.session.session_key and "lamp"

    assert do(client, asave if is_asynchronous else save) == "lamp"
    assert session_store(key)["cart"] == "lamp"
    assert auth.SESSION_KEY not in session_store(key).load()
    assert cart_of(client) == "lamp"


@pytest.mark.usefixtures("server_engine")
def test_of_two_first_writes_side_by_side_the_last_one_wins(client):
    """As with Django; neither fails, nor waits for ever for a key that is free."""
    client.get("/login/ada/")

    def write(request):
        request.session["cart"] = "lamp"
        other = type(client)()
        other.cookies[COOKIE] = cookie_of(client, COOKIE)
        assert other.get("/cart/chair/").status_code == 200

    do(client, write)
    assert cart_of(client) == "lamp"


@pytest.mark.usefixtures("engine")
def test_a_logout_takes_the_key_along(client):
    """What is by that key is nobody's."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    key = key_of(client)

    def log_out(request):
        auth.logout(request)
        return request.session.session_key

    told = do(client, log_out)
    assert told is None
    assert key_of(client) is None
    client.get("/login/ada/")
    assert key_of(client) != key
    assert User.objects.get(username="ada").jwt_login_sessions.count() == 2

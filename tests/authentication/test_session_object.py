"""The session as an object: of no request, pickled, asked for by another key, in the making."""

import copy
import pickle

import pytest
from django.contrib import auth
from django.contrib.sessions.models import Session
from django.core.exceptions import SynchronousOnlyOperation

from django_jwt_cookie.authentication.django_session import LentSession
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

pytestmark = pytest.mark.usefixtures("site")


def use(session):
    """Do with a session all that there is; return what that told, but for random keys."""
    told = [session.is_empty(), session.session_key]
    session["cart"] = "lamp"
    session.save()
    told += [session.is_empty(), session.get_expire_at_browser_close()]
    key = session.session_key
    session.cycle_key()
    told += [session.session_key == key, type(session)(session.session_key).load()]
    told += [auth.SESSION_KEY in session, session.get_expiry_age(), dict(session.items())]
    other = type(session)()
    other.create()
    other.delete()
    session.clear()
    told += [dict(session.items())]
    session.flush()
    return [*told, session.session_key, session.is_empty()]


async def ause(session):
    """Do the same in asynchronous code."""
    told = [session.is_empty(), session.session_key]
    await session.aset("cart", "lamp")
    await session.asave()
    told += [session.is_empty(), await session.aget_expire_at_browser_close()]
    key = session.session_key
    await session.acycle_key()
    told += [session.session_key == key, await type(session)(session.session_key).aload()]
    told += [await session.ahas_key(auth.SESSION_KEY), await session.aget_expiry_age()]
    told += [dict(await session.aitems())]
    other = type(session)()
    await other.acreate()
    await other.adelete()
    session.clear()
    told += [dict(await session.aitems())]
    await session.aflush()
    return [*told, session.session_key, session.is_empty()]


@pytest.mark.usefixtures("engine", "clock")
def test_one_of_its_class_does_what_the_engine_does(client):
    """Code makes sessions by ``type(request.session)()``: they are of nobody's login."""
    client.get("/login/ada/")
    expected = use(session_store())
    assert do(client, lambda request: use(type(request.session)())) == expected

    async def act(request):
        return await ause(type(request.session)())

    assert do(client, act) == expected


@pytest.mark.usefixtures("server_engine")
@pytest.mark.parametrize("duplicate", [copy.copy, lambda it: pickle.loads(pickle.dumps(it))])  # noqa: S301
def test_a_copy_is_an_ordinary_session_of_the_engine(client, duplicate):
    """With what is stored, which it leaves marked if it saves: nobody else is shown it."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")

    def act(request):
        request.session["cart"] = "chair"
        made = duplicate(request.session)
        found = [type(made) is type(session_store()), made["cart"], auth.SESSION_KEY in made]
        made.save()
        request.session.modified = False
        return [*found, made.session_key == cookie_of(client, "sessionid")]

    assert do(client, act) == [True, "lamp", False, True]
    assert cart_of(client) == "lamp"
    client.cookies.pop(COOKIE)
    assert cart_of(client) is None


@pytest.mark.usefixtures("server_engine")
@pytest.mark.parametrize("is_async", [False, True])
def test_deleting_another_session_ends_no_login(client, is_async):
    """By its key, as a page of all sessions does."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    other = session_store()
    other["cart"] = "table"
    other.save()

    async def act(request):
        await request.session.adelete(other.session_key)

    if is_async:
        do(client, act)
    else:
        do(client, lambda request: request.session.delete(other.session_key))
    assert session_store(other.session_key).load() == {}
    assert (whoami(client), cart_of(client)) == ("ada", "lamp")


@pytest.mark.parametrize("is_async", [False, True])
def test_deleting_the_session_of_the_login_ends_it(client, is_async):
    """By its key, or by none."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")

    async def act(request):
        await request.session.adelete(request.session.session_key)

    if is_async:
        do(client, act)
    else:
        do(client, lambda request: request.session.delete(request.session.session_key))
    assert (whoami(client), Session.objects.count()) == ("", 0)


@pytest.mark.usefixtures("server_engine")
def test_what_a_view_saves_lasts_as_long_as_the_login(client):
    """In asynchronous code too, and with a limit that the login has been given before."""
    client.get("/login-for-an-hour/ada/")

    async def act(request):
        told = await request.session.aget_expiry_age()
        await request.session.aset("cart", "lamp")
        await request.session.asave()
        return [told, await request.session.aget("cart")]

    assert do(client, act) == [3600, "lamp"]
    stored = session_store(cookie_of(client, "sessionid")).load()
    assert set(stored) == {"cart", "_jwt_cookie_sid"}
    assert stored["_jwt_cookie_sid"] == sid_of(client).hex


def test_where_there_are_no_sessions_one_is_lent(settings, client):
    """To Django's own functions: it is stored nowhere, and has nothing under any key."""
    session = LentSession("a-key")
    assert (session.load(), session.exists("a-key")) == ({}, False)
    settings.MIDDLEWARE = [each for each in settings.MIDDLEWARE if "essionMiddleware" not in each]
    settings.MIDDLEWARE = [each for each in settings.MIDDLEWARE if "essageMiddleware" not in each]
    client.get("/login-ours/ada/")
    assert whoami(client) == "ada"
    assert not Session.objects.exists()


@pytest.mark.usefixtures("engine")
def test_asynchronous_code_reads_the_key_without_awaiting_anything(client):
    """As with Django's sessions: of a visitor, a stranger, and of a login of before the swap."""

    async def read(request):
        return request.session.session_key

    assert do(client, read) is None
    client.get("/login/ada/")
    told = do(client, read)
    assert told == do(client, lambda request: request.session.session_key)
    assert isinstance(told, str)


@pytest.mark.usefixtures("server_engine")
def test_asynchronous_code_reads_the_key_of_a_login_from_before_the_swap(client, ada):
    """Nobody is asked whose that is."""
    log_in_before_the_swap(client, ada)

    async def read(request):
        return request.session.session_key

    assert do(client, read) == cookie_of(client, "sessionid")
    assert whoami(client) == "ada"


@pytest.mark.usefixtures("server_engine")
@pytest.mark.parametrize("is_new", [False, True])
def test_a_login_in_a_session_that_was_put_into_the_place_of_the_first(client, bob, is_new):
    """As the callbacks of some OpenID packages do: of the same class, with the same key or none."""
    client.get("/cart/lamp/")

    def act(request):
        key = None if is_new else request.session.session_key
        request.session = type(request.session)(key)
        auth.login(request, bob, BACKEND)
        request.session["told"] = "once"
        return request.user.username

    assert do(client, act) == "bob"
    assert (whoami(client), cart_of(client)) == ("bob", None if is_new else "lamp")
    assert do(client, lambda request: request.session["told"]) == "once"
    stored = session_store(cookie_of(client, "sessionid")).load()
    assert auth.SESSION_KEY not in stored
    assert stored["_jwt_cookie_sid"] == sid_of(client).hex


@pytest.mark.parametrize("came", ["", "garbage", "a:b:c", "\x00", "x" * 5000])
def test_a_session_in_a_cookie_that_is_none(client, settings, came):
    """It is empty, and the login goes on."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    client.get("/login/ada/")
    client.cookies["sessionid"] = came
    assert (whoami(client), cart_of(client)) == ("ada", None)


def test_a_session_in_a_cookie_is_over_after_its_time(client, settings, clock):
    """Of a stranger after SESSION_COOKIE_AGE, as with Django; of a login, with that."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    settings.SESSION_COOKIE_AGE = 3600
    client.get("/cart/chair/")
    strangers = client.cookies["sessionid"].value
    assert cart_of(client) == "chair"
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    clock.shift(7200)
    assert cart_of(client) == "lamp"
    client.cookies["sessionid"] = strangers
    assert cart_of(client) is None


def test_a_session_is_not_empty_while_somebody_is_logged_in(client):
    """Whether anything is stored or not; that of a stranger is, until there is something in it."""

    def is_empty(request):
        return request.session.is_empty()

    assert do(client, is_empty)
    client.get("/cart/lamp/")
    assert not do(client, is_empty)
    client.get("/logout/")
    assert do(client, is_empty)
    client.get("/login/ada/")
    assert not do(client, is_empty)


def test_asynchronous_code_is_not_shown_what_an_ended_login_has_left(client, settings, tmp_path):
    """Attack: with sessions in a cache nobody has to be asked for the data, but for the login."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    backend = "django.core.cache.backends.filebased.FileBasedCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": str(tmp_path)}}
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    LoginSession.objects.all().delete()

    async def read_without_awaiting(request):
        with pytest.raises(SynchronousOnlyOperation):
            request.session.get("cart")
        return request.session.session_key

    async def read(request):
        return await request.session.aget("cart")

    cookies = dict(client.cookies)
    assert do(client, read_without_awaiting) == cookies["sessionid"].value
    client.cookies.update(cookies)
    assert do(client, read) is None

"""Whoever writes a login into ``request.session``, or takes it out, logs in or out by that."""

import pytest
from django.contrib import auth
from django.contrib.auth.models import User

from django_jwt_cookie.models import LoginSession
from tests.support import sites
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

KEYS = (auth.SESSION_KEY, auth.BACKEND_SESSION_KEY, auth.HASH_SESSION_KEY)


def login_of(user):
    """Return what Django's ``login()`` writes."""
    return dict(zip(KEYS, (str(user.pk), BACKEND, user.get_session_auth_hash()), strict=True))


# --- Whoever writes the keys logs in


def by_items(request):
    for key, value in login_of(User.objects.get(username="bob")).items():
        request.session[key] = value


def by_update(request):
    request.session.update(login_of(User.objects.get(username="bob")))


def by_setdefault(request):
    request.session.flush()
    for key, value in login_of(User.objects.get(username="bob")).items():
        request.session.setdefault(key, value)


async def by_aset(request):
    for key, value in login_of(await User.objects.aget(username="bob")).items():
        await request.session.aset(key, value)


async def by_aupdate(request):
    await request.session.aupdate(login_of(await User.objects.aget(username="bob")))


WRITERS = {
    each.__name__: each for each in (by_items, by_update, by_setdefault, by_aset, by_aupdate)
}


@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize("write", WRITERS)
def test_a_login_that_is_written_by_hand_is_one(client, engine, stored_sessions, write, is_known):
    """In whatever package; it is moved into the cookie, and taken out of what is stored."""
    if is_known:
        client.get("/login/ada/")
    do(client, WRITERS[write])
    assert whoami(client) == "bob"
    assert [each.user.username for each in LoginSession.objects.alive()] == ["bob"]
    assert (cookie_of(client, "sessionid"), stored_sessions()) == ("", 0)


@pytest.mark.usefixtures("engine")
def test_it_is_kept_as_written_for_the_rest_of_the_request(client, ada, bob):
    """Whoever wrote it may read it, and take it back."""
    client.get("/login/ada/")

    def change_ones_mind(request):
        before = dict(request.session.items())
        request.session.update(login_of(bob))
        now = dict(request.session.items())
        request.session.update(before)
        return [before, now]

    assert do(client, change_ones_mind) == [login_of(ada), login_of(bob)]
    assert whoami(client) == "ada"


@pytest.mark.usefixtures("engine")
def test_the_login_of_a_user_who_is_not_there_is_none(client):
    """As with Django, at the next request."""

    def write(request):
        request.session.update(login_of(User.objects.get(username="bob")))
        request.session[auth.SESSION_KEY] = "4711"

    do(client, write)
    assert whoami(client) == ""
    assert not LoginSession.objects.exists()


@pytest.mark.parametrize("key", [auth.SESSION_KEY, auth.BACKEND_SESSION_KEY])
def test_half_a_login_that_is_written_is_none(client, key):
    """Neither a login nor an error."""

    def write(request):
        request.session[key] = login_of(User.objects.get(username="bob"))[key]

    do(client, write)
    assert whoami(client) == ""
    assert not LoginSession.objects.exists()


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("path", ["/update-hash/", "/aupdate-hash/"])
def test_another_hash_is_the_same_login_under_another_record(client, new_client, path):
    """``update_session_auth_hash()``: all others of the user end, and a copy of this cookie too."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    other = new_client()
    other.get("/login/ada/")
    copy, sid = cookie_of(client, COOKIE), sid_of(client)
    client.get(path)
    assert (whoami(client), cart_of(client)) == ("ada", "lamp")
    assert sid_of(client) != sid
    assert whoami(other) == ""
    client.cookies[COOKIE] = copy
    assert (whoami(client), cart_of(client)) == ("", None)


def test_a_hash_that_is_not_the_users_changes_nothing(client):
    """It may be of another user, who is known by other means."""
    client.get("/login/ada/")

    def write(request):
        request.session[auth.HASH_SESSION_KEY] = "x" * 64

    do(client, write)
    assert whoami(client) == "ada"
    assert LoginSession.objects.count() == 1


# --- Whoever takes the login out logs out


def delete_key(request):
    del request.session[auth.SESSION_KEY]


def pop_key(request):
    request.session.pop(auth.SESSION_KEY)


def pop_all_keys(request):
    for key in KEYS:
        request.session.pop(key, None)


def clear(request):
    request.session.clear()


def flush(request):
    request.session.flush()


def delete(request):
    request.session.delete()


def delete_by_key(request):
    request.session.delete(request.session.session_key)


def flush_and_go_on(request):
    """As a package of idle timeouts does, which leaves a word on why."""
    request.session.flush()
    request.session["why"] = "timeout"


async def apop_key(request):
    await request.session.apop(auth.SESSION_KEY)


async def aflush(request):
    await request.session.aflush()


async def adelete(request):
    await request.session.adelete()


async def adelete_by_key(request):
    await request.auser()
    await request.session.adelete(request.session.session_key)


ENDERS = {
    each.__name__: each
    for each in (
        delete_key,
        pop_key,
        pop_all_keys,
        clear,
        flush,
        delete,
        delete_by_key,
        flush_and_go_on,
        apop_key,
        aflush,
        adelete,
        adelete_by_key,
    )
}


@pytest.fixture(params=ENDERS)
def end(request):
    """End a login in each of the ways there are."""
    return ENDERS[request.param]


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("fill", [None, "/cart/lamp/"])
def test_the_login_ends_on_the_server_and_in_the_browser(client, end, fill):
    """With everything else in the session; a copy of the cookie is worth nothing."""
    client.get("/login/ada/")
    if fill:
        client.get(fill)
    copies = {name: cookie_of(client, name) for name in (COOKIE, "sessionid")}
    do(client, end)
    assert LoginSession.objects.get().revoked_because == "logout"
    assert cookie_of(client, COOKIE) == ""
    assert (whoami(client), cart_of(client)) == ("", None)
    for name, value in copies.items():
        client.cookies[name] = value
    assert (whoami(client), cart_of(client)) == ("", None)


@pytest.mark.usefixtures("server_engine")
def test_nothing_of_it_stays_stored(client, stored_sessions, end):
    """Where sessions are kept on the server; but for what was left there on purpose."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    key = cookie_of(client, "sessionid")
    do(client, end)
    stored = session_store(key).load() if session_store().exists(key) else {}
    assert "cart" not in stored or end in {delete_key, pop_key, pop_all_keys, apop_key}
    if end is flush_and_go_on:
        assert do(client, lambda request: request.session["why"]) == "timeout"


@pytest.mark.usefixtures("engine")
def test_a_login_from_before_the_swap_ends_likewise(client, ada, end):
    """Before it has moved: none is recorded that goes on."""
    log_in_before_the_swap(client, ada, cart="lamp")
    key = cookie_of(client, "sessionid")
    do(client, end)
    assert whoami(client) == ""
    client.cookies["sessionid"] = key
    if session_store().__class__.__module__.endswith("signed_cookies"):
        return  # A copy of what the browser keeps is good until its end, as with Django.
    assert whoami(client) == ""
    assert not LoginSession.objects.alive().exists()


def test_nobody_is_logged_out_of_a_session_without_a_login(client, end):
    """Nothing ends, and there is no error."""
    if end in {delete_key, pop_key, apop_key}:
        with pytest.raises(KeyError):
            do(client, end)
    else:
        do(client, end)
    assert whoami(client) == ""
    assert not LoginSession.objects.exists()


def test_who_is_logged_in_after_a_flush_is_logged_in(client, bob):
    """Django's ``login()`` of another user flushes first: that only counts if nobody follows."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")

    def flush_and_log_in(request):
        request.session.flush()
        auth.login(request, bob)
        request.session["cart"] = "chair"

    do(client, flush_and_log_in)
    assert (whoami(client), cart_of(client)) == ("bob", "chair")
    assert {each.user.username: each.revoked_because for each in LoginSession.objects.all()} == {
        "ada": "replaced",
        "bob": "",
    }


def test_other_logins_of_the_user_go_on(client, new_client, end):
    """It is this browser's login that ends."""
    other = new_client()
    for each in (client, other):
        each.get("/login/ada/")
    do(client, end)
    assert (whoami(client), whoami(other)) == ("", "ada")


@pytest.mark.parametrize("log_out", [flush, auth.logout])
def test_a_logout_holds_whatever_becomes_of_the_view(new_client, log_out):
    """With 5xx Django saves no session; but who has pressed the button must not stay logged in."""
    client = new_client(raise_request_exception=False)
    client.get("/login/ada/")
    copy = cookie_of(client, COOKIE)

    def fail(request):
        log_out(request)
        raise LookupError("on purpose")

    sites.do(client, fail)
    client.cookies[COOKIE] = copy
    assert whoami(client) == ""

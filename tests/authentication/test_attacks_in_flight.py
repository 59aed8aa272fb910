"""What ends, fails or goes away while a request is at work must not come back with its answer."""

import asyncio
import copy
import pickle
from contextlib import suppress
from contextvars import copy_context
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib import auth
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.management import call_command
from django.db import OperationalError, transaction
from django.test import AsyncRequestFactory
from django.utils import timezone

from django_jwt_cookie.authentication import settling
from django_jwt_cookie.middleware import JWTCookieMiddleware
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.sessions import recorded
from django_jwt_cookie.tokens import decode
from tests.support.accounts import BACKEND, COOKIE, PASSWORD
from tests.support.clients import WSGIClient
from tests.support.visitors import (
    LOGINS,
    cart_of,
    cookie_of,
    do,
    log_in_before_the_swap,
    session_store,
    whoami,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]

TOKEN = {"USER_SOURCE": "token"}
CACHE = TOKEN | {"REVOCATION_CACHE": "default"}

modes = pytest.mark.parametrize("mode", [{}, TOKEN], ids=["database", "token"])


def end_elsewhere():
    """End all logins, as another server does: this process is told of nothing."""
    LoginSession.objects.update(revoked_at=timezone.now(), revoked_because="revoked")


def user(name):
    """Return a user of the site."""
    return User.objects.get(username=name)


def count_alive():
    """Return how many logins go on."""
    return LoginSession.objects.alive().count()


@pytest.fixture
def _listening_cache(site, client, clock, settings):
    """Have a revocation cache that has been listening for a while."""
    settings.JWT_COOKIE = CACHE
    cache.clear()
    client.get("/login/bob/")
    whoami(client)
    clock.shift(60)


# --- A login without a password needs the one that it takes the place of


@modes
@pytest.mark.parametrize("name", ["ada", "bob"])
@pytest.mark.parametrize("ends_before", [True, False])
def test_a_slow_request_does_not_turn_an_ended_login_into_another(
    client, settings, mode, name, ends_before
):
    """Attack: hold a page that logs in without a password open until the theft is noticed."""
    settings.JWT_COOKIE = mode
    client.get("/login/ada/")

    def slow(request):
        assert request.user.username == "ada"
        if ends_before:
            end_elsewhere()
        auth.login(request, user(name))
        if not ends_before:
            end_elsewhere()

    do(client, slow)
    assert count_alive() == 0
    assert whoami(client) != "bob"


def test_nor_one_whose_token_is_over(client, clock):
    """Which is believed by its record, and ends no other."""
    client.get("/login/ada/")
    clock.shift(timedelta(minutes=11))

    def slow(request):
        assert request.user.username == "ada"
        auth.login(request, user("bob"))
        end_elsewhere()

    do(client, slow)
    assert count_alive() == 0
    assert whoami(client) == ""


def test_a_thief_who_is_noticed_becomes_nobody_else(client, new_client, settings, clock):
    """The login ends by the very request of the thief, and not by its will."""
    settings.JWT_COOKIE = TOKEN | {"TOKEN_LIFETIME": timedelta(hours=2)}
    client.get("/login/ada/")
    clock.shift(timedelta(minutes=55))
    do(client, lambda request: request.jwt.refresh())
    thief = new_client()
    thief.cookies[COOKIE] = cookie_of(client, COOKIE)
    clock.shift(timedelta(minutes=6))
    do(client, lambda request: request.jwt.refresh())
    whoami(client)
    clock.shift(timedelta(minutes=31))
    assert whoami(thief) == "ada"  # The token is believed.
    do(thief, lambda request: auth.login(request, user("bob")))
    assert list(LoginSession.objects.values_list("revoked_because", flat=True)) == ["token_reused"]
    assert whoami(thief) == ""


@pytest.mark.parametrize("way", ["new", "refresh"])
def test_a_late_answer_brings_no_token_that_is_believed_for_minutes(client, settings, clock, way):
    """Of a login that was ended while the view was at work."""
    settings.JWT_COOKIE = TOKEN
    client.get("/login/ada/")
    if way == "new":
        clock.shift(timedelta(seconds=310))
        whoami(client)
        assert decode(cookie_of(client, COOKIE)).new
    before = cookie_of(client, COOKIE)

    def slow(request):
        assert request.user.username == "ada"
        if way == "refresh":
            request.jwt.refresh()
        end_elsewhere()

    do(client, slow)
    assert cookie_of(client, COOKIE) == before


def test_a_login_from_before_the_swap_begins_in_the_place_of_an_ended_one(client, settings):
    """Whose token would still be believed: it needs no other login."""
    settings.JWT_COOKIE = TOKEN
    client.get("/login/ada/")
    log_in_before_the_swap(client, user("bob"))
    end_elsewhere()
    assert whoami(client) == "bob"
    assert set(LoginSession.objects.values_list("revoked_because", flat=True)) == {"", "revoked"}


def test_a_login_from_before_the_swap_stays_where_nothing_can_be_settled(client, monkeypatch):
    """In its session, however that is written."""
    log_in_before_the_swap(client, user("ada"))

    def fail(*_, **__):
        raise OperationalError

    with monkeypatch.context() as patch:
        patch.setattr(settling, "_settle", fail)
        do(client, lambda request: request.session.update({"seen": 1}))
    assert LoginSession.objects.count() == 0
    assert whoami(client) == "ada"


# --- What was written for a login is nobody else's


@pytest.mark.parametrize("how", LOGINS)
def test_shared_computer_a_middleware_has_read_the_session_of_an_ended_login(client, settings, how):
    """As the one of Django's documentation on time zones: the cart is not the next member's."""
    settings.JWT_COOKIE = TOKEN
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.reads_session"]
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    end_elsewhere()
    LOGINS[how](client, "bob")
    assert (whoami(client), cart_of(client)) in [("bob", None), ("", None)]


def reads_session(get_response):
    """Return a middleware."""

    def middleware(request):
        request.session.get("django_timezone")
        return get_response(request)

    return middleware


@pytest.mark.parametrize(
    "ask",
    [
        lambda request: request.jwt.confirm(),
        lambda request: request.jwt.login_session,
        lambda request: list(request.session.items()),
    ],
)
def test_what_was_shown_of_an_ended_login_is_not_stored_for_others(client, settings, ask):
    """Its token was believed, and then its record was asked."""
    settings.JWT_COOKIE = TOKEN
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    end_elsewhere()

    def view(request):
        assert request.session["cart"] == "lamp"
        ask(request)
        request.session["seen"] = 1

    do(client, view)
    assert (whoami(client), cart_of(client)) == ("", None)
    client.get("/login/bob/")
    assert (whoami(client), cart_of(client)) == ("bob", None)


def test_a_new_password_for_an_ended_login_leaves_its_data_to_nobody(client, engine):
    """It does not go on, and so nothing moves."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")

    def view(request):
        ada = request.user
        ada.set_password("a new one")
        ada.save()
        auth.update_session_auth_hash(request, ada)
        end_elsewhere()

    do(client, view)
    assert (whoami(client), cart_of(client)) == ("", None)
    client.get("/login/bob/")
    assert (whoami(client), cart_of(client)) == ("bob", None)


def log_bob_in(request):
    """Log Bob in, and write into his session."""
    auth.login(request, user("bob"))
    request.session["cart"] = "of Bob"


@pytest.mark.django_db(transaction=True)
def test_a_login_that_is_rolled_back_leaves_no_data_to_the_one_before(client):
    """It is Ada's again, and so is what she had."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")

    def view(request):
        with suppress(LookupError), transaction.atomic():
            log_bob_in(request)
            raise LookupError

    do(client, view)
    assert (whoami(client), cart_of(client)) == ("ada", "lamp")


@pytest.mark.parametrize("name", ["ada", ""])
def test_a_login_that_can_not_be_written_leaves_no_data_to_others(client, monkeypatch, name):
    """Neither to the login before, nor to nobody and so to whoever logs in next."""
    if name:
        client.get(f"/login/{name}/")
        client.get("/cart/lamp/")

    def fail(_):
        raise OperationalError

    with monkeypatch.context() as patch:
        patch.setattr(recorded, "begin", fail)
        do(client, log_bob_in)
    assert (whoami(client), cart_of(client)) == (name, "lamp" if name else None)
    client.get("/login/ada/")
    assert cart_of(client) != "of Bob"


def cart_in_token(user, request):
    """Return claims that are made of the session."""
    return {"cart": request.session.get("cart")}


def test_claims_that_read_the_session_hide_it_from_nobody(client, settings, clock):
    """The hook, the view and the next write see what is the member's."""
    settings.JWT_COOKIE = {"CLAIMS": f"{__name__}.cart_in_token"}
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    clock.shift(timedelta(hours=1))

    def view(request):
        seen = [request.user.username, request.jwt.claims["cart"], request.session.get("cart")]
        request.session["seen"] = 1
        return seen

    assert do(client, view) == ["ada", "lamp", "lamp"]
    assert cart_of(client) == "lamp"


@pytest.mark.parametrize(
    "duplicate",
    [copy.copy, copy.deepcopy, lambda session: pickle.loads(pickle.dumps(session))],  # noqa: S301
)
def test_a_saved_copy_of_the_session_revives_nobody(client, duplicate, engine):
    """Of any engine: it is an ordinary session without the login."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")

    def view(request):
        assert request.session.get(auth.SESSION_KEY)
        duplicate(request.session).save()

    do(client, view)
    end_elsewhere()
    assert whoami(client) == ""
    client.cookies.pop(COOKIE, None)
    assert (whoami(client), cart_of(client)) == ("", None)


# --- What has ended, ends, whatever else fails


@pytest.mark.parametrize("keep_days", [0, 7])
def test_a_copy_of_a_session_from_before_the_swap_does_not_outlive_the_purge(
    client, settings, clock, keep_days
):
    """Which the browser keeps: that its login has ended, only the record knows."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    log_in_before_the_swap(client, user("ada"))
    copied = cookie_of(client, "sessionid")
    assert whoami(client) == "ada"
    client.get("/logout/")
    clock.shift(timedelta(days=keep_days, hours=1))
    call_command("jwt_cookie_clear", keep_days=keep_days)
    client.cookies["sessionid"] = copied
    assert whoami(client) == ""


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_listening_cache")
def test_a_copy_does_not_outlive_a_new_password(client, new_client):
    """Of the very login that has changed it, without ``update_session_auth_hash()``."""
    client.get("/login/ada/")
    assert whoami(client) == "ada"
    thief = new_client()
    thief.cookies[COOKIE] = cookie_of(client, COOKIE)
    client.get("/set-password/")
    assert whoami(thief) == ""


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_listening_cache")
@pytest.mark.parametrize("is_late", [False, True])
def test_a_change_holds_that_is_made_after_the_answer(client, new_client, is_late):
    """By a task with the context of a request that is long answered."""
    ada = new_client()
    ada.get("/login/ada/")
    assert whoami(ada) == "ada"
    contexts = []

    def deactivate():
        changed = user("ada")
        changed.is_active = False
        changed.save()

    def view(_):
        contexts.append(copy_context())
        if not is_late:
            contexts[0].run(deactivate)

    do(client, view)
    if is_late:
        contexts[0].run(deactivate)
    assert whoami(ada) == ""


def claims_that_fail(user, request):
    """Return no claims, or fail."""
    if getattr(request, "fails", False):
        raise OperationalError
    return {}


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_listening_cache")
def test_a_renewal_that_fails_does_not_keep_others_from_ending(client, new_client, settings):
    """The user who was deactivated in the same request is out."""
    settings.JWT_COOKIE = CACHE | {"CLAIMS": f"{__name__}.claims_that_fail"}
    ada = new_client()
    ada.get("/login/ada/")
    assert whoami(ada) == "ada"

    def view(request):
        assert request.user.username == "bob"
        request.jwt.refresh()
        request.fails = True
        changed = user("ada")
        changed.is_active = False
        changed.save()

    do(client, view)
    assert whoami(ada) == ""


class AwayBackend(ModelBackend):
    """A directory that is away."""

    def get_user(self, user_id):
        """Fail."""
        raise ConnectionError


def test_a_logout_holds_beside_a_cookie_whose_backend_fails(client, new_client, settings, clock):
    """One's own login ends first."""
    settings.AUTHENTICATION_BACKENDS = [BACKEND, f"{__name__}.AwayBackend"]
    other = new_client()
    other.get(f"/login/bob/?backend={__name__}.AwayBackend")
    clock.shift(5)
    client.get(f"/login/ada/?backend={BACKEND}")
    both = f"{COOKIE}={cookie_of(client, COOKIE)}; {COOKIE}={cookie_of(other, COOKIE)}"
    client.get("/logout/", headers={"cookie": both})
    assert LoginSession.objects.get(user__username="ada").revoked_because == "logout"


def test_eight_forged_cookies_before_the_genuine_one_do_not_have_it_deleted(client):
    """More than are looked at: what nobody has looked at is not known to be useless."""
    client.get("/login/ada/")
    cookies = [*(f"{COOKIE}=forged{number}" for number in range(8))]
    header = "; ".join([*cookies, f"{COOKIE}={cookie_of(client, COOKIE)}"])
    assert COOKIE not in client.get("/public/", headers={"cookie": header}).cookies


@pytest.mark.parametrize("deed", ["log out", "log in"])
def test_a_browser_that_has_gone_is_logged_out_and_not_in(deed):
    """ASGI: the task is cancelled after the view has decided, and nobody gets the answer."""
    client = WSGIClient()
    if deed == "log out":
        client.get("/login/ada/")
    else:
        client.get("/public/")

    has_decided = asyncio.Event()

    async def view(request):
        if deed == "log out":
            await auth.alogout(request)
        else:
            ada = await auth.aauthenticate(request, username="ada", password=PASSWORD)
            await auth.alogin(request, ada)
        has_decided.set()
        await asyncio.Event().wait()

    async def serve():
        factory = AsyncRequestFactory()
        factory.cookies = client.cookies
        request: Any = factory.get("/")
        request._scheme = request.scope["scheme"] = "https"
        request.session = session_store()
        middleware: Any = JWTCookieMiddleware(view)
        task = asyncio.ensure_future(middleware(request))
        await has_decided.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async_to_sync(serve)()
    assert count_alive() == 0
    assert LoginSession.objects.count() == (1 if deed == "log out" else 0)


def test_a_browser_that_has_gone_without_a_word_costs_nothing(django_assert_num_queries):
    """Nothing was decided."""

    async def view(_):
        await asyncio.sleep(10)

    async def serve():
        middleware: Any = JWTCookieMiddleware(view)
        task = asyncio.ensure_future(middleware(AsyncRequestFactory().get("/")))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with django_assert_num_queries(0):
        async_to_sync(serve)()

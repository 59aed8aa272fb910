"""What each kind of request costs in queries. The README promises these numbers."""

import contextlib
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpResponse
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from django_jwt_cookie import sessions
from django_jwt_cookie.authentication.issuing import issue
from django_jwt_cookie.middleware import JWTCookieMiddleware
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.tokens import Claims, encode
from tests.support.accounts import start_session

pytestmark = pytest.mark.django_db

NAME = "__Host-jwt"
PASSWORD = "xk3-Pq9-zz"
JSON = {"accept": "application/json"}
SIGNED_COOKIES = "django.contrib.sessions.backends.signed_cookies"


@pytest.fixture(autouse=True)
def _site(settings):
    settings.ROOT_URLCONF = "tests.support.sites"


@pytest.fixture
def ada():
    """Return a user who may see the admin."""
    return User.objects.create_superuser("ada", password=PASSWORD)


@pytest.fixture
def claims(ada):
    """Return what a fresh token of Ada says."""
    record = start_session(ada)
    now = int(time.time())
    return Claims(str(ada.pk), record.pk, gen=0, iat=now, exp=now + 600, auth_time=now)


@pytest.fixture
def half_over(claims):
    """Return what a token of Ada says that is to be renewed."""
    record = LoginSession.objects.get()
    record.rotated_at -= timedelta(seconds=400)
    record.save()
    return replace(claims, iat=claims.iat - 400, exp=claims.exp - 400)


@pytest.fixture(params=["none", "empty", "garbage", "100 kB", "genuine", "half over"])
def any_cookie(request, claims, half_over):
    """Return a Cookie header, good or bad."""
    return {
        "none": "",
        "empty": f"{NAME}=",
        "garbage": f"{NAME}=garbage",
        "100 kB": f"{NAME}={'x' * 100_000}",
        "genuine": f"{NAME}={encode(claims)}",
        "half over": f"{NAME}={encode(half_over)}",
    }[request.param]


@pytest.fixture(params=["", "garbage", "two garbage"])
def nobodys_cookie(request):
    """Return a Cookie header of an anonymous visitor."""
    return {
        "": "",
        "garbage": f"{NAME}=garbage",
        "two garbage": f"{NAME}=garbage; {NAME}=more",
    }[request.param]


# --- Pages


@pytest.mark.parametrize("path", ["/plain/", "/aplain/"])
def test_an_untouched_request_costs_nothing(client, any_cookie, django_assert_num_queries, path):
    """Whatever the cookie."""
    with django_assert_num_queries(0):
        response = client.get(path, headers={"cookie": any_cookie})
    assert response.content == b"hello"


@pytest.mark.parametrize("path", ["/public/", "/apublic/"])
def test_an_anonymous_request_costs_nothing(
    client, nobodys_cookie, django_assert_num_queries, path
):
    """A garbage cookie makes nobody ask the database."""
    with django_assert_num_queries(0):
        response = client.get(path, headers={"cookie": nobodys_cookie})
    assert response.json()["user"] == ""


@pytest.mark.parametrize("path", ["/public/", "/apublic/", "/members/", "/amembers/"])
def test_a_request_that_asks_for_the_user_costs_one(
    client, claims, django_assert_num_queries, path
):
    """The login and its user come together."""
    client.cookies[NAME] = encode(claims)
    with django_assert_num_queries(1):
        response = client.get(path)
    assert response.status_code == 200


@pytest.mark.parametrize("path", ["/twice/", "/atwice/"])
def test_asking_twice_costs_no_more(client, claims, django_assert_num_queries, path):
    """The answer is kept for the request."""
    client.cookies[NAME] = encode(claims)
    with django_assert_num_queries(1):
        response = client.get(path)
    assert response.content == b"adaada"


@pytest.mark.parametrize("path", ["/public/", "/apublic/"])
def test_a_renewal_costs_one_write_and_its_first_use_another(
    client, half_over, django_assert_num_queries, path
):
    """Two small ones per half life of a token, and none on any request after."""
    client.cookies[NAME] = encode(half_over)
    for statements in (["SELECT", "UPDATE"], ["SELECT", "UPDATE"], ["SELECT"], ["SELECT"]):
        with django_assert_num_queries(len(statements)) as context:
            client.get(path)
        assert [query["sql"].split()[0] for query in context] == statements


@pytest.mark.parametrize("path", ["/public/", "/apublic/"])
def test_an_ended_login_costs_one(client, claims, django_assert_num_queries, path):
    """To learn that it has ended; then the cookie is gone."""
    client.cookies[NAME] = encode(claims)
    sessions.revoke(LoginSession.objects.get())
    with django_assert_num_queries(1):
        response = client.get(path)
    assert response.json() == {"user": "", "reason": "session_revoked"}
    with django_assert_num_queries(0):
        client.get(path)


def test_what_is_kept_for_a_login_in_signed_cookies_costs_one(
    client, claims, settings, django_assert_num_queries
):
    """Whose it is, and until when that goes on; a page that also asks for the user none more."""
    settings.SESSION_ENGINE = SIGNED_COOKIES
    client.cookies[NAME] = encode(claims)
    for path in ("/cart/lamp/", "/cart/", "/cart-of-user/lamp/", "/public/"):
        with django_assert_num_queries(1):
            client.get(path)


def test_an_anonymous_cart_in_signed_cookies_costs_nothing(
    client, settings, django_assert_num_queries
):
    """Nobody has to be asked."""
    settings.SESSION_ENGINE = SIGNED_COOKIES
    with django_assert_num_queries(0):
        client.get("/cart/lamp/")
        assert client.get("/cart/").json() == {"cart": "lamp"}


def test_me_costs_one(client, claims, django_assert_num_queries):
    """The whole login document."""
    client.cookies[NAME] = encode(claims)
    with django_assert_num_queries(1):
        response = client.get("/accounts/me/")
    assert response.json()["user"]["username"] == "ada"


def test_me_of_nobody_costs_nothing(client, nobodys_cookie, django_assert_num_queries):
    """A 401 is free."""
    with django_assert_num_queries(0):
        response = client.get("/accounts/me/", headers={"cookie": nobodys_cookie})
    assert response.status_code == 401


def test_refresh_costs_one(client, claims, django_assert_num_queries):
    """A renewal like any."""
    client.cookies[NAME] = encode(claims)
    with django_assert_num_queries(1):
        response = client.post("/accounts/refresh/")
    assert response.cookies[NAME].value


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/signup/", "/accounts/csrf/"])
def test_the_pages_for_logging_in_cost_nothing(
    client, nobodys_cookie, django_assert_num_queries, path
):
    """They can be asked for by anybody."""
    with django_assert_num_queries(0):
        response = client.get(path, headers={"cookie": nobodys_cookie})
    assert response.status_code == 200


def test_the_admin_costs_what_it_costs_with_sessions_less_one(
    client, claims, django_assert_num_queries
):
    """Django asks for the session and for the user; here that is one query."""
    client.cookies[NAME] = encode(claims)
    with django_assert_num_queries(2) as context:
        response = client.get("/admin/")
    assert response.status_code == 200
    assert "django_admin_log" in context[1]["sql"]


# --- Logging in and out


TABLES = {"auth_user": "user", "django_jwt_cookie_loginsession": "login"}
SESSIONS: dict[str, dict[str, Any]] = {
    "signed cookies": {"SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies"},
    "no sessions": {
        "MIDDLEWARE": [
            "django.middleware.csrf.CsrfViewMiddleware",
            "django_jwt_cookie.middleware.JWTCookieMiddleware",
        ]
    },
}


@pytest.fixture(params=SESSIONS)
def without_session_table(request, settings):
    """Keep what Django's own sessions cost out of the count."""
    for name, value in SESSIONS[request.param].items():
        setattr(settings, name, value)


@contextlib.contextmanager
def statements():
    """Collect what each query does, and to which tables; a savepoint is none."""
    found = []
    with CaptureQueriesContext(connection) as context:
        yield found
    for query in context.captured_queries:
        verb = query["sql"].split()[0]
        if verb in {"SELECT", "INSERT", "UPDATE", "DELETE"}:
            found.append((verb, *(name for table, name in TABLES.items() if table in query["sql"])))


LOGIN = [("SELECT", "user"), ("UPDATE", "user"), ("INSERT", "login")]
"""Whose password it is, ``last_login``, and the record."""

LOGOUT = [("SELECT", "user", "login"), ("UPDATE", "login")]
"""Who it is, and its end."""


@pytest.mark.parametrize("path", ["/login-ours/ada/", "/alogin-ours/ada/"])
def test_a_login_writes_one_row(client, ada, without_session_table, path):
    """And the user's ``last_login``, as Django does."""
    with statements() as found:
        client.get(path)
    assert found == LOGIN


@pytest.mark.parametrize("headers", [{}, JSON])
def test_the_login_page_writes_one_row(client, ada, without_session_table, headers):
    """A program's login document costs nothing more."""
    with statements() as found:
        client.post("/accounts/login/", {"username": "ada", "password": PASSWORD}, headers=headers)
    assert found == LOGIN


def test_a_wrong_password_writes_nothing(client, ada, without_session_table):
    """One look for the user."""
    with statements() as found:
        client.post("/accounts/login/", {"username": "ada", "password": "wrong"})
    assert found == [("SELECT", "user")]


def test_a_login_that_replaces_one_ends_it(client, claims, without_session_table):
    """By one statement more than the two by themselves need."""
    client.cookies[NAME] = encode(claims)
    with statements() as found:
        client.get("/login-ours/ada/")
    assert sorted(found) == sorted([*LOGIN, *LOGOUT])


@pytest.mark.parametrize("path", ["/logout-ours/", "/alogout-ours/"])
def test_a_logout_writes_one_row(client, claims, without_session_table, path):
    """The end of the record."""
    client.cookies[NAME] = encode(claims)
    with statements() as found:
        client.get(path)
    assert found == LOGOUT


def test_a_logout_of_nobody_costs_nothing(client, nobodys_cookie, django_assert_num_queries):
    """There is nothing to end."""
    with django_assert_num_queries(0):
        client.post("/accounts/logout/", headers={"cookie": nobodys_cookie} | JSON)


def test_a_signup_writes_two_rows(client, without_session_table):
    """The account and the login; the name is looked for twice, in either case and by the model."""
    data = {"username": "eve", "password1": PASSWORD, "password2": PASSWORD}
    with statements() as found:
        client.post("/accounts/signup/", data)
    is_free = [("SELECT", "user"), ("SELECT", "user")]
    assert found == [*is_free, ("INSERT", "user"), *LOGIN]


# --- The day of the swap, and the test client


MOVE = ["SELECT session", "SELECT user", "INSERT login", "DELETE session"]
"""The session, its user by Django's own checks, the record, and the session's end."""


@pytest.fixture
def queries():
    """Collect what each query does, and to which table, that of sessions included."""
    tables = {"django_session": "session", "auth_user": "user", "loginsession": "login"}

    @contextlib.contextmanager
    def collect():
        found = []
        with CaptureQueriesContext(connection) as context:
            yield found
        for sql in (query["sql"] for query in context.captured_queries):
            if not sql.startswith(("SAVEPOINT", "RELEASE")):
                names = [name for table, name in tables.items() if table in sql]
                found.append(" ".join([sql.split()[0], *names]))

    return collect


@pytest.mark.parametrize("path", ["/public/", "/apublic/"])
def test_the_first_request_after_force_login(client, ada, queries, path):
    """As on the day of the swap; the second costs what any does."""
    client.force_login(ada)
    with queries() as found:
        assert client.get(path).json()["user"] == "ada"
    assert found == MOVE
    with queries() as found:
        assert client.get(path).json()["user"] == "ada"
    assert found == ["SELECT user login"]


def test_django_login_costs_no_session(client, ada, queries):
    """By Django's own function, with sessions in the database."""
    with queries() as found:
        client.get("/login/ada/")
    assert found == ["SELECT user", "UPDATE user", "INSERT login"]


def test_django_logout_costs_no_session(client, claims, queries):
    """Likewise."""
    client.cookies[NAME] = encode(claims)
    with queries() as found:
        client.get("/logout/")
    assert found == ["SELECT user login", "UPDATE login"]


def test_a_page_with_data_of_the_login_costs_what_it_costs_with_django(client, claims, queries):
    """The session and the user, each by one query."""
    client.cookies[NAME] = encode(claims)
    client.get("/cart/lamp/")
    with queries() as found:
        client.get("/cart/")
    assert sorted(found) == ["SELECT session", "SELECT user login"]


# --- Threads


def over_https(cookie):
    """Return a request that comes with a Cookie header."""
    return RequestFactory().get("/", headers={"cookie": cookie}, secure=True)


def finish_at_once(coroutine):
    """Run ``coroutine`` without an event loop: possible only if it never waits for a thread."""
    with pytest.raises(StopIteration) as end:
        coroutine.send(None)
    return end.value.value


async def greet(request):
    """Ask nobody who it is."""
    return HttpResponse("hello")


async def greet_by_name(request):
    """Ask who it is."""
    return HttpResponse((await request.auser()).get_username())


def test_an_untouched_async_request_never_leaves_its_thread(any_cookie):
    """Whatever the cookie; Django's ``MiddlewareMixin`` would leave it twice."""
    request = over_https(any_cookie)
    response = finish_at_once(JWTCookieMiddleware(greet)(request))
    assert response.content == b"hello"


def test_an_anonymous_async_request_never_leaves_its_thread(nobodys_cookie):
    """A token that is none is refused where it is read."""
    request = over_https(nobodys_cookie)
    response = finish_at_once(JWTCookieMiddleware(greet_by_name)(request))
    assert response.content == b""


def test_an_async_request_leaves_its_thread_for_the_database(claims):
    """The one query; this is also how the tests above could fail."""
    request = over_https(f"{NAME}={encode(claims)}")
    coroutine: Any = JWTCookieMiddleware(greet_by_name)(request)
    with pytest.raises(RuntimeError, match="event loop"):
        coroutine.send(None)


@pytest.mark.parametrize("given", [{}, {"TRACK_SESSIONS": False}])
def test_with_the_user_from_the_token_it_never_leaves_its_thread(settings, ada, given):
    """But for the first token of a generation, and the half of its life in which it is renewed."""
    settings.JWT_COOKIE = given | {"USER_SOURCE": "token"}
    _, token = issue(start_session(ada), auth_time=0, request=RequestFactory().get("/"))
    request = over_https(f"{NAME}={token}")
    for _ in range(3):
        response = finish_at_once(JWTCookieMiddleware(greet_by_name)(request))
        assert response.content == b"ada"


def test_with_the_user_from_the_token_the_first_of_a_generation_leaves_it(settings, ada):
    """To ask its record, and to note that it was seen."""
    settings.JWT_COOKIE = {"USER_SOURCE": "token"}
    plain = RequestFactory().get("/")
    _, token = issue(start_session(ada), auth_time=0, request=plain, is_new=True)
    coroutine: Any = JWTCookieMiddleware(greet_by_name)(over_https(f"{NAME}={token}"))
    with pytest.raises(RuntimeError, match="event loop"):
        coroutine.send(None)


def test_with_a_revocation_cache_it_leaves_its_thread_for_that(settings, ada):
    """Reading it takes as long as the network does."""
    settings.JWT_COOKIE = {"USER_SOURCE": "token", "REVOCATION_CACHE": "default"}
    _, token = issue(start_session(ada), auth_time=0, request=RequestFactory().get("/"))
    request = over_https(f"{NAME}={token}")
    coroutine: Any = JWTCookieMiddleware(greet_by_name)(request)
    with pytest.raises(RuntimeError, match="event loop"):
        coroutine.send(None)

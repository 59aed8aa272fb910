"""A login that is asked about again and again, by a response that goes on for long."""

import time
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpResponse
from django.test import RequestFactory

from django_jwt_cookie import sessions
from django_jwt_cookie.middleware import JWTCookieMiddleware
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.test.client import JWTClient, get_user
from django_jwt_cookie.test.logins import age_login
from django_jwt_cookie.test.tokens import get_token
from tests.sessions.test_revocation_cache import Cache
from tests.support.accounts import COOKIE, NAME, PASSWORD
from tests.support.key_samples import pem, public_pem
from tests.testing.conftest import KINDS

pytestmark = pytest.mark.django_db

ASKING = {
    "sync": lambda jwt, **how: jwt.confirm(**how),
    "async": lambda jwt, **how: async_to_sync(jwt.aconfirm)(**how),
}


@pytest.fixture(params=ASKING)
def ask(request):
    """Ask whether a login goes on; each test asks in both ways."""
    return ASKING[request.param]


@pytest.fixture(params=KINDS)
def kind(request, settings):
    """Return how the site keeps its logins."""
    settings.JWT_COOKIE = KINDS[request.param]
    return request.param


@pytest.fixture
def ada():
    """Return a user with a password."""
    return User.objects.create_user(NAME, password=PASSWORD)


@pytest.fixture
def client(kind, ada):
    """Return a client that is logged in."""
    return JWTClient.logged_in_as(ada)


def serve(token):
    """Return a request with ``token`` in the jar, whose response is on its way."""
    headers = {"cookie": f"{COOKIE}={token}"}
    request = RequestFactory().get("/", headers=headers, secure=True)
    JWTCookieMiddleware(lambda request: HttpResponse(request.user.get_username()))(request)
    return request


def deactivate():
    User.objects.update(is_active=False)


def change_password():
    User.objects.update(password="!")


def revoke():
    sessions.revoke(LoginSession.objects.get())


def expire():
    LoginSession.objects.update(expires_at=LoginSession.objects.get().created_at)


def assert_noticed(client, ask, end, reason):
    """Assert that ``end`` is noticed when it is asked for, and not before."""
    request = serve(get_token(client))
    assert [ask(request.jwt, again=True) for _ in range(2)] == [True, True]
    end()
    assert request.user.is_authenticated
    assert [ask(request.jwt, again=True) for _ in range(2)] == [False, False]
    assert request.user == AnonymousUser()
    assert request.jwt.reason == reason


@pytest.mark.parametrize(
    ("end", "reason"), [(deactivate, "user_inactive"), (change_password, "session_revoked")]
)
def test_a_change_of_the_user_is_noticed(client, ask, end, reason):
    """The request is anonymous from then on, and says why."""
    assert_noticed(client, ask, end, reason)


@pytest.mark.parametrize("kind", ["database", "token"], indirect=True)
@pytest.mark.parametrize(
    ("end", "reason"), [(revoke, "session_revoked"), (expire, "session_expired")]
)
def test_the_end_of_a_record_is_noticed(client, ask, end, reason):
    """Likewise."""
    assert_noticed(client, ask, end, reason)


def test_the_end_of_a_login_whose_token_was_renewed_by_this_very_request(client, ask):
    """The reason is that of the end: the token that the response brought is good for nothing."""
    age_login(client, timedelta(minutes=5))
    request = serve(get_token(client))
    assert ask(request.jwt, again=True)
    deactivate()
    assert not ask(request.jwt, again=True)
    assert request.jwt.reason == "user_inactive"


def test_a_login_that_ends_during_a_view_gets_no_token(client, ask):
    """Not even if it was renewed before the view, and looked good then."""
    age_login(client, timedelta(minutes=11))

    def view(request):
        assert request.user.is_authenticated
        deactivate()
        return HttpResponse(ask(request.jwt, again=True))

    headers = {"cookie": f"{COOKIE}={get_token(client)}"}
    request = RequestFactory().get("/", headers=headers, secure=True)
    response = JWTCookieMiddleware(view)(request)
    assert response.content == b"False"
    assert response.cookies[COOKIE]["max-age"] == 0


def test_a_token_that_did_not_arrive_is_not_taken_for_one_that_came(client, ask, ended):
    """False theft: the response was lost, and the browser goes on with the token that it has."""
    age_login(client, timedelta(minutes=11))

    def view(request):
        assert request.user.is_authenticated  # Renews: the token that came is over.
        assert ask(request.jwt, again=True)
        return HttpResponse(status=503)

    headers = {"cookie": f"{COOKIE}={get_token(client)}"}
    JWTCookieMiddleware(view)(RequestFactory().get("/", headers=headers, secure=True))
    age_login(client, timedelta(minutes=11))
    assert get_user(client).is_authenticated
    assert ended == []


@pytest.mark.parametrize("how", [{}, {"again": True}])
def test_asking_again_costs_what_the_first_time_costs(
    client, kind, ask, how, django_assert_num_queries
):
    """One query; without ``again`` it is asked once at most."""
    request = serve(get_token(client))
    ask(request.jwt)
    with django_assert_num_queries(2 if how else 0):
        assert [ask(request.jwt, **how) for _ in range(2)] == [True, True]


def test_nobody_is_asked_about_a_stranger(ask, django_assert_num_queries):
    """There is no login to go on."""
    request = serve("")
    with django_assert_num_queries(0):
        assert not ask(request.jwt, again=True)


def test_a_stream_that_outlives_its_token_is_no_thief(client, ask, ended, time_machine):
    """The browser goes on with the successors of its token meanwhile: judged by when it came."""
    start = time.time()
    request = serve(get_token(client))
    for minutes in range(5, 90, 5):
        time_machine.move_to(start + 60 * minutes)
        assert get_user(client).is_authenticated  # Brings the next token,
        assert get_user(client).is_authenticated  # and is the first to come with it.
        assert ask(request.jwt, again=True)
    assert ended == []


def test_what_a_view_has_changed_of_the_user_stays(client, ask):
    """It is the same instance, as the view has left it."""
    request = serve(get_token(client))
    user = request.user
    user.first_name = "Augusta"
    assert ask(request.jwt, again=True)
    assert request.user is user
    assert user.first_name == "Augusta"


BACKEND = "tests.sessions.test_revocation_cache.Cache"
CACHES = {"default": {"BACKEND": BACKEND, "LOCATION": __name__}}
SHARED = {"ALGORITHM": "EdDSA", "USER_SOURCE": "token", "REVOCATION_CACHE": "default"}
ISSUER = {**SHARED, "KEYS": [pem("EdDSA")]}
VERIFIER = {**SHARED, "KEYS": [public_pem("EdDSA")]}


@pytest.fixture
def elsewhere(ada, settings, django_capture_on_commit_callbacks):
    """Return a request that comes with the token of another site, to one with public keys alone."""
    settings.CACHES = CACHES
    settings.JWT_COOKIE = ISSUER
    with django_capture_on_commit_callbacks(execute=True):
        token = get_token(JWTClient.logged_in_as(ada))
    settings.JWT_COOKIE = VERIFIER
    return serve(token)


def test_where_logins_are_only_verified_a_token_is_good_until_it_is_over(
    elsewhere, ask, time_machine
):
    """The browser comes again with a newer one."""
    assert [ask(elsewhere.jwt, again=True) for _ in range(2)] == [True, True]
    time_machine.move_to(time.time() + 600)
    assert not ask(elsewhere.jwt, again=True)
    assert elsewhere.jwt.reason == "session_expired"


def test_where_logins_are_only_verified_the_cache_tells_of_an_end(
    elsewhere, ask, settings, django_capture_on_commit_callbacks
):
    """``REVOCATION_CACHE``."""
    assert ask(elsewhere.jwt, again=True)
    settings.JWT_COOKIE = ISSUER
    with django_capture_on_commit_callbacks(execute=True):
        revoke()
    settings.JWT_COOKIE = VERIFIER
    assert not ask(elsewhere.jwt, again=True)
    assert elsewhere.jwt.reason == "session_revoked"


def test_where_logins_are_only_verified_nobody_goes_on_unseen(elsewhere, ask, monkeypatch):
    """If the cache can't be reached, the stream ends; the browser may come again."""
    assert ask(elsewhere.jwt, again=True)
    monkeypatch.setattr(Cache, "is_away", True)
    assert not ask(elsewhere.jwt, again=True)
    assert elsewhere.user == AnonymousUser()
    assert elsewhere.jwt.reason is None

"""Asking about a login for what outlives the request that it came with, such as a WebSocket."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from django_jwt_cookie import sessions
from django_jwt_cookie.authentication import check
from django_jwt_cookie.exceptions import PasswordChanged, SessionRevoked, TokenExpired
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.tokens import decode
from tests.support.accounts import COOKIE, sign_up, who
from tests.support.clients import WSGIClient
from tests.support.key_samples import pem, public_pem

pytestmark = pytest.mark.django_db

ISSUER = {
    "KEYS": [pem("EdDSA")],
    "ALGORITHM": "EdDSA",
    "USER_SOURCE": "token",
    "REVOCATION_CACHE": "default",
}
HERE = ISSUER | {"KEYS": [public_pem("EdDSA")]}
"""The site where logins begin, and one that only verifies."""


@pytest.fixture
def client(clock, settings):
    """The browser of somebody who is logged in."""
    settings.JWT_COOKIE = ISSUER | {"USER_SOURCE": "database"}
    client = WSGIClient()
    sign_up(client)
    return client


@pytest.fixture
def claims(client):
    """What the first token of the login says."""
    return decode(client.cookies[COOKIE].value)


def test_asking_is_one_query_and_presents_no_token(
    client, claims, clock, django_assert_num_queries
):
    """Neither is the old token a theft, nor the new one noted as seen."""
    clock.shift(timedelta(minutes=6))
    who(client)
    who(client)
    clock.shift(timedelta(hours=1))
    who(client)
    before = LoginSession.objects.values().get()
    assert (before["generation"], before["seen_at"]) == (2, None)
    with django_assert_num_queries(1):
        check(claims)
    assert LoginSession.objects.values().get() == before


def test_an_ended_login_does_not_go_on(claims):
    """As its record says."""
    sessions.revoke_all(User.objects.get())
    with pytest.raises(SessionRevoked):
        check(claims)


def test_with_another_password_the_login_does_not_go_on(client, claims):
    """Asking writes nothing; the next request does, which finds out by itself."""
    User.objects.update(password="another")
    with pytest.raises(PasswordChanged):
        check(claims)
    assert LoginSession.objects.get().revoked_at is None
    assert who(client) is None
    assert LoginSession.objects.get().revoked_at == timezone.now()


def test_where_logins_are_only_verified_the_token_says_until_when(claims, clock, settings):
    """Nobody here knows better."""
    settings.JWT_COOKIE = HERE
    clock.shift(timedelta(minutes=10))
    check(claims)
    clock.shift(timedelta(seconds=10))
    with pytest.raises(TokenExpired):
        check(claims)


@pytest.mark.django_db(transaction=True)
def test_where_logins_are_only_verified_the_revocation_cache_knows(claims, settings):
    """What was ended where the login began."""
    settings.JWT_COOKIE = HERE
    check(claims)
    settings.JWT_COOKIE = ISSUER
    sessions.revoke_all(User.objects.get())
    settings.JWT_COOKIE = HERE
    with pytest.raises(SessionRevoked):
        check(claims)

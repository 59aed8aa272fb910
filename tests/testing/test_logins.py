"""Time passes for a login, and a copy of its cookie comes back."""

import time
from contextlib import contextmanager
from datetime import timedelta

import pytest
import time_machine
from asgiref.sync import async_to_sync
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.utils import timezone

from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.test.client import JWTClient, get_user
from django_jwt_cookie.test.logins import aage_login, age_login, ause_up_token, use_up_token
from django_jwt_cookie.test.tokens import get_claims, get_token, set_token
from tests.support.accounts import NAME, PASSWORD
from tests.testing.conftest import KINDS

pytestmark = pytest.mark.django_db

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def client(ada):
    """Return a client that is logged in."""
    return JWTClient.logged_in_as(ada)


def answer(client):
    """Return what the site makes of ``client``."""
    return client.get("/public/").json()


@contextmanager
def later_by_clock(client, by):
    """Let time pass for everything."""
    with time_machine.travel(timezone.now() + by):
        yield


@contextmanager
def later_by_login(client, by):
    """Let time pass for the login of ``client`` alone."""
    age_login(client, by)
    yield


LATER = {
    "no time to speak of": (4 * MINUTE, "same token"),
    "half a token's life": (5 * MINUTE, "next token"),
    "more than a token's life": (11 * MINUTE, "next token"),
    "nearly the idle timeout": (14 * DAY - MINUTE, "next token"),
    "the idle timeout": (14 * DAY, "session_expired"),
    "the absolute timeout": (30 * DAY, "session_expired"),
}


@pytest.mark.usefixtures("kind")
@pytest.mark.parametrize("pass_time", [later_by_login, later_by_clock])
@pytest.mark.parametrize("when", LATER)
def test_a_login_that_ages_fares_as_with_a_clock_that_is_moved(client, pass_time, when):
    """Renewed when it is time for that, and over when it is time for that."""
    by, expected = LATER[when]
    with pass_time(client, by):
        sent = get_token(client)
        document = answer(client)
        if expected == "session_expired":
            assert document == {"user": "", "reason": "session_expired"}
            return
        assert document == {"user": NAME, "reason": None}
        assert (get_token(client) == sent) == (expected == "same token")


def test_a_login_of_django_s_client_ages_too(ada):
    """Once its first request has moved it into the cookie."""
    client = Client()
    client.force_login(ada)
    answer(client)
    age_login(client, 14 * DAY)
    assert get_claims(client).auth_time == 0  # Still not known.
    assert answer(client)["reason"] == "session_expired"


@pytest.mark.usefixtures("kind")
def test_time_passes_for_one_login_alone(client, ada):
    """Another device stays as it is; what ages in steps is as old as their sum."""
    desk = JWTClient.logged_in_as(ada)
    before = get_token(desk)
    for _ in range(14):
        age_login(client, DAY)
    assert answer(client)["user"] == ""
    assert answer(desk)["user"] == NAME
    assert get_token(desk) == before


def test_the_password_was_given_as_long_ago(client):
    """So that pages which ask for it again do."""
    age_login(client, timedelta(hours=1))
    assert get_claims(client).auth_time == pytest.approx(time.time() - 3600, abs=2)


def test_the_record_moves_with_the_token(client):
    """Each of its times, by the same; one that is not there is not invented."""
    names = ("created_at", "rotated_at", "seen_at", "expires_at")
    LoginSession.objects.update(seen_at=None)
    before = LoginSession.objects.values(*names).get()
    age_login(client, timedelta(hours=1))
    after = LoginSession.objects.values(*names).get()
    assert after.pop("seen_at") is before.pop("seen_at") is None
    assert {before[name] - after[name] for name in after} == {timedelta(hours=1)}


@pytest.mark.parametrize("source", ["database", "token"])
def test_a_copy_that_was_used_up_is_a_theft(client, settings, source, ended):
    """The thief is out, and so is the visitor; until then the visitor goes on."""
    settings.JWT_COOKIE = KINDS[source]
    copy, thief = use_up_token(client), JWTClient()
    for by in (0 * MINUTE, 5 * MINUTE):
        age_login(client, by)
        assert answer(client)["user"] == NAME
    set_token(thief, copy)
    assert answer(thief) == {"user": "", "reason": "token_reused"}
    assert ended == [(get_claims(client).sid, "token_reused")]
    if source == "database":
        assert answer(client) == {"user": "", "reason": "token_reused"}


def test_a_copy_may_be_refused_alone(client, settings):
    """``ON_REUSE``."""
    settings.JWT_COOKIE = {"ON_REUSE": "refuse", "TOKEN_LIFETIME": 2 * MINUTE, "LEEWAY": MINUTE}
    copy, thief = use_up_token(client), JWTClient()
    set_token(thief, copy)
    assert answer(thief)["reason"] == "token_reused"
    assert answer(client)["user"] == NAME


def test_without_records_nobody_notices_a_copy(client, settings):
    """As docs/testing.md says."""
    settings.JWT_COOKIE = {"TRACK_SESSIONS": False}
    client.logout()
    client.login(username=NAME, password=PASSWORD)
    copy, thief = use_up_token(client), JWTClient()
    set_token(thief, copy)
    assert [answer(each)["user"] for each in (client, thief)] == [NAME, NAME]


def test_both_in_asynchronous_tests(client):
    """They ask the database in a thread."""

    async def story():
        await aage_login(client, 5 * MINUTE)
        return await ause_up_token(client)

    thief = JWTClient()
    set_token(thief, async_to_sync(story)())
    assert get_user(thief) == AnonymousUser()

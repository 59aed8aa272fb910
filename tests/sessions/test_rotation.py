"""The table of renewal, case by case: what a token of some generation means."""

from datetime import UTC, datetime, timedelta

import pytest

from django_jwt_cookie import renewal
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.sessions.rotation import Verdict, judge

NOW = datetime(2027, 1, 15, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
HALF = 5 * MINUTE
GRACE = 10 * MINUTE


def record(generation=7, **changes):
    """Return a login that was renewed an hour ago and seen since."""
    values = {"rotated_at": NOW - 60 * MINUTE, "seen_at": NOW - 59 * MINUTE, **changes}
    return LoginSession(generation=generation, **values)


@pytest.mark.parametrize("seen_at", [None, NOW, NOW - 60 * MINUTE])
def test_the_newest_is_current(seen_at):
    """Whether it has been seen before or not."""
    assert judge(record(seen_at=seen_at), 7, NOW) is Verdict.CURRENT


@pytest.mark.parametrize("generation", [8, 9, 10**6])
def test_a_token_newer_than_the_record_is_ahead(generation):
    """The database was restored from a backup."""
    assert judge(record(), generation, NOW) is Verdict.AHEAD


@pytest.mark.parametrize("minutes", [0, 60, 20_000])
def test_while_nobody_has_seen_the_successor_it_is_lost(minutes):
    """However long ago it was made: the response that brought it never arrived."""
    session = record(rotated_at=NOW - minutes * MINUTE, seen_at=None)
    assert judge(session, 6, NOW) is Verdict.LOST


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [
        (timedelta(0), Verdict.LATE),
        (GRACE, Verdict.LATE),
        (GRACE + timedelta(microseconds=1), Verdict.THEFT),
        (DAY, Verdict.THEFT),
    ],
)
def test_the_last_but_one_counts_from_when_its_successor_was_seen(seen, verdict):
    """Within the grace a slow upload, after it a thief."""
    assert judge(record(seen_at=NOW - seen), 6, NOW) is verdict


@pytest.mark.parametrize(
    ("behind", "rotated", "verdict"),
    [
        (2, timedelta(0), Verdict.LATE),
        (2, GRACE, Verdict.LATE),
        (2, GRACE + MINUTE, Verdict.THEFT),
        (3, GRACE - HALF, Verdict.LATE),
        (3, GRACE - HALF + MINUTE, Verdict.THEFT),
        (4, timedelta(0), Verdict.LATE),
        (4, MINUTE, Verdict.THEFT),
        (5, timedelta(0), Verdict.THEFT),
    ],
)
@pytest.mark.parametrize("seen_at", [None, NOW])
def test_each_generation_between_has_lasted_for_half_a_life(behind, rotated, verdict, seen_at):
    """Or a thief who renews every five minutes would stay in the grace for ever."""
    session = record(rotated_at=NOW - rotated, seen_at=seen_at)
    assert judge(session, 7 - behind, NOW) is verdict


def test_the_settings_count(settings):
    """Half of TOKEN_LIFETIME, and REUSE_GRACE."""
    settings.JWT_COOKIE = {"REUSE_GRACE": MINUTE, "TOKEN_LIFETIME": 2 * MINUTE}
    assert judge(record(seen_at=NOW - MINUTE), 6, NOW) is Verdict.LATE
    assert judge(record(seen_at=NOW - 2 * MINUTE), 6, NOW) is Verdict.THEFT
    assert judge(record(rotated_at=NOW), 4, NOW) is Verdict.LATE
    assert judge(record(rotated_at=NOW), 3, NOW) is Verdict.THEFT


# --- Timeouts


@pytest.mark.parametrize(
    ("persistent", "at_most", "lasts"),
    [
        (True, None, 14 * DAY),
        (False, None, DAY / 2),
        (True, DAY, DAY),
        (True, 20 * DAY, 14 * DAY),
        (False, MINUTE, MINUTE),
    ],
)
def test_a_new_login_may_be_idle_for_so_long(persistent, at_most, lasts):
    """By "remember me", or less if the site says so."""
    assert renewal.first_expiry(NOW, persistent=persistent, at_most=at_most) == NOW + lasts


def login(age, *, idle_since=timedelta(0), persistent=True, lasts=14 * DAY):
    """Return a login that began ``age`` ago and was last renewed ``idle_since`` ago."""
    rotated_at = NOW - idle_since
    return LoginSession(
        created_at=NOW - age,
        rotated_at=rotated_at,
        expires_at=rotated_at + lasts,
        persistent=persistent,
    )


def test_a_renewal_moves_the_idle_end_and_never_the_absolute_one():
    """30 days after the password was given it is over, however busy."""
    assert renewal.next_expiry(login(DAY, idle_since=DAY), NOW) == NOW + 14 * DAY
    assert renewal.next_expiry(login(20 * DAY), NOW) == NOW + 10 * DAY
    passing = login(DAY, persistent=False, lasts=DAY / 2)
    assert renewal.next_expiry(passing, NOW) == NOW + DAY / 2


def test_a_login_that_a_site_made_shorter_stays_so():
    """``session.set_expiry(60)``: a minute of idleness, at each renewal."""
    assert renewal.next_expiry(login(DAY, lasts=MINUTE), NOW) == NOW + MINUTE


@pytest.mark.parametrize(
    "given",
    [
        {"IDLE_TIMEOUT": 2 * DAY},
        {"ABSOLUTE_TIMEOUT": 3 * DAY, "IDLE_TIMEOUT": 3 * DAY},
    ],
)
def test_shorter_timeouts_hold_for_logins_that_began_before(settings, given):
    """At their next check."""
    settings.JWT_COOKIE = {}
    session = login(3 * DAY, idle_since=2 * DAY)
    assert renewal.expiry(session) == NOW + 12 * DAY
    settings.JWT_COOKIE = given
    assert renewal.expiry(session) == NOW


def test_longer_timeouts_do_not_lengthen_what_was_promised_shorter(settings):
    """A login keeps the end that it was given."""
    session = login(DAY, lasts=DAY)
    settings.JWT_COOKIE = {"IDLE_TIMEOUT": 29 * DAY}
    assert renewal.expiry(session) == NOW + DAY
    assert renewal.next_expiry(session, NOW) == NOW + DAY


def test_the_browser_session_timeout_is_an_idle_timeout(settings):
    """Of a login without "remember me"."""
    session = login(DAY, persistent=False, lasts=DAY / 2)
    settings.JWT_COOKIE = {"BROWSER_SESSION_TIMEOUT": 60 * MINUTE}
    assert renewal.expiry(session) == NOW + 60 * MINUTE

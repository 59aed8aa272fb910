"""The table of rotation, case by case: what a token of some generation means."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.sessions.rotation import (
    Verdict,
    interval,
    is_due,
    is_half_over,
    is_over,
    judge,
)
from django_jwt_cookie.tokens import Claims

NOW = 1_800_000_000
MINUTE, HOUR, DAY = 60, 3600, 86_400
HALF = 5 * MINUTE
GRACE = 30 * MINUTE


def at(seconds: float) -> datetime:
    """Return that time as a record has it."""
    return datetime.fromtimestamp(seconds, UTC)


def record(generation=7, **changes):
    """Return a login that was rotated two hours ago and seen since."""
    values = {"rotated_at": NOW - 2 * HOUR, "seen_at": NOW - 2 * HOUR + MINUTE, **changes}
    times = {name: value if value is None else at(value) for name, value in values.items()}
    return LoginSession(generation=generation, idle_seconds=14 * DAY, **times)


@pytest.mark.parametrize("seen_at", [None, NOW, NOW - HOUR])
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
        (0, Verdict.LATE),
        (GRACE, Verdict.LATE),
        (GRACE + 0.001, Verdict.THEFT),
        (DAY, Verdict.THEFT),
        (-15, Verdict.LATE),
        (-HOUR, Verdict.LATE),
    ],
)
def test_the_last_but_one_counts_from_when_its_successor_was_seen(seen, verdict):
    """Within the grace a slow upload, after it a thief.

    Seen in the future, by a server whose clock is ahead: late as well.
    """
    assert judge(record(seen_at=NOW - seen), 6, NOW) is verdict


@pytest.mark.parametrize(
    ("behind", "rotated", "verdict"),
    [
        (2, 0, Verdict.LATE),
        (2, GRACE, Verdict.LATE),
        (2, GRACE + MINUTE, Verdict.THEFT),
        (3, GRACE - HALF, Verdict.LATE),
        (3, GRACE - HALF + MINUTE, Verdict.THEFT),
        (4, GRACE - 2 * HALF, Verdict.LATE),
        (4, GRACE - 2 * HALF + MINUTE, Verdict.THEFT),
        (8, 0, Verdict.LATE),
        (9, 0, Verdict.THEFT),
    ],
)
@pytest.mark.parametrize("seen_at", [None, NOW])
def test_each_generation_between_has_lasted_for_half_a_life(behind, rotated, verdict, seen_at):
    """Or a thief who renews every five minutes would stay in the grace for ever."""
    session = record(generation=10, rotated_at=NOW - rotated, seen_at=seen_at)
    assert judge(session, 10 - behind, NOW) is verdict


def test_a_request_is_judged_by_when_it_came():
    """However long its body is on its way, and its view at work."""
    session = record(seen_at=NOW)
    assert judge(session, 6, NOW + GRACE) is Verdict.LATE
    assert judge(session, 6, NOW + GRACE + MINUTE) is Verdict.THEFT


def test_the_settings_count(settings):
    """Half of TOKEN_LIFETIME, and REUSE_GRACE."""
    minute = timedelta(minutes=1)
    settings.JWT_COOKIE = {"REUSE_GRACE": minute, "TOKEN_LIFETIME": 2 * minute}
    assert judge(record(seen_at=NOW - MINUTE), 6, NOW) is Verdict.LATE
    assert judge(record(seen_at=NOW - 2 * MINUTE), 6, NOW) is Verdict.THEFT
    assert judge(record(rotated_at=NOW), 4, NOW) is Verdict.LATE
    assert judge(record(rotated_at=NOW), 3, NOW) is Verdict.THEFT


# --- When the next is due


@pytest.mark.parametrize(
    ("idle", "after"), [(14 * DAY, HALF), (HOUR, HALF), (20 * MINUTE, HALF), (60, 15), (4, 1)]
)
def test_a_generation_lasts_for_half_a_token_s_life_or_less_where_the_login_is_short(idle, after):
    """A quarter of its idle timeout: whoever goes on using it is never idle by its record."""
    session = record(rotated_at=NOW)
    session.idle_seconds = idle
    assert interval(session) == after
    assert not is_due(session, NOW + after - 0.001)
    assert is_due(session, NOW + after)


def test_a_generation_of_a_short_login_does_not_count_for_half_a_life():
    """Three of them in a minute are no three times five minutes: an upload is no theft."""
    session = record(generation=7, rotated_at=NOW, seen_at=NOW)
    session.idle_seconds = 60
    assert judge(session, 0, NOW + MINUTE) is Verdict.LATE
    assert judge(session, 0, NOW + GRACE) is Verdict.THEFT


def claims(life=2 * HALF):
    """Return what a token says that was issued now."""
    return Claims("1", uuid4(), 0, iat=NOW, exp=NOW + life, auth_time=NOW)


@pytest.mark.parametrize(("life", "half"), [(2 * HALF, HALF), (60, 30), (3600, HALF)])
def test_a_token_is_half_over_by_its_own_life_and_by_that_of_the_settings(life, half):
    """Whichever comes first: TOKEN_LIFETIME may have been shortened since."""
    assert not is_half_over(claims(life), NOW + half - 1)
    assert is_half_over(claims(life), NOW + half)


def test_a_token_from_the_future_has_its_record_asked():
    """The clock of the server that issued it is ahead, or was set back since."""
    assert not is_half_over(claims(), NOW - 10)
    assert is_half_over(claims(), NOW - 11)


@pytest.mark.parametrize(("life", "end"), [(600, 600), (60, 60), (3600, 600)])
def test_a_token_is_over_after_its_life(life, end):
    """Its own, or that of the settings."""
    assert not is_over(claims(life), NOW + end - 1)
    assert is_over(claims(life), NOW + end)


# --- Timeouts


def login(age, *, idle_since=0, persistent=True, idle_seconds=14 * DAY):
    """Return a login that began ``age`` ago and was last rotated ``idle_since`` ago."""
    return LoginSession(
        created_at=at(NOW - age),
        rotated_at=at(NOW - idle_since),
        expires_at=at(NOW - age + 30 * DAY),
        idle_seconds=idle_seconds,
        persistent=persistent,
    )


def test_a_rotation_moves_the_idle_end_and_never_the_absolute_one():
    """30 days after the password was given it is over, however busy."""
    assert login(DAY, idle_since=DAY).ends_at == at(NOW + 13 * DAY)
    assert login(DAY).ends_at == at(NOW + 14 * DAY)
    assert login(20 * DAY).ends_at == at(NOW + 10 * DAY)
    assert login(DAY, persistent=False).ends_at == at(NOW + DAY // 2)


def test_a_login_that_a_site_made_shorter_stays_so():
    """``session.set_expiry(60)``: a minute of idleness, at each rotation."""
    assert login(DAY, idle_seconds=60).ends_at == at(NOW + 60)


@pytest.mark.parametrize(
    "given",
    [
        {"IDLE_TIMEOUT": timedelta(days=2)},
        {"ABSOLUTE_TIMEOUT": timedelta(days=3), "IDLE_TIMEOUT": timedelta(days=3)},
    ],
)
def test_shorter_timeouts_hold_for_logins_that_began_before(settings, given):
    """At their next check."""
    settings.JWT_COOKIE = {}
    session = login(3 * DAY, idle_since=2 * DAY)
    assert session.ends_at == at(NOW + 12 * DAY)
    settings.JWT_COOKIE = given
    assert session.ends_at == at(NOW)


def test_longer_timeouts_do_not_lengthen_what_was_promised_shorter(settings):
    """A login keeps the end that it was given."""
    session = login(DAY, idle_seconds=DAY)
    settings.JWT_COOKIE = {
        "IDLE_TIMEOUT": timedelta(days=60),
        "ABSOLUTE_TIMEOUT": timedelta(days=90),
    }
    assert session.ends_at == at(NOW + DAY)
    assert login(29 * DAY, idle_seconds=60 * DAY).ends_at == at(NOW + DAY)


def test_the_browser_session_timeout_is_an_idle_timeout(settings):
    """Of a login without "remember me"."""
    session = login(DAY, persistent=False)
    settings.JWT_COOKIE = {"BROWSER_SESSION_TIMEOUT": timedelta(hours=1)}
    assert session.ends_at == at(NOW + HOUR)

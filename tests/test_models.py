"""The record of a login: its times, and when it is over, in Python and in SQL alike."""

import itertools
from datetime import UTC, datetime, timedelta
from datetime import timezone as fixed

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import F
from django.utils import timezone

from django_jwt_cookie.models import SECOND, LoginSession, moment
from tests.conftest import NOW
from tests.support.accounts import start_session

pytestmark = pytest.mark.django_db

FIELDS = ("created_at", "rotated_at", "seen_at", "expires_at", "revoked_at")
FORWARD, BACK = 1_774_746_000, 1_792_890_000
"""2026-03-29T01:00Z and 2026-10-25T01:00Z: when clocks are put forward and back in Warsaw."""

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture(params=[True, False], ids=["USE_TZ", "local time"])
def use_tz(request, settings):
    """Have times with a time zone, or without one."""
    settings.USE_TZ, settings.TIME_ZONE = request.param, "Europe/Warsaw"
    return request.param


@pytest.fixture
def session():
    """Return a login."""
    return start_session(User.objects.create_user("ada"))


def stored(session, name):
    """Return what the column holds."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {name} FROM {LoginSession._meta.db_table}")  # noqa: S608 - a field's
        [[value]] = cursor.fetchall()
    return value


# --- InstantField


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("around", [FORWARD, BACK])
def test_a_moment_comes_back_as_it_was(session, use_tz, around, name):
    """Also in the hour that there is twice, and beside the one that there is not."""
    for seconds in (-7200, -3600, -1800, -1, -0.000001, 0, 0.000001, 1, 1800, 3600, 7200):
        value = moment(around + seconds)
        LoginSession.objects.update(**{name: value})
        found = getattr(LoginSession.objects.get(), name)
        assert found == value
        assert found.timestamp() == value.timestamp() == around + seconds
        assert found.fold == value.fold
        assert timezone.is_aware(found) is use_tz
        assert stored(session, name) == round((around + seconds) * SECOND)


@pytest.mark.parametrize("around", [FORWARD, BACK])
def test_moments_are_compared_as_moments(session, use_tz, around):
    """By the database too: what is later is greater, whatever a clock on the wall says."""
    for seconds, later in itertools.combinations((-5400, -3600, -1800, 0, 1800, 3600, 5400), 2):
        LoginSession.objects.update(seen_at=moment(around + seconds))
        after = LoginSession.objects.filter(seen_at__lt=moment(around + later))
        assert after.exists()
        assert not LoginSession.objects.filter(seen_at__gte=moment(around + later)).exists()


def test_no_moment_is_none(session):
    """A column that may be empty."""
    LoginSession.objects.update(seen_at=None)
    assert LoginSession.objects.get().seen_at is None
    assert stored(session, "seen_at") is None
    assert LoginSession.objects.filter(seen_at=None).exists()


def test_a_time_zone_makes_no_other_moment(session):
    """It is the instant that counts."""
    there = datetime(2026, 3, 29, 3, 30, tzinfo=fixed(timedelta(hours=2)))
    LoginSession.objects.update(seen_at=there)
    assert LoginSession.objects.get().seen_at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_one_moment_can_be_put_into_another(session):
    """By an expression, as a site's own reports do."""
    LoginSession.objects.update(seen_at=F("created_at"))
    found = LoginSession.objects.get()
    assert found.seen_at == found.created_at


# --- When a login is over

LIMITS = {
    "none": {},
    "shorter idle timeout": {"IDLE_TIMEOUT": HOUR, "BROWSER_SESSION_TIMEOUT": HOUR},
    "shorter browser session": {"BROWSER_SESSION_TIMEOUT": 30 * MINUTE},
    "shorter absolute timeout": {
        "ABSOLUTE_TIMEOUT": 2 * DAY,
        "IDLE_TIMEOUT": 2 * DAY,
    },
}


def ages():
    """Yield changes of a login: how old it is, how long unused, and by what limits of its own."""
    for persistent, created, idle in itertools.product(
        (True, False), (0, 3, 29, 31), (0, 0.02, 0.03, 0.05, 0.6, 13, 15)
    ):
        if idle <= created:
            for seconds, left in itertools.product((60, 3600, 10**9), (-1, 0, 1, 40)):
                yield persistent, created * DAY, idle * DAY, seconds, left * DAY


@pytest.mark.parametrize("limits", LIMITS)
def test_alive_in_sql_is_what_ends_at_says(session, use_tz, settings, clock, limits):
    """For every combination of age, use and limits; the settings of now hold for all logins."""
    settings.JWT_COOKIE = LIMITS[limits]
    logins, now = [], NOW
    for persistent, created, idle, seconds, left in ages():
        values = {name: getattr(session, name) for name in ("user", "backend", "auth_hash")}
        logins.append(
            LoginSession(
                **values,
                persistent=persistent,
                created_at=moment(now - created.total_seconds()),
                rotated_at=moment(now - idle.total_seconds()),
                expires_at=moment(now + left.total_seconds()),
                idle_seconds=seconds,
            )
        )
    LoginSession.objects.all().delete()
    LoginSession.objects.bulk_create(logins)
    alive = set(LoginSession.objects.alive().values_list("pk", flat=True))
    said = {each.pk for each in LoginSession.objects.all() if each.ends_at.timestamp() > now}
    assert alive == said
    assert 0 < len(alive) < len(logins)


def test_each_limit_ends_a_login_to_the_second(session, use_tz, settings, clock):
    """Idle by its own limit or the settings', old by its own end or the settings': the first."""
    cases: list[tuple[dict, dict, int]] = [
        ({"idle_seconds": 100}, {}, 100),
        ({"expires_at": moment(NOW + 200)}, {}, 200),
        ({}, {"IDLE_TIMEOUT": HOUR, "BROWSER_SESSION_TIMEOUT": HOUR}, 3600),
        ({"persistent": False}, {"BROWSER_SESSION_TIMEOUT": HOUR}, 3600),
        (
            {"created_at": moment(NOW - 86400)},
            {"ABSOLUTE_TIMEOUT": DAY + MINUTE, "IDLE_TIMEOUT": DAY},
            60,
        ),
    ]
    for changes, given, end in cases:
        settings.JWT_COOKIE = given
        values = {
            "created_at": moment(NOW),
            "rotated_at": moment(NOW),
            "expires_at": moment(NOW + 30 * 86400),
            "idle_seconds": 14 * 86400,
            "persistent": True,
        }
        LoginSession.objects.update(**(values | changes))
        assert LoginSession.objects.get().ends_at.timestamp() == NOW + end
        clock.move_to(NOW + end - 1, tick=False)
        assert LoginSession.objects.alive().exists()
        clock.move_to(NOW + end, tick=False)
        assert not LoginSession.objects.alive().exists()
        clock.move_to(NOW, tick=False)


def test_a_longer_timeout_prolongs_no_login(session, settings):
    """What was settled when it began is its end."""
    before = session.ends_at
    settings.JWT_COOKIE = {"ABSOLUTE_TIMEOUT": 90 * DAY, "IDLE_TIMEOUT": 60 * DAY}
    assert LoginSession.objects.get().ends_at == before


def test_a_login_that_was_ended_is_not_alive(session):
    """Whatever its times say."""
    LoginSession.objects.update(revoked_at=timezone.now())
    assert not LoginSession.objects.alive().exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"revoked_at": -60},
        {"expires_at": -60},
        {"rotated_at": -60 - 14 * 86400},
    ],
    ids=str,
)
def test_over_since_is_when_it_ended_or_was_over(session, use_tz, clock, changes):
    """At that moment or before; one that goes on is over since no moment."""
    now = moment(NOW)
    LoginSession.objects.update(rotated_at=now, expires_at=moment(NOW + 1), idle_seconds=14 * 86400)
    assert not LoginSession.objects.over_since(now).exists()
    LoginSession.objects.update(**{name: moment(NOW + each) for name, each in changes.items()})
    assert LoginSession.objects.over_since(now).exists()
    assert LoginSession.objects.over_since(moment(NOW - 60)).exists()
    assert not LoginSession.objects.over_since(moment(NOW - 61)).exists()


def test_the_greatest_limit_is_a_number_for_every_database(session):
    """A column of 32 bits, times a million."""
    LoginSession.objects.update(idle_seconds=2**31 - 1)
    assert LoginSession.objects.alive().exists()
    assert not LoginSession.objects.over_since(timezone.now()).exists()


def test_it_is_named_by_its_time_and_not_by_its_id(session):
    """The id is in every token, and does not belong into logs."""
    assert str(session) == f"login session {session.created_at:%Y-%m-%d %H:%M}"
    assert str(session.pk) not in repr(session)

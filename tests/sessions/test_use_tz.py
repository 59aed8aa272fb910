"""Sites with ``USE_TZ = False``, whose times are those of a wall clock and say of no zone."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.core import signing

from django_jwt_cookie.models import LoginSession

from tests.support.accounts import COOKIE, NAME, PASSWORD, log_in, who

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.support.sites")]

NOW = datetime(2030, 1, 1, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def ada(settings, time_machine):
    """Return a user of such a site, where the clock stands still."""
    settings.USE_TZ = False
    time_machine.move_to(NOW, tick=False)
    return User.objects.create_user(NAME, password=PASSWORD)


@pytest.mark.parametrize(
    "given",
    [{}, {"USER_SOURCE": "token"}, {"TRACK_SESSIONS": False}],
    ids=["database", "token", "without records"],
)
def test_a_login_goes_on_and_ends(client, settings, time_machine, given):
    """From renewal to renewal, for as long as it is used."""
    settings.JWT_COOKIE = given
    log_in(client, remember=True)
    for _ in range(20):
        time_machine.shift(6 * MINUTE)
        assert who(client) == NAME
    time_machine.shift(15 * DAY)
    assert who(client) is None


def test_a_late_request_is_served_and_a_theft_noticed(client, new_client, time_machine, ended):
    """Attack: go on with a copy of the cookie."""
    log_in(client)
    copy = new_client()
    copy.cookies[COOKIE] = client.cookies[COOKIE].value
    time_machine.shift(6 * MINUTE)
    assert [who(client), who(client), who(copy)] == [NAME] * 3
    time_machine.shift(11 * MINUTE)
    assert who(copy) is None
    assert who(client) is None
    assert [because for _, because in ended] == ["token_reused"]


@pytest.mark.parametrize("zone", ["America/Chicago", "Asia/Tokyo"])
@pytest.mark.parametrize("is_recorded", [True, False])
def test_an_old_login_is_swapped_and_ends_when_it_would_have(
    client, settings, time_machine, ada, *, zone, is_recorded
):
    """Whatever the zone of the site."""
    settings.TIME_ZONE = zone
    settings.JWT_COOKIE = {
        "ADOPTERS": ["tests.support.tickets.Tickets"],
        "ADOPT_UNTIL": NOW + 30 * DAY,
        "TRACK_SESSIONS": is_recorded,
    }
    ticket = {"user": ada.pk, "number": "1", "expires": (NOW + DAY / 2).timestamp()}
    client.cookies["ticket"] = signing.dumps(ticket, salt="tickets")
    for _ in range(3):
        assert client.get("/public/").json()["user"] == NAME
        time_machine.shift(DAY / 6)
    assert client.get("/public/").json()["user"] == ""
    assert all(each.ends_at.tzinfo is None for each in LoginSession.objects.all())


@pytest.mark.parametrize("given", [{}, {"TRACK_SESSIONS": False}])
def test_nobody_is_asked_for_what_comes_after_the_date(client, settings, time_machine, ada, given):
    """Which is one of a zone, on any site."""
    settings.JWT_COOKIE = {
        "ADOPTERS": ["tests.support.tickets.Tickets"],
        "ADOPT_UNTIL": NOW + DAY,
        **given,
    }
    time_machine.shift(DAY)
    ticket = {"user": ada.pk, "number": "1", "expires": (NOW + 2 * DAY).timestamp()}
    client.cookies["ticket"] = signing.dumps(ticket, salt="tickets")
    assert client.get("/public/").json() == {"user": "", "reason": None}


def test_the_list_of_logins(client):
    """With its times, for people and programs."""
    log_in(client)
    (login,) = client.get("/accounts/sessions/", headers={"accept": "application/json"}).json()[
        "sessions"
    ]
    assert login["created_at"] == NOW.timestamp()
    assert client.get("/accounts/sessions/", headers={"accept": "text/html"}).status_code == 200

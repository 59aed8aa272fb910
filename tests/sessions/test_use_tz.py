"""Sites with ``USE_TZ = False``, whose times are those of a wall clock and say of no zone."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.core import signing

from django_jwt_cookie.models import LoginSession
from tests.support.accounts import COOKIE, JSON, NAME, PASSWORD, log_in, who

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.support.sites")]

NOW = datetime(2030, 1, 1, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


CHICAGO = "America/Chicago"
SPRING = datetime(2030, 3, 10, 8, tzinfo=UTC)
"""Where 2:00 is 3:00 in Chicago: an hour of the wall clock never was."""

AUTUMN = datetime(2030, 11, 3, 7, tzinfo=UTC)
"""Where 2:00 is 1:00 in Chicago: an hour of the wall clock is there twice."""

GIVEN = [{}, {"USER_SOURCE": "token"}, {"TRACK_SESSIONS": False}]
MODES = pytest.mark.parametrize("given", GIVEN, ids=["database", "token", "without records"])
BOTH_ENDS = pytest.mark.parametrize("change", [SPRING, AUTUMN], ids=["spring", "autumn"])


@pytest.fixture(autouse=True)
def ada(settings, time_machine):
    """Return a user of such a site, where the clock stands still."""
    settings.USE_TZ = False
    time_machine.move_to(NOW, tick=False)
    return User.objects.create_user(NAME, password=PASSWORD)


@MODES
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
    time_machine.shift(31 * MINUTE)
    assert who(copy) is None
    assert who(client) is None
    assert [because for _, because in ended] == ["token_reused"]


@MODES
@BOTH_ENDS
@pytest.mark.parametrize("step", [7, 23, 59])
def test_nobody_is_logged_out_when_clocks_are_changed(
    client, settings, time_machine, *, given, change, step
):
    """From hours before that night's hour until hours after it; requests come in any rhythm."""
    settings.TIME_ZONE, settings.JWT_COOKIE = CHICAGO, given
    time_machine.move_to(change - 2 * MINUTE * 60, tick=False)
    log_in(client, remember=False)
    for _ in range(5 * 60 // step):
        time_machine.shift(step * MINUTE)
        assert [who(client), who(client)] == [NAME, NAME]


@BOTH_ENDS
def test_a_lost_response_while_clocks_are_changed(client, time_machine, settings, change):
    """The browser comes an hour later with the token from before, and is handed what was lost."""
    settings.TIME_ZONE = CHICAGO
    time_machine.move_to(change - 30 * MINUTE, tick=False)
    log_in(client)
    token = client.cookies[COOKIE].value
    time_machine.shift(6 * MINUTE)
    assert who(client) == NAME
    client.cookies[COOKIE] = token
    time_machine.shift(60 * MINUTE)
    assert who(client) == NAME
    assert client.cookies[COOKIE].value != token
    assert LoginSession.objects.get().generation == 1


@BOTH_ENDS
@pytest.mark.parametrize(("late", "is_served"), [(29, True), (31, False)])
def test_the_grace_is_as_long_as_ever_when_clocks_are_changed(
    client, new_client, settings, time_machine, *, change, late, is_served
):
    """An hour too many would have every upload of that night a theft; one too few, no theft."""
    settings.TIME_ZONE = CHICAGO
    time_machine.move_to(change - 10 * MINUTE, tick=False)
    log_in(client)
    upload = new_client()
    upload.cookies[COOKIE] = client.cookies[COOKIE].value
    time_machine.shift(6 * MINUTE)
    assert [who(client), who(client)] == [NAME, NAME]
    time_machine.shift(late * MINUTE)
    assert (who(upload) == NAME) == is_served


@BOTH_ENDS
@pytest.mark.parametrize(("idle", "name"), [(719, NAME), (721, None)])
def test_an_idle_login_ends_as_late_as_ever_when_clocks_are_changed(
    client, settings, time_machine, *, change, idle, name
):
    """After twelve hours, and not after eleven or thirteen."""
    settings.TIME_ZONE = CHICAGO
    time_machine.move_to(change - 60 * MINUTE, tick=False)
    log_in(client, remember=False)
    time_machine.shift(idle * MINUTE)
    assert who(client) == name


@MODES
@BOTH_ENDS
def test_a_logout_holds_when_clocks_are_changed(client, settings, time_machine, given, change):
    """For the cookie that is left, and where there are records for every copy."""
    settings.TIME_ZONE, settings.JWT_COOKIE = CHICAGO, given
    time_machine.move_to(change - 10 * MINUTE, tick=False)
    log_in(client)
    copy = client.cookies[COOKIE].value
    assert client.post("/accounts/logout/", headers=JSON).status_code == 204
    for _ in range(3):
        assert who(client) is None
        time_machine.shift(30 * MINUTE)
    if "TRACK_SESSIONS" not in given:
        client.cookies[COOKIE] = copy
        assert who(client) is None


def find_ticket(request):
    """Know the logins of an older scheme, for ``MOVE_FROM``."""
    ticket = signing.loads(request.COOKIES.get("ticket", ""), salt="tickets")
    user = User.objects.get(pk=ticket["user"])
    return user, ticket["number"], datetime.fromtimestamp(ticket["expires"], UTC)


@pytest.mark.parametrize("zone", [CHICAGO, "Asia/Tokyo"])
@pytest.mark.parametrize("is_recorded", [True, False])
def test_an_old_login_is_moved_and_ends_when_it_would_have(
    client, settings, time_machine, ada, *, zone, is_recorded
):
    """Whatever the zone of the site."""
    settings.TIME_ZONE = zone
    settings.JWT_COOKIE = {
        "MOVE_FROM": [f"{__name__}.find_ticket"],
        "MOVE_UNTIL": NOW + 30 * DAY,
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
        "MOVE_FROM": [f"{__name__}.find_ticket"],
        "MOVE_UNTIL": NOW + DAY,
        **given,
    }
    time_machine.shift(DAY)
    ticket = {"user": ada.pk, "number": "1", "expires": (NOW + 2 * DAY).timestamp()}
    client.cookies["ticket"] = signing.dumps(ticket, salt="tickets")
    assert client.get("/public/").json() == {"user": "", "reason": None}


def test_the_list_of_logins(client):
    """With its times, for people and programs."""
    log_in(client)
    (login,) = client.get("/accounts/sessions/", headers=JSON).json()["sessions"]
    assert login["created_at"] == NOW.timestamp()
    assert client.get("/accounts/sessions/", headers={"accept": "text/html"}).status_code == 200

"""Whoever takes another's place without a password gets no more by it than was there."""

import pytest

from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.tokens import decode
from tests.support.accounts import COOKIE, log_in
from tests.support.visitors import sid_of, whoami

from .conftest import NOW
from .moving import DAY, MODES, move_from, ticket_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("moving")]


def test_who_takes_anothers_place_does_not_stay_longer(client, clock, ada):
    """Attack: make a long login of one that was swapped for a short one, by impersonation."""
    client.cookies["ticket"] = ticket_of(ada)
    assert whoami(client) == "ada"
    client.get("/login/bob/")
    assert whoami(client) == "bob"
    clock.shift(DAY)
    assert whoami(client) == ""


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("path", "is_swapped"),
    [
        ("/login/bob/", True),
        ("/borrow-twice/", True),
        ("/leave-and-borrow/1/", True),
        ("/leave-and-borrow/1/", False),
        ("/leave-and-borrow/2/", False),
    ],
)
def test_no_way_into_anothers_place_lasts_longer(
    client, settings, clock, ada, *, mode, path, is_swapped
):
    """Attack: log out on the way, on a site without records, or with the old credential itself."""
    move_from(settings, **MODES[mode])
    client.cookies["ticket"] = ticket_of(ada, lasts=DAY / 2)
    if is_swapped:
        assert whoami(client) == "ada"
    assert client.get(path).status_code == 200
    for _ in range(3):
        assert whoami(client) == "bob"
        clock.shift(DAY / 6)
    assert whoami(client) == ""


@pytest.mark.parametrize("mode", [{}, {"USER_SOURCE": "token"}])
def test_a_login_that_ends_with_the_browser_becomes_none_that_stays(client, settings, mode):
    """Attack: log out on the way into another's place."""
    settings.JWT_COOKIE = mode
    log_in(client, "ada", remember=False)
    client.get("/leave-and-borrow/1/")
    assert not LoginSession.objects.alive().get().persistent


@pytest.mark.parametrize("mode", MODES)
def test_who_logs_out_twice_logs_in_all_the_same(client, settings, mode):
    """Nothing is amiss with that, nor with ending all of one's logins first."""
    settings.JWT_COOKIE = MODES[mode]
    log_in(client, "ada")
    assert whoami(client) == "ada"
    assert client.get("/leave-and-borrow/2/").content.decode() == "bob"
    assert whoami(client) == "bob"
    assert client.get("/log-out-everywhere/").content.decode() == "bob"
    assert whoami(client) == "bob"


def test_a_login_that_was_ended_takes_nobodys_place_after_a_logout(client, settings):
    """Attack: come with it just after it was ended, where tokens are taken at their word."""
    settings.JWT_COOKIE = {"USER_SOURCE": "token"}
    log_in(client, "ada")
    assert whoami(client) == "ada"
    LoginSession.objects.update(revoked_at=NOW, revoked_because="revoked")
    client.get("/leave-and-borrow/1/")
    assert whoami(client) == ""


def test_who_gives_the_password_after_that_has_a_login_like_any_other(client, ada):
    """Nothing of the impersonation is left, though it was a moment ago, in the same request."""
    client.cookies["ticket"] = ticket_of(ada)
    assert whoami(client) == "ada"
    LoginSession.objects.update(persistent=False)
    assert client.get("/borrow/").content.decode() == "ada"
    login = LoginSession.objects.get(pk=sid_of(client))
    assert (login.expires_at, login.persistent) == (NOW + 30 * DAY, True)
    assert decode(client.cookies[COOKIE].value).auth_time == NOW.timestamp()

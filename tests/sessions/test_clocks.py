"""Servers whose clocks are apart, or step back: nobody is logged out, and a logout holds.

Each request goes to another server, and is served by that one's clock.
"""

from itertools import cycle

import pytest
from django.contrib.auth.models import User
from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache

from django_jwt_cookie import sessions
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.sessions.revocation_cache import EPOCH
from tests.conftest import NOW

from .exchange import Exchange, is_accepted

pytestmark = pytest.mark.django_db

MINUTE, HOUR = 60, 3600
OFFSETS = [15, 60, HOUR]

MODES = {
    "database": {},
    "token": {"USER_SOURCE": "token"},
    "cache": {"USER_SOURCE": "token", "REVOCATION_CACHE": "ends"},
    "without records": {"TRACK_SESSIONS": False},
}
RECORDED = [name for name in MODES if name != "without records"]


class Cache(LocMemCache):
    """A cache with a clock of its own, by which next to no time passes."""

    def set_many(self, data, timeout=None, version=None):
        return super().set_many(data, None, version)


class Servers:
    """Two servers, one of which is ahead of the other by ``offset`` seconds."""

    def __init__(self, clock, offset: int) -> None:
        self.clock = clock
        self.offsets = (0, offset)
        self.now = NOW

    def serve(self, number: int) -> None:
        """Have the next request be served by that one."""
        self.clock.move_to(self.now + self.offsets[number], tick=False)

    def send(self, number: int, token: str) -> str:
        """Send a request that is answered at once, and logs nobody out; return the jar's token."""
        self.serve(number)
        exchange = Exchange(token)
        assert exchange.arrive()
        brought = exchange.respond()
        assert brought != ""
        return brought or token


@pytest.fixture
def servers(request, clock):
    """Return the servers."""
    return Servers(clock, request.param)


@pytest.fixture
def token(request, servers, settings):
    """Return the token of a login on the first server."""
    settings.CACHES = {"ends": {"BACKEND": f"{__name__}.Cache", "LOCATION": "clocks"}}
    caches["ends"].clear()
    caches["ends"].set(EPOCH, NOW - 2 * HOUR, timeout=None)
    settings.JWT_COOKIE = MODES[request.param]
    servers.serve(0)
    return begin()


def begin() -> str:
    """Log somebody in; return the token."""
    exchange = Exchange("")
    exchange.log_in(User.objects.create_user("ada"))
    return exchange.respond() or ""


apart = pytest.mark.parametrize(
    "servers", [sign * offset for offset in OFFSETS for sign in (1, -1)], indirect=True
)


@apart
@pytest.mark.parametrize("token", MODES, indirect=True)
@pytest.mark.parametrize("pause", [1, 4 * MINUTE, 7 * MINUTE, 25 * MINUTE])
def test_nobody_is_logged_out_by_clocks_that_are_apart(servers, token, pause):
    """From server to server, at any pace, for hours; two requests at a time."""
    turns, quick, end = cycle((0, 1, 1, 0)), NOW + 60 * pause, NOW + max(4 * HOUR, 60 * pause)
    while servers.now <= end:
        side_by_side, number = token, next(turns)
        token = servers.send(number, token)
        token = servers.send(1 - number, side_by_side) if number else token
        servers.now += pause if servers.now <= quick else 7 * MINUTE


@pytest.mark.parametrize("servers", [15, -15, 60, -60], indirect=True)
@pytest.mark.parametrize("token", RECORDED, indirect=True)
def test_a_late_request_is_no_theft_by_clocks_that_are_apart(servers, token):
    """It was sent before another one brought the next token, and arrives at the other server."""
    servers.now += 6 * MINUTE
    jar = servers.send(0, token)
    jar = servers.send(0, jar)
    servers.now += 10
    assert servers.send(1, token) == token
    assert servers.send(1, jar)


@apart
@pytest.mark.parametrize("token", ["database", "cache"], indirect=True)
@pytest.mark.parametrize("ends_on", [0, 1])
@pytest.mark.django_db(transaction=True)
def test_a_logout_holds_on_every_server(servers, token, ends_on):
    """At once, and for as long as anybody tries."""
    token = servers.send(1, servers.send(0, token))
    log_out(servers, ends_on, token)
    for pause in (0, 1, 5 * MINUTE, HOUR, 3 * HOUR):
        servers.now += pause
        for number in (0, 1):
            servers.serve(number)
            assert not is_accepted(token)


@apart
@pytest.mark.parametrize("token", ["token"], indirect=True)
@pytest.mark.parametrize("ends_on", [0, 1])
def test_a_token_is_believed_no_longer_on_a_server_that_is_behind(servers, token, ends_on):
    """One that was issued in its future has the record asked; after half a life any has."""
    servers.now += 6 * MINUTE
    token = servers.send(1, token)
    log_out(servers, ends_on, token)
    servers.now += 5 * MINUTE + 10
    for number in (0, 1):
        servers.serve(number)
        assert not is_accepted(token)


def log_out(servers: Servers, number: int, token: str) -> None:
    """Log out at one server."""
    servers.serve(number)
    exchange = Exchange(token)
    exchange.arrive()
    exchange.log_out()
    assert exchange.respond() == ""
    assert LoginSession.objects.get().revoked_because == "logout"


@pytest.mark.parametrize("servers", [0], indirect=True)
@pytest.mark.parametrize("token", MODES, indirect=True)
@pytest.mark.parametrize("step", [15, 60, HOUR])
@pytest.mark.parametrize("age", [0, 4 * MINUTE, 6 * MINUTE, 25 * MINUTE])
def test_nobody_is_logged_out_by_a_clock_that_steps_back(servers, token, step, age):
    """Not then, and not while it runs on."""
    servers.now += age
    token = servers.send(0, token)
    servers.now -= step
    for _ in range(30):
        token = servers.send(0, token)
        servers.now += 5 * MINUTE


@pytest.mark.parametrize("servers", [0], indirect=True)
@pytest.mark.parametrize("token", ["database", "cache"], indirect=True)
@pytest.mark.parametrize("step", [15, 60, HOUR])
@pytest.mark.django_db(transaction=True)
def test_what_has_ended_does_not_come_back_with_a_clock_that_steps_back(servers, token, step):
    """Whatever has ended it."""
    servers.now += 4 * MINUTE
    servers.serve(0)
    sessions.revoke_all(User.objects.get())
    servers.now -= step
    for _ in range(30):
        servers.serve(0)
        assert not is_accepted(token)
        servers.now += 5 * MINUTE

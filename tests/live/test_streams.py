"""The streams of docs/async.md, longer than a token's life."""

import time
from contextlib import ExitStack

import pytest

from django_jwt_cookie import sessions
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.test.logins import age_login
from django_jwt_cookie.test.tokens import get_token
from django_jwt_cookie.tokens import decode
from tests.support.accounts import NAME

from .marks import from_both, linux_tells, on_asynchronous, on_each
from .site import wait_until
from .test_servers import HALF

pytestmark = pytest.mark.slow

STILL = f"data: still {NAME}\n"


@on_each
@from_both
def test_a_token_is_renewed_before_the_first_byte_and_the_stream_outlives_it(site, client):
    """Afterwards the headers are gone; it goes on until the login ends, and says so."""
    age_login(client, HALF)
    with site.stream(get_token(client)) as stream:
        claims = decode(stream.token, allow_expired=True)
        assert claims.gen == 1
        assert "Cookie" in stream.headers["Vary"]
        while time.time() < claims.exp + 1:
            assert stream.event() == STILL
        sessions.revoke(LoginSession.objects.get())
        assert stream.rest().endswith("event: logout\ndata: session_revoked\n\n")


@on_each
@linux_tells
def test_open_streams_hold_no_connection(site, client):
    """Between two events it is given back."""
    with ExitStack() as stack:
        streams = [stack.enter_context(site.stream(get_token(client))) for _ in range(8)]
        assert [stream.event() for stream in streams] == [STILL] * 8
        assert wait_until(lambda: site.connections() == 0)
        assert [stream.event() for stream in streams] == [STILL] * 8


@on_each
@linux_tells
def test_a_client_that_goes_away_leaves_nothing_behind(site, client):
    """Neither a thread nor a connection, nor a word in the log."""
    site.ask(get_token(client), "/who/")
    threads = site.threads()
    for _ in range(3):
        with ExitStack() as stack:
            for _ in range(5):
                assert stack.enter_context(site.stream(get_token(client))).event() == STILL
    assert wait_until(lambda: site.connections() == 0)
    assert wait_until(lambda: site.threads() <= threads + site.pool)


@pytest.mark.needs_servers
@on_asynchronous
@linux_tells
def test_a_task_that_outlives_its_request(site, client, ada):
    """It may use what the view has asked for, and closes what it has opened."""
    assert site.ask(get_token(client), "/later/").status == 202

    def is_done():
        ada.refresh_from_db()
        return ada.last_name == "worked for"

    assert wait_until(is_done)
    assert wait_until(lambda: site.connections() == 0)


@pytest.mark.needs_servers
@on_asynchronous
@linux_tells
def test_a_task_does_nothing_for_a_login_that_has_ended(site, client, ada):
    """It asks, when it is about to."""
    assert site.ask(get_token(client), "/later/").status == 202
    sessions.revoke(LoginSession.objects.get())
    time.sleep(1.5)
    ada.refresh_from_db()
    assert ada.last_name == ""
    assert wait_until(lambda: site.connections() == 0)

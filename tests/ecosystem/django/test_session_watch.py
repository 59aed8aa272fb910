"""What watches the session cookie in all of these tests is watched here."""

import pytest
from django.contrib.auth import SESSION_KEY

from django_jwt_cookie.authentication.django_session import EXPIRY_KEY, MARK
from tests.ecosystem.sessions import NOTHING, WITHOUT_VALUE, left_in_sessions, note
from tests.support.accounts import sign_up

pytestmark = pytest.mark.django_db


def test_a_login_leaves_no_session_cookie(client):
    """Of the whole story, nothing is in the session."""
    sign_up(client)
    assert "sessionid" not in client.cookies
    assert left_in_sessions == set()


def test_what_somebody_else_keeps_there_is_noted(client):
    """And whose it is does not count."""
    sign_up(client)
    client.get("/session/cart/")
    assert left_in_sessions == {"cart"}


def test_a_session_that_holds_a_login_is_refused():
    """Whatever else is in it."""
    with pytest.raises(AssertionError, match="session"):
        note({SESSION_KEY, "cart"})
    assert left_in_sessions == set()


def test_what_the_package_itself_keeps_beside_is_known():
    """Of a stored session, whose it is and how long it lasts."""
    assert {MARK, EXPIRY_KEY} == WITHOUT_VALUE


@pytest.mark.parametrize("keys", [WITHOUT_VALUE, set()])
def test_a_session_that_holds_nothing_is_noted(keys, settings):
    """It must not be there, unless a package says so of its own."""
    note(keys)
    assert left_in_sessions == {NOTHING}
    assert not left_in_sessions <= settings.KEPT_IN_SESSIONS
    left_in_sessions.clear()

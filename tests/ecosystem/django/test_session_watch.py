"""What watches the session cookie in all of these tests is watched here."""

import pytest
from django.contrib.auth import SESSION_KEY

from django_jwt_cookie.adoption import OWNER_KEY
from tests.accounts import sign_up
from tests.ecosystem.sessions import left_in_sessions, note

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


@pytest.mark.parametrize("keys", [{SESSION_KEY, "cart"}, {OWNER_KEY}, set()])
def test_a_session_that_should_not_be_there_is_refused(keys):
    """One that holds a login, and one that holds nothing."""
    with pytest.raises(AssertionError, match="session"):
        note(keys)
    assert left_in_sessions == set()

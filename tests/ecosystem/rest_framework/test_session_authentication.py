"""The framework's own `SessionAuthentication`, unchanged."""

import pytest

from tests.accounts import NAME, sign_up

WHOAMI = "/api/whoami/"

pytestmark = pytest.mark.django_db


def test_the_cookie_is_enough(client):
    """It takes `request.user` of Django's request."""
    sign_up(client)
    response = client.get(WHOAMI)
    assert (response.status_code, response.json()) == (200, {"username": NAME})


def test_csrf_is_checked(new_client):
    """CSRF: a form of another site is refused, though the browser sends the cookie along."""
    client = new_client(enforce_csrf_checks=False)
    sign_up(client)
    attacked = new_client(enforce_csrf_checks=True)
    attacked.cookies = client.cookies
    response = attacked.post(WHOAMI)
    assert response.status_code == 403
    assert "CSRF" in response.json()["detail"]


def test_a_stranger_is_refused(client):
    """With 403: `SessionAuthentication` names no way to authenticate."""
    assert client.get(WHOAMI).status_code == 403

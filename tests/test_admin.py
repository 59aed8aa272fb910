"""Logins in the admin."""

import pytest
from django.contrib.auth.models import User

from django_jwt_cookie.models import LoginSession

from .accounts import NAME, PASSWORD, log_in, who

pytestmark = pytest.mark.django_db

LIST = "/admin/django_jwt_cookie/loginsession/"


@pytest.fixture
def staff(client):
    """Return a client with the run of the admin."""
    User.objects.create_superuser(NAME, password=PASSWORD)
    log_in(client)
    return client


def test_logins_are_listed_and_shown(staff):
    """Read-only, and without the hash."""
    session = LoginSession.objects.get()
    assert NAME in staff.get(LIST).content.decode()
    page = staff.get(f"{LIST}{session.pk}/change/").content.decode()
    assert "django.contrib.auth.backends.ModelBackend" in page
    assert session.auth_hash not in page
    assert '<input type="text" name=' not in page


def test_nobody_writes_a_login(staff):
    """It begins with a password and ends on the server."""
    session = LoginSession.objects.get()
    assert staff.get(f"{LIST}add/").status_code == 403
    assert staff.post(f"{LIST}{session.pk}/change/", {}).status_code == 403


def test_deleting_a_login_ends_it(new_client, staff):
    """No row, no login."""
    other = new_client()
    User.objects.create_user("bob", password=PASSWORD)
    log_in(other, "bob")
    session = LoginSession.objects.get(user__username="bob")
    response = staff.post(f"{LIST}{session.pk}/delete/", {"post": "yes"})
    assert response.status_code == 302
    assert (who(other), who(staff)) == (None, NAME)

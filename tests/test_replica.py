"""A site that reads from a replica: it is behind, and is never asked about logins."""

from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from django_jwt_cookie.models import LoginSession

from .accounts import JSON, NAME, PASSWORD, log_in, sign_up, who

pytestmark = pytest.mark.django_db


class Router:
    """Sends reads of logins to a database that is not there, so that each of them fails."""

    def db_for_read(self, model, **hints):
        return "replica" if model is LoginSession else None

    def db_for_write(self, model, **hints):
        return "default"


@pytest.mark.parametrize("source", ["database", "token"])
def test_the_whole_story(client, new_client, settings, source):
    """A replica would not know of a login yet, and its cookie would be deleted."""
    settings.DATABASE_ROUTERS = [Router()]
    settings.JWT_COOKIE = {"USER_SOURCE": source}
    sign_up(client)
    other, third = new_client(), new_client()
    for each in (other, third):
        log_in(each)
        assert who(each) == NAME
    listed = other.get("/accounts/sessions/", headers=JSON).json()["sessions"]
    own = next(each["id"] for each in listed if each["current"])
    assert client.delete(f"/accounts/sessions/{own}/").status_code == 204
    assert (who(other), who(third)) == (None, NAME)
    assert client.delete("/accounts/sessions/others/").status_code == 204
    assert (who(client), who(third)) == (NAME, None)
    assert client.post("/accounts/refresh/").status_code == 200
    form = {"old_password": PASSWORD, "new_password1": "Bochnia-1", "new_password2": "Bochnia-1"}
    assert client.post("/accounts/password_change/", form, headers=JSON).status_code == 200
    assert who(client) == NAME
    assert client.post("/accounts/logout/").status_code == 200
    assert who(client) is None
    User.objects.get().delete()


def test_the_commands(client, settings):
    """They change what they read."""
    settings.DATABASE_ROUTERS = [Router()]
    sign_up(client)
    out = StringIO()
    call_command("jwt_cookie_revoke", user=NAME, stdout=out)
    call_command("jwt_cookie_clear", keep_days=0, stdout=out)
    assert out.getvalue().splitlines() == [
        "Ended 1 login.",
        "Deleted the records of 1 login.",
    ]

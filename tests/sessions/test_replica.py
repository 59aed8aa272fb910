"""A site that reads from a replica: it is behind, and is never asked about logins."""

import re
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from django_jwt_cookie.models import LoginSession
from tests.support.accounts import JSON, NAME, PASSWORD, log_in, sign_up, who

pytestmark = pytest.mark.django_db

NEW = "Bochnia-1248-salt"
MODES = [{}, {"USER_SOURCE": "token"}, {"TRACK_SESSIONS": False}]


class Router:
    """Sends reads of logins to a database that is not there, so that each of them fails.

    Those of users go to a replica that `catch_up` brings up to date.
    """

    def __init__(self, replica=None):
        self.replica = replica

    def db_for_read(self, model, **hints):
        return {LoginSession: "nowhere", User: self.replica}.get(model)

    def db_for_write(self, model, **hints):
        return "default"

    def allow_relation(self, *models, **hints):
        return True


@pytest.fixture
def replica(second_database, settings):
    """Read users from a replica."""
    settings.DATABASE_ROUTERS = [Router(second_database)]
    return second_database


def catch_up(replica):
    """Bring what was written to the replica."""
    for user in User.objects.using("default"):
        user.save(using=replica)


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
    form = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert client.post("/accounts/password_change/", form, headers=JSON).status_code == 200
    assert who(client) == NAME
    assert client.post("/accounts/logout/").status_code == 200
    assert who(client) is None
    User.objects.get().delete()


@pytest.mark.parametrize("mode", MODES)
def test_who_signs_up_is_logged_in_though_the_replica_knows_of_nobody(
    client, replica, settings, mode
):
    """The account is active where it was written."""
    settings.JWT_COOKIE = mode
    form = {"username": NAME, "password1": PASSWORD, "password2": PASSWORD}
    answer = client.post("/accounts/signup/", form, headers=JSON)
    assert (answer.status_code, answer.json()["user"]["username"]) == (201, NAME)
    assert who(client) == NAME
    assert not User.objects.exists()


def test_a_name_that_the_replica_has_not_heard_of_is_taken(new_client, replica):
    """The database that is written to says so, when the form is past its own look."""
    sign_up(new_client())
    form = {"username": NAME, "password1": PASSWORD, "password2": PASSWORD}
    answer = new_client().post("/accounts/signup/", form, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


@pytest.mark.parametrize("mode", MODES)
def test_a_new_password_goes_on_with_the_login_while_the_replica_has_the_old_one(
    client, new_client, replica, settings, mode
):
    """And ends the others."""
    settings.JWT_COOKIE = mode
    sign_up(client)
    catch_up(replica)
    other = new_client()
    log_in(other)
    form = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert client.post("/accounts/password_change/", form, headers=JSON).status_code == 200
    assert User.objects.get().check_password(PASSWORD)
    assert client.post("/accounts/refresh/").status_code == 200
    assert who(client) == NAME
    ended = LoginSession.objects.using("default").filter(revoked_because="password_changed")
    assert ended.count() == (0 if "TRACK_SESSIONS" in mode else 2)
    if "USER_SOURCE" not in mode:  # There, another login lasts as long as its token.
        assert who(other) is None


@pytest.mark.parametrize("mode", MODES)
def test_who_resets_the_password_is_logged_in_while_the_replica_has_the_old_one(
    client, replica, settings, mailoutbox, mode
):
    """On a site that logs in whoever has chosen one."""
    settings.ROOT_URLCONF = "tests.support.urls_post_reset_login"
    settings.JWT_COOKIE = mode
    User.objects.create_user(NAME, "ada@example.com", PASSWORD)
    catch_up(replica)
    client.post("/accounts/password_reset/", {"email": "ada@example.com"})
    link = re.search(r"https?://[^/]+(/\S+)", mailoutbox[0].body).group(1)
    answer = client.post(link, {"new_password1": NEW, "new_password2": NEW}, headers=JSON)
    assert (answer.status_code, answer.json()["user"]["username"]) == (200, NAME)
    assert User.objects.get().check_password(PASSWORD)
    assert client.post("/accounts/refresh/").status_code == 200
    assert who(client) == NAME


def only_tenant(request):
    """Tell that all users are those of one tenant, as ``JWT_COOKIE["AUDIENCE"]``."""
    return "us"


def test_a_user_from_a_token_is_not_saved_as_the_replica_still_has_it(client, replica, settings):
    """Who was deactivated a minute ago is not reactivated by the save of something else."""
    settings.JWT_COOKIE = {"USER_SOURCE": "token", "AUDIENCE": f"{__name__}.only_tenant"}
    sign_up(client)
    catch_up(replica)
    User.objects.using("default").update(is_active=False)
    user = client.get("/members/").wsgi_request.jwt.resolve()
    user.last_name = "Lovelace"
    user.save()
    written = User.objects.using("default").get()
    assert (written.last_name, written.is_active) == ("Lovelace", False)


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

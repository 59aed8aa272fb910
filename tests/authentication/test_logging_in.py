"""Whoever logs somebody in, by whatever code: the login lives in the cookie and nowhere else."""

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session

from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.tokens import decode
from tests.support import sites
from tests.support.accounts import BACKEND, COOKIE, PASSWORD
from tests.support.visitors import (
    LOGINS,
    cookie_of,
    log_in_by_admin,
    log_in_by_page,
    whoami,
)

from .conftest import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]

OTHER_BACKEND = "tests.support.sites.OtherBackend"
CLOSED_BACKEND = "tests.support.sites.ClosedBackend"


def test_a_login_lives_in_the_cookie_and_nowhere_else(client, log_in):
    """No ``sessionid``, no row of a Django session; one record of the login."""
    log_in(client, "ada")
    assert whoami(client) == "ada"
    assert cookie_of(client, "sessionid") == ""
    assert Session.objects.count() == 0
    assert LoginSession.objects.get().user.username == "ada"


@pytest.mark.parametrize("name", ["login", "alogin"])
def test_a_login_leaves_nothing_in_any_kind_of_session(client, stored_sessions, name):
    """Rows, files, cache entries, cookies."""
    LOGINS[name](client, "ada")
    assert whoami(client) == "ada"
    assert cookie_of(client, "sessionid") == ""
    assert stored_sessions() == 0


@pytest.mark.parametrize("path", ["/login/ada/", "/alogin/ada/"])
def test_the_user_is_known_in_the_request_that_logs_in(client, path):
    """As with Django."""
    assert client.get(path).json() == {"user": "ada"}


def test_the_claims_of_the_login_before_are_not_those_of_the_new_user(client):
    """Whoever asks for them has the login moved at once."""
    client.get("/login/ada/")
    response = client.get("/login-and-tell-claims/bob/")
    bob = User.objects.get(username="bob")
    assert response.json() == {"user": "bob", "sub": str(bob.pk)}
    assert whoami(client) == "bob"


def test_force_login_of_the_test_client(client, ada):
    """The tests of a site go on to work."""
    client.force_login(ada)
    assert whoami(client) == "ada"
    assert cookie_of(client, "sessionid") == ""
    client.logout()
    assert whoami(client) == ""


def test_login_of_the_test_client(client):
    """With a password."""
    assert client.login(username="ada", password=PASSWORD)
    assert whoami(client) == "ada"


def test_the_admin_works_by_the_cookie(client):
    """From its login page to its log of changes."""
    response = client.get("/admin/auth/user/")
    assert response.url == "/admin/login/?next=/admin/auth/user/"
    log_in_by_admin(client, "ada")
    assert client.get("/admin/auth/user/").status_code == 200
    assert client.post("/admin/auth/group/add/", {"name": "editors"}).status_code == 302
    assert Group.objects.get().name == "editors"


def test_the_backend_of_each_login_is_kept(client, settings):
    """With several, the one that Django's login() was told."""
    settings.AUTHENTICATION_BACKENDS = [BACKEND, OTHER_BACKEND]
    client.get("/login/ada/", {"backend": OTHER_BACKEND})
    assert LoginSession.objects.get().backend == OTHER_BACKEND
    assert whoami(client) == "ada"


def test_with_several_backends_login_has_to_be_told_which(client, settings):
    """Django's own error, also from the package's function."""
    settings.AUTHENTICATION_BACKENDS = [BACKEND, OTHER_BACKEND]
    with pytest.raises(ValueError, match="multiple authentication backends"):
        client.get("/login-ours/ada/")


def test_with_several_backends_the_page_knows_which(client, settings):
    """The one that knew the password."""
    settings.AUTHENTICATION_BACKENDS = [OTHER_BACKEND, BACKEND]
    log_in_by_page(client)
    assert LoginSession.objects.get().backend == OTHER_BACKEND


def test_a_backend_with_rules_of_its_own_is_asked_on_every_request(client, settings, ada):
    """Its ``get_user`` decides, not ours."""
    settings.AUTHENTICATION_BACKENDS = [CLOSED_BACKEND]
    client.get("/login/ada/")
    assert whoami(client) == "ada"
    User.objects.filter(pk=ada.pk).update(last_name="closed")
    assert client.get("/public/").json() == {"user": "", "reason": "user_inactive"}


def test_a_manager_that_hides_users_hides_them_from_logins(client, monkeypatch, ada):
    """As with Django, whose backend asks the default manager."""
    manager = sites.HidingManager()
    manager.model = User
    monkeypatch.setattr(User._meta, "default_manager", manager)
    client.get("/login/ada/")
    assert whoami(client) == "ada"
    User.objects.filter(pk=ada.pk).update(last_name="hidden")
    assert client.get("/public/").json() == {"user": "", "reason": "user_inactive"}


def test_last_login_is_noted_once(client, clock, ada):
    """By Django, at the login; moving it is none."""
    client.get("/login/ada/")
    clock.shift(400)
    whoami(client)
    ada.refresh_from_db()
    assert ada.last_login == NOW


def test_auth_time_is_when_the_password_was_given(client, clock):
    """Of a login by other code too, and it stays at each renewal."""
    client.get("/login/ada/")
    clock.shift(400)
    assert COOKIE in client.get("/public/").cookies
    claims = decode(cookie_of(client, COOKIE))
    assert (claims.auth_time, claims.iat) == (NOW.timestamp(), NOW.timestamp() + 400)


def test_the_address_is_recorded_if_the_site_says_so(client, settings):
    """And only then."""
    client.get("/login/ada/")
    assert LoginSession.objects.get(user__username="ada").ip_address is None
    settings.JWT_COOKIE = {"RECORD_IP": True}
    client.get("/login/bob/", REMOTE_ADDR="10.1.2.3")
    assert LoginSession.objects.get(user__username="bob").ip_address == "10.1.2.3"


def test_the_browser_is_recorded(client):
    """So that the user knows it again in the list of logins."""
    client.get("/login/ada/", headers={"user-agent": "Ladybird"})
    assert LoginSession.objects.get().user_agent == "Ladybird"


@pytest.mark.parametrize("kind", ["django", "ours"])
def test_of_two_logins_in_one_request_the_second_counts(client, kind):
    """Impersonation: the first leaves no login behind that nobody has."""
    client.get(f"/login-twice/{kind}/ada/bob/")
    assert whoami(client) == "bob"
    assert [each.user.username for each in LoginSession.objects.alive()] == ["bob"]


@pytest.mark.parametrize("kind", ["django", "ours"])
def test_a_login_and_a_logout_in_one_request_are_no_login(client, kind):
    """Nothing is left in the browser or on the server."""
    client.get(f"/login-and-out/{kind}/ada/")
    assert cookie_of(client, COOKIE) == ""
    assert not LoginSession.objects.alive().exists()


@pytest.mark.parametrize("kind", ["django", "ours"])
def test_a_logout_and_a_login_in_one_request_are_a_login(client, kind):
    """Becoming somebody else: the login of before has ended."""
    client.get("/login/ada/")
    client.get(f"/logout-and-in/{kind}/bob/")
    assert whoami(client) == "bob"
    assert [each.user.username for each in LoginSession.objects.alive()] == ["bob"]

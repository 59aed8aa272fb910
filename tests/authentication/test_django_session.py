"""Whoever logs somebody in, by whatever code: the login lives in the cookie and nowhere else."""

import logging
import re
from datetime import UTC, datetime, timedelta
from importlib import import_module
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from django.contrib import auth
from django.contrib.auth.models import Group, User
from django.contrib.auth.tokens import default_token_generator
from django.contrib.sessions.backends.file import SessionStore as FileSessionStore
from django.contrib.sessions.models import Session
from django.db import OperationalError
from django.test import override_settings
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from django_jwt_cookie import sessions
from django_jwt_cookie.exceptions import TokenTooLarge
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.tokens import decode

from tests.support import sites
from tests.support.cases import spread

pytestmark = pytest.mark.django_db

NAME = "__Host-jwt"
MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"
OTHER_BACKEND = "tests.support.sites.OtherBackend"
CLOSED_BACKEND = "tests.support.sites.ClosedBackend"
PASSWORD = "xk3-Pq9-zz"
NEW_PASSWORD = {"new_password1": "vW9-kk-12q", "new_password2": "vW9-kk-12q"}
JSON = {"accept": "application/json"}
NOW = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _site(settings):
    settings.ROOT_URLCONF = "tests.support.sites"


@pytest.fixture(autouse=True)
def ada():
    """Return a user who may see the admin."""
    return User.objects.create_superuser("ada", email="ada@example.com", password=PASSWORD)


@pytest.fixture(autouse=True)
def bob():
    """Return another one."""
    return User.objects.create_superuser("bob", password=PASSWORD)


@pytest.fixture
def clock(time_machine):
    """Stop the clock; ``clock.shift(seconds)`` lets time pass."""
    time_machine.move_to(NOW, tick=False)
    return time_machine


@pytest.fixture(params=spread(["db", "cache", "cached_db", "file", "signed_cookies"], 3))
def engine(request, settings, tmp_path, monkeypatch):
    """Keep Django sessions in each of the places that Django has for them; return its name."""
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{request.param}"
    settings.SESSION_FILE_PATH = str(tmp_path)
    monkeypatch.delattr(FileSessionStore, "_storage_path", raising=False)
    backend = "django.core.cache.backends.filebased.FileBasedCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": str(tmp_path)}}
    return request.param


@pytest.fixture
def stored_sessions(engine, tmp_path):
    """Count what the server keeps of Django sessions, wherever that is: ``stored_sessions()``."""
    return lambda: Session.objects.count() + len([*tmp_path.iterdir()])


def whoami(client):
    """Return the name that the site knows ``client`` by."""
    return client.get("/public/").json()["user"]


def cookie_of(client, name):
    """Return the value of a cookie in the jar; empty if there is none."""
    return client.cookies[name].value if name in client.cookies else ""


def sid_of(client):
    """Return the claim ``sid`` of the token in the jar."""
    return decode(cookie_of(client, NAME), allow_expired=True).sid


def cart_of(client):
    """Return what is in the Django session besides the login."""
    return client.get("/cart/").json()["cart"]


def session_store(key=None):
    """Open a Django session by hand."""
    return import_module(django_settings.SESSION_ENGINE).SessionStore(key)


def log_in_before_the_swap(client, user, **more):
    """Leave in ``client`` what a login with Django's own middleware left."""
    session = session_store()
    session.update(
        {
            auth.SESSION_KEY: str(user.pk),
            auth.BACKEND_SESSION_KEY: MODEL_BACKEND,
            auth.HASH_SESSION_KEY: user.get_session_auth_hash(),
            **more,
        }
    )
    session.save()
    client.cookies["sessionid"] = session.session_key


def log_in_by_page(client, name="ada", **more):
    """Log in with the package's page."""
    return client.post("/accounts/login/", {"username": name, "password": PASSWORD} | more)


def log_in_by_admin(client, name):
    """Log in with the admin's page."""
    client.post("/admin/login/", {"username": name, "password": PASSWORD, "next": "/admin/"})


def log_in_by_program(client, name):
    """Log in with JSON."""
    data = {"username": name, "password": PASSWORD}
    client.post("/accounts/login/", data, content_type="application/json")


LOGINS = {
    "login": lambda client, name: client.get(f"/login/{name}/"),
    "alogin": lambda client, name: client.get(f"/alogin/{name}/"),
    "login of ours": lambda client, name: client.get(f"/login-ours/{name}/"),
    "alogin of ours": lambda client, name: client.get(f"/alogin-ours/{name}/"),
    "page": log_in_by_page,
    "JSON": log_in_by_program,
    "admin": log_in_by_admin,
}
LOGOUTS = {
    "logout": lambda client: client.get("/logout/"),
    "alogout": lambda client: client.get("/alogout/"),
    "logout of ours": lambda client: client.get("/logout-ours/"),
    "alogout of ours": lambda client: client.get("/alogout-ours/"),
    "page": lambda client: client.post("/accounts/logout/"),
    "JSON": lambda client: client.post("/accounts/logout/", headers=JSON),
    "admin": lambda client: client.post("/admin/logout/"),
}


@pytest.fixture(params=LOGINS)
def log_in(request):
    """Log in by each of the ways there are: ``log_in(client, name)``."""
    return LOGINS[request.param]


@pytest.fixture(params=LOGOUTS)
def log_out(request):
    """Log out by each of the ways there are: ``log_out(client)``."""
    return LOGOUTS[request.param]


# --- Logging in


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
    settings.AUTHENTICATION_BACKENDS = [MODEL_BACKEND, OTHER_BACKEND]
    client.get("/login/ada/", {"backend": OTHER_BACKEND})
    assert LoginSession.objects.get().backend == OTHER_BACKEND
    assert whoami(client) == "ada"


def test_with_several_backends_login_has_to_be_told_which(client, settings):
    """Django's own error, also from the package's function."""
    settings.AUTHENTICATION_BACKENDS = [MODEL_BACKEND, OTHER_BACKEND]
    with pytest.raises(ValueError, match="multiple authentication backends"):
        client.get("/login-ours/ada/")


def test_with_several_backends_the_page_knows_which(client, settings):
    """The one that knew the password."""
    settings.AUTHENTICATION_BACKENDS = [OTHER_BACKEND, MODEL_BACKEND]
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
    assert NAME in client.get("/public/").cookies
    claims = decode(cookie_of(client, NAME))
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


# --- More than one step in one request


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
    assert cookie_of(client, NAME) == ""
    assert not LoginSession.objects.alive().exists()


@pytest.mark.parametrize("kind", ["django", "ours"])
def test_a_logout_and_a_login_in_one_request_are_a_login(client, kind):
    """Becoming somebody else: the login of before has ended."""
    client.get("/login/ada/")
    client.get(f"/logout-and-in/{kind}/bob/")
    assert whoami(client) == "bob"
    assert [each.user.username for each in LoginSession.objects.alive()] == ["bob"]


# --- Moving in from Django's sessions


@pytest.mark.parametrize("path", ["/public/", "/apublic/"])
def test_a_login_from_before_the_swap_moves_into_the_cookie(client, stored_sessions, ada, path):
    """Nobody is logged out by the swap, whatever the sessions are kept in."""
    log_in_before_the_swap(client, ada)
    assert client.get(path).json() == {"user": "ada", "reason": None}
    assert cookie_of(client, "sessionid") == ""
    assert stored_sessions() == 0
    assert whoami(client) == "ada"


def test_a_login_from_before_the_swap_opens_protected_pages(client, ada):
    """At once."""
    log_in_before_the_swap(client, ada)
    assert client.get("/members/").content == b"members"


def test_a_login_from_before_the_swap_waits_for_a_page_that_asks(client, ada):
    """An untouched page stays untouched."""
    log_in_before_the_swap(client, ada)
    assert not client.get("/plain/").cookies
    assert whoami(client) == "ada"


def test_what_else_was_in_a_session_from_before_the_swap_stays(client, stored_sessions, ada):
    """A cart, for example; the login itself is taken out."""
    log_in_before_the_swap(client, ada, cart="lamp")
    assert whoami(client) == "ada"
    assert cart_of(client) == "lamp"
    assert auth.SESSION_KEY not in session_store(cookie_of(client, "sessionid")).load()


def test_a_login_from_before_the_swap_with_an_old_password_is_none(client, ada):
    """Django's own check applies, and its answer: the session is flushed."""
    log_in_before_the_swap(client, ada, cart="lamp")
    ada.set_password("another one")
    ada.save()
    assert whoami(client) == ""
    assert LoginSession.objects.count() == 0
    assert Session.objects.count() == 0


def test_a_login_from_before_the_swap_of_a_user_who_is_gone_is_none(client, ada):
    """As with Django."""
    log_in_before_the_swap(client, ada)
    ada.delete()
    assert client.get("/public/").json() == {"user": "", "reason": None}


def test_a_login_from_before_the_swap_by_a_backend_that_is_gone_is_none(client, ada):
    """As with Django."""
    log_in_before_the_swap(client, ada, **{auth.BACKEND_SESSION_KEY: "gone.Backend"})
    assert whoami(client) == ""


def test_a_login_in_the_session_wins_over_the_cookie(client, engine, ada, bob):
    """It is the newer statement; the login in the cookie is replaced."""
    client.get("/login/ada/")
    client.force_login(bob)
    assert whoami(client) == "bob"
    assert whoami(client) == "bob"
    assert LoginSession.objects.get(user=ada).revoked_because == "replaced"


def test_a_login_in_the_session_wins_over_garbage(client, ada):
    """And the cookie is replaced, not deleted."""
    client.cookies[NAME] = "garbage"
    client.force_login(ada)
    assert client.get("/public/").json() == {"user": "ada", "reason": None}
    assert whoami(client) == "ada"


def test_swapping_the_line_back_asks_to_log_in_again(client, new_client, engine, settings, ada):
    """Django's middleware ignores the cookie; what is in the session is still there."""
    log_in_before_the_swap(client, ada, cart="lamp")
    assert (whoami(client), cart_of(client)) == ("ada", "lamp")
    ours = "django_jwt_cookie.middleware.JWTCookieMiddleware"
    djangos = "django.contrib.auth.middleware.AuthenticationMiddleware"
    settings.MIDDLEWARE = [djangos if each == ours else each for each in settings.MIDDLEWARE]
    back = new_client()
    back.cookies = client.cookies
    assert back.get("/members/").url == "/accounts/login/?next=/members/"
    assert cart_of(back) == "lamp"
    log_in_by_admin(back, "ada")
    assert back.get("/members/").status_code == 200


# --- Logging out


def test_a_logout_ends_the_login_on_the_server_and_in_the_browser(client, log_out):
    """Whoever calls it."""
    client.get("/login/ada/")
    response = log_out(client)
    cookie = response.cookies[NAME]
    assert (cookie.value, cookie["max-age"], cookie["path"]) == ("", 0, "/")
    assert LoginSession.objects.get().revoked_because == "logout"
    assert whoami(client) == ""


def test_replay_of_a_token_after_logout(client, log_out):
    """Whoever kept a copy has nothing: what plain JWTs lack."""
    client.get("/login/ada/")
    copy = cookie_of(client, NAME)
    log_out(client)
    client.cookies[NAME] = copy
    assert client.get("/public/").json() == {"user": "", "reason": "session_revoked"}


def test_replay_of_a_token_after_it_was_replaced(client, log_in):
    """A new login in the same browser ends the one before."""
    client.get("/login/ada/")
    copy = cookie_of(client, NAME)
    log_in(client, "ada")
    client.cookies[NAME] = copy
    assert client.get("/public/").json() == {"user": "", "reason": "session_revoked"}


def test_replay_of_a_session_cookie_after_it_was_moved(client, ada):
    """The session of before the swap is gone from the server."""
    log_in_before_the_swap(client, ada)
    copy = cookie_of(client, "sessionid")
    client.get("/public/")
    client.get("/logout/")
    client.cookies["sessionid"] = copy
    assert whoami(client) == ""


@pytest.mark.parametrize("path", ["/logout/", "/alogout/", "/logout-ours/", "/alogout-ours/"])
def test_nobody_is_known_in_the_request_that_logs_out(client, path):
    """As with Django."""
    client.get("/login/ada/")
    assert client.get(path).json() == {"user": ""}


def test_a_logout_before_the_first_page_after_the_swap(client, ada):
    """The login in the session ends, and none begins."""
    log_in_before_the_swap(client, ada)
    client.get("/logout/")
    assert whoami(client) == ""
    assert Session.objects.count() == 0
    assert LoginSession.objects.count() == 0


def test_a_logout_takes_the_rest_of_the_session_along(client, stored_sessions, log_out):
    """As with Django: the next visitor sees nothing."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    log_out(client)
    assert cart_of(client) is None
    assert stored_sessions() == 0


def test_a_logout_of_nobody_does_nothing(client, log_out):
    """No record, no error."""
    assert log_out(client).status_code in {200, 204, 302}
    assert LoginSession.objects.count() == 0


def test_a_logout_leaves_other_browsers_alone(client, new_client):
    """It is this login that ends."""
    client.get("/login/ada/")
    other = new_client()
    other.get("/login/ada/")
    client.get("/logout/")
    assert (whoami(client), whoami(other)) == ("", "ada")


# --- Passwords


def test_a_new_password_without_update_session_auth_hash_logs_out(client):
    """As with Django, everywhere, here included."""
    client.get("/login/ada/")
    client.get("/set-password/")
    assert client.get("/public/").json() == {"user": "", "reason": "session_revoked"}


def test_a_new_password_right_after_login_logs_out(client):
    """The login began with the old one."""
    client.get("/login-and-set-password/ada/")
    assert client.get("/public/").json() == {"user": "", "reason": "session_revoked"}


@pytest.mark.parametrize("path", ["/update-hash/", "/aupdate-hash/"])
def test_update_session_auth_hash_keeps_this_login_and_ends_the_others(client, new_client, path):
    """What a page for changing the password calls."""
    client.get("/login/ada/")
    other, stranger = new_client(), new_client()
    other.get("/login/ada/")
    stranger.get("/login/bob/")
    client.get(path)
    assert whoami(client) == "ada"
    assert other.get("/public/").json() == {"user": "", "reason": "session_revoked"}
    assert whoami(stranger) == "bob"


@pytest.mark.parametrize("path", ["/update-hash/", "/aupdate-hash/"])
def test_update_session_auth_hash_leaves_no_session(client, stored_sessions, path):
    """It writes into one that has nothing else in it."""
    client.get("/login/ada/")
    client.get(path)
    assert cookie_of(client, "sessionid") == ""
    assert stored_sessions() == 0


def test_update_session_auth_hash_keeps_what_else_is_in_the_session(client):
    """The cart."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    client.get("/update-hash/")
    assert cart_of(client) == "lamp"


def test_update_session_auth_hash_with_a_login_from_before_the_swap(client, ada):
    """The session holds the whole login then, with the new hash."""
    log_in_before_the_swap(client, ada)
    client.get("/update-hash/")
    assert whoami(client) == "ada"


def test_update_session_auth_hash_of_somebody_else_changes_nobodys_login(client):
    """An administrator who sets another user's password does not become that user."""
    client.get("/login/ada/")
    client.get("/update-hash-of/bob/")
    assert whoami(client) == "ada"


def test_the_admin_changes_its_own_password_and_stays_logged_in(client, ada):
    """Its page calls ``update_session_auth_hash()``."""
    client.get("/login/ada/")
    new = NEW_PASSWORD | {"old_password": PASSWORD}
    assert client.post("/admin/password_change/", new).status_code == 302
    assert whoami(client) == "ada"


def reset_link(user):
    """Return the part of the link in the e-mail that lets its reader choose a new password."""
    user.refresh_from_db()
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return f"{uid}/{default_token_generator.make_token(user)}/"


def test_a_password_reset_with_post_reset_login_logs_in(client, ada):
    """By Django's own view, through the link of the e-mail."""
    form = client.get(f"/django-reset/{reset_link(ada)}").url
    assert client.post(form, NEW_PASSWORD).url == "/public/"
    assert whoami(client) == "ada"
    assert cookie_of(client, "sessionid") == ""


def test_a_password_reset_ends_the_logins_of_before(client, new_client, ada):
    """Whoever has the account must leave."""
    thief = new_client()
    thief.get("/login/ada/")
    form = client.get(f"/django-reset/{reset_link(ada)}").url
    client.post(form, NEW_PASSWORD)
    assert whoami(client) == "ada"
    assert thief.get("/public/").json() == {"user": "", "reason": "session_revoked"}


# --- What else is in the session


def test_the_cart_of_an_anonymous_visitor_survives_the_login(client, log_in):
    """As with Django."""
    client.get("/cart/lamp/")
    log_in(client, "ada")
    assert (whoami(client), cart_of(client)) == ("ada", "lamp")


@pytest.mark.parametrize("path", ["/cart/lamp/", "/acart/lamp/"])
def test_the_cart_of_an_anonymous_visitor_survives_in_any_kind_of_session(client, engine, path):
    """As with Django."""
    client.get(path)
    client.get("/login/ada/")
    assert (whoami(client), cart_of(client)) == ("ada", "lamp")
    assert client.get("/acart/").json() == {"cart": "lamp"}


def test_a_cart_is_stored_where_the_site_says(client, engine, stored_sessions):
    """This is also how the tests that count nothing could fail."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    stored = {"cached_db": 2, "signed_cookies": 0}
    assert stored_sessions() == stored.get(engine, 1)


def test_the_cart_survives_a_second_login_of_the_same_user(client, log_in):
    """As with Django."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    log_in(client, "ada")
    assert (whoami(client), cart_of(client)) == ("ada", "lamp")


def test_the_cart_stays_when_the_token_is_renewed(client, clock):
    """Nothing of it depends on the token."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    clock.shift(400)
    assert NAME in client.get("/public/").cookies
    assert cart_of(client) == "lamp"


def test_the_cart_of_an_anonymous_visitor_with_garbage_survives_the_login(client):
    """Garbage is nobody's."""
    client.cookies[NAME] = "garbage"
    client.get("/cart/lamp/")
    client.get("/login/ada/")
    assert cart_of(client) == "lamp"


def test_session_fixation_a_planted_session_key_is_worth_nothing(client, engine, log_in):
    """The attacker who planted it must not share the session after the login."""
    client.get("/cart/lamp/")
    planted = cookie_of(client, "sessionid")
    log_in(client, "ada")
    assert cookie_of(client, "sessionid") not in {"", planted}
    assert engine == "signed_cookies" or not session_store(planted).exists(planted)


def test_session_fixation_the_attackers_own_session_is_not_taken_over(client, new_client):
    """Neither its cart nor its key."""
    attacker = new_client()
    attacker.get("/login/bob/")
    attacker.get("/cart/bomb/")
    client.cookies["sessionid"] = cookie_of(attacker, "sessionid")
    client.get("/login/ada/")
    assert cart_of(client) is None


def test_session_fixation_the_attackers_cookie_is_replaced(client, new_client, log_in):
    """Login CSRF: the victim's own login takes the place of the one that was planted."""
    attacker = new_client()
    attacker.get("/login/bob/")
    client.cookies[NAME] = cookie_of(attacker, NAME)
    log_in(client, "ada")
    assert whoami(client) == "ada"
    assert whoami(attacker) == ""


# --- A shared computer: one browser, Ada first, then somebody else


def set_new_password(_client):
    """Change the password in another browser."""
    ada = User.objects.get(username="ada")
    ada.set_password("another one")
    ada.save()


ENDS = {
    "logout": lambda client: client.get("/logout/"),
    "logout page": lambda client: client.post("/accounts/logout/"),
    "expiry": lambda _: LoginSession.objects.update(expires_at=timezone.now()),
    "revocation": lambda _: sessions.revoke_all(User.objects.get(username="ada")),
    "new password": set_new_password,
    "deletion": lambda _: User.objects.get(username="ada").delete(),
    "removal of the cookie": lambda client: client.cookies.pop(NAME),
    "garbage": lambda client: client.cookies.load({NAME: "garbage"}),
    "nothing": lambda _: None,
}


@pytest.mark.parametrize("fill", ["/cart/lamp/", "/acart/lamp/", "/cart-of-user/lamp/"])
@pytest.mark.parametrize("end", spread(ENDS, 4))
def test_shared_computer_the_next_visitor_sees_no_cart(client, end, fill):
    """However the login of before ended, and whether or not it was looked at."""
    client.get("/login/ada/")
    client.get(fill)
    ENDS[end](client)
    client.get("/login/bob/")
    assert (whoami(client), cart_of(client)) == ("bob", None)


@pytest.mark.parametrize("end", ["expiry", "removal of the cookie", "nothing"])
def test_shared_computer_however_the_next_visitor_logs_in(client, end, log_in):
    """By Django's function, a page, the admin."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    ENDS[end](client)
    log_in(client, "bob")
    assert (whoami(client), cart_of(client)) == ("bob", None)


@pytest.mark.parametrize("end", ["expiry", "removal of the cookie", "nothing"])
def test_shared_computer_whatever_keeps_the_sessions(client, engine, end):
    """Rows, files, cache entries, cookies."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    ENDS[end](client)
    client.get("/login/bob/")
    assert (whoami(client), cart_of(client)) == ("bob", None)


@pytest.mark.parametrize("end", ["expiry", "removal of the cookie", "nothing"])
def test_shared_computer_with_a_session_from_before_the_swap(client, ada, end):
    """Its cart is Ada's too."""
    log_in_before_the_swap(client, ada, cart="lamp")
    client.get("/public/")
    ENDS[end](client)
    client.get("/login/bob/")
    assert (whoami(client), cart_of(client)) == ("bob", None)


@pytest.mark.parametrize("end", ["expiry", "removal of the cookie", "nothing"])
def test_shared_computer_with_a_cart_from_before_adas_login(client, end):
    """It became Ada's when she logged in."""
    client.get("/cart/lamp/")
    client.get("/login/ada/")
    ENDS[end](client)
    client.get("/login/bob/")
    assert (whoami(client), cart_of(client)) == ("bob", None)


@pytest.mark.parametrize("end", ["expiry", "revocation", "new password"])
def test_shared_computer_an_ended_login_takes_its_cart_along(client, end):
    """Django flushes the session when it notices; the next anonymous visitor sees nothing."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    ENDS[end](client)
    assert whoami(client) == ""
    assert cart_of(client) is None


def test_shared_computer_with_a_cart_that_was_filled_behind_our_back(client, settings):
    """After our middleware had written whose it is: the cookie still tells that it is not Bob's."""
    before = settings.MIDDLEWARE
    place = before.index("django_jwt_cookie.middleware.JWTCookieMiddleware")
    client.get("/login/ada/")
    with override_settings(
        MIDDLEWARE=[*before[:place], "tests.support.sites.fill_cart_late", *before[place:]]
    ):
        other = type(client)()
        other.cookies = client.cookies
        other.get("/plain/")
    assert cart_of(client) == "lamp"
    client.get("/login/bob/")
    assert (whoami(client), cart_of(client)) == ("bob", None)


def test_shared_computer_signing_up_shows_no_cart(client):
    """A new account is somebody else."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    client.cookies.pop(NAME)
    new = {"username": "eve", "password1": PASSWORD, "password2": PASSWORD}
    client.post("/accounts/signup/", new)
    assert (whoami(client), cart_of(client)) == ("eve", None)


def test_shared_computer_force_login_shows_no_cart(client, bob):
    """The test client writes into the session that is there."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    client.cookies.pop(NAME)
    client.force_login(bob)
    assert (whoami(client), cart_of(client)) == ("bob", None)


# --- Views that fail, or see to the cookie themselves


def test_a_view_that_raises_after_login_logs_nobody_in(new_client):
    """As with Django, which saves no session then."""
    client = new_client(raise_request_exception=False)
    response = client.get("/login-and-raise/ada/")
    assert (response.status_code, NAME in response.cookies) == (500, False)
    assert whoami(client) == ""
    assert not LoginSession.objects.alive().exists()


@pytest.mark.parametrize(("status", "name"), [(200, "ada"), (404, "ada"), (500, ""), (503, "")])
def test_a_view_that_answers_500_after_login_logs_nobody_in(client, status, name):
    """As with Django; other errors are answers like any."""
    client.get(f"/login-and-answer/ada/{status}/")
    assert whoami(client) == name


def test_a_view_that_raises_leaves_the_login_of_before(new_client):
    """Nothing happened."""
    client = new_client(raise_request_exception=False)
    client.get("/login/ada/")
    client.get("/login-and-raise/bob/")
    client.get("/failing/")
    assert whoami(client) == "ada"


def test_a_view_that_raises_with_a_bad_cookie_still_deletes_it(new_client):
    """It is bad whatever the view did."""
    client = new_client(raise_request_exception=False)
    client.cookies[NAME] = "garbage"
    assert client.get("/failing/").cookies[NAME]["max-age"] == 0


def test_a_view_that_sets_the_cookie_itself_is_not_overruled(client, clock):
    """Even when it is time for a new token."""
    client.get("/login/ada/")
    clock.shift(400)
    assert client.get("/set-cookie/").cookies[NAME].value == "mine"


def test_a_view_that_deletes_the_cookie_itself_is_not_overruled(client, clock):
    """Even when it is time for a new token."""
    client.get("/login/ada/")
    clock.shift(400)
    assert client.get("/delete-cookie/").cookies[NAME].value == ""


# --- Renewal


@pytest.mark.parametrize("path", ["/public/", "/apublic/"])
def test_a_token_is_renewed_at_half_its_life_and_not_before(client, clock, path):
    """Same login, same record, the next generation, new times."""
    client.get("/login/ada/")
    first = decode(cookie_of(client, NAME))
    clock.shift(299)
    assert NAME not in client.get(path).cookies
    clock.shift(1)
    response = client.get(path)
    second = decode(response.cookies[NAME].value)
    assert (second.sid, second.sub, second.gen) == (first.sid, first.sub, first.gen + 1)
    assert (second.iat, second.exp) == (first.iat + 300, first.exp + 300)
    assert NAME not in client.get(path).cookies


def test_times_are_seconds_and_agree(client, clock, settings):
    """``exp`` of the token, ``Max-Age`` of the cookie and the JSON; no milliseconds anywhere."""
    settings.JWT_COOKIE = {"TOKEN_LIFETIME": timedelta(minutes=20)}
    response = client.post(
        "/accounts/login/",
        {"username": "ada", "password": PASSWORD, "remember": True},
        content_type="application/json",
    )
    now, fourteen_days = int(NOW.timestamp()), 14 * 24 * 3600
    document, claims = response.json(), decode(response.cookies[NAME].value)
    assert (document["issued_at"], document["expires_at"]) == (now, now + 1200)
    assert (claims.iat, claims.exp) == (now, now + 1200)
    assert document["session"]["created_at"] == now
    assert document["session"]["expires_at"] == now + fourteen_days
    assert response.cookies[NAME]["max-age"] == fourteen_days


def test_max_age_is_the_idle_timeout_until_the_absolute_one_is_near(client, clock):
    """A login ends so long after the password was given, however busy it is."""
    assert client.get("/login/ada/").cookies[NAME]["max-age"] == 14 * 24 * 3600
    for days, left in ((10, 14), (6, 14), (4, 10), (9, 1)):
        clock.shift(timedelta(days=days))
        assert client.get("/public/").cookies[NAME]["max-age"] == left * 24 * 3600


def test_an_expired_token_of_a_living_login_is_renewed(client, clock):
    """After a day away nobody has to log in."""
    client.get("/login/ada/")
    sid = sid_of(client)
    clock.shift(timedelta(days=1))
    assert whoami(client) == "ada"
    claims = decode(cookie_of(client, NAME))
    assert (claims.sid, claims.iat) == (sid, int(NOW.timestamp()) + 24 * 3600)


def keep_busy(client, clock, days):
    """Come back once a day."""
    for _ in range(days):
        clock.shift(timedelta(days=1))
        assert whoami(client) == "ada"


def test_the_last_token_ends_with_the_login(client, clock):
    """No token is honoured beyond it."""
    client.get("/login/ada/")
    keep_busy(client, clock, 29)
    clock.shift(timedelta(days=1, seconds=-100))
    assert whoami(client) == "ada"
    claims = decode(cookie_of(client, NAME))
    assert claims.exp == int((NOW + timedelta(days=30)).timestamp())


def test_a_login_ends_by_itself_however_busy(client, clock):
    """And says so."""
    client.get("/login/ada/")
    keep_busy(client, clock, 29)
    clock.shift(timedelta(days=1, seconds=-1))
    assert whoami(client) == "ada"
    clock.shift(1)
    assert client.get("/public/").json() == {"user": "", "reason": "session_expired"}


def test_a_login_ends_when_it_is_not_used(client, clock):
    """Fourteen days."""
    client.get("/login/ada/")
    clock.shift(timedelta(days=14, seconds=-1))
    assert whoami(client) == "ada"
    clock.shift(timedelta(days=14))
    assert client.get("/public/").json() == {"user": "", "reason": "session_expired"}


@pytest.mark.parametrize("path", ["/plain/", "/aplain/"])
def test_an_untouched_page_renews_nothing(client, clock, path):
    """It does not know that it could."""
    client.get("/login/ada/")
    clock.shift(400)
    assert not client.get(path).cookies


def test_a_public_response_brings_no_new_token(client, clock):
    """A shared cache that kept it would hand the login to the next visitor."""
    client.get("/login/ada/")
    clock.shift(400)
    response = client.get("/for-everybody/")
    assert response.json()["user"] == "ada"
    assert NAME not in response.cookies
    assert response["Cache-Control"] == "public, max-age=60"
    assert response["Vary"] == "Cookie"


def test_a_public_response_that_logs_in_is_made_private(client):
    """A login can't wait."""
    response = client.get("/login-for-everybody/ada/")
    assert response.cookies[NAME].value
    assert "public" not in response["Cache-Control"]
    assert "no-store" in response["Cache-Control"]


def test_refresh_renews_at_once(client, clock):
    """Whatever the age of the token."""
    client.get("/login/ada/")
    clock.shift(10)
    response = client.post("/accounts/refresh/")
    now = int(NOW.timestamp()) + 10
    assert (response.status_code, response.json()["issued_at"]) == (200, now)
    assert decode(response.cookies[NAME].value).iat == now


# --- The cookie


def test_the_cookies_attributes(client):
    """What no script, no other site, no plain connection and no other host can get at."""
    cookie = client.get("/login/ada/").cookies[NAME]
    names = ("path", "domain", "samesite", "secure", "httponly")
    assert [cookie[name] for name in names] == ["/", "", "Lax", True, True]


@pytest.mark.parametrize("data", [{}, {"remember": ""}])
def test_without_remember_me_the_cookie_ends_with_the_browser(client, clock, data):
    """Neither Max-Age nor Expires; twelve hours without use at most."""
    cookie = log_in_by_page(client, **data).cookies[NAME]
    assert (cookie["max-age"], cookie["expires"]) == ("", "")
    clock.shift(timedelta(hours=11))
    cookie = client.get("/public/").cookies[NAME]
    assert (cookie["max-age"], cookie["expires"]) == ("", "")
    clock.shift(timedelta(hours=12))
    assert client.get("/public/").json() == {"user": "", "reason": "session_expired"}


def test_with_remember_me_the_cookie_stays(client, clock):
    """For as long as the login."""
    assert log_in_by_page(client, remember="on").cookies[NAME]["max-age"] == 14 * 24 * 3600


@pytest.mark.parametrize(("closes", "max_age"), [(True, ""), (False, 14 * 24 * 3600)])
def test_a_login_by_other_code_lasts_as_djangos_setting_says(
    client, clock, settings, closes, max_age
):
    """``SESSION_EXPIRE_AT_BROWSER_CLOSE`` is the site's word on it."""
    settings.SESSION_EXPIRE_AT_BROWSER_CLOSE = closes
    assert client.get("/login/ada/").cookies[NAME]["max-age"] == max_age


def test_a_login_by_other_code_lasts_as_that_code_says(client):
    """``request.session.set_expiry(0)`` is how other code does without "remember me"."""
    assert client.get("/login-until-browser-closes/ada/").cookies[NAME]["max-age"] == ""
    assert cookie_of(client, "sessionid") == ""


@pytest.mark.parametrize("path", ["/public/", "/apublic/"])
def test_headers_of_a_response_that_only_read_the_cookie(client, path):
    """It varies by cookie, and may be kept by the visitor's own browser."""
    client.get("/login/ada/")
    response = client.get(path)
    assert response["Vary"] == "Cookie"
    assert "Cache-Control" not in response


@pytest.mark.parametrize("path", ["/login/ada/", "/alogin/ada/", "/login-ours/ada/"])
def test_headers_of_a_response_that_sets_the_cookie(client, path):
    """Nobody may keep it."""
    response = client.get(path)
    assert "Cookie" in response["Vary"]
    assert {"private", "no-store"} <= set(re.split(", *", response["Cache-Control"]))


@pytest.mark.parametrize("path", ["/plain/", "/aplain/"])
def test_headers_of_a_response_that_did_not_ask(client, path):
    """It is the same for everybody."""
    client.get("/login/ada/")
    response = client.get(path)
    assert "Vary" not in response
    assert "Cache-Control" not in response


@pytest.mark.parametrize("path", ["/login/ada/", "/accounts/login/"])
def test_a_secure_cookie_over_plain_http_is_warned_of(client, caplog, path):
    """The browser drops it, and the login seems to do nothing: the log names the remedies."""
    client.post(path, {"username": "ada", "password": PASSWORD}, secure=False)
    (record,) = [each for each in caplog.records if each.name == "django.security.jwt_cookie"]
    assert record.levelno == logging.WARNING
    for remedy in ("SECURE_PROXY_SSL_HEADER", "DEBUG", "COOKIE_SECURE"):
        assert remedy in record.getMessage()


def test_nothing_is_warned_of_over_https(client, caplog):
    """Nor behind a proxy that says so."""
    client.get("/login/ada/")
    assert "jwt_cookie" not in {record.name.rpartition(".")[2] for record in caplog.records}


def test_nothing_is_warned_of_behind_a_proxy_that_ends_https(client, settings, caplog):
    """The remedy works."""
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    client.get("/login/ada/", secure=False, headers={"x-forwarded-proto": "https"})
    assert "jwt_cookie" not in {record.name.rpartition(".")[2] for record in caplog.records}


# --- The site's own claims


@pytest.fixture
def with_roles(settings):
    """Carry the user's groups in the token."""
    settings.JWT_COOKIE = {"CLAIMS": "tests.support.sites.roles"}


def roles_of(client):
    """Return the claim that the site added."""
    return decode(cookie_of(client, NAME))["roles"]


@pytest.mark.parametrize("name", LOGINS)
def test_the_sites_claims_are_in_the_token(client, with_roles, ada, name):
    """Whoever logs in."""
    ada.groups.create(name="editors")
    LOGINS[name](client, "ada")
    assert roles_of(client) == ["editors"]


def test_the_sites_claims_are_asked_for_again_at_renewal(client, with_roles, clock, ada):
    """A role that was taken away is gone with the next token."""
    ada.groups.create(name="editors")
    client.get("/login/ada/")
    ada.groups.clear()
    whoami(client)
    assert roles_of(client) == ["editors"]
    clock.shift(300)
    whoami(client)
    assert roles_of(client) == []


def add_many_groups(user):
    """Add more than a cookie can carry."""
    for index in range(40):
        user.groups.create(name=f"{index}{'x' * 100}")


@pytest.mark.usefixtures("with_roles")
@pytest.mark.parametrize("path", ["/public/", "/apublic/"])
def test_claims_that_grew_too_large_lock_nobody_out(client, clock, caplog, ada, path):
    """The login goes on with the old token, and the log says what is wrong."""
    client.get("/login/ada/")
    add_many_groups(ada)
    clock.shift(400)
    response = client.get(path)
    assert response.json() == {"user": "ada", "reason": None}
    assert NAME not in response.cookies
    (record,) = [each for each in caplog.records if each.name == "django.security.jwt_cookie"]
    assert record.levelno == logging.ERROR
    clock.shift(timedelta(days=1))
    assert whoami(client) == "ada"


@pytest.mark.parametrize("hook", ["failing_claims", "claims_of_ours"])
@pytest.mark.parametrize("path", ["/public/", "/apublic/", "/accounts/login/"])
@pytest.mark.parametrize("age", [400, 700])
def test_claims_that_fail_lock_nobody_out(client, settings, clock, caplog, *, hook, path, age):
    """Not of the login page, and not of logging out: the login goes on, and the log says why."""
    client.get("/login/ada/")
    settings.JWT_COOKIE = {"CLAIMS": f"tests.support.sites.{hook}"}
    clock.shift(age)
    assert client.get(path).status_code == 200
    assert whoami(client) == "ada"
    said = [each for each in caplog.records if each.name == "django.security.jwt_cookie"]
    assert {each.message for each in said} == {"A login token could not be renewed."}
    assert client.post("/accounts/logout/").status_code == 200
    assert whoami(client) == ""


def test_claims_from_a_database_that_is_away(client, settings, clock, caplog):
    """As long as the token is good, and after the view: logged. Before it, the view decides."""
    client.get("/login/ada/")
    settings.JWT_COOKIE = {"CLAIMS": "tests.support.sites.claims_from_afar"}
    clock.shift(400)
    assert whoami(client) == "ada"
    assert caplog.records[-1].message == "A login token could not be renewed."
    clock.shift(400)
    with pytest.raises(OperationalError, match="away"):
        whoami(client)


@pytest.mark.parametrize("name", ["login", "alogin", "login of ours", "page", "admin"])
def test_claims_that_are_too_large_are_refused_at_login(client, with_roles, ada, name):
    """With the size of each, for whoever wrote the hook."""
    add_many_groups(ada)
    with pytest.raises(TokenTooLarge, match=r"sub \d+.*roles 4\d\d\d"):
        LOGINS[name](client, "ada")


@pytest.mark.parametrize("claims", ["tests.support.sites.roles", "tests.support.sites.failing_claims"])
@pytest.mark.parametrize("name", ["login", "login of ours", "page"])
def test_a_login_that_fails_leaves_no_record(new_client, settings, ada, claims, name):
    """The list of devices shows no login that nobody has."""
    settings.JWT_COOKIE = {"CLAIMS": claims}
    add_many_groups(ada)
    client = new_client(raise_request_exception=False)
    LOGINS[name](client, "ada")
    assert whoami(client) == ""
    assert not LoginSession.objects.alive().exists()


def test_a_login_that_fails_leaves_the_one_before(new_client, settings, with_roles, ada):
    """Nothing happened."""
    client = new_client(raise_request_exception=False)
    client.get("/login/bob/")
    add_many_groups(ada)
    client.get("/login/ada/")
    assert whoami(client) == "bob"


# --- Settings of the site


@pytest.fixture
def without_adoption(settings):
    """Leave Django's own logins where they are."""
    settings.JWT_COOKIE = {"ADOPT_DJANGO_LOGINS": False}


def test_without_adoption_a_django_login_is_none(client, without_adoption, ada):
    """Neither by its function nor from before the swap."""
    client.get("/login/ada/")
    assert NAME not in client.cookies
    assert whoami(client) == ""
    log_in_before_the_swap(client, ada)
    assert whoami(client) == ""
    assert LoginSession.objects.count() == 0


@pytest.mark.parametrize("name", ["login of ours", "alogin of ours", "page", "JSON"])
def test_without_adoption_the_packages_own_logins_work(client, without_adoption, name):
    """And leave no session."""
    LOGINS[name](client, "ada")
    assert whoami(client) == "ada"
    assert cookie_of(client, "sessionid") == ""
    assert Session.objects.count() == 0


def test_without_adoption_every_logout_works(client, without_adoption, log_out):
    """Django's function is called to end a login, whatever holds it."""
    LOGINS["page"](client, "ada")
    log_out(client)
    assert whoami(client) == ""
    assert not LoginSession.objects.alive().exists()


def test_with_login_required_middleware(client, settings):
    """Every page asks for a login, except those for logging in; the reason is given."""
    middleware = "django.contrib.auth.middleware.LoginRequiredMiddleware"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, middleware]
    client.cookies[NAME] = "garbage"
    response = client.get("/public/")
    assert response.url == "/accounts/login/?next=/public/&reason=token_invalid"
    assert client.get("/accounts/signup/").status_code == 200
    assert client.get("/accounts/me/").status_code == 401
    log_in_by_page(client)
    assert whoami(client) == "ada"


@pytest.mark.parametrize("path", ["/login/bob/", "/login-ours/bob/"])
@pytest.mark.parametrize("remember", [{"remember": "on"}, {}])
def test_who_takes_anothers_place_is_remembered_as_that_was(client, remember, path):
    """Impersonation makes no cookie that lasts of one that ends with the browser."""
    log_in_by_page(client, **remember)
    cookie = client.get(path).cookies[NAME]
    assert whoami(client) == "bob"
    assert bool(cookie["max-age"]) is bool(remember)
    assert "sessionid" not in client.cookies


def test_sessions_that_are_saved_on_every_request_come_to_nothing(client, settings):
    """An empty one is none."""
    settings.SESSION_SAVE_EVERY_REQUEST = True
    client.get("/login/ada/")
    assert whoami(client) == "ada"
    assert cookie_of(client, "sessionid") == ""
    assert Session.objects.count() == 0


def test_in_development_the_cookie_works_over_plain_http(client, settings):
    """By its other name, without Secure."""
    settings.DEBUG = True
    cookie = client.get("/login/ada/", secure=False).cookies["jwt"]
    assert (cookie["secure"], cookie["httponly"]) == ("", True)
    assert client.get("/public/", secure=False).json()["user"] == "ada"


@pytest.fixture
def without_sessions(settings):
    """Take sessions, and the messages that need them, out of the site."""
    settings.MIDDLEWARE = [
        each
        for each in settings.MIDDLEWARE
        if not each.endswith(("SessionMiddleware", "MessageMiddleware"))
    ]


@pytest.mark.parametrize("name", ["login of ours", "alogin of ours", "page", "JSON"])
def test_without_sessions_one_can_log_in(client, without_sessions, name):
    """The cookie is all there is."""
    LOGINS[name](client, "ada")
    assert whoami(client) == "ada"
    assert client.get("/members/").content == b"members"
    assert "sessionid" not in client.cookies


@pytest.mark.parametrize("name", ["logout of ours", "alogout of ours", "page", "JSON"])
def test_without_sessions_one_can_log_out(client, without_sessions, name):
    """On the server too."""
    LOGINS["page"](client, "ada")
    LOGOUTS[name](client)
    assert whoami(client) == ""
    assert LoginSession.objects.get().revoked_because == "logout"


def test_without_sessions_one_can_sign_up(client, without_sessions):
    """And is logged in."""
    new = {"username": "eve", "password1": PASSWORD, "password2": PASSWORD}
    client.post("/accounts/signup/", new)
    assert whoami(client) == "eve"


def test_without_sessions_one_can_change_the_password(client, new_client, without_sessions):
    """This login goes on, the others end."""
    other = new_client()
    LOGINS["page"](client, "ada")
    LOGINS["page"](other, "ada")
    client.post("/accounts/password_change/", NEW_PASSWORD | {"old_password": PASSWORD})
    assert (whoami(client), whoami(other)) == ("ada", "")


def test_without_sessions_one_can_reset_the_password(client, without_sessions, ada):
    """By the link of the e-mail."""
    client.post(f"/accounts/reset/{reset_link(ada)}", NEW_PASSWORD)
    ada.refresh_from_db()
    assert ada.check_password("vW9-kk-12q")


def test_without_sessions_tokens_are_renewed(client, without_sessions, clock):
    """At half their life."""
    LOGINS["page"](client, "ada")
    clock.shift(300)
    assert NAME in client.get("/public/").cookies


@pytest.mark.parametrize("path", ["/public/", "/apublic/"])
def test_without_sessions_a_session_cookie_is_nothing(client, without_sessions, ada, path):
    """Whatever it says."""
    log_in_before_the_swap(client, ada)
    assert client.get(path).json() == {"user": "", "reason": None}


def test_csrf_tokens_in_sessions_keep_their_session(new_client, settings):
    """With ``CSRF_USE_SESSIONS`` there is always something else in it, before and after."""
    settings.CSRF_USE_SESSIONS = True
    client = new_client(enforce_csrf_checks=True)
    origin = {"origin": "https://testserver"}
    token = client.get("/accounts/csrf/").json()["csrf_token"]
    assert log_in_by_page(client, csrfmiddlewaretoken=token).status_code == 403
    data = {"username": "ada", "password": PASSWORD, "csrfmiddlewaretoken": token}
    assert client.post("/accounts/login/", data, headers=origin).status_code == 302
    assert whoami(client) == "ada"
    assert cookie_of(client, "sessionid")
    token = client.get("/accounts/csrf/").json()["csrf_token"]
    headers = origin | {"x-csrftoken": token}
    assert client.post("/accounts/logout/", headers=headers).status_code == 200
    assert whoami(client) == ""


def test_csrf_tokens_in_sessions_change_at_login(client, settings):
    """Whoever planted the one before can't use it on."""
    settings.CSRF_USE_SESSIONS = True
    client.get("/accounts/csrf/")
    before = session_store(cookie_of(client, "sessionid"))["_csrftoken"]
    client.get("/login/ada/")
    assert session_store(cookie_of(client, "sessionid"))["_csrftoken"] != before


def test_a_new_secret_key_with_the_old_as_fallback_logs_nobody_out(client, settings, clock):
    """The hash and the signature of before are honoured, and both are renewed."""
    client.get("/login/ada/")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "n" * 64
    assert whoami(client) == "ada"
    clock.shift(300)
    assert NAME in client.get("/public/").cookies
    settings.SECRET_KEY_FALLBACKS = []
    assert whoami(client) == "ada"


def test_a_new_secret_key_without_fallback_logs_everybody_out(client, settings):
    """That is the way to do it."""
    client.get("/login/ada/")
    settings.SECRET_KEY = "n" * 64
    assert client.get("/public/").json() == {"user": "", "reason": "token_invalid"}


def test_a_new_key_before_the_old_logs_nobody_out(client, settings, clock):
    """The first signs, all verify."""
    settings.JWT_COOKIE = {"KEYS": ["a" * 32]}
    client.get("/login/ada/")
    settings.JWT_COOKIE = {"KEYS": ["b" * 32, "a" * 32]}
    assert whoami(client) == "ada"
    clock.shift(300)
    whoami(client)
    settings.JWT_COOKIE = {"KEYS": ["b" * 32]}
    assert whoami(client) == "ada"


# --- Logs


def test_no_log_tells_a_token_a_claim_or_a_secret(client, clock, caplog, settings, ada):
    """Logs are read by more people than the database."""
    settings.JWT_COOKIE = {"CLAIMS": "tests.support.sites.roles", "SECRET": "s3cr3t" * 10}
    caplog.set_level(logging.DEBUG)
    ada.groups.create(name="wizards")
    tokens, ids = set(), set()

    def note():
        tokens.add(cookie_of(client, NAME))
        ids.add(str(sid_of(client)))

    client.get("/login/ada/", secure=False)
    note()
    clock.shift(400)
    whoami(client)
    note()
    client.cookies[NAME] = cookie_of(client, NAME) + "x"
    client.get("/members/")
    log_in_by_page(client)
    note()
    client.get("/update-hash/")
    add_many_groups(ada)
    clock.shift(400)
    whoami(client)
    client.get("/logout/")
    client.cookies[NAME] = max(tokens)
    client.get("/accounts/me/")

    names = {record.name for record in caplog.records}
    assert "django.security.jwt_cookie" in names
    parts = {part for token in tokens for part in token.split(".")[1:]}
    for secret in (*tokens, *parts, *ids, "wizards", "s3cr3t", "xxxxx", PASSWORD):
        assert secret not in caplog.text


def test_django_is_told_as_by_django(client):
    """The signals of Django's own functions, with the request, once each."""
    received = []

    def receive(sender, request, user, signal, **kwargs):
        received.append((signal, request.path, user.username))

    for signal in (auth.user_logged_in, auth.user_logged_out):
        signal.connect(receive)
    try:
        client.get("/login/ada/")
        whoami(client)
        client.post("/accounts/logout/")
    finally:
        for signal in (auth.user_logged_in, auth.user_logged_out):
            signal.disconnect(receive)
    assert received == [
        (auth.user_logged_in, "/login/ada/", "ada"),
        (auth.user_logged_out, "/accounts/logout/", "ada"),
    ]


def test_the_redirect_of_an_ended_login_says_why(client, clock):
    """A page by Django's decorator, which knows nothing of reasons."""
    client.get("/login/ada/")
    clock.shift(timedelta(days=31))
    response = client.get("/members/")
    assert urlsplit(response.url).query == "next=/members/&reason=session_expired"


# --- What was found by attacks


@pytest.mark.parametrize("order", [1, -1])
def test_a_planted_cookie_does_not_get_the_genuine_one_deleted(client, order):
    """A sibling domain plants garbage under our name; the page changes the session, unasked."""
    client.get("/login/ada/")
    cookies = [f"{NAME}=garbage", f"{NAME}={client.cookies[NAME].value}"]
    response = client.get("/cart/lamp/", headers={"cookie": "; ".join(cookies[::order])})
    assert NAME not in response.cookies
    assert whoami(client) == "ada"


def test_a_logout_that_the_database_did_not_learn_of_can_be_tried_again(new_client, monkeypatch):
    """The cookie is not deleted while a copy of it would go on to work."""
    client = new_client(raise_request_exception=False)
    client.get("/login/ada/")

    def fail(*args, **kwargs):
        raise OperationalError

    with monkeypatch.context() as patch:
        patch.setattr(sessions, "end_by_id", fail)
        response = client.post("/accounts/logout/")
    assert (response.status_code, NAME in response.cookies) == (500, False)
    assert whoami(client) == "ada"
    assert client.post("/accounts/logout/").status_code == 200
    assert whoami(client) == ""

"""Logins on sites of different settings."""

import pytest
from django.contrib.sessions.models import Session

from django_jwt_cookie.models import LoginSession
from tests.support.accounts import COOKIE, PASSWORD
from tests.support.visitors import (
    LOGINS,
    LOGOUTS,
    cookie_of,
    log_in_before_the_swap,
    log_in_by_page,
    reset_link,
    session_store,
    whoami,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]

NEW_PASSWORD = {"new_password1": "vW9-kk-12q", "new_password2": "vW9-kk-12q"}


def test_with_login_required_middleware(client, settings):
    """Every page asks for a login, except those for logging in; the reason is given."""
    middleware = "django.contrib.auth.middleware.LoginRequiredMiddleware"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, middleware]
    client.cookies[COOKIE] = "garbage"
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
    cookie = client.get(path).cookies[COOKIE]
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
    assert COOKIE in client.get("/public/").cookies


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
    assert COOKIE in client.get("/public/").cookies
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

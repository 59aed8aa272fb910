"""Changing a password, and choosing a new one by e-mail: in HTML and in JSON."""

import re

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.tokens import decode
from tests.support.accounts import COOKIE, JSON, NAME, PASSWORD, log_in, who
from tests.support.openapi_contract import check

pytestmark = pytest.mark.django_db

NEW = "Bochnia-1248-salt"
CHANGE = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
WITHOUT_SESSIONS = [
    "django.middleware.csrf.CsrfViewMiddleware",
    "django_jwt_cookie.middleware.JWTCookieMiddleware",
]


@pytest.fixture(autouse=True)
def ada():
    """Return a user with a password and an address."""
    return User.objects.create_user(NAME, "ada@example.com", PASSWORD)


@pytest.fixture(params=[True, False], ids=["sessions", "no sessions"])
def has_sessions(request, settings):
    """Run a test with and without ``SessionMiddleware``."""
    if not request.param:
        settings.MIDDLEWARE = WITHOUT_SESSIONS
        settings.INSTALLED_APPS = [
            app for app in settings.INSTALLED_APPS if "admin" not in app and "messages" not in app
        ]
    return request.param


def ask_for_link(client, mailbox, **headers):
    """Ask for a new password; return the path of the link in the e-mail."""
    response = client.post("/accounts/password_reset/", {"email": "ada@example.com"}, **headers)
    assert response.status_code == (204 if headers else 302)
    (mail,) = mailbox
    return re.search(r"https?://[^/]+(/\S+)", mail.body).group(1)


def test_who_is_known_by_something_else_can_change_the_password(client, ada, settings):
    """There is no login to be told of: 204, and people are led on."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.views.test_logins.ByAPIKey"]
    response = client.post("/accounts/password_change/", CHANGE, headers=JSON | {"X-API-Key": NAME})
    check(response)
    assert response.status_code == 204
    ada.refresh_from_db()
    assert ada.check_password(NEW)
    assert who(client) is None
    back = {"old_password": NEW, "new_password1": PASSWORD, "new_password2": PASSWORD}
    response = client.post("/accounts/password_change/", back, headers={"X-API-Key": NAME})
    assert (response.status_code, response.url) == (302, "/accounts/password_change/done/")


def test_after_a_change_this_login_goes_on_and_all_others_end(new_client, has_sessions):
    """With and without sessions."""
    here, there = new_client(), new_client()
    log_in(here), log_in(there)
    response = here.post("/accounts/password_change/", CHANGE)
    assert (response.status_code, response.url) == (302, "/accounts/password_change/done/")
    assert (who(here), who(there)) == (NAME, None)
    reasons = LoginSession.objects.values_list("revoked_because", flat=True)
    assert sorted(reasons) == ["", "password_changed", "password_changed"]
    assert log_in(there, password=NEW).status_code == 200


def test_a_copy_of_the_cookie_does_not_outlive_the_old_password(client, has_sessions):
    """Whoever suspects a thief changes the password."""
    log_in(client)
    copy = client.cookies[COOKIE].value
    assert client.post("/accounts/password_change/", CHANGE).status_code == 302
    assert who(client) == NAME
    client.cookies[COOKIE] = copy
    assert client.get("/accounts/me/").json()["code"] == "session_revoked"


def test_a_program_gets_the_login_document_after_a_change(client):
    """This login goes on, and the document says which it is."""
    before = log_in(client).json()
    response = client.post("/accounts/password_change/", CHANGE, content_type="application/json")
    assert response.status_code == 200
    session = response.json()["session"]
    assert session["created_at"] == before["session"]["created_at"]
    assert session["id"] != before["session"]["id"]
    assert "sessionid" not in client.cookies


def test_the_old_password_is_asked_for(client):
    """Whoever finds an open browser can't lock out its owner."""
    log_in(client)
    response = client.post(
        "/accounts/password_change/", CHANGE | {"old_password": "guess"}, headers=JSON
    )
    assert response.status_code == 400
    assert response.json()["errors"]["old_password"][0]["code"] == "password_incorrect"


@pytest.mark.parametrize("page", ["password_change/", "password_change/done/"])
def test_only_who_is_logged_in_changes_a_password(client, page):
    """People are led to the login page, programs get a 401."""
    path = f"/accounts/{page}"
    response = client.get(path)
    assert (response.status_code, response.url) == (302, f"/accounts/login/?next={path}")
    response = client.get(path, headers=JSON)
    assert (response.status_code, response.json()["code"]) == (401, "login_required")


def test_each_page_around_passwords_is_there(client):
    """With its title, for people and, where it has something to say, for programs."""
    log_in(client)
    titles = {
        "password_change/": "Password change",
        "password_change/done/": "Password change successful",
        "password_reset/": "Password reset",
        "password_reset/done/": "Password reset sent",
        "reset/done/": "Password reset complete",
    }
    for page, title in titles.items():
        response = client.get(f"/accounts/{page}")
        assert response.status_code == 200
        assert title in response.content.decode()
        answer = client.get(f"/accounts/{page}", headers=JSON)
        if "done" in page:
            assert answer.json() == {"detail": title}
        else:
            assert answer.status_code == 405


def test_a_link_leads_to_a_new_password_and_ends_every_login(new_client, has_sessions, mailoutbox):
    """Where there are sessions, at an address that no longer holds the link's token."""
    here, there = new_client(), new_client()
    log_in(there)
    link = ask_for_link(here, mailoutbox)
    response = here.get(link)
    if has_sessions:
        assert response.url.endswith("/set-password/")
        link = response.url
        response = here.get(link)
    else:
        assert response.headers["Referrer-Policy"] == "same-origin"
    assert 'name="new_password1"' in response.content.decode()
    response = here.post(link, {"new_password1": NEW, "new_password2": NEW})
    assert (response.status_code, response.url) == (302, "/accounts/reset/done/")
    assert (who(here), who(there)) == (None, None)
    assert log_in(here, password=NEW).status_code == 200


def test_a_link_works_once(client, has_sessions, mailoutbox):
    """People get a page that says so, programs a 400."""
    link = ask_for_link(client, mailoutbox, headers=JSON)
    form = {"new_password1": NEW, "new_password2": NEW}
    response = client.post(link, form, content_type="application/json")
    assert (response.status_code, response.content) == (204, b"")
    assert "sessionid" not in client.cookies
    response = client.post(link, form, content_type="application/json")
    assert response.status_code == 400
    assert response.json()["errors"]["token"][0]["code"] == "invalid"
    assert "Password reset unsuccessful" in client.get(link).content.decode()


@pytest.mark.parametrize("link", ["MQ/set-password", "MQ/abc-def", "!!!/x", "AA/x"])
def test_a_made_up_link_is_refused(client, has_sessions, link):
    """Whatever stands in it."""
    path = f"/accounts/reset/{link}/"
    assert "Password reset unsuccessful" in client.get(path).content.decode()
    response = client.post(path, {"new_password1": NEW}, headers=JSON)
    assert (response.status_code, response.json()["code"]) == (400, "invalid")


def test_a_weak_new_password_is_refused_and_the_link_goes_on_to_work(client, mailoutbox):
    """Only success uses it up."""
    link = ask_for_link(client, mailoutbox, headers=JSON)
    form = {"new_password1": "a", "new_password2": "b"}
    response = client.post(link, form, headers=JSON)
    assert response.json()["errors"]["new_password2"][0]["code"] == "password_mismatch"
    form = {"new_password1": NEW, "new_password2": NEW}
    assert client.post(link, form, headers=JSON).status_code == 204


@pytest.mark.parametrize("as_json", [True, False])
def test_a_site_may_log_in_after_a_reset(client, has_sessions, settings, mailoutbox, as_json):
    """Django's ``post_reset_login``: the login is in the cookie."""
    settings.ROOT_URLCONF = "tests.support.urls_post_reset_login"
    headers = {"headers": JSON} if as_json else {}
    link = ask_for_link(client, mailoutbox, **headers)
    if has_sessions and not as_json:
        link = client.get(link).url
    response = client.post(link, {"new_password1": NEW, "new_password2": NEW}, **headers)
    assert response.status_code == (200 if as_json else 302)
    assert client.cookies[COOKIE].value
    assert who(client) == NAME
    assert "sessionid" not in client.cookies or client.cookies["sessionid"].value == ""


@pytest.mark.parametrize("as_json", [True, False])
def test_a_reset_logs_in_where_a_login_has_just_ended(client, settings, mailoutbox, as_json):
    """Who has the e-mail is at the browser: no impersonation, whoever the cookie is still of."""
    settings.ROOT_URLCONF = "tests.support.urls_post_reset_login"
    settings.JWT_COOKIE = {"USER_SOURCE": "token"}
    headers = {"headers": JSON} if as_json else {}
    log_in(client)
    client.get("/accounts/me/")
    link = ask_for_link(client, mailoutbox, **headers)
    link = link if as_json else client.get(link).url
    LoginSession.objects.update(revoked_at=timezone.now(), revoked_because="revoked")
    response = client.post(link, {"new_password1": NEW, "new_password2": NEW}, **headers)
    assert response.status_code == (200 if as_json else 302)
    assert who(client) == NAME
    assert decode(client.cookies[COOKIE].value).auth_time > 0


def test_the_admins_pages_stay_the_admins(client, has_sessions):
    """Where there is an admin, its templates are found under Django's names, as ever."""
    page = client.get("/accounts/password_reset/").content.decode()
    assert ("Give the e-mail address of your account" in page) != has_sessions


def test_the_answer_does_not_tell_whether_there_is_an_account(client, mailoutbox):
    """Else anybody could find out who is a member."""
    response = client.post("/accounts/password_reset/", {"email": "x@example.com"}, headers=JSON)
    assert (response.status_code, mailoutbox) == (204, [])

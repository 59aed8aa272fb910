"""Signing up, logging in and out, and what a program asks: in HTML and in JSON."""

import json
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connections
from django.urls import reverse
from django.utils import timezone

from django_jwt_cookie.forms import SignupForm
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.responses import HTTPS_DETAIL
from tests.support.accounts import COOKIE, JSON, NAME, PASSWORD, log_in, sign_up, who
from tests.support.openapi_contract import check

pytestmark = pytest.mark.django_db


class ImpatientSignupForm(SignupForm):
    """Somebody else takes the name between the form's look and the database's."""

    def full_clean(self):
        super().full_clean()
        User.objects.create_user(self.cleaned_data["username"])


class ModeratedSignupForm(SignupForm):
    """A new account waits for somebody to activate it."""

    def save(self, commit=True):
        self.instance.is_active = False
        return super().save(commit)


class ForgetfulSignupForm(SignupForm):
    """The database fails, and not for the name."""

    def save(self, commit=True):
        raise IntegrityError


class RouterOfUsers:
    """Users, and the logins that belong to them, have a database of their own."""

    def db_for_read(self, model, **hints):
        return "second" if model in (User, LoginSession) else None

    db_for_write = db_for_read


class ByAPIKey:
    """Middleware that knows a user by something else than the cookie."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if "X-API-Key" in request.headers:
            request.user = User.objects.get(username=request.headers["X-API-Key"])
        return self.get_response(request)


def serialize(user, request):
    """Show what a site could add to the login document."""
    return {"name": user.get_username(), "path": request.path}


@pytest.fixture
def ada():
    """Return a user with a password."""
    return User.objects.create_user(NAME, "ada@example.com", PASSWORD)


def test_the_names_are_those_of_django_and_a_few_more():
    """``{% url "login" %}`` of an existing site goes on to work."""
    assert reverse("login") == "/accounts/login/"
    assert reverse("password_reset_confirm", args=["a", "b"]) == "/accounts/reset/a/b/"
    assert reverse("signup") == "/accounts/signup/"


# --- Signing up


def test_signing_up_sets_the_cookie_and_every_further_request_is_recognised(client, time_machine):
    """The story: a JWT in an HttpOnly cookie, no session."""
    time_machine.move_to(1_800_000_000, tick=False)
    sign_up(client)
    cookie = client.cookies[COOKIE]
    assert cookie.value.count(".") == 2
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"]) == (True, True, "Lax")
    assert (cookie["path"], cookie["domain"], cookie["max-age"]) == ("/", "", 14 * 24 * 3600)
    assert "sessionid" not in client.cookies
    assert who(client) == NAME


def test_signing_up_as_a_program_returns_the_login_document(client):
    """201, times in seconds, and the token in no body."""
    form = {"username": NAME, "password1": PASSWORD, "password2": PASSWORD}
    response = client.post("/accounts/signup/", form, content_type="application/json")
    assert response.status_code == 201
    document = response.json()
    session = LoginSession.objects.get()
    assert document["user"] == {"id": str(User.objects.get().pk), "username": NAME}
    assert document["expires_at"] - document["issued_at"] == 600
    assert document["session"] == {
        "id": str(session.pk),
        "created_at": int(session.created_at.timestamp()),
        "expires_at": int(session.ends_at.timestamp()),
        "persistent": True,
    }
    assert client.cookies[COOKIE].value not in response.content.decode()
    assert who(client) == NAME


@pytest.mark.parametrize("name", ["ada", "ADA", "\uff41\uff44\uff41"])
def test_a_name_that_looks_taken_is_taken(client, ada, name):
    """Differing in case, or in Unicode alone."""
    form = {"username": name, "password1": PASSWORD, "password2": PASSWORD}
    response = client.post("/accounts/signup/", form, headers=JSON)
    assert response.status_code == 400
    assert response.json()["code"] == "invalid"
    (error,) = response.json()["errors"]["username"]
    assert error == {"message": "A user with that username already exists.", "code": "unique"}
    assert COOKIE not in client.cookies


def test_passwords_are_validated_and_the_form_comes_back(client, settings):
    """By the site's own validators."""
    settings.AUTH_PASSWORD_VALIDATORS = [
        {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"}
    ]
    form = {"username": NAME, "password1": "1234", "password2": "1234"}
    response = client.post("/accounts/signup/", form)
    assert response.status_code == 200
    assert "This password is entirely numeric." in response.content.decode()
    assert not User.objects.exists()


def test_of_two_who_take_the_same_name_at_once_one_is_told(client, settings):
    """The database decides, and it is no server error."""
    settings.JWT_COOKIE = {"SIGNUP_FORM": f"{__name__}.ImpatientSignupForm"}
    form = {"username": NAME, "password1": PASSWORD, "password2": PASSWORD}
    response = client.post("/accounts/signup/", form, headers=JSON)
    assert response.status_code == 400
    assert response.json()["errors"]["username"][0]["message"] == "This name is taken."
    assert User.objects.count() == 1
    assert who(client) is None


def test_that_one_is_told_where_users_have_a_database_of_their_own(
    client, settings, second_database
):
    """The name that was refused does not break the transaction of the request there."""
    connections.settings[second_database]["ATOMIC_REQUESTS"] = True
    settings.DATABASE_ROUTERS = [RouterOfUsers()]
    settings.JWT_COOKIE = {"SIGNUP_FORM": f"{__name__}.ImpatientSignupForm"}
    form = {"username": NAME, "password1": PASSWORD, "password2": PASSWORD}
    response = client.post("/accounts/signup/", form, headers=JSON)
    assert response.status_code == 400
    assert response.json()["errors"]["username"][0]["message"] == "This name is taken."
    assert User.objects.using(second_database).count() == 1


def test_an_account_that_may_not_log_in_yet_is_not_logged_in(client, settings):
    """People are led to the login page, programs get no session."""
    settings.JWT_COOKIE = {"SIGNUP_FORM": f"{__name__}.ModeratedSignupForm"}
    form = {"username": NAME, "password1": PASSWORD, "password2": PASSWORD}
    response = client.post("/accounts/signup/", form)
    assert (response.status_code, response.url) == (302, "/accounts/login/")
    response = client.post("/accounts/signup/", form | {"username": "bob"}, headers=JSON)
    bob = User.objects.get(username="bob")
    assert response.status_code == 201
    assert response.json() == {"user": {"id": str(bob.pk), "username": "bob"}, "session": None}
    assert COOKIE not in client.cookies


def test_signing_up_can_be_turned_off(client, settings):
    """Then the login page has no link to it either."""
    assert "/accounts/signup/" in client.get("/accounts/login/").content.decode()
    settings.JWT_COOKIE = {"SIGNUP_FORM": None}
    for response in (client.get("/accounts/signup/"), client.post("/accounts/signup/", {})):
        assert (response.status_code, response.headers["Content-Type"]) == (
            404,
            "text/html; charset=utf-8",
        )
        assert "no-store" in response.headers["Cache-Control"]
    assert "/accounts/signup/" not in client.get("/accounts/login/").content.decode()


def test_a_program_is_told_that_signing_up_is_turned_off(client, settings):
    """In JSON, and no cache keeps it."""
    settings.JWT_COOKIE = {"SIGNUP_FORM": None}
    body = {"content_type": "application/json", "data": {}, "headers": JSON}
    response = client.post("/accounts/signup/", **body)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.parametrize("page", ["login", "signup"])
@pytest.mark.parametrize(
    ("target", "lands"),
    [
        ("/members/", "/members/"),
        ("https://testserver/members/", "https://testserver/members/"),
        ("http://testserver/members/", "/accounts/profile/"),
        ("https://evil.example/", "/accounts/profile/"),
        ("//evil.example/", "/accounts/profile/"),
        ("javascript:alert(1)", "/accounts/profile/"),
        ("\\\\evil.example", "/accounts/profile/"),
    ],
)
def test_next_leads_back_and_never_to_another_site(client, ada, page, target, lands):
    """An open redirect would lend the site's name to a phisher."""
    form = {"username": NAME, "password": PASSWORD}
    if page == "signup":
        form = {"username": "bob", "password1": PASSWORD, "password2": PASSWORD}
    response = client.post(f"/accounts/{page}/", form | {"next": target})
    assert (response.status_code, response.url) == (302, lands)
    shown = client.get(f"/accounts/{page}/", {"next": target}).content.decode()
    assert (f'name="next" value="{target}"' in shown) == (lands == target)


# --- Logging in


def test_remember_me_decides_whether_the_cookie_survives_the_browser(client, ada, time_machine):
    """Without it there is no Max-Age, and the login is shorter."""
    time_machine.move_to(1_800_000_000, tick=False)
    form = {"username": NAME, "password": PASSWORD}
    client.post("/accounts/login/", form)
    assert client.cookies[COOKIE]["max-age"] == ""
    client.post("/accounts/login/", form | {"remember": "on"})
    assert client.cookies[COOKIE]["max-age"] == 14 * 24 * 3600
    newest = LoginSession.objects.get(revoked_at=None)
    assert newest.ends_at - newest.created_at == timedelta(days=14)
    assert newest.persistent


def test_a_login_replaces_the_one_before(client, ada):
    """The old token is worth nothing from then on."""
    log_in(client)
    old = client.cookies[COOKIE].value
    log_in(client)
    assert who(client) == NAME
    client.cookies[COOKIE] = old
    assert client.get("/accounts/me/").json()["code"] == "session_revoked"
    reasons = LoginSession.objects.values_list("revoked_because", flat=True)
    assert sorted(reasons) == ["", "replaced"]


def test_a_wrong_password_is_told_in_both_languages(client, ada):
    """And no cookie is set."""
    response = client.post("/accounts/login/", {"username": NAME, "password": "wrong"})
    assert response.status_code == 200
    assert "Please enter a correct username and password." in response.content.decode()
    response = log_in(client, password="wrong")
    assert response.status_code == 400
    assert response.json()["errors"]["__all__"][0]["code"] == "invalid_login"
    assert COOKIE not in client.cookies


def test_a_program_may_set_remember(client, ada):
    """A JSON boolean for a checkbox."""
    assert log_in(client, remember=True).json()["session"]["persistent"] is True
    assert log_in(client, remember=False).json()["session"]["persistent"] is False


def test_a_program_is_told_nothing_by_a_page_with_a_form(client):
    """405, and what to do instead."""
    response = client.get("/accounts/login/", headers=JSON)
    assert response.status_code == 405
    assert response.headers["Allow"] == "POST, OPTIONS"
    assert response.json()["code"] == "method_not_allowed"


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("*/*", "text/html; charset=utf-8"),
        ("text/html", "text/html; charset=utf-8"),
        ("application/json;q=0.5, text/html", "text/html; charset=utf-8"),
        ("application/json, text/html;q=0.5", "application/json"),
        ("application/json", "application/json"),
    ],
)
def test_the_preferred_language_wins(client, accept, content_type):
    """RFC 9110, section 12.5.1; and caches are told that it matters."""
    response = client.get("/accounts/login/", headers={"accept": accept})
    assert response.headers["Content-Type"] == content_type
    assert "Accept" in response.headers["Vary"]


@pytest.mark.parametrize("page", ["login", "signup"])
def test_whoever_is_logged_in_can_be_sent_on(client, ada, settings, page):
    """As with Django's ``redirect_authenticated_user``; a program is not."""
    settings.ROOT_URLCONF = "tests.support.urls_redirecting"
    assert client.get(f"/{page}/").status_code == 200
    client.force_login(ada)
    response = client.get(f"/{page}/?next=/members/")
    assert (response.status_code, response.url) == (302, "/members/")
    form = {"username": NAME, "password": PASSWORD}
    response = client.post(f"/{page}/", form, content_type="application/json")
    assert response.status_code == {"login": 200, "signup": 400}[page]


@pytest.mark.parametrize("page", ["login", "signup"])
def test_a_form_that_cannot_be_read_is_answered_in_json(new_client, page):
    """Multipart without a boundary, before and behind the CSRF check; people get Django's 400."""
    for client in (new_client(), new_client(enforce_csrf_checks=True)):
        token = client.get("/accounts/csrf/").json()["csrf_token"]
        headers = JSON | {"X-CSRFToken": token, "Origin": "https://testserver"}
        response = client.post(
            f"/accounts/{page}/", b"x", content_type="multipart/form-data", headers=headers
        )
        assert (response.status_code, response.json()["code"]) == (400, "malformed_form")
    response = client.post(f"/accounts/{page}/", b"x", content_type="multipart/form-data")
    assert response.status_code in (400, 403)


# --- Logging out


def test_a_logout_holds(client, ada):
    """The cookie is deleted, and a copy of it is worth nothing."""
    log_in(client)
    copy = client.cookies[COOKIE].value
    response = client.post("/accounts/logout/")
    assert response.status_code == 200
    assert "Logged out" in response.content.decode()
    assert client.cookies[COOKIE].value == ""
    client.cookies[COOKIE] = copy
    assert who(client) is None
    assert LoginSession.objects.get().revoked_because == "logout"


def test_after_a_logout_people_are_led_on(client, ada, settings):
    """To ``next``, or where the settings say."""
    assert client.post("/accounts/logout/?next=/members/").url == "/members/"
    settings.LOGOUT_REDIRECT_URL = "/bye/"
    assert client.post("/accounts/logout/").url == "/bye/"


def test_a_program_logs_out_with_204(client, ada):
    """Twice does no harm."""
    log_in(client)
    for _ in range(2):
        response = client.post("/accounts/logout/", headers=JSON)
        assert (response.status_code, response.content) == (204, b"")
    assert who(client) is None


def test_a_link_logs_nobody_out(client, ada):
    """An image on another site would be enough."""
    log_in(client)
    assert client.get("/accounts/logout/").status_code == 405
    response = client.get("/accounts/logout/", headers=JSON)
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    assert who(client) == NAME


# --- What a program asks


def test_me_says_who_it_is_or_why_nobody(client, ada):
    """200 or 401, with a scheme that no browser opens a dialogue for."""
    response = client.get("/accounts/me/")
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Cookie"
    assert response.json() == {
        "code": "login_required",
        "detail": "You need to log in for this.",
    }
    log_in(client)
    assert client.get("/accounts/me/").json()["user"]["username"] == NAME


def test_the_user_in_the_document_can_be_the_sites_own(client, ada, settings):
    """By the setting ``USER_SERIALIZER``."""
    settings.JWT_COOKIE = {"USER_SERIALIZER": f"{__name__}.serialize"}
    assert log_in(client).json()["user"] == {"name": NAME, "path": "/accounts/login/"}


def test_refresh_renews_at_once(client, ada, time_machine):
    """A new token of the same login; the old one goes on to be good."""
    time_machine.move_to(1_800_000_000, tick=False)
    before = log_in(client).json()
    old = client.cookies[COOKIE].value
    time_machine.shift(5)
    response = client.post("/accounts/refresh/")
    assert response.status_code == 200
    assert response.json()["issued_at"] == before["issued_at"] + 5
    assert response.json()["session"] == before["session"]
    assert client.cookies[COOKIE].value != old
    client.cookies[COOKIE] = old
    assert who(client) == NAME


@pytest.mark.parametrize(("method", "page"), [("get", "me"), ("post", "refresh")])
def test_who_is_known_by_something_else_has_no_login_to_be_told_of(
    client, ada, settings, method, page
):
    """401, until there is a login too: and then it is that one."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.ByAPIKey"]
    send = getattr(client, method)
    response = send(f"/accounts/{page}/", headers={"X-API-Key": NAME})
    check(response)
    assert (response.status_code, response.json()["code"]) == (401, "login_required")
    log_in(client)
    response = send(f"/accounts/{page}/", headers={"X-API-Key": NAME})
    assert (response.status_code, response.json()["user"]["username"]) == (200, NAME)


def test_refresh_without_a_login_is_401(client):
    """There is nothing to renew."""
    response = client.post("/accounts/refresh/")
    assert (response.status_code, response.json()["code"]) == (401, "login_required")
    assert client.get("/accounts/refresh/").status_code == 405


def test_csrf_lets_a_program_log_in_and_out(new_client, ada):
    """The token from ``csrf/`` goes into the header; without it there is a JSON 403."""
    client = new_client(enforce_csrf_checks=True)
    token = client.get("/accounts/csrf/").json()["csrf_token"]
    headers = {"X-CSRFToken": token, "Referer": "https://testserver/"}
    body = json.dumps({"username": NAME, "password": PASSWORD})
    response = client.post("/accounts/login/", body, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (403, "csrf_failed")
    response = client.post(
        "/accounts/login/", body, content_type="application/json", headers=headers
    )
    assert response.status_code == 200
    assert who(client) == NAME


@pytest.mark.parametrize("path", ["/members/", "/accounts/login/"])
def test_csrf_is_refused_in_the_language_of_the_client_on_any_view(new_client, settings, path):
    """The site's own included: a code for programs, Django's page for people."""
    settings.CSRF_FAILURE_VIEW = "django_jwt_cookie.views.csrf_failure"
    client = new_client(enforce_csrf_checks=True)
    response = client.post(path, headers=JSON)
    assert (response.status_code, response.json()["code"]) == (403, "csrf_failed")
    assert "Accept" in response["Vary"]
    response = client.post(path)
    assert (response.status_code, response["Content-Type"]) == (403, "text/html; charset=utf-8")
    assert "CSRF verification failed" in response.text


@pytest.mark.parametrize("path", ["/members/", "/accounts/login/"])
def test_a_developer_is_told_why_csrf_was_refused(new_client, settings, path):
    """Django's own reason, and only where ``DEBUG`` is on."""
    settings.CSRF_FAILURE_VIEW = "django_jwt_cookie.views.csrf_failure"
    client = new_client(enforce_csrf_checks=True)
    assert "Referer checking failed" not in client.post(path, headers=JSON).json()["detail"]
    settings.DEBUG = True
    assert "Referer checking failed" in client.post(path, headers=JSON).json()["detail"]


def test_the_csrf_token_changes_with_the_login(new_client, ada):
    """Whoever planted one before the login can't use it after."""
    client = new_client(enforce_csrf_checks=True)
    token = client.get("/accounts/csrf/").json()["csrf_token"]
    before = client.cookies["csrftoken"].value
    headers = {"X-CSRFToken": token, "Referer": "https://testserver/", **JSON}
    client.post("/accounts/login/", {"username": NAME, "password": PASSWORD}, headers=headers)
    assert client.cookies["csrftoken"].value != before


def test_a_fault_of_the_database_is_not_taken_for_a_name_that_is_taken(client, settings):
    """The form says so only if the name is what was refused."""
    settings.JWT_COOKIE = {"SIGNUP_FORM": f"{__name__}.ForgetfulSignupForm"}
    form = {"username": NAME, "password1": PASSWORD, "password2": PASSWORD}
    with pytest.raises(IntegrityError):
        client.post("/accounts/signup/", form)


@pytest.mark.parametrize("page", ["signup", "login", "logout", "me", "refresh", "csrf"])
def test_nothing_here_is_stored_by_a_cache(client, page):
    """Not even an answer about nobody."""
    response = client.get(f"/accounts/{page}/")
    assert "no-store" in response.headers["Cache-Control"]


def test_giving_the_password_again_is_not_logging_in_from_scratch(client):
    """The form knows who it is, and keeps "remember me"."""
    sign_up(client)
    page = client.get("/accounts/login/").content.decode()
    assert 'value="ada"' in page
    assert re.search(r'name="remember"[^>]* checked', page)
    client.post("/accounts/logout/")
    page = client.get("/accounts/login/").content.decode()
    assert 'value="ada"' not in page
    assert not re.search(r'name="remember"[^>]* checked', page)


# --- Over plain http, where the cookie is only set over https


@pytest.fixture
def https_only(settings):
    """Have the cookie ``Secure``, whatever a request came over."""
    settings.JWT_COOKIE = {"COOKIE_SECURE": True}


@pytest.mark.parametrize("page", ["login", "signup"])
def test_over_plain_http_the_page_says_that_nobody_can_log_in(client, https_only, page):
    """And why; no form asks for a password that would be sent for nothing."""
    response = client.get(f"/accounts/{page}/", secure=False)
    text = re.sub(r"\s+", " ", response.content.decode())
    assert f'<p role="alert">{HTTPS_DETAIL}</p>' in text
    assert "<form" not in text
    response = client.get(f"/accounts/{page}/")
    assert str(HTTPS_DETAIL) not in response.content.decode()
    assert "<form" in response.content.decode()


@pytest.mark.parametrize("page", ["login", "signup"])
def test_a_form_that_was_sent_over_plain_http_leads_to_the_page_that_says_so(
    client, ada, https_only, page
):
    """Nobody is logged in, and no account is made. The address is kept, with where to go."""
    form = {"username": NAME, "password": PASSWORD}
    form |= {"username": "bob", "password1": PASSWORD, "password2": PASSWORD}
    path = f"/accounts/{page}/?next=/members/"
    response = client.post(path, form, secure=False)
    assert (response.status_code, response.url) == (302, path)
    assert COOKIE not in client.cookies
    assert [user.username for user in User.objects.all()] == [NAME]
    assert not LoginSession.objects.exists()


@pytest.mark.parametrize("page", ["login", "signup"])
def test_a_program_is_told_that_a_login_needs_https(client, ada, https_only, caplog, page):
    """403 with a code; and the operator is told, who may have forgotten a setting."""
    form = {"username": NAME, "password": PASSWORD}
    form |= {"password1": PASSWORD, "password2": PASSWORD}
    response = client.post(f"/accounts/{page}/", form, headers=JSON, secure=False)
    check(response)
    assert response.status_code == 403
    assert response.json() == {"code": "https_required", "detail": str(HTTPS_DETAIL)}
    assert COOKIE not in client.cookies
    assert not LoginSession.objects.exists()
    (record,) = [each for each in caplog.records if each.name == "django.security.jwt_cookie"]
    assert "SECURE_PROXY_SSL_HEADER" in record.getMessage()


def test_behind_a_proxy_that_ends_https_a_login_begins(client, ada, settings):
    """Where it says so, and is believed."""
    settings.JWT_COOKIE = {"COOKIE_SECURE": True}
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    form = {"username": NAME, "password": PASSWORD}
    headers = JSON | {"x-forwarded-proto": "https"}
    response = client.post("/accounts/login/", form, headers=headers, secure=False)
    assert response.status_code == 200
    assert client.cookies[COOKIE]["secure"] is True


@pytest.mark.parametrize("secure", [False, "auto"])
def test_elsewhere_a_login_begins_over_plain_http(client, ada, settings, secure):
    """In a cookie that is kept there."""
    settings.JWT_COOKIE = {"COOKIE_SECURE": secure}
    form = {"username": NAME, "password": PASSWORD}
    response = client.post("/accounts/login/", form, headers=JSON, secure=False)
    assert response.status_code == 200
    assert client.cookies["jwt"]["secure"] == ""
    assert client.get("/accounts/me/", secure=False).json()["user"]["username"] == NAME


def test_before_adopt_from_the_cookie_matters_to_nobody(client, ada, settings):
    """Logins are in Django's sessions."""
    begins = timezone.now() + timedelta(days=1)
    settings.JWT_COOKIE = {"COOKIE_SECURE": True, "ADOPT_FROM": begins}
    form = {"username": NAME, "password": PASSWORD}
    response = client.post("/accounts/login/", form, headers=JSON, secure=False)
    assert response.status_code == 200
    assert client.get("/accounts/me/", secure=False).json()["user"]["username"] == NAME

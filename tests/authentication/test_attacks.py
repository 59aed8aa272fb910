"""What reviewers tried, one test each: attacks, and faults that somebody could have used."""

import logging
from datetime import date, timedelta

import pytest
from django import forms
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone
from django.views.debug import ExceptionReporter

from django_jwt_cookie import sessions
from django_jwt_cookie.authentication import get_jwt, login, logout
from django_jwt_cookie.conf import get_settings
from django_jwt_cookie.exceptions import SessionRevoked
from django_jwt_cookie.forms import SignupForm
from django_jwt_cookie.middleware import JWTCookieMiddleware
from django_jwt_cookie.models import LoginSession
from tests.support.accounts import COOKIE, JSON, NAME, PASSWORD, log_in, start_session, who
from tests.support.visitors import do, log_in_before_the_swap

pytestmark = pytest.mark.django_db

SECRET = "a-secret-that-must-not-be-in-any-report"
CART = "/cart/"


@pytest.fixture(autouse=True)
def site(settings):
    """Serve the views that attacks need."""
    settings.ROOT_URLCONF = "tests.support.urls_attacked"


@pytest.fixture(autouse=True)
def ada():
    """Return a user with a password."""
    return User.objects.create_user(NAME, password=PASSWORD)


@pytest.fixture
def bob():
    """Return another one."""
    return User.objects.create_user("bob", password=PASSWORD)


def claims_with_a_date(user, request):
    """Return what is no JSON."""
    return {"birthday": date(1815, 12, 10)}


def answer(request):
    """Answer, and ask nobody."""
    return HttpResponse()


# --- Reports and logs


def test_an_error_report_does_not_hold_the_login(client):
    """It is mailed to ADMINS, and the token in it would be good. The site's own rules hold too."""
    log_in(client)
    client.cookies["api_key"] = "k3y"
    request = RequestFactory().get(
        "/", headers={"cookie": f"{COOKIE}={client.cookies[COOKIE].value}; api_key=k3y; x=visible"}
    )
    JWTCookieMiddleware(answer)(request)
    reporter = ExceptionReporter(request, None, None, None)
    for report in (reporter.get_traceback_text(), reporter.get_traceback_html()):
        assert client.cookies[COOKIE].value not in report
        assert "k3y" not in report
        assert "visible" in report


def test_an_error_report_does_not_hold_the_secret(new_client, settings, caplog):
    """A claim that is no JSON fails where the secret is not a local variable."""
    settings.JWT_COOKIE = {"SECRET": SECRET, "CLAIMS": f"{__name__}.claims_with_a_date"}
    client = new_client(raise_request_exception=False)
    with caplog.at_level(logging.ERROR, "django.request"):
        assert log_in(client).status_code == 500
    exc_info = caplog.records[-1].exc_info
    report = ExceptionReporter(caplog.records[-1].request, *exc_info).get_traceback_html()
    assert "is not JSON serializable" in report
    assert SECRET not in report
    assert not LoginSession.objects.exists()


# --- What is in the session


def test_shared_computer_the_browser_was_closed(client):
    """Without "remember me" the cookie is gone; the cart lives on in the session."""
    log_in(client)
    client.post(CART, {"item": "lamp"})
    del client.cookies[COOKIE]
    assert client.get(CART).json() == {"user": "", "item": None}


def test_a_cookie_that_stays_behind_does_not_cost_the_cart(client, settings):
    """``SameSite=Strict``: on a link from elsewhere the session comes along, the login does not."""
    settings.JWT_COOKIE = {"COOKIE_SAMESITE": "Strict"}
    log_in(client)
    client.post(CART, {"item": "lamp"})
    cookie = client.cookies.pop(COOKIE).value
    assert client.get(CART).json()["user"] == ""
    client.cookies[COOKIE] = cookie
    assert client.get(CART).json() == {"user": NAME, "item": "lamp"}


def test_a_planted_session_of_another_user_is_not_read(new_client, bob):
    """A sibling domain plants Bob's ``sessionid`` in Ada's browser."""
    theirs, ours = new_client(), new_client()
    log_in(theirs, "bob")
    theirs.post(CART, {"item": "trap"})
    log_in(ours)
    ours.cookies["sessionid"] = theirs.cookies["sessionid"].value
    assert ours.get(CART).json() == {"user": NAME, "item": None}


def test_a_planted_anonymous_session_is_not_read_on(new_client):
    """What Ada writes into it goes under a key that whoever planted it does not know."""
    theirs, ours = new_client(), new_client()
    theirs.post(CART, {"item": "trap"})
    log_in(ours)
    ours.cookies["sessionid"] = theirs.cookies["sessionid"].value
    ours.post(CART, {"item": "diary"})
    assert ours.get(CART).json() == {"user": NAME, "item": "diary"}
    assert theirs.get(CART).json()["item"] != "diary"


def test_two_users_in_one_request_share_no_session(client, bob):
    """An impersonation: the second gets nothing of the first."""
    client.get("/become/ada/bob/")
    assert client.get(CART).json() == {"user": "bob", "item": None}


def test_a_session_that_is_marked_as_modified_and_never_read(client):
    """In asynchronous code too."""
    log_in(client)
    client.post(CART, {"item": "lamp"})
    assert client.get("/touch/").status_code == 200
    assert client.get(CART).json() == {"user": NAME, "item": "lamp"}


def test_a_session_is_no_obstacle_to_asynchronous_code(client):
    """Which asks for the user, and may have a session to load."""
    log_in(client)
    client.post(CART, {"item": "lamp"})
    assert client.get("/awho/").content.decode() == NAME


# --- Logins that come and go at the same time


@pytest.mark.parametrize("engine", ["db", "signed_cookies"])
def test_a_logout_is_not_undone_by_a_slow_first_request_after_the_swap(
    client, new_client, settings, ada, engine
):
    """It has loaded the Django session that the logout then deletes."""
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    settings.ROOT_URLCONF = "tests.support.sites"
    slow, fast = client, new_client()
    log_in_before_the_swap(slow, ada)
    fast.cookies.load({"sessionid": slow.cookies["sessionid"].value})

    def be_overtaken(request):
        assert request.user == ada
        assert fast.get("/logout/").status_code == 200

    do(slow, be_overtaken)
    assert not slow.cookies.get(COOKIE)
    assert who(slow) is None
    assert not LoginSession.objects.alive().exists()


def test_a_login_that_ends_while_it_is_renewed_is_over(client, clock, settings, ada):
    """The page has been made by then; its answer brings no token, and the next one says why."""
    settings.ROOT_URLCONF = "tests.support.sites"
    log_in(client)
    clock.shift(timedelta(minutes=6))

    def be_ended_elsewhere(request):
        assert request.user == ada
        LoginSession.objects.update(revoked_at=timezone.now(), revoked_because="revoked")

    before = client.cookies[COOKIE].value
    do(client, be_ended_elsewhere)
    assert client.cookies[COOKIE].value == before
    assert client.get("/accounts/me/").json()["code"] == "session_revoked"


def test_a_password_changes_while_the_login_is_revoked(client):
    """Ended it stays; and the page that changed the password does not fail afterwards."""
    log_in(client)
    assert client.get("/change-and-revoke/").status_code == 200
    assert who(client) is None


def test_a_password_changes_while_another_tab_renews(client):
    """This login goes on: which generation it was of is of no matter to the new one."""
    log_in(client)
    assert client.get("/change-while-renewed/").status_code == 200
    assert who(client) == NAME


def test_a_hash_of_another_user_changes_nothing(client, bob):
    """A view that was told of another user by a token in a header."""
    log_in(client)
    assert client.get("/update-hash-of/bob/").status_code == 200
    assert who(client) == NAME


def test_a_late_refusal_does_not_delete_a_login_made_meanwhile(clock):
    """A slow page that came with a bad cookie answers after the visitor has logged in."""

    def slow(request):
        assert not request.user.is_authenticated
        clock.shift(timedelta(seconds=10))
        return HttpResponse()

    request = RequestFactory().get("/", headers={"cookie": f"{COOKIE}=garbage"})
    assert COOKIE not in JWTCookieMiddleware(slow)(request).cookies


@pytest.mark.django_db(transaction=True)
def test_a_logout_in_a_transaction_that_is_rolled_back_holds(client):
    """A view logs out and then refuses: with ATOMIC_REQUESTS the record would live on."""
    log_in(client)
    copy = client.cookies[COOKIE].value
    assert client.get("/logout-and-refuse/").status_code == 403
    client.cookies[COOKIE] = copy
    assert who(client) is None


@pytest.mark.django_db(transaction=True)
def test_a_login_in_a_transaction_that_is_rolled_back_is_none(client):
    """As of all that the view did; the login of before goes on."""
    log_in(client)
    response = client.get("/login-and-refuse/ada/")
    assert (response.status_code, COOKIE in response.cookies) == (403, False)
    assert who(client) == NAME


@pytest.mark.django_db(transaction=True)
def test_a_user_who_is_rolled_back_is_logged_in_nowhere(client):
    """Signed up, logged in, and the transaction undone: nothing is left, in the session either."""
    assert client.get("/sign-up-in-vain/").status_code == 200
    assert client.cookies.keys() <= {"csrftoken"}
    assert who(client) is None


# --- Signals and requests of other code


def test_a_login_by_a_token_in_a_header_is_not_ours(client, bob):
    """Other packages send ``user_logged_in`` too; no session holds that login."""
    log_in(client)
    assert client.get("/foreign-login/bob/").content.decode() == NAME
    assert who(client) == NAME


class Wrapper:
    """A framework's own request around Django's, such as that of Django REST framework."""

    def __init__(self, request):
        self._request = request
        self.user = request.user

    def __getattr__(self, name):
        return getattr(self._request, name)


@pytest.mark.parametrize("has_session", [True, False])
def test_a_wrapped_request_logs_in_and_out_as_it_says(ada, has_session):
    """Without "remember me" means so, and the wrapper knows the user."""
    seen = []

    def view(request):
        wrapper = Wrapper(request)
        login(wrapper, ada, remember=False)  # type: ignore[arg-type]
        seen.append(wrapper.user)
        seen.append(request.jwt.login_session.persistent)
        logout(wrapper)  # type: ignore[arg-type]
        seen.append(wrapper.user.is_authenticated)
        return HttpResponse()

    request = RequestFactory().get("/")
    if has_session:
        request.session = SessionStore()
    JWTCookieMiddleware(view)(request)
    assert seen == [ada, False, False]
    assert not sessions.active(ada).exists()


# --- What is sent


class OrderForm(SignupForm):
    """A signup that asks for more than text."""

    size = forms.IntegerField(required=False)
    colours = forms.MultipleChoiceField(choices=[("r", "red"), ("g", "green")], required=False)
    terms = forms.BooleanField(required=False)


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ({"size": 7, "colours": ["r", "g"], "terms": True}, set()),
        ({"size": "7", "colours": [], "terms": None}, set()),
        ({"size": True, "colours": "r", "terms": "on"}, {"size", "colours", "terms"}),
        ({"size": [7], "colours": [1], "terms": 1}, {"size", "colours", "terms"}),
    ],
)
def test_each_field_takes_what_its_widget_would(client, settings, more, wrong):
    """Type confusion stops before the form sees it."""
    settings.JWT_COOKIE = {"SIGNUP_FORM": f"{__name__}.OrderForm"}
    form = {"username": "eve", "password1": PASSWORD, "password2": PASSWORD}
    response = client.post("/accounts/signup/", form | more, content_type="application/json")
    assert response.status_code == (400 if wrong else 201)
    assert set(response.json().get("errors", {})) == wrong


def test_a_refusal_of_csrf_is_not_stored_and_tells_no_more_than_djangos(new_client):
    """By no cache; and no internal reason."""
    client = new_client(enforce_csrf_checks=True)
    response = client.post("/accounts/login/", {}, headers=JSON)
    assert response.status_code == 403
    assert "no-store" in response.headers["Cache-Control"]
    assert "Accept" in response.headers["Vary"]
    assert "Referer" not in response.json()["detail"]


# --- Settings


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"KEYS": []}, "KEYS is empty"),
        ({"ON_REUSE": "ignore"}, "ON_REUSE must be one of revoke, refuse"),
    ],
)
def test_a_setting_that_would_be_ignored_is_refused(settings, given, complaint):
    """An empty ring would silently be that of SECRET_KEY."""
    settings.JWT_COOKIE = given
    with pytest.raises(ImproperlyConfigured, match=complaint):
        get_settings()


def test_without_a_login_page_a_bad_cookie_is_no_error(client, settings):
    """A site whose LOGIN_URL is a name that this part of it does not have."""
    settings.LOGIN_URL = "no-such-name"
    client.cookies[COOKIE] = "garbage"
    response = client.get("/redirect/")
    assert (response.status_code, response.url) == (302, "/somewhere/")


def test_there_is_nothing_to_refresh_without_a_login():
    """For code that calls it by itself."""
    request = RequestFactory().get("/")
    JWTCookieMiddleware(answer)(request)
    with pytest.raises(SessionRevoked):
        get_jwt(request).refresh()


def test_a_request_that_was_long_on_its_way_gets_no_token_even_if_it_asks(client, clock):
    """The browser has a newer one."""
    log_in(client)
    old = client.cookies[COOKIE].value
    for _ in range(2):
        clock.shift(timedelta(minutes=5))
        who(client)
    client.cookies[COOKIE] = old
    response = client.post("/accounts/refresh/")
    assert response.status_code == 200
    assert COOKIE not in response.cookies


def test_signals_of_a_login_without_our_request_do_no_harm(ada):
    """The test client sends them with a request of its own."""
    request = RequestFactory().get("/")
    user_logged_in.send(sender=User, request=request, user=ada)
    session = start_session(ada)
    assert session.user == ada


def test_a_dead_cookie_of_ones_own_does_not_open_anothers_session(client, new_client, bob):
    """Bob logs out and puts his old cookie where Ada's was: her cart is not his to read."""
    log_in(client)
    client.post(CART, {"item": "lamp"})
    elsewhere = new_client()
    log_in(elsewhere, "bob")
    dead = elsewhere.cookies[COOKIE].value
    elsewhere.post("/accounts/logout/", headers=JSON)
    client.cookies[COOKIE] = dead
    assert client.get(CART).json() == {"user": "", "item": None}


# --- Renewal and step-up


def test_a_program_that_refreshes_all_the_time_does_not_keep_off_the_next_generation(
    client, new_client, clock
):
    """Or the copy of a cookie would be good for days, and the login of a busy program would end."""
    log_in(client)
    thief = new_client()
    thief.cookies[COOKIE] = client.cookies[COOKIE].value
    for _ in range(15 * 60 // 4):
        clock.shift(timedelta(minutes=4))
        assert client.post("/accounts/refresh/").status_code == 200
    session = LoginSession.objects.get()
    assert session.generation > 100
    assert session.expires_at > session.created_at + timedelta(hours=15)
    assert who(thief) is None
    assert LoginSession.objects.get().revoked_because == "token_reused"


def test_step_up_by_somebody_elses_password(client, bob):
    """Who is known by a header is not let in by the cookie of another who has just logged in."""
    log_in(client)
    assert client.get("/vault/").content == b"vault of ada"
    assert client.get("/vault/", headers={"X-User": "bob"}).status_code == 302
    assert client.get("/vault/", headers={"X-User": "ada"}).content == b"vault of ada"

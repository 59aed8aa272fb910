"""Logins without records: what goes on to hold, and what does not."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from django_jwt_cookie import users
from django_jwt_cookie.exceptions import SessionRevoked, UserInactive
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.tokens import decode
from tests.conftest import NOW
from tests.support.accounts import BACKEND, COOKIE, NAME, PASSWORD, log_in, who

from .exchange import Exchange, is_accepted

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

NEW = "Bochnia-1248-salt"
DAY = 24 * 3600


@pytest.fixture(autouse=True)
def stateless(settings):
    """Keep no records."""
    settings.JWT_COOKIE = {"TRACK_SESSIONS": False}
    return settings


@pytest.fixture(autouse=True)
def ada():
    """Return a user with a password."""
    return User.objects.create_user(NAME, password=PASSWORD)


def test_a_login_costs_one_query_a_request_and_writes_no_record(client, django_assert_num_queries):
    """The user is loaded, and the hash compared."""
    assert log_in(client, remember=True).status_code == 200
    with django_assert_num_queries(1):
        assert who(client) == NAME
    assert not LoginSession.objects.exists()


def test_the_token_says_what_a_record_would(client, ada):
    """And nothing of the password: the hash is keyed."""
    log_in(client, remember=True)
    claims = decode(client.cookies[COOKIE].value)
    assert (claims.stateless.started_at, claims.stateless.persistent) == (NOW, True)
    assert len(claims.stateless.ath) == 16
    assert claims.stateless.ath not in ada.get_session_auth_hash()
    assert client.cookies[COOKIE]["max-age"] == 14 * DAY


@pytest.mark.parametrize(("remember", "idle"), [(True, 14 * DAY), (False, DAY // 2)])
def test_a_login_ends_when_it_is_idle(client, clock, remember, idle):
    """By "remember me"."""
    log_in(client, remember=remember)
    clock.move_to(NOW + idle - 1, tick=False)
    assert who(client) == NAME
    clock.move_to(NOW + 2 * idle - 1, tick=False)
    assert client.get("/accounts/me/").json()["code"] == "session_expired"


def test_a_login_ends_at_its_absolute_end_however_busy(client, clock):
    """30 days after the password was given."""
    log_in(client, remember=True)
    for day in range(1, 30):
        clock.move_to(NOW + day * DAY, tick=False)
        assert who(client) == NAME
    assert client.cookies[COOKIE]["max-age"] == DAY
    clock.move_to(NOW + 30 * DAY, tick=False)
    assert client.get("/accounts/me/").json()["code"] == "session_expired"


def test_a_token_is_renewed_at_half_its_life(client, clock):
    """The login stays the same."""
    before = log_in(client).json()
    old = client.cookies[COOKIE].value
    clock.shift(timedelta(minutes=5))
    assert who(client) == NAME
    assert client.cookies[COOKIE].value != old
    after = client.get("/accounts/me/").json()
    assert (after["issued_at"], after["session"]["id"]) == (NOW + 300, before["session"]["id"])


def test_a_new_password_ends_all_logins_but_this_one(new_client):
    """With their next request."""
    here, there = new_client(), new_client()
    log_in(here), log_in(there)
    change = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert here.post("/accounts/password_change/", change).status_code == 302
    assert who(here) == NAME
    assert there.get("/accounts/me/").json()["code"] == "session_revoked"


@pytest.mark.parametrize("changes", [{"is_active": False}, {"id": 4711}])
def test_a_user_who_is_deactivated_or_gone_is_out(client, changes):
    """With the next request."""
    log_in(client)
    User.objects.update(**changes)
    assert client.get("/accounts/me/").json()["code"] == "user_inactive"


def test_a_logout_is_only_the_cookies(client):
    """The price of having no record: a copy goes on to work."""
    log_in(client)
    copy = client.cookies[COOKIE].value
    assert client.post("/accounts/logout/").status_code == 200
    assert who(client) is None
    client.cookies[COOKIE] = copy
    assert who(client) == NAME


def test_rotating_secret_key_the_django_way_logs_nobody_out(client, settings):
    """The hash of the hash is keyed by it."""
    settings.JWT_COOKIE = {"TRACK_SESSIONS": False, "SECRET": "a-secret-that-does-not-change-here"}
    log_in(client)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another" * 10
    assert who(client) == NAME
    settings.SECRET_KEY_FALLBACKS = []
    assert client.get("/accounts/me/").json()["code"] == "session_revoked"


def test_changing_the_mode_logs_out(client, settings):
    """Neither kind of token passes for the other."""
    log_in(client)
    settings.JWT_COOKIE = {}
    assert client.get("/accounts/me/").json()["code"] == "session_revoked"
    log_in(client)
    settings.JWT_COOKIE = {"TRACK_SESSIONS": False}
    assert client.get("/accounts/me/").json()["code"] == "session_revoked"


@pytest.fixture
def token(ada):
    """Return the token of a login of Ada."""
    exchange = Exchange("")
    exchange.log_in(ada)
    return exchange.respond()


@pytest.mark.parametrize(("takes", "brings"), [(0, True), (5, True), (6, False), (900, False)])
def test_an_answer_slower_than_five_seconds_writes_nothing(clock, token, takes, brings):
    """Nobody knows which token the browser has by now, nor whether its login goes on."""
    clock.shift(timedelta(minutes=6))
    exchange = Exchange(token)
    assert exchange.arrive()
    clock.shift(takes)
    assert (exchange.respond() is not None) == brings
    assert is_accepted(token)


@pytest.mark.parametrize("takes", [6, 900])
def test_a_late_answer_never_overwrites_the_next_login(clock, ada, token, takes):
    """The visitor logs in anew, or changes the password, while a report is being made."""
    clock.shift(timedelta(minutes=6))
    report = Exchange(token)
    assert report.arrive()
    report.jwt.refresh()
    changing = Exchange(token)
    assert changing.arrive()
    changing.change_password(NEW)
    newer = changing.respond()
    clock.shift(takes)
    assert report.respond() is None
    assert newer is not None
    assert is_accepted(newer)
    assert not is_accepted(token)


@pytest.mark.parametrize("takes", [6, 900])
def test_a_late_answer_does_not_delete_a_cookie_either(clock, token, takes):
    """The user was deactivated before, and may have been let in again since."""
    User.objects.update(is_active=False)
    report = Exchange(token)
    assert not report.arrive()
    clock.shift(takes)
    assert report.respond() is None
    assert Exchange(token).jwt.reason == "user_inactive"


def test_the_hash_of_a_hash_is_of_one_user_and_one_backend(ada, settings):
    """And of one secret; the first of several backends that knows the user does not take over."""
    settings.AUTHENTICATION_BACKENDS = ["tests.support.sites.OtherBackend", BACKEND]
    ath, sub = users.make_ath(BACKEND, ada.get_session_auth_hash()), str(ada.pk)
    assert users.find_without_record(sub, ath) == (ada, BACKEND, ada.get_session_auth_hash())
    bob = User.objects.create_user("bob", password="x")
    with pytest.raises(SessionRevoked):
        users.find_without_record(str(bob.pk), ath)
    settings.AUTHENTICATION_BACKENDS = ["tests.support.sites.OtherBackend"]
    with pytest.raises(SessionRevoked):
        users.find_without_record(sub, ath)


@pytest.mark.parametrize("sub", ["x", "", "9" * 400, "-1"])
@pytest.mark.parametrize("is_first", [True, False])
def test_a_subject_that_is_no_user(ada, sub, is_first):
    """A token of ours has none such; another kind of primary key may come one day."""
    if not is_first:
        assert users.find_row(ada.pk) == ada
    with pytest.raises(UserInactive):
        users.find_without_record(sub, "")


def test_attack_a_user_whom_the_backend_of_the_login_has_locked(client, settings, ada):
    """Another backend that knows the user, and not of the lock, does not let the login go on."""
    settings.AUTHENTICATION_BACKENDS = [BACKEND, "tests.support.sites.ClosedBackend"]
    settings.ROOT_URLCONF = "tests.support.sites"
    client.get("/login-ours/ada/?backend=tests.support.sites.ClosedBackend")
    assert who(client) == "ada"
    User.objects.update(last_name="closed")
    assert who(client) is None


def test_a_login_that_the_site_makes_shorter(client, settings, clock):
    """``session.set_expiry()`` holds for the tokens after the first, too."""
    settings.ROOT_URLCONF = "tests.support.sites"
    client.get("/login-for-an-hour/ada/")
    for _ in range(3):
        clock.shift(timedelta(minutes=59))
        assert who(client) == "ada"
    clock.shift(timedelta(minutes=61))
    assert who(client) is None


def test_longer_timeouts_bring_no_login_back(client, settings, clock):
    """As with records: what has expired has expired."""
    settings.JWT_COOKIE |= {
        "IDLE_TIMEOUT": timedelta(hours=1),
        "BROWSER_SESSION_TIMEOUT": timedelta(hours=1),
    }
    log_in(client)
    copy = client.cookies[COOKIE].value
    clock.shift(timedelta(days=1))
    settings.JWT_COOKIE = {"TRACK_SESSIONS": False}
    client.cookies[COOKIE] = copy
    assert who(client) is None

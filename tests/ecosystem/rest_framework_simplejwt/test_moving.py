"""Tokens that the package has issued become logins of ours, by its own rules."""

import logging
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from jwt.utils import base64url_decode, base64url_encode
from rest_framework_simplejwt import state
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.serializers import TokenRefreshSlidingSerializer
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, SlidingToken

from django_jwt_cookie.models import LoginSession
from tests.support.accounts import COOKIE, JSON, NAME, PASSWORD, log_in, who
from tests.support.key_samples import pem, public_pem

ME = "/accounts/me/"
WHOAMI = "/api/whoami/"
ORDER_OF_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def ada():
    """Return a user."""
    return User.objects.create_user(NAME, password=PASSWORD)


@pytest.fixture
def tokens(new_client):
    """Return the pair of tokens that the package gives out for a password."""
    form = {"username": NAME, "password": PASSWORD}
    return new_client().post("/api/token/", form).json()


@pytest.fixture
def configure(monkeypatch):
    """Set something in ``SIMPLE_JWT``, which that package reads once."""
    return lambda name, value: monkeypatch.setattr(api_settings, name, value)


def bearer(token):
    """Return the headers of a program with ``token``."""
    return JSON | {"authorization": f"Bearer {token}"}


def swap(client, token, name="refresh"):
    """Send ``token`` in its cookie, to be swapped for ours; return the status."""
    client.cookies[name] = str(token)
    return client.get(ME, headers=JSON).status_code


def jar_of(client):
    """Name the cookies in the jar, but the one against CSRF."""
    return {name for name, cookie in client.cookies.items() if cookie.value} - {"csrftoken"}


def refresh(client, token):
    """Ask for an access token, as the old front end does."""
    return client.post("/api/token/refresh/", {"refresh": token})


def test_a_refresh_token_becomes_a_login(client, tokens):
    """From then on our cookie is enough, and theirs goes; nothing is in the session."""
    assert swap(client, tokens["refresh"]) == 200
    assert jar_of(client) == {COOKIE}
    assert who(client) == NAME
    assert client.get(WHOAMI).json() == {"username": NAME}
    ends = LoginSession.objects.get().expires_at
    assert ends.timestamp() == RefreshToken(tokens["refresh"])["exp"]


def test_an_access_token_becomes_a_login_for_as_long_as_it_lasts(client, tokens, clock):
    """Five minutes by default."""
    client.cookies["access"] = tokens["access"]
    assert client.get("/page/").content == NAME.encode()
    assert (who(client), jar_of(client)) == (NAME, {COOKIE})
    clock.shift(api_settings.ACCESS_TOKEN_LIFETIME + timedelta(seconds=11))
    assert who(client) is None


def test_old_tabs_and_apps_go_on_as_before(new_client, tokens):
    """The API takes the header, with no CSRF token, and sets no cookie."""
    client = new_client(enforce_csrf_checks=True)
    for method in (client.get, client.post):
        response = method(WHOAMI, headers=bearer(tokens["access"]))
        assert response.json() == {"username": NAME}
        assert response.cookies == {}
    assert LoginSession.objects.count() == 0


def test_old_tabs_can_refresh_after_the_swap(client, new_client, tokens):
    """They have the same token in memory."""
    assert swap(client, tokens["refresh"]) == 200
    access = refresh(new_client(), tokens["refresh"]).json()["access"]
    assert new_client().get(WHOAMI, headers=bearer(access)).status_code == 200


def test_requests_side_by_side_become_one_login(new_client, tokens):
    """Several tabs start at once, each with what is in ``localStorage``."""
    clients = [new_client() for _ in range(4)]
    assert {swap(client, tokens["refresh"]) for client in clients} == {200}
    assert LoginSession.objects.count() == 1


@pytest.mark.parametrize("how", ["logout", "password"])
def test_a_login_that_ends_leaves_its_refresh_token_worth_nothing_here(
    client, new_client, tokens, how
):
    """Whoever has a copy; tokens of other devices stay good."""
    other = new_client().post("/api/token/", {"username": NAME, "password": PASSWORD}).json()
    swap(client, tokens["refresh"])
    if how == "logout":
        client.post("/accounts/logout/", headers=JSON)
    else:
        user = User.objects.get()
        user.set_password("another")
        user.save()
    assert swap(new_client(), tokens["refresh"]) == 401
    assert swap(new_client(), other["refresh"]) == 200


def test_a_refresh_token_is_worth_nothing_here_after_a_minute(client, new_client, tokens, clock):
    """A copy of it, while the login that it has become goes on."""
    assert swap(client, tokens["refresh"]) == 200
    clock.shift(timedelta(seconds=59))
    assert swap(new_client(), tokens["refresh"]) == 200
    clock.shift(timedelta(seconds=2))
    assert swap(new_client(), tokens["refresh"]) == 401
    assert who(client) == NAME
    assert LoginSession.objects.count() == 1


def log_out_there(client, token):
    """Blacklist ``token``, as the old front end does to log out; return the status."""
    return client.post("/api/token/blacklist/", {"refresh": token}).status_code


def test_an_old_tab_that_logs_out_does_so_here_too(new_client, tokens):
    """With no CSRF token, of which it knows nothing; the next visitor of the computer is nobody."""
    client = new_client(enforce_csrf_checks=True)
    swap(client, tokens["refresh"])
    assert who(client) == NAME
    assert log_out_there(client, tokens["refresh"]) == 200
    assert who(client) is None
    assert LoginSession.objects.get().revoked_because == "logout"


def test_nobody_logs_out_another_there(client, tokens):
    """CSRF: a page of another site of the domain sends a token of its own, or none."""
    bob = User.objects.create_user("bob", password=PASSWORD)
    swap(client, tokens["refresh"])
    assert log_out_there(client, RefreshToken.for_user(bob)) == 200
    assert log_out_there(client, "x") == 401
    assert who(client) == NAME


def test_who_has_not_been_swapped_can_log_out_there(client, tokens):
    """As before."""
    assert log_out_there(client, tokens["refresh"]) == 200
    assert refresh(client, tokens["refresh"]).status_code == 401
    assert LoginSession.objects.count() == 0


def test_an_old_tab_gets_no_other_refresh_token(client, tokens):
    """Its name would be another, and a logout here would not blacklist it."""
    assert list(refresh(client, tokens["refresh"]).json()) == ["access"]


def test_a_sliding_token_that_was_refreshed_is_of_the_same_login(new_client, ada, configure, clock):
    """It keeps its name and ends later; and after a logout it is good for none."""
    configure("AUTH_TOKEN_CLASSES", (SlidingToken,))
    client, token = new_client(), str(SlidingToken.for_user(ada))
    assert swap(new_client(), token, "access") == 200
    clock.shift(timedelta(seconds=30))
    token = TokenRefreshSlidingSerializer().validate({"token": token})["token"]
    assert swap(client, token, "access") == 200
    assert LoginSession.objects.count() == 1
    client.post("/accounts/logout/", headers=JSON)
    token = TokenRefreshSlidingSerializer().validate({"token": token})["token"]
    assert swap(client, token, "access") == 401


def test_a_blacklisted_token_is_refused(client, tokens):
    """By the package's own logout."""
    client.post("/api/token/blacklist/", {"refresh": tokens["refresh"]})
    assert swap(client, tokens["refresh"]) == 401
    assert LoginSession.objects.count() == 0


def test_a_rotated_token_is_refused_and_its_successor_is_taken(client, tokens, configure):
    """``ROTATE_REFRESH_TOKENS`` with ``BLACKLIST_AFTER_ROTATION``."""
    configure("ROTATE_REFRESH_TOKENS", True)
    configure("BLACKLIST_AFTER_ROTATION", True)
    successor = refresh(client, tokens["refresh"]).json()["refresh"]
    assert swap(client, tokens["refresh"]) == 401
    assert swap(client, successor) == 200


@pytest.mark.parametrize("kind", ["access", "refresh"])
def test_a_user_who_may_not_log_in_is_refused(client, tokens, kind):
    """``CHECK_USER_IS_ACTIVE``; or deleted."""
    User.objects.update(is_active=False)
    assert swap(client, tokens[kind], kind) == 401
    User.objects.all().delete()
    assert swap(client, tokens[kind], kind) == 401


def test_the_backend_of_the_site_has_to_let_the_user_in_as_well(client, tokens, configure):
    """Where the package was told not to look."""
    configure("CHECK_USER_IS_ACTIVE", False)
    User.objects.update(is_active=False)
    assert swap(client, tokens["refresh"]) == 401


@pytest.mark.parametrize("kind", ["access", "refresh"])
def test_the_sites_own_rule_is_asked(client, tokens, configure, kind):
    """``USER_AUTHENTICATION_RULE``."""
    configure("USER_AUTHENTICATION_RULE", lambda user: user.email != "")
    assert swap(client, tokens[kind], kind) == 401
    User.objects.update(email="ada@example.com")
    assert swap(client, tokens[kind], kind) == 200


def test_a_token_from_before_a_new_password_is_refused_where_the_package_refuses_it(
    client, new_client, configure, ada
):
    """``CHECK_REVOKE_TOKEN``; without, it is good for a login as it was good there."""
    ada.set_password("another")
    token = str(RefreshToken.for_user(ada))
    ada.save()
    assert swap(new_client(), token) == 200
    configure("CHECK_REVOKE_TOKEN", True)
    before = str(RefreshToken.for_user(ada))
    ada.set_password("yet another")
    ada.save()
    assert swap(client, before) == 401
    assert swap(client, str(RefreshToken.for_user(ada))) == 200


def test_a_second_signature_makes_no_second_login(new_client, ada, configure, monkeypatch):
    """ECDSA: from one anybody can make another. What counts is what a token without an id says."""
    configure("JTI_CLAIM", None)
    keys = {"signing_key": pem("ES256"), "verifying_key": public_pem("ES256")}
    monkeypatch.setattr(state, "token_backend", TokenBackend("ES256", **keys))
    token = AccessToken.for_user(ada)
    del token.payload[None]
    text = str(token)
    message, _, signature = text.rpartition(".")
    raw = base64url_decode(signature)
    other = (ORDER_OF_P256 - int.from_bytes(raw[32:])).to_bytes(32)
    respelled = f"{message}.{base64url_encode(raw[:32] + other).decode()}"
    assert respelled != text
    assert [swap(new_client(), each, "access") for each in (text, respelled)] == [200, 200]
    assert LoginSession.objects.count() == 1


def forged(ada):
    """Return a token that was signed with another key."""
    header, payload, _ = str(RefreshToken.for_user(ada)).split(".")
    return f"{header}.{payload}.{'A' * 43}"


def expired(ada):
    """Return a token that is over."""
    token = RefreshToken.for_user(ada)
    token.set_exp(from_time=timezone.now() - timedelta(days=3))
    return str(token)


def of_another_type(ada):
    """Return a genuine token that is for something else."""
    token = RefreshToken.for_user(ada)
    token[api_settings.TOKEN_TYPE_CLAIM] = "download"
    return str(token)


def of_nobody(ada):
    """Return a genuine token without a user."""
    return str(RefreshToken())


@pytest.mark.parametrize("name", ["access", "refresh"])
@pytest.mark.parametrize(
    "value",
    ["", "x", "a b", "..", "é", "a" * 5000, forged, expired, of_another_type, of_nobody],
)
def test_what_is_no_good_token_is_nobody_and_no_error(client, ada, name, value, caplog):
    """Neither a login nor an error of the server, and one can log in with it. It goes."""
    caplog.set_level(logging.ERROR)
    headers = {"cookie": f"{name}={value if isinstance(value, str) else value(ada)}"}
    response = client.get(ME, headers=JSON | headers)
    assert (response.status_code, response.json()["code"]) == (401, "login_required")
    assert (response.cookies[name].value, response.cookies[name]["max-age"]) == ("", 0)
    form = {"username": NAME, "password": PASSWORD}
    assert client.post("/accounts/login/", form, headers=headers).status_code == 302
    assert caplog.records == []


def test_a_token_in_a_header_makes_no_login(client, tokens):
    """Programs go on with that package, until they change."""
    for token in tokens.values():
        assert client.get(ME, headers=bearer(token)).status_code == 401
    assert LoginSession.objects.count() == 0
    assert jar_of(client) == set()


def test_a_planted_cookie_does_not_win_over_a_header(client, tokens):
    """Login CSRF: a sibling domain can set a cookie of that name, and no header."""
    mallory = User.objects.create_user("mallory", password=PASSWORD)
    client.cookies["refresh"] = str(RefreshToken.for_user(mallory))
    assert client.get(WHOAMI, headers=bearer(tokens["access"])).json() == {"username": NAME}
    assert LoginSession.objects.count() == 0


def test_our_cookie_wins_over_theirs(client, tokens):
    """Whoever has logged in here is that user, whatever has been planted."""
    User.objects.create_user("bob", password=PASSWORD)
    log_in(client, "bob")
    client.cookies["refresh"] = tokens["refresh"]
    assert who(client) == "bob"
    client.post("/accounts/logout/", headers=JSON)
    assert (who(client), jar_of(client)) == (None, set())


def test_after_the_date_tokens_are_the_packages_alone(client, settings, tokens):
    """Its own class goes on to take them, until it is deleted."""
    past = timezone.now() - timedelta(seconds=1)
    settings.JWT_COOKIE = settings.JWT_COOKIE | {"MOVE_UNTIL": past}
    assert swap(client, tokens["refresh"]) == 401
    assert client.get(WHOAMI, headers=bearer(tokens["access"])).status_code == 200

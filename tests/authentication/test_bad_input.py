"""Whatever a browser sends: anonymous at worst, never an error, and the login always in reach."""

import base64
import hmac
import json
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from html import escape
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from django_jwt_cookie import sessions
from django_jwt_cookie.keys import get_key_ring
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.responses import REASONS
from django_jwt_cookie.tokens import Claims, encode
from tests.support.accounts import start_session
from tests.support.cases import spread
from tests.support.openapi_contract import check

pytestmark = pytest.mark.django_db

NAME = "__Host-jwt"
PASSWORD = "xk3-Pq9-zz"
JSON = {"accept": "application/json"}
FORM = "application/x-www-form-urlencoded"
SAME_ORIGIN = {"origin": "https://testserver"}


@pytest.fixture(autouse=True)
def _site(settings):
    settings.ROOT_URLCONF = "tests.support.sites"


@pytest.fixture(autouse=True)
def bob():
    """Return somebody who logs in, and has nothing to do with the cookie."""
    return User.objects.create_superuser("bob", password=PASSWORD)


# --- The cookies


def segment(data):
    """Return ``data`` as a part of a token."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def part_of(token, index):
    """Return the bytes of a part of ``token``."""
    return base64.urlsafe_b64decode(token.split(".")[index] + "==")


def flip_bit(token, index):
    """Change one bit in the middle of a part of ``token``."""
    parts = token.split(".")
    data = bytearray(part_of(token, index))
    data[len(data) // 2] ^= 1
    return ".".join([*parts[:index], segment(data), *parts[index + 1 :]])


def as_json(data):
    """Return an object as PyJWT writes it: a header counts to the letter."""
    return json.dumps(data, separators=(",", ":")).encode()


@dataclass
class Login:
    """A login of Ada, her token, and what an attacker makes of it."""

    user: User
    record: LoginSession
    claims: Claims
    settings: Any

    @property
    def token(self):
        """The genuine token."""
        return encode(self.claims)

    def forge(self, payload=(), header=(), secret=None):
        """Sign anything, with the site's own key unless told otherwise."""
        key = get_key_ring().signing_key
        full_header = json.loads(part_of(self.token, 0)) | dict(header)
        full_payload = self.claims.to_payload() | dict(payload)
        signed = ".".join(
            segment(as_json({k: v for k, v in each.items() if v is not None}))
            for each in (full_header, full_payload)
        )
        signature = hmac.digest(secret or key.secret, signed.encode(), "sha256")
        return f"{signed}.{segment(signature)}"

    def unsigned(self, alg):
        """Remove the signature, and say that there never was one."""
        return self.forge(header={"alg": alg}).rpartition(".")[0] + "."

    def with_rsa_confusion(self):
        """Take what everybody can read, the key id, for the secret."""
        kid = get_key_ring().signing_key.kid
        return self.forge(header={"alg": "RS256"}, secret=kid.encode())

    def with_retired_key(self):
        """Sign with a key that then leaves the ring."""
        self.settings.JWT_COOKIE = {"KEYS": ["r" * 32]}
        token = self.token
        self.settings.JWT_COOKIE = {"KEYS": ["s" * 32]}
        return token

    def of_other_site(self, **differing):
        """Let another site, which has the same secret, issue the token."""
        self.settings.JWT_COOKIE = {"ISSUER": "shop", "AUDIENCE": "web"} | differing
        token = self.token
        self.settings.JWT_COOKIE = {"ISSUER": "shop", "AUDIENCE": "web"}
        return token

    def of_site_without_issuer(self):
        """Demand an issuer of a token that has none."""
        token = self.token
        self.settings.JWT_COOKIE = {"ISSUER": "shop"}
        return token

    def expired(self):
        """Return the same token when it was no longer honoured."""
        past = int(time.time()) - 3600
        return encode(replace(self.claims, iat=past, exp=past + 600))

    def after(self, change, token=None):
        """Do something to the login, and return the token of before."""
        change()
        return token or self.token

    def set_record(self, **values):
        """Change the record of the login."""
        LoginSession.objects.update(**values)

    def set_user(self, **values):
        """Change the user."""
        User.objects.filter(pk=self.user.pk).update(**values)

    def change_password(self):
        """Choose a new password, in another browser."""
        self.user.set_password("another one")
        self.user.save()

    def reach_end(self):
        """Let the login live for as long as it may."""
        self.set_record(expires_at=timezone.now() - timedelta(seconds=1))


@pytest.fixture
def login(settings):
    """Log Ada in, somewhere."""
    user = User.objects.create_user("ada", password=PASSWORD)
    record = start_session(user)
    now = int(time.time())
    claims = Claims(str(user.pk), record.pk, gen=0, iat=now, exp=now + 600, auth_time=now)
    return Login(user, record, claims, settings)


def one(value):
    """Return the header with one cookie."""
    return f"{NAME}={value}"


def two(first, second):
    """Return the header with two cookies of our name, as of two paths or domains."""
    return f"{NAME}={first}; other=1; {NAME}={second}"


def forged(payload=(), header=()):
    """Return what makes the header with a token that is signed and yet wrong."""
    return lambda login: one(login.forge(payload, header))


INVALID = {
    "garbage": lambda _: one("garbage"),
    "100 kB": lambda _: one("x" * 100_000),
    "NUL": lambda login: one(login.token.replace(".", "\0.", 1)),
    "non-ASCII bytes": lambda _: one("\xe4\xf6\xfc\xff"),
    "two garbage": lambda _: two("garbage", "other.gar.bage"),
    "alg none": lambda login: one(login.unsigned("none")),
    "RS confusion": lambda login: one(login.with_rsa_confusion()),
    "wrong typ": lambda login: one(login.forge(header={"typ": "JWT"})),
    "unknown kid": lambda login: one(login.forge(header={"kid": "unknown"})),
    "crit": lambda login: one(login.forge(header={"crit": ["exp"]})),
    "claim missing": lambda login: one(login.forge({"sid": None})),
    "sub an int": lambda login: one(login.forge({"sub": login.user.pk})),
    "exp a string": lambda login: one(login.forge({"exp": "9999999999"})),
    "sid not a UUID": lambda login: one(login.forge({"sid": "not-a-uuid"})),
    "signature stripped": lambda login: one(login.token.rpartition(".")[0] + "."),
    "bit flipped in header": lambda login: one(flip_bit(login.token, 0)),
    "bit flipped in payload": lambda login: one(flip_bit(login.token, 1)),
    "bit flipped in signature": lambda login: one(flip_bit(login.token, 2)),
    "retired key": lambda login: one(login.with_retired_key()),
    "another issuer": lambda login: one(login.of_other_site(ISSUER="pub")),
    "another audience": lambda login: one(login.of_other_site(AUDIENCE="app")),
}

REVOKED = {
    "row gone": lambda login: one(login.after(LoginSession.objects.all().delete)),
    "row ended": lambda login: one(login.after(lambda: sessions.revoke(login.record))),
    "row ended, token expired": lambda login: one(
        login.after(lambda: sessions.revoke(login.record), login.expired())
    ),
    "user deleted": lambda login: one(login.after(login.user.delete, login.token)),
    "sub of another user": lambda login: one(
        encode(replace(login.claims, sub=str(User.objects.get(username="bob").pk)))
    ),
    "password changed": lambda login: one(login.after(login.change_password)),
}

EXPIRED = {
    "row at its end, token expired": lambda login: one(
        login.after(login.reach_end, login.expired())
    ),
}

INACTIVE = {
    "user deactivated": lambda login: one(login.after(lambda: login.set_user(is_active=False))),
}

REFUSED = {
    name: (make, reason)
    for cases, reason in (
        (INVALID, "token_invalid"),
        (REVOKED, "session_revoked"),
        (EXPIRED, "session_expired"),
        (INACTIVE, "user_inactive"),
    )
    for name, make in cases.items()
}


MORE_HEADERS = [
    {"typ": None},
    {"typ": ["login+jwt"]},
    {"kid": None},
    {"kid": "../../etc/passwd"},
    {"kid": ["a"]},
    {"kid": {"a": 1}},
    {"kid": 7},
    {"alg": "none"},
    {"alg": "RS256"},
    {"alg": "HS384"},
    {"alg": ["HS256"]},
    {"alg": None},
    {"jku": "https://attacker.example/"},
    {"jwk": {"kty": "oct", "k": "AAAA"}},
    {"x5u": "https://attacker.example/"},
    {"b64": False},
]
MORE_CLAIMS = [
    *({name: None} for name in ("sub", "gen", "iat", "exp", "auth_time")),
    {"sub": ""},
    {"sub": {"$ne": ""}},
    {"sid": 7},
    {"sid": "A" * 21 + "\n"},
    {"gen": "0"},
    {"gen": True},
    {"gen": -1},
    {"exp": 1e10},
    {"exp": 10**30},
    {"exp": float("inf")},
    {"iat": "0"},
    {"aud": "elsewhere"},
    {"aud": ["elsewhere"]},
    {"auth_time": [1]},
    {"filler": "x" * 4096},
]
MORE_INVALID = {
    "100 kB of dots": lambda _: one("." * 100_000),
    "NUL alone": lambda _: one("\0"),
    "non-ASCII in the token": lambda login: one(f"\xe4{login.token}"),
    "quotes": lambda login: one(f'"{login.token[:-2]}'),
    "percent": lambda login: one(login.token.replace(".", "%2E")),
    "whitespace": lambda login: one(login.token.replace(".", ". ")),
    "JSON": lambda _: one('{"sub": "1"}'),
    "deep nesting": lambda _: one(f"{segment(b'[' * 2500)}.e30.e30"),
    "no object": lambda _: one(f"{segment(b'[]')}.e30.e30"),
    "fifty garbage": lambda _: "; ".join([one("garbage")] * 50),
    "alg None": lambda login: one(login.unsigned("None")),
    "alg empty": lambda login: one(login.unsigned("")),
    "foreign secret": lambda login: one(login.forge(secret=b"x" * 32)),
    "no signature part": lambda login: one(login.token.rpartition(".")[0]),
    "payload only": lambda login: one(login.token.split(".")[1]),
    "part added": lambda login: one(f"{login.token}.e30"),
    "no issuer": lambda login: one(login.of_site_without_issuer()),
    **{f"header {header}": forged(header=header) for header in MORE_HEADERS},
    **{f"claims {str(payload)[:40]}": forged(payload) for payload in MORE_CLAIMS},
}

MORE_REVOKED = {
    "sub of nobody": lambda login: one(encode(replace(login.claims, sub="0"))),
    "sub is no key": lambda login: one(encode(replace(login.claims, sub="'; DROP TABLE"))),
    "no usable hash": lambda login: one(login.after(lambda: login.set_record(auth_hash=""))),
    "row gone, and garbage": lambda login: two(
        login.after(LoginSession.objects.all().delete), "garbage"
    ),
}

MORE_EXPIRED = {
    "row at its end, token not": lambda login: one(login.after(login.reach_end)),
}

MORE_UNKNOWN = {
    "backend gone": lambda login: one(
        login.after(lambda: login.set_record(backend="gone.Backend"))
    ),
}

VARIANTS = {
    name: (make, reason)
    for cases, reason in (
        (MORE_INVALID, "token_invalid"),
        (MORE_REVOKED, "session_revoked"),
        (MORE_EXPIRED, "session_expired"),
        (MORE_UNKNOWN, "user_inactive"),
    )
    for name, make in cases.items()
}


KEPT = {
    "fifty garbage",
    "password changed",
    "no usable hash",
    *EXPIRED,
    *MORE_EXPIRED,
    *MORE_UNKNOWN,
}
"""What is not deleted: it is for nothing in this browser alone, may be good tomorrow, or hides one
that nobody has looked at."""


class Bad(NamedTuple):
    """A bad cookie, and what becomes of it."""

    headers: dict[str, str]
    reason: str
    is_kept: bool


QUICK = [*spread(INVALID, 5), *spread(REVOKED, 2), *EXPIRED, *INACTIVE]


@pytest.fixture(params=QUICK)
def bad(request, login):
    """Return each bad cookie."""
    make, reason = REFUSED[request.param]
    return Bad({"cookie": make(login)}, reason, request.param in KEPT)


@pytest.fixture(
    params=["garbage", "row ended", "row at its end, token expired", "user deactivated"]
)
def bad_of_each_reason(request, login):
    """Return one bad cookie for each reason."""
    make, reason = REFUSED[request.param]
    return Bad({"cookie": make(login)}, reason, request.param in KEPT)


def assert_deletes_cookie(response):
    """The cookie is deleted with the attributes that it was set with."""
    cookie = response.cookies[NAME]
    names = ("path", "domain", "samesite", "secure", "httponly", "max-age")
    assert (cookie.value, *(cookie[name] for name in names)) == (
        *("", "/", "", "Lax", True, True, 0),
    )
    assert "no-store" in response["Cache-Control"]
    assert "private" in response["Cache-Control"]
    assert "Cookie" in response["Vary"]


def assert_gets_rid(response, *, is_kept):
    """The cookie is deleted, unless it is one that is kept."""
    if is_kept:
        assert NAME not in response.cookies
        assert "Cookie" in response["Vary"]
    else:
        assert_deletes_cookie(response)


def assert_logs_in(client, response, name):
    """The cookie of this response is a login of ``name``, for a browser with no other cookie."""
    headers = {"cookie": one(response.cookies[NAME].value)}
    assert client.get("/public/", headers=headers).json() == {"user": name, "reason": None}


def signup_data():
    """Return what a new member fills in."""
    return {"username": "eve", "password1": PASSWORD, "password2": PASSWORD}


# --- Bad cookies on every page


@pytest.mark.parametrize(
    "payload",
    [{"iat": int(time.time()) + 3600}, {"nbf": 9_999_999_999}, {"nbf": "soon"}, {"jti": [1]}],
)
def test_a_clock_that_is_wrong_makes_no_cookie_bad(client, login, payload):
    """Nobody but us signs: another server is ahead, and its visitors are not logged out here."""
    headers = {"cookie": one(login.forge(payload))}
    assert client.get("/public/", headers=headers).json() == {"user": "ada", "reason": None}


@pytest.mark.parametrize("path", ["/public/", "/apublic/"])
def test_the_genuine_cookie_is_honoured(client, login, path):
    """What the other tests change is all that is wrong with their cookies."""
    response = client.get(path, headers={"cookie": one(login.token)})
    assert response.json() == {"user": "ada", "reason": None}
    assert NAME not in response.cookies


@pytest.mark.parametrize("path", ["/members/", "/amembers/", "/api/", "/aapi/", "/accounts/me/"])
@pytest.mark.parametrize("headers", [{}, JSON])
def test_the_genuine_cookie_opens_protected_pages(client, login, path, headers):
    """For people and programs."""
    response = client.get(path, headers={"cookie": one(login.token)} | headers)
    assert response.status_code == 200


@pytest.mark.parametrize("path", ["/public/", "/apublic/"])
def test_a_public_page_is_served_to_a_bad_cookie(client, bad, path):
    """Anonymous, told why, and rid of the cookie; never an error."""
    headers, reason, is_kept = bad
    response = client.get(path, headers=headers)
    assert response.status_code == 200
    assert response.json() == {"user": "", "reason": reason}
    assert_gets_rid(response, is_kept=is_kept)


@pytest.mark.parametrize("name", spread(VARIANTS, 12))
def test_a_public_page_is_served_to_a_variant_of_a_bad_cookie(client, login, name):
    """The same, for what is only a little different."""
    make, reason = VARIANTS[name]
    response = client.get("/public/", headers={"cookie": make(login)})
    assert response.status_code == 200
    assert response.json() == {"user": "", "reason": reason}
    assert_gets_rid(response, is_kept=name in KEPT)


@pytest.mark.parametrize("path", ["/plain/", "/aplain/"])
def test_an_untouched_page_does_not_look_at_a_bad_cookie(client, bad, path):
    """Nothing is read, so nothing is deleted, and the page may be cached for everybody."""
    response = client.get(path, headers=bad.headers)
    assert (response.status_code, response.content) == (200, b"hello")
    assert not response.cookies
    assert "Vary" not in response
    assert "Cache-Control" not in response


@pytest.mark.parametrize("path", ["/members/", "/amembers/"])
def test_djangos_login_required_redirects_with_the_reason(client, bad, path):
    """Not a 401, not a 500: the login page, and why."""
    headers, reason, is_kept = bad
    response = client.get(path, headers=headers)
    assert response.status_code == 302
    assert response.url == f"/accounts/login/?next={path}&reason={reason}"
    assert_gets_rid(response, is_kept=is_kept)


def test_a_program_gets_401_with_the_reason(client, bad):
    """Code, sentence, and the scheme that no browser shows a dialogue for."""
    headers, reason, is_kept = bad
    response = client.get("/accounts/me/", headers=headers | JSON)
    assert response.status_code == 401
    assert response.json() == {"code": reason, "detail": str(REASONS[reason])}
    assert response["WWW-Authenticate"] == "Cookie"
    assert_gets_rid(response, is_kept=is_kept)


@pytest.mark.parametrize("path", ["/api/", "/aapi/"])
def test_a_program_gets_401_from_a_page_for_both(client, bad_of_each_reason, path):
    """The package's decorator answers programs as ``me/`` does."""
    headers, reason, is_kept = bad_of_each_reason
    response = client.get(path, headers=headers | JSON)
    assert (response.status_code, response.json()["code"]) == (401, reason)
    assert response["WWW-Authenticate"] == "Cookie"
    assert_gets_rid(response, is_kept=is_kept)


def test_a_person_is_redirected_from_a_page_for_both(client, bad_of_each_reason):
    """The package's decorator answers people as Django's does."""
    headers, reason, _ = bad_of_each_reason
    response = client.get("/api/", headers=headers)
    assert (response.status_code, response.url) == (
        302,
        f"/accounts/login/?next=/api/&reason={reason}",
    )


def test_refresh_says_why_not(client, bad_of_each_reason):
    """401 with the reason."""
    headers, reason, is_kept = bad_of_each_reason
    response = client.post("/accounts/refresh/", headers=headers | JSON)
    assert (response.status_code, response.json()["code"]) == (401, reason)
    assert_gets_rid(response, is_kept=is_kept)


def test_the_login_page_opens_with_a_bad_cookie_and_says_why(client, bad):
    """A login page that a stale cookie can break locks the visitor out."""
    headers, reason, is_kept = bad
    response = client.get("/accounts/login/", headers=headers)
    assert response.status_code == 200
    assert f'data-reason="{reason}"' in response.text
    assert escape(str(REASONS[reason])) in response.text
    assert_gets_rid(response, is_kept=is_kept)


def test_one_can_log_in_with_a_bad_cookie(client, bad):
    """The new cookie takes the place of the bad one."""
    data = {"username": "bob", "password": PASSWORD}
    response = client.post("/accounts/login/", data, headers=bad.headers)
    assert (response.status_code, response.url) == (302, "/accounts/profile/")
    assert_logs_in(client, response, "bob")


def test_a_program_can_log_in_with_a_bad_cookie(client, bad_of_each_reason):
    """As if there were none."""
    data = {"username": "bob", "password": PASSWORD}
    response = client.post(
        "/accounts/login/",
        data,
        content_type="application/json",
        headers=bad_of_each_reason.headers,
    )
    assert response.status_code == 200
    assert response.json()["user"]["username"] == "bob"
    assert_logs_in(client, response, "bob")


def test_a_wrong_password_with_a_bad_cookie_is_a_wrong_password(client, bad_of_each_reason):
    """The form is shown again."""
    data = {"username": "bob", "password": "wrong"}
    response = client.post("/accounts/login/", data, headers=bad_of_each_reason.headers)
    assert response.status_code == 200
    assert "Please enter a correct username and password" in response.text
    assert NAME not in response.cookies or not response.cookies[NAME].value


def test_the_signup_page_opens_with_a_bad_cookie(client, bad):
    """It asks nobody who they are."""
    response = client.get("/accounts/signup/", headers=bad.headers)
    assert response.status_code == 200
    assert 'name="password2"' in response.text


def test_one_can_sign_up_with_a_bad_cookie(client, bad):
    """And is logged in."""
    response = client.post("/accounts/signup/", signup_data(), headers=bad.headers)
    assert response.status_code == 302
    assert_logs_in(client, response, "eve")


def test_a_program_can_sign_up_with_a_bad_cookie(client, bad_of_each_reason):
    """And is logged in."""
    response = client.post(
        "/accounts/signup/",
        signup_data(),
        content_type="application/json",
        headers=bad_of_each_reason.headers,
    )
    assert (response.status_code, response.json()["user"]["username"]) == (201, "eve")
    assert_logs_in(client, response, "eve")


def test_one_can_log_out_with_a_bad_cookie(client, bad_of_each_reason):
    """There is nothing to end, and the cookie goes."""
    response = client.post("/accounts/logout/", headers=bad_of_each_reason.headers | JSON)
    assert response.status_code == 204
    assert_deletes_cookie(response)


def test_the_admin_asks_to_log_in(client, bad):
    """By its own login page."""
    response = client.get("/admin/", headers=bad.headers)
    assert (response.status_code, response.url) == (302, "/admin/login/?next=/admin/")
    assert_gets_rid(response, is_kept=bad.is_kept)


def test_the_admins_login_page_opens_with_a_bad_cookie(client, bad_of_each_reason):
    """And rids the browser of it."""
    response = client.get("/admin/login/", headers=bad_of_each_reason.headers)
    assert response.status_code == 200
    assert_gets_rid(response, is_kept=bad_of_each_reason.is_kept)


def test_one_can_log_in_at_the_admin_with_a_bad_cookie(client, bad_of_each_reason):
    """The new cookie takes the place of the bad one."""
    data = {"username": "bob", "password": PASSWORD}
    response = client.post("/admin/login/?next=/admin/", data, headers=bad_of_each_reason.headers)
    assert (response.status_code, response.url) == (302, "/admin/")
    assert_logs_in(client, response, "bob")


# --- No cookie


@pytest.mark.parametrize("cookie", ["", "other=1", f"{NAME}", f"{NAME}2=a", NAME.lower() + "=a"])
def test_without_a_cookie_nothing_is_refused(client, login, cookie):
    """No reason to give and no cookie to delete."""
    response = client.get("/public/", headers={"cookie": cookie})
    assert response.json() == {"user": "", "reason": None}
    assert NAME not in response.cookies
    assert response["Vary"] == "Cookie"
    assert "Cache-Control" not in response


def test_without_a_cookie_a_page_redirects_without_a_reason(client):
    """As with Django."""
    assert client.get("/members/").url == "/accounts/login/?next=/members/"


def test_without_a_cookie_a_program_is_told_to_log_in(client):
    """The code of somebody who never was logged in."""
    response = client.get("/accounts/me/", headers=JSON)
    assert (response.status_code, response.json()["code"]) == (401, "login_required")
    assert response["WWW-Authenticate"] == "Cookie"


def test_without_a_cookie_the_login_page_gives_no_reason(client):
    """Nothing happened."""
    assert "data-reason" not in client.get("/accounts/login/").text


# --- The reason, from the page that was asked for to the login page


@pytest.mark.parametrize("reason", REASONS)
def test_the_login_page_shows_the_reason_of_the_redirect(client, reason):
    """The cookie is deleted by then; the address tells."""
    response = client.get("/accounts/login/", {"next": "/members/", "reason": reason})
    assert escape(str(REASONS[reason])) in response.text


@pytest.mark.parametrize("reason", ["", "nonsense", "<script>alert(1)</script>", "\0", "💥"])
def test_nobody_can_write_on_the_login_page(client, reason):
    """Content spoofing: only sentences of ours are shown, for codes of ours."""
    response = client.get("/accounts/login/", {"reason": reason})
    assert response.status_code == 200
    assert "data-reason" not in response.text
    assert "<script" not in response.text


def test_the_reason_is_shown_after_the_redirect(client, login):
    """The whole way: a tampered cookie, a members' page, the login page, the members' page."""
    client.cookies[NAME] = flip_bit(login.token, 1)
    response = client.get("/members/")
    assert client.cookies[NAME].value == ""
    page = client.get(response.url)
    assert escape(str(REASONS["token_invalid"])) in page.text
    response = client.post(
        response.url, {"username": "ada", "password": PASSWORD, "next": "/members/"}
    )
    assert response.url == "/members/"
    assert client.get("/members/").content == b"members"


def test_a_redirect_that_has_a_reason_already_gets_the_true_one(client, login):
    """Once, not twice."""
    response = client.get("/members/?reason=old", headers={"cookie": one("garbage")})
    assert response.url.count("reason=token_invalid") == 1
    assert response.url.endswith("&reason=token_invalid")


# --- Deleting the cookie


def test_the_cookie_is_deleted_where_it_was_set(client, settings, login):
    """With a domain and a path: a browser deletes no other."""
    settings.JWT_COOKIE = {"COOKIE_DOMAIN": "testserver", "COOKIE_PATH": "/public/"}
    response = client.get("/public/", headers={"cookie": "__Secure-jwt=garbage"})
    cookie = response.cookies["__Secure-jwt"]
    assert (cookie["domain"], cookie["path"], cookie["max-age"]) == ("testserver", "/public/", 0)


def test_a_bad_cookie_on_a_public_response_makes_it_private(client):
    """A shared cache that kept it would delete everybody's cookie."""
    response = client.get("/for-everybody/", headers={"cookie": one("garbage")})
    assert "public" not in response["Cache-Control"]
    assert_deletes_cookie(response)


# --- More than one cookie


@pytest.fixture
def other(bob, settings):
    """Log Bob in, a minute before."""
    record = start_session(bob)
    then = int(time.time()) - 60
    claims = Claims(str(bob.pk), record.pk, gen=0, iat=then, exp=then + 600, auth_time=then)
    return Login(bob, record, claims, settings)


@pytest.mark.parametrize("path", ["/public/", "/apublic/"])
@pytest.mark.parametrize("order", [1, -1])
def test_of_a_genuine_cookie_and_garbage_the_genuine_counts(client, login, order, path):
    """Cookie tossing: a sibling domain can plant a cookie, and log nobody out with it."""
    header = two(*[login.token, "garbage"][::order])
    response = client.get(path, headers={"cookie": header})
    assert response.json() == {"user": "ada", "reason": None}
    assert NAME not in response.cookies


@pytest.mark.parametrize("path", ["/public/", "/apublic/"])
@pytest.mark.parametrize("order", [1, -1])
def test_of_two_genuine_cookies_the_newest_counts(client, login, other, order, path):
    """The one before was left over by another path or domain."""
    header = two(*[login.token, other.token][::order])
    response = client.get(path, headers={"cookie": header})
    assert response.json() == {"user": "ada", "reason": None}


@pytest.mark.parametrize("order", [1, -1])
def test_of_an_ended_and_a_living_login_the_living_counts(client, login, other, order):
    """Even if its cookie is the older one."""
    sessions.revoke(login.record)
    header = two(*[login.token, other.token][::order])
    response = client.get("/public/", headers={"cookie": header})
    assert response.json() == {"user": "bob", "reason": None}
    assert NAME not in response.cookies


def test_of_two_ended_logins_the_reason_of_the_newest_is_given(client, login, other):
    """Anonymous, and the cookie deleted."""
    sessions.revoke(other.record)
    login.set_user(is_active=False)
    response = client.get("/public/", headers={"cookie": two(other.token, login.token)})
    assert response.json() == {"user": "", "reason": "user_inactive"}
    assert_deletes_cookie(response)


def test_logging_out_ends_every_login_of_the_browser(client, login, other):
    """Otherwise the older cookie would log the next visitor in as somebody else."""
    client.post("/accounts/logout/", headers={"cookie": two(login.token, other.token)})
    assert not LoginSession.objects.alive().exists()


# --- An expired token is no bad token


@pytest.mark.parametrize("path", ["/public/", "/apublic/"])
def test_an_expired_token_of_a_living_login_is_renewed(client, login, path):
    """The login decides; nobody is sent to the login page every ten minutes."""
    response = client.get(path, headers={"cookie": one(login.expired())})
    assert response.json() == {"user": "ada", "reason": None}
    assert_logs_in(client, response, "ada")


# --- Bodies


LOGIN, SIGNUP = "/accounts/login/", "/accounts/signup/"
GOOD = {LOGIN: {"username": "bob", "password": PASSWORD}, SIGNUP: signup_data()}


def with_value(path, name, value):
    """Return a body that is good but for one value, given as JSON."""
    fields = [f"{json.dumps(k)}: {json.dumps(v)}" for k, v in GOOD[path].items() if k != name]
    return f"{{{', '.join([*fields, f'{json.dumps(name)}: {value}'])}}}"


@pytest.mark.parametrize("path", [LOGIN, SIGNUP])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"{}}",
        b"{'username': 'bob'}",
        b'{"username": "bob",}',
        b"\0",
        b'{"username": "b\0b"}',
        b"\xff\xfe\xfd",
        b'{"username": "\xff"}',
        b'{"username": "\xed\xa0\x80"}',
        b"username=bob&password=pw",
        b"<xml/>",
        b"null",
        b"true",
        b"0",
        b'"username"',
        b"[]",
        b'[{"username": "bob"}]',
        b'[["username", "bob"]]',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"username": "\\ud800"}',
        b'{"\\ud800": 1}',
        b'{"other": ["\\udfff"]}',
        b'{"username": NaN}',
        b'{"other": Infinity}',
        b'{"other": [-Infinity]}',
        b'{"username": ' + b"1" * 5000 + b"}",
        b'{"other": -' + b"1" * 5000 + b"}",
    ],
    ids=lambda body: ascii(body[:24])[2:-1] if isinstance(body, bytes) else None,
)
def test_a_body_that_is_no_json_object_is_malformed(client, path, body):
    """400 with a code, whatever it is."""
    response = client.post(
        path, body, content_type="application/json", CONTENT_TYPE="application/json"
    )
    assert (response.status_code, response.json()["code"]) == (400, "malformed_json")
    assert NAME not in response.cookies


@pytest.mark.parametrize("path", [LOGIN, SIGNUP])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_json_is_utf_8(client, path, encoding):
    """RFC 8259, section 8.1: what reads other encodings is fooled past other filters."""
    body = json.dumps(GOOD[path]).encode(encoding)
    response = client.post(path, body, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (400, "malformed_json")


@pytest.mark.parametrize("path", [LOGIN, SIGNUP])
@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_nan_is_no_json(client, path, constant):
    """RFC 8259, section 6; refused even where nobody would have read it."""
    body = with_value(path, "other", constant)
    response = client.post(path, body, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (400, "malformed_json")


@pytest.mark.parametrize(
    ("path", "name"),
    [(LOGIN, "username"), (LOGIN, "password"), (SIGNUP, "username"), (SIGNUP, "password1")],
)
@pytest.mark.parametrize(
    "value",
    ["1", "1.5", "1e999", "true", "[]", '["bob"]', "{}", '{"$gt": ""}', "[" * 500 + "]" * 500],
    ids=lambda value: value[:12],
)
def test_a_text_field_takes_text(client, path, name, value):
    """A number or an object is refused, and the field is named."""
    body = with_value(path, name, value)
    response = client.post(path, body, content_type="application/json")
    document = response.json()
    assert (response.status_code, document["code"]) == (400, "invalid")
    assert [error["code"] for error in document["errors"][name]] == ["invalid_type"]


@pytest.mark.parametrize("value", ["1", '"yes"', "[]", "{}"])
def test_remember_takes_a_boolean(client, value):
    """The text "false" would be true."""
    body = with_value(LOGIN, "remember", value)
    response = client.post(LOGIN, body, content_type="application/json")
    assert (response.status_code, list(response.json()["errors"])) == (400, ["remember"])


@pytest.mark.parametrize("value", ["null", '""', '" "'])
def test_a_text_field_that_is_empty_is_missing(client, value):
    """The code of a field that is required."""
    body = with_value(LOGIN, "username", value)
    response = client.post(LOGIN, body, content_type="application/json")
    codes = [error["code"] for error in response.json()["errors"]["username"]]
    assert (response.status_code, codes) == (400, ["required"])


@pytest.mark.parametrize("path", [LOGIN, SIGNUP])
def test_an_object_without_fields_names_them_all(client, path):
    """Each is required."""
    response = client.post(path, "{}", content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (400, "invalid")
    assert set(response.json()["errors"]) == set(GOOD[path])


@pytest.mark.parametrize(
    ("path", "name"),
    [(LOGIN, "username"), (LOGIN, "password"), (SIGNUP, "username"), (SIGNUP, "password1")],
)
@pytest.mark.parametrize("content_type", ["application/json", FORM])
def test_nul_in_a_field_is_an_error_of_that_field(client, path, name, content_type):
    """PostgreSQL refuses NUL in a text."""
    data = GOOD[path] | {name: "a\0b"}
    body = json.dumps(data) if content_type != FORM else None
    response = (
        client.post(path, body, content_type=content_type)
        if body
        else client.post(path, data, headers=JSON)
    )
    codes = [error["code"] for error in response.json()["errors"][name]]
    assert (response.status_code, codes) == (400, ["null_characters_not_allowed"])


@pytest.mark.parametrize("path", [LOGIN, SIGNUP])
def test_a_body_of_json_that_is_too_large_is_not_read(client, settings, path):
    """413, by Django's own limit."""
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    body = json.dumps(GOOD[path] | {"other": "x" * 1000})
    response = client.post(path, body, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize("path", [LOGIN, SIGNUP])
def test_a_form_that_is_too_large_is_not_read(client, settings, path):
    """Django's 400 for people."""
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    response = client.post(path, "other=" + "x" * 1000, content_type=FORM)
    assert response.status_code == 400


@pytest.mark.parametrize("path", [LOGIN, SIGNUP])
def test_a_form_of_a_program_that_is_too_large_is_answered_in_json(client, settings, path):
    """413, like a body of JSON."""
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    response = client.post(path, "other=" + "x" * 1000, content_type=FORM, headers=JSON)
    assert response.status_code == 413
    assert response.json()["code"] == "too_large"


@pytest.mark.parametrize("path", [LOGIN, SIGNUP])
def test_a_form_with_too_many_fields_is_not_read(client, path):
    """Django's limit of a thousand."""
    response = client.post(path, "a=1&" * 1001, content_type=FORM)
    assert response.status_code == 400


@pytest.mark.parametrize("path", [LOGIN, SIGNUP])
@pytest.mark.parametrize(
    "body",
    [b"username=%ff%fe&password=%00", b"username=\xff\xfe", b"%00=%00", b"\0\xff", b"&&&==", b""],
)
def test_a_form_of_garbage_is_shown_again(client, path, body):
    """A page with errors, never an error."""
    response = client.post(path, body, content_type=FORM, CONTENT_TYPE=FORM)
    assert response.status_code == 200
    assert 'class="errorlist"' in response.text
    assert NAME not in response.cookies


@pytest.mark.parametrize("path", [LOGIN, SIGNUP])
def test_a_huge_user_name_is_an_error_of_that_field(client, path):
    """Django's limits hold; one megabyte is within those of a body."""
    response = client.post(path, GOOD[path] | {"username": "é" * 1_000_000}, headers=JSON)
    assert (response.status_code, response.json()["code"]) == (400, "invalid")


@pytest.mark.parametrize("path", [LOGIN, SIGNUP])
@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/xml", "application/jsonp", "text/json", "x", "\xff/\xff"],
)
@pytest.mark.parametrize("headers", [{}, JSON])
def test_another_content_type_is_refused(client, path, content_type, headers):
    """415: what a form of another site can send without asking, text/plain, is no JSON."""
    body = json.dumps(GOOD[path])
    response = client.post(path, body, content_type=content_type, headers=headers)
    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")
    assert NAME not in response.cookies


@pytest.mark.parametrize("path", [LOGIN, SIGNUP])
def test_a_content_type_with_parameters_is_json_too(client, path):
    """As ``fetch`` and others write it."""
    response = client.post(
        path, json.dumps(GOOD[path]), content_type='Application/JSON; charset="utf-8"'
    )
    assert response.status_code in {200, 201}


@pytest.mark.parametrize("path", [LOGIN, SIGNUP])
@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data", "multipart/form-data; boundary=\xff"],
)
def test_a_form_that_cannot_be_parsed_is_400(client, path, content_type):
    """Django's answer."""
    response = client.post(path, b"--x\r\n\r\n", content_type=content_type)
    assert response.status_code == 400


CHARSETS = ["base64", "idna", "undefined", "raw_unicode_escape", "utf-7", "utf-16", "latin-1", "x"]
MULTIPART = "multipart/form-data; boundary=x"


def multipart(data):
    """Return the body of a form with these values, which are bytes."""
    fields = (
        b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), value)
        for name, value in data.items()
    )
    return b"".join(fields) + b"--x--\r\n"


@pytest.mark.parametrize("path", [LOGIN, SIGNUP, "/accounts/logout/"])
@pytest.mark.parametrize("content_type", [MULTIPART, FORM, "application/json"])
@pytest.mark.parametrize("charset", spread(CHARSETS, 3))
def test_a_form_in_another_charset_than_utf_8_is_refused(client, path, content_type, charset):
    """Some are none of text; some make a lone surrogate, which the hasher can't encode."""
    body = multipart(dict.fromkeys(signup_data() | {"password": ""}, rb"\ud800"))
    # In quotes, or Django's client would encode the body in it.
    response = client.post(path, body, content_type=f'{content_type}; charset="{charset}"')
    check(response)
    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("path", [LOGIN, SIGNUP])
@pytest.mark.parametrize("charset", ["", "; charset=utf-8", "; charset=UTF-8", '; charset="Utf-8"'])
def test_a_form_in_utf_8_may_say_so(client, path, charset):
    """In any case, with quotes or without. A browser says nothing."""
    data = {name: value.encode() for name, value in GOOD[path].items()}
    response = client.post(path, multipart(data), content_type=MULTIPART + charset)
    assert (response.status_code, response.url) == (302, "/accounts/profile/")
    response = client.post(LOGIN, urlencode(GOOD[LOGIN]), content_type=FORM + charset)
    assert (response.status_code, response.url) == (302, "/accounts/profile/")


@pytest.mark.parametrize("path", [LOGIN, SIGNUP])
@pytest.mark.parametrize("charset", ["utf8", "UTF_8", "us-ascii", ""])
def test_so_may_programs_under_other_names(client, path, charset):
    """Of UTF-8, and of what is UTF-8 as well; none is none."""
    body = json.dumps(GOOD[path])
    response = client.post(path, body, content_type=f'application/json; charset="{charset}"')
    assert response.status_code in {200, 201}
    data = {name: value.encode() for name, value in GOOD[LOGIN].items()}
    response = client.post(LOGIN, multipart(data), content_type=f'{MULTIPART}; charset="{charset}"')
    assert (response.status_code, response.url) == (302, "/accounts/profile/")


@pytest.mark.parametrize("path", [LOGIN, SIGNUP])
def test_a_lone_surrogate_in_a_form_is_replaced(client, path):
    """UTF-8 has none (RFC 3629, section 3), so the bytes of one are no text."""
    body = multipart(dict.fromkeys(GOOD[path], b"\xed\xa0\x80"))
    response = client.post(path, body, content_type=MULTIPART, headers=JSON)
    assert (response.status_code, response.json()["code"]) == (400, "invalid")


@pytest.mark.parametrize("path", [LOGIN, SIGNUP, "/accounts/me/"])
@pytest.mark.parametrize("charset", ["raw_unicode_escape", "utf-16", "x"])
def test_a_page_is_asked_for_in_no_other_charset(client, path, charset):
    """Django reads the query in that of the body, whether or not there is one."""
    content_type = f"text/plain; charset={charset}"
    response = client.get(f"{path}?next=/a/", CONTENT_TYPE=content_type)
    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("path", [LOGIN, SIGNUP, "/accounts/logout/", "/accounts/me/"])
def test_a_method_that_is_not_allowed_is_405(client, path):
    """With a code and the methods that are, for programs."""
    response = client.delete(path, headers=JSON)
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    assert "DELETE" not in response["Allow"]
    assert client.delete(path).status_code == 405


def test_logout_takes_a_request_without_a_body(client, login):
    """``fetch("/accounts/logout/", {method: "POST"})`` sends no content type."""
    response = client.generic(
        "POST", "/accounts/logout/", secure=True, headers={"cookie": one(login.token)} | JSON
    )
    assert response.status_code == 204
    assert not LoginSession.objects.alive().exists()


# --- CSRF


@pytest.fixture
def strict(new_client):
    """Return a client whose requests are checked."""
    return new_client(enforce_csrf_checks=True)


UNSAFE = [
    LOGIN,
    SIGNUP,
    "/accounts/logout/",
    "/accounts/refresh/",
    "/accounts/password_change/",
    "/accounts/password_reset/",
]


def logged_in(client, login):
    """Put Ada's cookie into the jar of ``client``, and return it."""
    client.cookies[NAME] = login.token
    return client


@pytest.mark.parametrize("path", UNSAFE)
def test_login_csrf_and_the_like_are_refused_for_people(strict, login, path):
    """Login CSRF: another site would log the visitor in as the attacker. Django's own page."""
    response = logged_in(strict, login).post(path, GOOD.get(path, {}), headers=SAME_ORIGIN)
    assert response.status_code == 403
    assert "CSRF verification failed" in response.text
    assert NAME not in response.cookies
    assert LoginSession.objects.alive().count() == 1


@pytest.mark.parametrize("path", UNSAFE)
@pytest.mark.parametrize("content_type", ["application/json", FORM])
def test_login_csrf_and_the_like_are_refused_for_programs(strict, login, path, content_type):
    """In JSON, whether it is sent or preferred."""
    response = logged_in(strict, login).post(
        path, "{}", content_type=content_type, headers=SAME_ORIGIN | JSON
    )
    assert (response.status_code, response.json()["code"]) == (403, "csrf_failed")
    assert NAME not in response.cookies
    assert LoginSession.objects.alive().count() == 1


@pytest.mark.parametrize("path", UNSAFE)
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://testserver", "\0"])
def test_csrf_another_origin_is_refused(strict, login, path, origin):
    """Even with the right token."""
    token = logged_in(strict, login).get("/accounts/csrf/").json()["csrf_token"]
    headers = {"origin": origin, "x-csrftoken": token} | JSON
    response = strict.post(path, "{}", content_type="application/json", headers=headers)
    assert (response.status_code, response.json()["code"]) == (403, "csrf_failed")


def test_csrf_a_request_that_hides_where_it_comes_from_is_refused(strict):
    """Neither Origin nor Referer on https."""
    token = strict.get("/accounts/csrf/").json()["csrf_token"]
    response = strict.post(LOGIN, GOOD[LOGIN], headers={"x-csrftoken": token} | JSON)
    assert (response.status_code, response.json()["code"]) == (403, "csrf_failed")


@pytest.mark.parametrize("value", ["", "x", "x" * 32, "x" * 64, "x" * 100_000, "\0", "\xff" * 32])
def test_csrf_a_wrong_token_is_refused(strict, value):
    """Whatever it looks like."""
    strict.get("/accounts/csrf/")
    headers = SAME_ORIGIN | JSON | {"x-csrftoken": value}
    response = strict.post(LOGIN, GOOD[LOGIN], headers=headers)
    assert (response.status_code, response.json()["code"]) == (403, "csrf_failed")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (LOGIN, 400),
        (SIGNUP, 400),
        ("/accounts/logout/", 204),
        ("/accounts/refresh/", 200),
        ("/accounts/password_change/", 400),
        ("/accounts/password_reset/", 400),
    ],
)
def test_the_right_csrf_token_is_accepted_in_the_header(strict, login, path, status):
    """What the program asked for is done."""
    token = logged_in(strict, login).get("/accounts/csrf/").json()["csrf_token"]
    headers = SAME_ORIGIN | {"x-csrftoken": token} | JSON
    response = strict.post(path, "{}", content_type="application/json", headers=headers)
    assert response.status_code == status


@pytest.mark.parametrize("path", [LOGIN, SIGNUP])
def test_the_right_csrf_token_is_accepted_in_the_form(strict, path):
    """As the page has it."""
    page = strict.get(path)
    data = GOOD[path] | {"csrfmiddlewaretoken": page.context["csrf_token"]}
    response = strict.post(path, data, headers=SAME_ORIGIN)
    assert response.status_code == 302
    assert_logs_in(strict, response, data["username"])


@pytest.mark.parametrize("path", ["/accounts/logout/", "/accounts/refresh/"])
def test_the_right_csrf_token_is_accepted_in_a_form_without_fields(strict, login, path):
    """A button is a form too."""
    token = logged_in(strict, login).get("/accounts/csrf/").json()["csrf_token"]
    response = strict.post(path, {"csrfmiddlewaretoken": token}, headers=SAME_ORIGIN)
    assert response.status_code == 200


def test_the_csrf_token_changes_at_login(strict):
    """Whoever planted the one before can't use it on."""
    strict.get("/accounts/csrf/")
    before = strict.cookies["csrftoken"].value
    token = strict.get("/accounts/csrf/").json()["csrf_token"]
    strict.post(LOGIN, GOOD[LOGIN], headers=SAME_ORIGIN | {"x-csrftoken": token})
    assert strict.cookies["csrftoken"].value != before


def test_a_huge_form_without_csrf_token_is_no_error(strict, settings):
    """The check reads the form first."""
    strict.get("/accounts/csrf/")
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    response = strict.post(LOGIN, "a=" + "x" * 1000, content_type=FORM, headers=SAME_ORIGIN)
    assert response.status_code == 400


# --- Odd headers


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "\0",
        "\xff\xfe",
        ",,,,",
        ";;;q",
        "*",
        "*/*;q=banana",
        "text/html;q=nan,application/json;q=inf",
        "application/json;q=0",
        "/" * 1000,
        ",".join(["a/b"] * 5000),
        "application/json" + ";a=b" * 5000,
        "*/*;q=" + "9" * 5000,
    ],
    ids=lambda accept: ascii(accept[:20])[1:-1],
)
@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/me/", "/api/"])
def test_an_absurd_accept_is_no_error(client, path, accept):
    """It is answered in one way or the other."""
    response = client.get(path, headers={"accept": accept, "cookie": one("garbage")})
    assert response.status_code in {200, 302, 401, 405}


@pytest.mark.parametrize("content_type", ["", "\xff", "a" * 10_000, ";;;", "application/json;x"])
@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/me/", "/public/"])
def test_an_absurd_content_type_of_a_get_is_no_error(client, path, content_type):
    """There is no body to read."""
    response = client.get(path, headers={"content-type": content_type})
    assert response.status_code in {200, 401, 405}


@pytest.mark.parametrize(
    "user_agent", ["", "\0", "a\0b", "\xff\xfe\xfd", "x" * 100_000, "\r\n", "\x1b[31m", "%s%n{}"]
)
def test_an_absurd_user_agent_can_log_in(client, user_agent):
    """It is stored as far as it can be."""
    response = client.post(LOGIN, GOOD[LOGIN], headers={"user-agent": user_agent})
    assert response.status_code == 302
    assert_logs_in(client, response, "bob")
    stored = LoginSession.objects.get().user_agent
    assert stored == user_agent.replace("\0", "")[:512]


def test_forwarded_headers_are_not_believed(client, settings):
    """Anybody can send them: neither the redirect nor the recorded address is theirs."""
    settings.JWT_COOKIE = {"RECORD_IP": True}
    headers = {
        "x-forwarded-for": "6.6.6.6, '; DROP TABLE",
        "x-forwarded-host": "evil.example",
        "x-forwarded-proto": "http",
        "forwarded": "for=6.6.6.6;host=evil.example",
    }
    response = client.post(LOGIN, GOOD[LOGIN], headers=headers)
    assert (response.status_code, response.url) == (302, "/accounts/profile/")
    assert LoginSession.objects.get().ip_address == "127.0.0.1"


@pytest.mark.parametrize(
    ("address", "stored"),
    [
        ("", None),
        ("::1", "::1"),
        ("2001:DB8::0001", "2001:db8::1"),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.1"),
        ("fe80::1%eth0", "fe80::1"),
        ("unix:", None),
        ("nonsense", None),
    ],
)
def test_an_odd_address_can_log_in(client, settings, address, stored):
    """A server on a Unix socket names none, one on a local link names its interface too."""
    settings.JWT_COOKIE = {"RECORD_IP": True}
    response = client.post(LOGIN, GOOD[LOGIN], REMOTE_ADDR=address)
    assert response.status_code == 302
    assert LoginSession.objects.get().ip_address == stored


# --- Open redirects


EVIL = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "////evil.example/",
    "/\\evil.example/",
    "\\\\evil.example/",
    "https:evil.example",
    "https:///evil.example",
    "https://testserver@evil.example/",
    "https://testserver.evil.example/",
    "http://testserver/",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "\t//evil.example/",
    "\0//evil.example/",
    "/\t/evil.example/",
    "http://[evil.example/",
]


def ids_of(url):
    """Show what is invisible."""
    return ascii(url)[1:-1]


@pytest.mark.parametrize("path", [LOGIN, SIGNUP])
@pytest.mark.parametrize("url", spread(EVIL, 5), ids=ids_of)
def test_open_redirect_by_next_in_the_address(client, path, url):
    """Nobody is led to another site right after giving the password."""
    response = client.post(path, GOOD[path], query_params={"next": url})
    assert (response.status_code, response.url) == (302, "/accounts/profile/")


@pytest.mark.parametrize("path", [LOGIN, SIGNUP])
@pytest.mark.parametrize("url", spread(EVIL, 5), ids=ids_of)
def test_open_redirect_by_next_in_the_form(client, path, url):
    """Nor by what the form holds."""
    response = client.post(path, GOOD[path] | {"next": url})
    assert (response.status_code, response.url) == (302, "/accounts/profile/")


@pytest.mark.parametrize("path", [LOGIN, SIGNUP])
def test_open_redirect_of_a_program(client, path):
    """A program is redirected nowhere."""
    body = json.dumps(GOOD[path] | {"next": "https://evil.example/"})
    response = client.post(path, body, content_type="application/json")
    assert response.status_code in {200, 201}
    assert "Location" not in response


@pytest.mark.parametrize("path", [LOGIN, SIGNUP])
@pytest.mark.parametrize("url", spread(EVIL, 5), ids=ids_of)
def test_open_redirect_by_next_is_not_carried_by_the_page(client, path, url):
    """Neither the form nor its links hold it."""
    response = client.get(path, {"next": url})
    assert response.status_code == 200
    assert "evil.example" not in response.text
    assert "alert(1)" not in response.text


@pytest.mark.parametrize("path", [LOGIN, SIGNUP])
@pytest.mark.parametrize("url", ["/members/", "https://testserver/members/", "/é/?a=b&c=//evil/"])
def test_next_on_this_site_is_followed(client, path, url):
    """That is what it is for."""
    response = client.post(path, GOOD[path] | {"next": url})
    assert response.url == url.replace("é", "%C3%A9")


@pytest.mark.parametrize("path", [LOGIN, SIGNUP])
def test_response_splitting_by_next(client, path):
    """A line break in it begins no header."""
    response = client.post(path, GOOD[path] | {"next": "/a\r\nSet-Cookie: b=1"})
    assert response.status_code == 302
    assert "\n" not in response["Location"]
    assert "b" not in response.cookies


@pytest.mark.parametrize("path", ["/api/", "/aapi/"])
@pytest.mark.parametrize("url", spread(EVIL, 5), ids=ids_of)
def test_open_redirect_by_hx_current_url(client, login, path, url):
    """401 for htmx, to the login page of this site; from there nobody is led to another."""
    headers = {"hx-request": "true", "hx-current-url": url, "cookie": one("garbage")}
    response = client.get(path, headers=headers)
    assert (response.status_code, response.json()["code"]) == (401, "token_invalid")
    target = response["HX-Redirect"]
    assert target.startswith("/accounts/login/?next=")
    assert target.endswith("&reason=token_invalid")
    after = client.post(target, GOOD[LOGIN])
    assert after.status_code == 302
    assert after.url.startswith("/")
    assert not after.url.startswith(("//", "/\\"))


@pytest.mark.parametrize(
    ("url", "back"),
    [
        ("https://testserver/members/?a=1", "/members/%3Fa%3D1"),
        ("", "/api/"),
        ("https://evil.example/members/", "/api/"),
    ],
)
def test_htmx_comes_back_to_the_page_it_was_on(client, url, back):
    """Not to the part of it that asked; and not to another site."""
    response = client.get("/api/", headers={"hx-request": "true", "hx-current-url": url})
    assert response["HX-Redirect"] == f"/accounts/login/?next={back}"

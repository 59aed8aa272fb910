"""A site that takes the logins of another: public keys, no records, and no login of its own."""

import time
import uuid
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib import admin, auth
from django.contrib.auth.models import Group, User
from django.core.cache import caches
from django.core.management import call_command
from django.core.management.base import CommandError
from django.http import HttpResponse, JsonResponse
from django.test import override_settings
from django.urls import include, path

from django_jwt_cookie import authentication, sessions
from django_jwt_cookie.decorators import login_required, recent_login_required
from django_jwt_cookie.exceptions import KeyRingError
from django_jwt_cookie.keys import get_key_ring
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.tokens import Claims, decode, encode
from tests.support.accounts import BACKEND, COOKIE, JSON, NAME, PASSWORD, log_in
from tests.support.key_samples import pem, public_pem

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

PRIVATE, PUBLIC = pem("EdDSA"), public_pem("EdDSA")

ISSUER = {"KEYS": [PRIVATE], "ALGORITHM": "EdDSA", "USER_SOURCE": "token"}
HERE = {"KEYS": [PUBLIC], "ALGORITHM": "EdDSA", "USER_SOURCE": "token"}
"""What the other site, where logins begin, has in its settings, and what this one has."""


@login_required
def members(request):
    return HttpResponse(request.user.get_username())


@login_required
async def amembers(request):
    user = await request.auser()
    return HttpResponse(user.get_username())


@recent_login_required(max_age=timedelta(minutes=5))
def vault(request):
    return HttpResponse(request.user.get_username())


def fill_cart(request, item):
    name = request.user.get_username()
    return HttpResponse(f"{request.session.setdefault('cart', item)} of {name}")


def look_into_cart(request):
    return HttpResponse(str(request.session.get("cart")))


def powers(request):
    user = request.user
    may_add_users = user.has_perm("auth.add_user") or user.groups.filter(name="editors").exists()
    said = {"name": user.username, "email": user.email, "is_superuser": user.is_superuser}
    return JsonResponse(said | {"may_add_users": may_add_users})


def rename(request):
    request.user.first_name = "Mallory"
    request.user.save()
    return HttpResponse()


def log_in_by_django(request):
    auth.login(request, User.objects.get(), BACKEND)


def log_in_by_us(request):
    authentication.login(request, User.objects.get(), BACKEND)


urlpatterns = [
    path("accounts/", include("django_jwt_cookie.urls")),
    path("admin/", admin.site.urls),
    path("members/", members),
    path("amembers/", amembers),
    path("vault/", vault),
    path("cart/<item>/", fill_cart),
    path("look/", look_into_cart),
    path("powers/", powers),
    path("rename/", rename),
    path("log-in-by-django/", log_in_by_django),
    path("log-in-by-us/", log_in_by_us),
]


@pytest.fixture(autouse=True)
def _here(settings):
    settings.JWT_COOKIE = HERE


def token_of(name=NAME, sub="7", age=0, **changes):
    """Return a token that the other site has issued, to somebody whom nobody knows here."""
    now = int(time.time()) - age
    values = {"gen": 0, "iat": now, "exp": now + 600, "auth_time": now}
    claims = Claims(sub, uuid.uuid4(), extra={"username": name}, **values | changes)
    with override_settings(JWT_COOKIE=ISSUER):
        return encode(claims)


@pytest.fixture
def visitor(client):
    """Return a client that is logged in at the other site."""
    client.cookies[COOKIE] = token_of()
    return client


# --- Who is logged in there is logged in here


@pytest.mark.parametrize("path", ["/members/", "/amembers/", "/vault/"])
def test_the_user_comes_from_the_token_alone(visitor, path, django_assert_num_queries):
    """No row of the user, none of the login, no query."""
    with django_assert_num_queries(0):
        response = visitor.get(path)
    assert (response.status_code, response.content) == (200, b"ada")
    assert COOKIE not in response.cookies


def test_a_token_that_is_half_over_is_left_to_the_other_site(visitor, django_assert_num_queries):
    """It renews, and its cookie comes here by itself."""
    visitor.cookies[COOKIE] = token_of(age=400)
    with django_assert_num_queries(0):
        response = visitor.get("/members/")
    assert (response.content, COOKIE in response.cookies) == (b"ada", False)


def test_an_expired_token_is_refused_and_kept(visitor):
    """It may be renewed where it was issued: the cookie is not ours to delete."""
    visitor.cookies[COOKIE] = token_of(age=611)
    response = visitor.get("/members/", headers=JSON)
    assert (response.status_code, response.json()["code"]) == (401, "token_expired")
    assert COOKIE not in response.cookies


@pytest.mark.parametrize("order", [1, -1])
def test_an_expired_token_beside_a_forged_one(client, order):
    """A sibling domain that plants one does not keep a program from renewing."""
    forged, expired = token_of()[:-4] + "AAAA", token_of(age=611)
    pairs = [f"{COOKIE}={forged}", f"{COOKIE}={expired}"][::order]
    response = client.get("/members/", headers={"cookie": "; ".join(pairs), **JSON})
    assert response.json()["code"] == "token_expired"


def test_a_token_just_past_its_end_is_good_for_as_long_as_clocks_may_differ(visitor):
    """``LEEWAY``: the other site's clock may be ahead."""
    visitor.cookies[COOKIE] = token_of(age=605)
    assert visitor.get("/members/").status_code == 200


def test_attack_a_forged_token(visitor):
    """Signed with what everybody knows; the cookie is kept here too."""
    header, payload, signature = visitor.cookies[COOKIE].value.split(".")
    visitor.cookies[COOKIE] = f"{header}.{payload}.{signature[::-1]}"
    response = visitor.get("/members/", headers=JSON)
    assert (response.status_code, response.json()["code"]) == (401, "token_invalid")
    assert COOKIE not in response.cookies


def test_a_key_of_another_kind_of_user_is_refused(visitor):
    """The other site's users have UUIDs, and this one's have numbers."""
    visitor.cookies[COOKIE] = token_of(sub=str(uuid.uuid4()))
    response = visitor.get("/members/", headers=JSON)
    assert (response.status_code, response.json()["code"]) == (401, "token_invalid")


def test_the_document_has_no_record_to_tell_of(visitor):
    """Who it is and until when; the rest is known where the login began."""
    document = visitor.get("/accounts/me/").json()
    claims = decode(visitor.cookies[COOKIE].value)
    assert document == {
        "user": {"id": "7", "username": "ada"},
        "issued_at": claims.iat,
        "expires_at": claims.exp,
        "session": None,
    }


@pytest.mark.parametrize("shares", [False, True])
def test_attack_user_1_there_is_not_user_1_here(client, settings, shares):
    """Somebody who signs up there is not this site's administrator, by having the same number."""
    settings.JWT_COOKIE = HERE | {"SHARES_USERS": shares}
    root = User.objects.create_superuser("root", "root@example.com", password=PASSWORD)
    root.groups.add(Group.objects.create(name="editors"))
    client.cookies[COOKIE] = token_of("mallory", sub=str(root.pk))
    assert client.get("/powers/").json() == {
        "name": "mallory",
        "email": "root@example.com" if shares else "",
        "is_superuser": shares,
        "may_add_users": shares,
    }
    assert client.get("/admin/auth/user/").status_code == (200 if shares else 302)
    assert client.get("/rename/").status_code == (200 if shares else 403)
    root.refresh_from_db()
    assert root.first_name == ("Mallory" if shares else "")


@pytest.mark.parametrize("shares", [False, True])
def test_a_password_is_not_changed_here(client, settings, shares):
    """Not a 500 after it was changed."""
    settings.JWT_COOKIE = HERE | {"SHARES_USERS": shares}
    ada = User.objects.create_user(NAME, password=PASSWORD)
    client.cookies[COOKIE] = token_of(sub=str(ada.pk))
    form = {"old_password": PASSWORD, "new_password1": "Bochnia-1", "new_password2": "Bochnia-1"}
    response = client.post("/accounts/password_change/", form, headers=JSON)
    assert response.status_code == (403 if shares else 400)
    ada.refresh_from_db()
    assert ada.check_password(PASSWORD)


def test_a_token_that_is_to_be_renewed_elsewhere_does_not_cost_the_cart(visitor):
    """Anonymous for a moment, as everybody is from time to time on such a site."""
    assert visitor.get("/cart/lamp/").content == b"lamp of ada"
    fresh = visitor.cookies[COOKIE].value
    visitor.cookies[COOKIE] = token_of(age=700)
    assert visitor.get("/look/").content == b"None"
    visitor.cookies[COOKIE] = fresh
    assert visitor.get("/cart/book/").content == b"lamp of ada"


def test_a_shared_computer(visitor):
    """What one has left in the session of this site is not the next one's."""
    assert visitor.get("/cart/lamp/").content == b"lamp of ada"
    visitor.cookies[COOKIE] = token_of("grace", sub="8")
    assert visitor.get("/cart/book/").content == b"book of grace"


# --- Nobody logs in here


@pytest.mark.parametrize("path", ["/log-in-by-django/", "/log-in-by-us/"])
def test_a_view_that_logs_somebody_in_is_told_that_it_can_not(client, path):
    """403, and neither a cookie nor a session that says so."""
    User.objects.create_user(NAME, password=PASSWORD)
    response = client.get(path)
    assert response.status_code == 403
    assert COOKIE not in response.cookies
    assert auth.SESSION_KEY not in client.session
    assert client.get("/members/").status_code == 302


@pytest.mark.parametrize("path", ["/accounts/login/", "/admin/login/"])
def test_the_login_pages(client, path):
    """With the right password: they say that it is not done here."""
    User.objects.create_superuser(NAME, password=PASSWORD)
    assert client.get(path).status_code == 200
    response = client.post(path, {"username": NAME, "password": PASSWORD})
    assert (response.status_code, COOKIE in response.cookies) == (403, False)


@pytest.mark.parametrize("path", ["login", "signup", "refresh"])
def test_programs_are_told_likewise(visitor, path):
    """Not a 500."""
    User.objects.create_user(NAME, password=PASSWORD)
    form = {"username": NAME if path == "login" else "grace", "password": PASSWORD}
    form |= {"password1": PASSWORD, "password2": PASSWORD}
    response = visitor.post(f"/accounts/{path}/", form, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
    assert "only verifies logins" in response.json()["detail"]
    assert COOKIE not in response.cookies


def test_who_is_asked_to_log_in_is_sent_to_the_other_site_and_comes_back(client, settings):
    """With the whole address of the page."""
    settings.LOGIN_URL = "https://accounts.example.com/login/"
    response = client.get("/members/?page=2", secure=True)
    assert response.status_code == 302
    assert response.url == (
        "https://accounts.example.com/login/?next=https%3A//testserver/members/%3Fpage%3D2"
    )


def test_a_logout_here_is_the_cookies(visitor):
    """As without records: the login goes on where it began, unless that site is told."""
    response = visitor.post("/accounts/logout/", headers=JSON)
    assert (response.status_code, response.cookies[COOKIE].value) == (204, "")


def test_nothing_is_asked_of_records_that_are_not_here(visitor, django_assert_num_queries):
    """The table may not even exist."""
    user = User.objects.create_user(NAME)
    with django_assert_num_queries(1):
        user.save()
    with django_assert_num_queries(0):
        assert list(sessions.active(user)) == []
    assert visitor.get("/accounts/sessions/", headers=JSON).json() == {"sessions": [], "next": None}
    assert LoginSession.objects.count() == 0


@pytest.mark.parametrize("given", [HERE | {"USER_SOURCE": "database"}, {"KEYS": [PUBLIC]}])
def test_public_keys_alone_are_a_mistake_unless_the_user_comes_from_the_token(settings, given):
    """Somebody has put the wrong half into the settings."""
    settings.JWT_COOKIE = given
    with pytest.raises(KeyRingError, match="public key"):
        get_key_ring()


def inspected(token):
    """Return what ``jwt_cookie_inspect`` prints."""
    out = StringIO()
    try:
        call_command("jwt_cookie_inspect", token, stdout=out)
    except CommandError as error:
        out.write(str(error))
    return out.getvalue()


@pytest.mark.usefixtures("clock")
def test_a_token_is_inspected():
    """As far as that can be done here: the record is where it was issued."""
    said = inspected(token_of())
    for line in ("header      ok, of a key that only verifies", 'user        ok, "ada"'):
        assert line in said
    assert said.count("known where it was issued") == 2
    said = inspected(token_of(age=700))
    assert "time        refused: over for 100 seconds; renewed where it was issued" in said


# --- What has ended there


@pytest.fixture
def told(settings):
    """Return the cache that the other site tells of ends."""
    settings.CACHES = {"ends": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    settings.JWT_COOKIE = HERE | {"REVOCATION_CACHE": "ends"}
    yield caches["ends"]
    caches["ends"].clear()


@pytest.mark.django_db(transaction=True)
def test_a_logout_there_is_seen_here_with_the_next_request(client, told, settings):
    """Through the cache, which is all that the two have in common."""
    assert told is caches["ends"]
    here, there = settings.JWT_COOKIE, ISSUER | {"REVOCATION_CACHE": "ends"}
    settings.JWT_COOKIE = there
    User.objects.create_user(NAME, password=PASSWORD)
    log_in(client)
    token = client.cookies[COOKIE].value
    settings.JWT_COOKIE = here
    assert client.get("/members/").content == b"ada"
    settings.JWT_COOKIE = there
    client.post("/accounts/logout/")
    client.cookies[COOKIE] = token
    settings.JWT_COOKIE = here
    response = client.get("/members/", headers=JSON)
    assert (response.status_code, response.json()["code"]) == (401, "session_revoked")
    assert COOKIE not in response.cookies


@pytest.mark.django_db(transaction=True)
def test_a_new_password_there_logs_nobody_out_here_who_has_set_it(client, told, settings):
    """The cut-off of the user means the other logins."""
    assert told is caches["ends"]
    here, there = settings.JWT_COOKIE, ISSUER | {"REVOCATION_CACHE": "ends"}
    settings.JWT_COOKIE = there
    User.objects.create_user(NAME, password=PASSWORD)
    log_in(client)
    old = client.cookies[COOKIE].value
    form = {"old_password": PASSWORD, "new_password1": "Bochnia-1", "new_password2": "Bochnia-1"}
    assert client.post("/accounts/password_change/", form, headers=JSON).status_code == 200
    settings.JWT_COOKIE = here
    assert client.get("/members/").content == b"ada"
    client.cookies[COOKIE] = old
    assert client.get("/members/").status_code == 302


def test_the_cache_is_away_and_there_is_nobody_else_to_ask(visitor, told, monkeypatch, caplog):
    """Anonymous, logged, and the cookie is kept."""
    assert visitor.get("/members/").status_code == 200

    def fail(*_):
        raise ConnectionError("refused")

    with monkeypatch.context() as away:
        away.setattr(told, "get_many", fail)
        away.setattr(type(told), "get_many", fail)
        response = visitor.get("/members/")
    assert (response.status_code, COOKIE in response.cookies) == (302, False)
    assert "Nobody can be asked about a login" in caplog.text
    assert visitor.get("/members/").status_code == 200

"""A site that is for members only, by Django's `LoginRequiredMiddleware` or by ours."""

import pytest
from asgiref.sync import SyncToAsync
from django.contrib.auth.models import User
from django.test import RequestFactory

from django_jwt_cookie import urls, well_known
from django_jwt_cookie.authentication.issuing import issue
from django_jwt_cookie.checks.chain import OURS as JWT_COOKIE
from django_jwt_cookie.models import LoginSession
from tests.support.accounts import COOKIE, JSON, NAME, log_in, sign_up, start_session
from tests.support.clients import ASGIClient

pytestmark = pytest.mark.django_db

OURS = "django_jwt_cookie.middleware.LoginRequiredMiddleware"
DJANGOS = "django.contrib.auth.middleware.LoginRequiredMiddleware"
PAGES = ("/page/", "/apage/")
NEXT = "/accounts/login/?next="
HTMX = {"HX-Request": "true", "HX-Current-URL": "https://testserver/shop/"}


@pytest.fixture(params=[OURS, DJANGOS], ids=["ours", "Django's"])
def either(request, settings):
    """Put one of the two behind the package's middleware."""
    _put(settings, request.param)


@pytest.fixture
def ours(settings):
    """Put ours there."""
    _put(settings, OURS)


def _put(settings, path):
    settings.ROOT_URLCONF = "tests.support.urls_members_only"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, path]


@pytest.mark.usefixtures("either")
@pytest.mark.parametrize("path", PAGES)
def test_only_members_come_in(client, path):
    """Strangers are led to the login page and back."""
    assert client.get(path).url == f"{NEXT}{path}"
    sign_up(client)
    assert client.get(path).content.decode() == f"Welcome, {NAME}"


@pytest.mark.usefixtures("either")
@pytest.mark.parametrize("path", PAGES)
def test_whoever_has_to_log_in_again_is_told_why(client, path):
    """A cookie that somebody has changed is deleted, and the login page says so."""
    client.cookies[COOKIE] = "garbage"
    response = client.get(path)
    assert response.url == f"{NEXT}{path}&reason=token_invalid"
    assert response.cookies[COOKIE].value == ""


@pytest.mark.usefixtures("either")
def test_no_page_of_the_package_is_locked_out(client):
    """Each says itself whom it is for: so a member can log in, and a program reads why not."""
    for page in ("login", "signup", "password_reset", "csrf"):
        assert client.get(f"/accounts/{page}/").status_code == 200
    for method, page in (("get", "me"), ("post", "refresh"), ("get", "sessions")):
        response = getattr(client, method)(f"/accounts/{page}/", headers=JSON)
        assert (response.status_code, response.json()["code"]) == (401, "login_required")
    assert client.get("/.well-known/jwks.json").status_code == 200
    assert client.get("/admin/login/").status_code == 200
    sign_up(client)
    assert client.post("/accounts/logout/", headers=JSON).status_code == 204
    assert log_in(client).status_code == 200


@pytest.mark.parametrize("pattern", [*urls.urlpatterns, *well_known.urlpatterns], ids=str)
def test_every_view_of_the_package_is_marked(pattern):
    """A new one must not be forgotten."""
    assert pattern.callback.login_required is False


@pytest.mark.usefixtures("ours")
@pytest.mark.parametrize("path", PAGES)
def test_programs_read_why(client, path):
    """401 with the reason, as the decorator answers."""
    response = client.get(path, headers=JSON)
    assert (response.status_code, response.json()["code"]) == (401, "login_required")
    sign_up(client)
    LoginSession.objects.get().delete()
    response = client.get(path, headers=JSON)
    assert (response.status_code, response.json()["code"]) == (401, "session_revoked")


@pytest.mark.usefixtures("ours")
@pytest.mark.parametrize("path", PAGES)
def test_htmx_loads_the_login_page(client, path):
    """As a page, and comes back to the page that it was on."""
    response = client.get(path, headers=HTMX)
    assert response.status_code == 401
    assert response.headers["HX-Redirect"] == f"{NEXT}/shop/"


@pytest.mark.usefixtures("either")
def test_a_view_may_name_a_login_page_of_its_own(client):
    """By the decorator, as Django's middleware reads it."""
    assert client.get("/elsewhere/").url == "/accounts/signup/?back=/elsewhere/"


@pytest.mark.usefixtures("ours")
def test_a_public_view_asks_for_nobody(client, django_assert_num_queries):
    """It costs no query, and a cache may keep it."""
    sign_up(client)
    with django_assert_num_queries(0):
        response = client.get("/public/")
    assert response.content == b"Welcome"
    assert "Vary" not in response


@pytest.mark.parametrize("path", ["/public/", "/apage/"])
def test_it_costs_no_thread_of_its_own(settings, monkeypatch, path):
    """An asynchronous request waits as often as without it: once, where the user is asked for."""
    settings.ROOT_URLCONF = "tests.support.urls_members_only"
    session = start_session(User.objects.create_user(NAME))
    _, token = issue(session, auth_time=0, request=RequestFactory().get("/"))
    hops, call = [], SyncToAsync.__call__

    async def counted(self, *args, **kwargs):
        hops.append(self)
        return await call(self, *args, **kwargs)

    monkeypatch.setattr(SyncToAsync, "__call__", counted)
    counts = []
    for chain in ([JWT_COOKIE], [JWT_COOKIE, OURS]):
        settings.MIDDLEWARE = chain
        client = ASGIClient()
        client.cookies[COOKIE] = token
        hops.clear()
        assert client.get(path).content.startswith(b"Welcome")
        counts.append(len(hops))
    assert counts[0] == counts[1]

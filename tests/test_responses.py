"""Who is asked to log in, and how: people, programs, htmx."""

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse, HttpResponseRedirect
from django.test import RequestFactory
from django.urls import include, path

from django_jwt_cookie.authentication import get_jwt, login
from django_jwt_cookie.exceptions import SessionRevoked
from django_jwt_cookie.middleware import JWTCookieMiddleware
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.responses import explain_redirect, login_document, prefers_json
from tests.support.accounts import COOKIE, JSON, NAME, log_in, sign_up

pytestmark = pytest.mark.django_db


def test_a_member_comes_in(client):
    """Through the decorator, synchronous and asynchronous."""
    sign_up(client)
    for page in ("/members/", "/members/elsewhere/"):
        assert client.get(page).content.decode() == f"Welcome, {NAME}"


def test_people_are_led_to_the_login_page_and_back(client):
    """Or to the login page that the view names."""
    response = client.get("/members/?page=2")
    assert (response.status_code, response.url) == (
        302,
        "/accounts/login/?next=/members/%3Fpage%3D2",
    )
    assert client.get("/members/elsewhere/").url == "/elsewhere/?back=/members/elsewhere/"


def test_programs_get_401(client):
    """With the code and a sentence."""
    response = client.get("/members/", headers=JSON)
    assert (response.status_code, response.json()["code"]) == (401, "login_required")
    assert response.headers["WWW-Authenticate"] == "Cookie"


@pytest.mark.parametrize(
    ("current", "back"),
    [
        ("https://testserver/shop/?page=2", "/shop/%3Fpage%3D2"),
        ("", "/members/"),
        ("https://evil.example/shop/", "/members/"),
        ("//evil.example", "/members/"),
        ("javascript:alert(1)", "/members/"),
        ("https://[evil", "/members/"),
        ("https://testserver//evil.example/", "/members/"),
    ],
)
def test_htmx_loads_the_login_page_and_comes_back_to_its_page(client, current, back):
    """Not to the fragment that it asked for, and never to another site."""
    headers = {"HX-Request": "true", "HX-Current-URL": current}
    response = client.get("/members/", headers=headers)
    assert response.status_code == 401
    assert response.headers["HX-Redirect"] == f"/accounts/login/?next={back}"


def test_the_reason_goes_along(client):
    """The cookie is deleted by the redirect, so the login page could not find out."""
    client.cookies[COOKIE] = "garbage"
    response = client.get("/members/")
    assert response.url == "/accounts/login/?next=/members/&reason=token_invalid"
    assert response.cookies[COOKIE].value == ""
    page = client.get(response.url).content.decode()
    assert "Please log in again: Your login cookie was changed" in page.replace("\n", " ")
    client.cookies[COOKIE] = "garbage"
    response = client.get("/members/", headers={"HX-Request": "true"})
    assert response.headers["HX-Redirect"].endswith("&reason=token_invalid")


def test_the_login_page_shows_only_reasons_that_it_knows(client):
    """What stands in a link is the attacker's to choose."""
    page = client.get("/accounts/login/?reason=Call+us+at+555-1234").content.decode()
    assert "555-1234" not in page
    assert "Please log in again" not in page


def test_the_login_page_says_why_by_itself(client):
    """A visitor who goes there straight away, with a cookie that was refused."""
    client.cookies[COOKIE] = "garbage"
    page = client.get("/accounts/login/").content.decode()
    assert 'data-reason="token_invalid"' in page


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/accounts/login/", "/accounts/login/?reason=token_invalid"),
        ("/accounts/login/?next=/a/", "/accounts/login/?next=/a/&reason=token_invalid"),
        (
            "https://testserver/accounts/login/#form",
            "https://testserver/accounts/login/#form",
        ),
        ("/accounts/login/#form", "/accounts/login/?reason=token_invalid#form"),
        ("https://idp.example/accounts/login/?sig=x", "https://idp.example/accounts/login/?sig=x"),
        ("/elsewhere/?next=/a/", "/elsewhere/?next=/a/"),
        ("https://[evil", "https://[evil"),
    ],
)
def test_only_a_redirect_to_the_login_page_is_explained(location, expected):
    """All others leave as they came."""
    response = HttpResponse(status=302, headers={"Location": location})
    explain_redirect(response, "token_invalid")
    assert response.headers["Location"] == expected


def test_a_redirect_is_explained_however_long_its_query_is():
    """Django refuses to read one of more than 1,000 parameters, and this is no form."""
    location = "/accounts/login/?" + "&".join(["a=%20/%C3%A9", "b=", *["c=1"] * 2000])
    response = HttpResponseRedirect(location)
    explain_redirect(response, "token_invalid")
    assert response.url == f"{location}&reason=token_invalid"
    explain_redirect(response, "session_expired")
    assert response.url == f"{location}&reason=session_expired"


def lead_on(request):
    """Send whoever is not logged in to the login page, with the whole query."""
    assert not request.user.is_authenticated
    return HttpResponseRedirect(f"/accounts/login/?{request.META['QUERY_STRING']}")


def test_a_site_may_lead_to_the_login_page_with_a_long_query(client, settings):
    """The cookie is refused, and deleted by the same answer."""
    settings.ROOT_URLCONF = (
        path("signin/", lead_on),
        path("accounts/", include("django_jwt_cookie.urls")),
    )
    client.cookies[COOKIE] = "garbage"
    response = client.get("/signin/?" + "&".join(["a=1"] * 1001))
    assert response.status_code == 302
    assert response.url.endswith("&a=1&reason=token_invalid")
    assert response.cookies[COOKIE].value == ""


def test_without_a_reason_nothing_is_explained():
    """A visitor who was never logged in."""
    response = HttpResponseRedirect("/accounts/login/")
    explain_redirect(response, None)
    assert response.url == "/accounts/login/"


def test_a_stream_of_events_gets_401(client):
    """`EventSource` would get the login page for a stream; whoever takes HTML too is led there."""
    response = client.get("/members/", headers={"accept": "text/event-stream"})
    assert (response.status_code, response.json()["code"]) == (401, "login_required")
    accept = "text/html, text/event-stream, */*;q=0.8"
    assert client.get("/members/", headers={"accept": accept}).status_code == 302


def asking(**headers):
    """Return a request with these headers."""
    return RequestFactory().get("/", headers=headers)


PROGRAMS = [
    "application/json",
    "Application/JSON",
    "application/json; charset=utf-8",
    "application/json;charset=UTF-8, */*",
    "application/json; odata=verbose",
    "application/json; indent=4;q=0.9, text/html;q=0.8",
    "application/problem+json",
    "application/vnd.api+json, text/html;q=0.5",
    "application/*, text/html;q=0.9",
    "text/html;q=0, */*",
    "text/html;q=0.1, */*;q=0.2, text/html;level=1;q=0",
    "text/html;q=0, application/json",
    "application/json, text/html",
    "text/event-stream",
]
PEOPLE = [
    "",
    "*/*",
    "text/html",
    "text/html;charset=utf-8, application/json",
    "text/html, application/json;q=0.9",
    "application/json;q=0, */*",
    "application/json;q=0",
    "application/json;q=0.5, text/*",
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8",
    "image/png",
    ",;,=",
]


@pytest.mark.parametrize(
    ("accept", "is_program"),
    [*((each, True) for each in PROGRAMS), *((each, False) for each in PEOPLE)],
    ids=lambda value: str(value)[:60],
)
def test_who_is_taken_for_a_program(accept, is_program):
    """By quality and type (RFC 9110, 12.5.1), whatever the parameters say."""
    assert prefers_json(asking(accept=accept)) is is_program


def test_who_sends_an_accept_header_that_can_not_be_read_is_taken_for_people(monkeypatch):
    """Newer versions of Django give up on one that is too long."""

    def give_up(_):
        raise ValueError

    monkeypatch.setattr("django_jwt_cookie.responses.MediaType", give_up)
    assert not prefers_json(asking(accept="application/json; too=long"))


def test_who_says_nothing_is_taken_for_people():
    """RFC 9110, 12.5.1: everything is as welcome."""
    assert not prefers_json(asking())


CLIENTS = {
    "a browser": {"accept": "text/html"},
    "a program": JSON,
    "htmx": {"HX-Request": "true"},
}


@pytest.mark.parametrize("headers", CLIENTS.values(), ids=CLIENTS)
@pytest.mark.parametrize("page", ["/members/", "/members/elsewhere/"])
def test_no_cache_gives_the_refusal_of_one_client_to_another(client, page, headers):
    """Each depends on who asks, and is over with the next login."""
    response = client.get(page, headers=headers)
    assert response.status_code in (302, 401)
    vary = {each.strip() for each in response.headers["Vary"].split(",")}
    assert {"Accept", "Cookie", "HX-Request"} <= vary
    assert "no-store" in response.headers["Cache-Control"]


def test_the_request_knows_which_login_it_is_of(rf):
    """By its id; none without one."""
    seen = []

    def view(request):
        seen.append((request.jwt.session_id, request.jwt.auth_time))
        login(request, User.objects.create_user(NAME))
        seen.append(request.jwt.session_id)
        assert request.jwt.session_id == request.jwt.login_session.pk
        return HttpResponse()

    request = rf.get("/")
    JWTCookieMiddleware(view)(request)
    assert seen == [(None, None), request.jwt.session_id]
    assert LoginSession.objects.get().pk == request.jwt.session_id


def test_an_anonymous_request_has_no_login_document():
    """Views ask who it is before."""
    request = RequestFactory().get("/")
    JWTCookieMiddleware(lambda _: HttpResponse())(request)
    with pytest.raises(SessionRevoked):
        login_document(request)


def test_without_the_middleware_the_remedy_is_named():
    """For whoever forgot the one line."""
    request = RequestFactory().get("/")
    with pytest.raises(ImproperlyConfigured, match="JWTCookieMiddleware"):
        get_jwt(request)
    with pytest.raises(ImproperlyConfigured, match="JWTCookieMiddleware"):
        login(request, User.objects.create_user(NAME))


def test_login_required_middleware_asks_for_a_login_and_lets_one_log_in(client, settings):
    """Django's own, behind ours: no page of ours is locked out."""
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ]
    User.objects.create_user(NAME, password="x")
    assert client.get("/members/").url == "/accounts/login/?next=/members/"
    assert client.get("/members/elsewhere/").url == "/elsewhere/?back=/members/elsewhere/"
    for page in ("login", "signup", "password_reset", "csrf"):
        assert client.get(f"/accounts/{page}/").status_code == 200
    assert client.get("/accounts/me/").status_code == 401
    assert log_in(client, password="x").status_code == 200
    assert client.get("/members/").status_code == 200

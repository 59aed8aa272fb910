"""Django's cache, for a whole site or a view: nobody is served another's page or cookie."""

import gzip
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache, caches
from django.http import HttpResponse

from django_jwt_cookie.checks.chain import DJANGOS, OURS
from django_jwt_cookie.models import LoginSession
from tests.support.accounts import COOKIE, PASSWORD, sign_up

pytestmark = pytest.mark.django_db

GREETING = ("/hello/", "/ahello/", "/decorated/", "/public/")
HALF_LIFE = timedelta(minutes=6)
NAMES = ("ada", "eve")


@pytest.fixture(autouse=True)
def stored(settings, monkeypatch, time_machine):
    """Serve the site from a cache, and note with which cookies a page is kept: never with ours."""
    time_machine.move_to(1_800_000_000)
    settings.ROOT_URLCONF = "tests.support.urls_cached"
    settings.MIDDLEWARE = [
        "django.middleware.cache.UpdateCacheMiddleware",
        "django.middleware.gzip.GZipMiddleware",
        "django.middleware.http.ConditionalGetMiddleware",
        *settings.MIDDLEWARE,
        "django.middleware.cache.FetchFromCacheMiddleware",
    ]
    cache.clear()
    backend, stored = type(caches["default"]), []
    keep = backend.set

    def note(self, key, value, *args, **kwargs):
        if isinstance(value, HttpResponse):
            stored.append({*value.cookies})
        return keep(self, key, value, *args, **kwargs)

    monkeypatch.setattr(backend, "set", note)
    yield stored
    assert not any(COOKIE in names for names in stored)
    cache.clear()


@pytest.fixture
def browsers(new_client):
    """Return the browsers of two members and of a stranger."""
    browsers = {name: new_client() for name in (*NAMES, "nobody")}
    for name in NAMES:
        sign_up(browsers[name], name)
    return browsers


def read(client, path, **headers):
    """Return whom the page greets, and which one it is."""
    name, number, *_ = client.get(path, headers=headers).content.decode().split(" ")
    return name, number


def test_a_page_of_nobody_is_everybodys(browsers):
    """It is made once, whoever asks, with a cookie or without."""
    numbers = {read(client, "/about/")[1] for client in browsers.values()}
    assert len(numbers) == 1


@pytest.mark.parametrize("path", GREETING)
def test_no_visitor_is_served_anothers_page(browsers, path):
    """Each gets the same one twice, the second time from the cache."""
    first = {name: read(client, path) for name, client in browsers.items()}
    again = {name: read(client, path) for name, client in browsers.items()}
    assert first == again
    assert {name: page[0] for name, page in first.items()} == {name: name for name in browsers}


def test_strangers_share_theirs(browsers, new_client):
    """What is made for one of them is good for all."""
    assert read(browsers["nobody"], "/hello/") == read(new_client(), "/hello/")


@pytest.mark.parametrize("path", GREETING)
def test_a_renewal_in_passing_is_not_kept(browsers, new_client, time_machine, path):
    """Attack: fetch what the cache has kept of the response that brought a new token."""
    ada, copy = browsers["ada"], new_client()
    copy.cookies[COOKIE] = ada.cookies[COOKIE].value
    time_machine.shift(HALF_LIFE)
    renewed = ada.get(path).cookies
    # What may be shared brings no token.
    assert (COOKIE in renewed) is (path != "/public/")
    time_machine.shift(1)
    assert renewed.get(COOKIE) not in copy.get(path).cookies.values()
    for name in ("eve", "nobody"):
        assert read(browsers[name], path)[0] == name


@pytest.mark.parametrize(
    "header", ["CDN-Cache-Control", "Cloudflare-CDN-Cache-Control", "Surrogate-Control"]
)
@pytest.mark.parametrize("value", ["max-age=600", 'Max-Age = "600"', "public", "s-maxage=60"])
def test_a_cache_on_the_way_that_is_told_more_gets_no_token(browsers, time_machine, header, value):
    """RFC 9213: it heeds that before ``Cache-Control``, so that our ``no-store`` says nothing."""
    time_machine.shift(HALF_LIFE)
    response = browsers["ada"].get("/edge/", {"header": header, "value": value})
    assert COOKIE not in response.cookies
    assert response.headers[header] == value


@pytest.mark.parametrize(
    "value", ["No-Store", "private", "max-age=0", "no-cache, max-age=60", 'content="ESI/1.0"']
)
def test_a_cache_on_the_way_that_keeps_nothing_lets_tokens_pass(browsers, time_machine, value):
    """A site may say so on all of its pages."""
    time_machine.shift(HALF_LIFE)
    header = {"header": "Surrogate-Control", "value": value}
    response = browsers["ada"].get("/edge/", header)
    assert COOKIE in response.cookies
    assert response.headers["Surrogate-Control"] == value


@pytest.mark.parametrize("path", GREETING)
def test_the_deletion_of_a_bad_cookie_is_not_kept(new_client, path):
    """Whoever comes with the same one is asked about it; or sees what it was shown before."""
    for attempt in range(2):
        client = new_client()
        client.cookies[COOKIE] = "garbage"
        response = client.get(path)
        assert response.content.startswith(b"nobody ")
        is_from_cache = attempt and path == "/decorated/"
        assert (COOKIE in response.cookies) is not is_from_cache


def test_a_form_is_of_one_visitor(new_client):
    """Attack: post with the CSRF token of a page that was made for somebody else."""
    for path in ("/form/", "/accounts/login/"):
        one, other = new_client().get(path), new_client().get(path)
        assert one.cookies["csrftoken"].value != other.cookies["csrftoken"].value


def test_the_pages_of_the_package_are_not_kept(browsers, stored):
    """Nor is what they set."""
    for page in ("login", "signup", "me", "csrf", "password_reset/done"):
        assert browsers["ada"].get(f"/accounts/{page}/").status_code == 200
    assert stored == []


def test_after_a_login_and_a_logout_the_cache_has_another_page(browsers):
    """In the same browser."""
    client = browsers["nobody"]
    assert read(client, "/hello/")[0] == "nobody"
    client.post("/accounts/login/", {"username": "ada", "password": PASSWORD})
    assert read(client, "/hello/")[0] == "ada"
    client.post("/accounts/logout/")
    assert read(client, "/hello/")[0] == "nobody"


def test_what_was_kept_for_a_cookie_is_served_to_it_until_it_times_out(browsers):
    """As with Django's sessions: the cache asks nobody whether the login goes on."""
    page = read(browsers["ada"], "/hello/")
    LoginSession.objects.all().delete()
    assert read(browsers["ada"], "/hello/") == page
    cache.clear()
    assert read(browsers["ada"], "/hello/")[0] == "nobody"


def test_a_page_from_before_the_swap_stays_its_visitors(new_client, settings):
    """The next one that is made brings the login along, and is not kept."""
    swapped = settings.MIDDLEWARE
    settings.MIDDLEWARE = [path if path != OURS else DJANGOS for path in swapped]
    before, client = new_client(), new_client()
    before.force_login(User.objects.create_user("ada"))
    page = read(before, "/hello/")
    settings.MIDDLEWARE = swapped
    client.cookies = before.cookies
    assert page[0] == "ada"
    assert read(client, "/hello/") == page
    assert read(new_client(), "/hello/")[0] == "nobody"
    cache.clear()
    assert client.get("/hello/").cookies[COOKIE].value
    assert read(client, "/hello/")[0] == "ada"


def test_nothing_new_is_said_in_304(browsers, time_machine):
    """A page that has not changed is not sent again, to whom it was made for."""
    ada, eve = browsers["ada"], browsers["eve"]
    etag = ada.get("/hello/").headers["ETag"]
    assert ada.get("/hello/", headers={"If-None-Match": etag}).status_code == 304
    assert eve.get("/hello/", headers={"If-None-Match": etag}).status_code == 200


def test_a_compressed_page_is_the_same_visitors(browsers):
    """Compressed or not, two pages of the cache."""
    headers = {"Accept-Encoding": "gzip"}
    for name in NAMES * 2:
        response = browsers[name].get("/hello/", headers=headers)
        assert response.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(response.content).decode().startswith(f"{name} ")

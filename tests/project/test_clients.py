"""The two clients behave alike, so that a difference found by a test is one of the package."""

from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction, sync_to_async
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.decorators import sync_and_async_middleware

from tests.conftest import MISSING, skip_or_fail
from tests.support.cases import FEW, MOST, evenly, mark_many, mark_repeated, spread


@sync_and_async_middleware
def which_kind(get_response: Any) -> Any:
    """Say in a header which chain the request went through."""

    def middleware(request: HttpRequest) -> Any:
        response = get_response(request)
        response["X-Chain"] = "wsgi"
        return response

    async def amiddleware(request: HttpRequest) -> Any:
        response = await get_response(request)
        response["X-Chain"] = "asgi"
        return response

    return amiddleware if iscoroutinefunction(get_response) else middleware


def echo(request: HttpRequest) -> HttpResponse:
    """Give back what arrived."""
    response = JsonResponse(
        {
            "method": request.method,
            "uri": request.build_absolute_uri(),
            "query": request.GET.dict(),
            "body": request.body.decode(),  # before POST, which reads it from the stream
            "post": request.POST.dict(),
            "type": request.content_type,
            "cookie": request.META.get("HTTP_COOKIE"),
            "address": request.META["REMOTE_ADDR"],
            "language": request.headers.get("Accept-Language"),
        }
    )
    response.set_cookie("seen", "yes")
    return response


def count(request: HttpRequest) -> HttpResponse:
    """Count users."""
    return HttpResponse(User.objects.count())


async def acount(request: HttpRequest) -> HttpResponse:
    """Count users, asynchronously."""
    return HttpResponse(await User.objects.acount())


async def acount_in_thread(request: HttpRequest) -> HttpResponse:
    """Count users, as the package does it."""
    return HttpResponse(await sync_to_async(User.objects.count, thread_sensitive=True)())


def away(request: HttpRequest) -> HttpResponse:
    """Send the client to the echo."""
    return redirect(request.GET.get("to", "/echo/é/"), preserve_request="keep" in request.GET)


def broken(request: HttpRequest) -> HttpResponse:
    """Raise."""
    raise LookupError("on purpose")


urlpatterns = [
    path("echo/é/", echo),
    path("count/", count),
    path("acount/", acount),
    path("acount-in-thread/", acount_in_thread),
    path("away/", away),
    path("broken/", broken),
]


@pytest.fixture(autouse=True)
def _site(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = [
        f"{__name__}.which_kind",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
    ]


def test_the_request_goes_through_the_chain_of_that_name(client, request):
    """Otherwise half of the suite would test nothing."""
    kind = request.node.callspec.params["new_client"]
    response = client.get("/echo/é/")
    assert response["X-Chain"] == kind
    assert type(response.wsgi_request) is {"asgi": ASGIRequest, "wsgi": WSGIRequest}[kind]


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options", "trace"])
def test_a_request_arrives_as_it_was_sent(client, method):
    """Method, scheme, path, query, headers and address."""
    response = getattr(client, method)(
        "/echo/é/",
        query_params={"q": "ä b"},
        headers={"accept-language": "eo"},
        REMOTE_ADDR="192.0.2.1",
    )
    answer = response.json()
    assert answer["method"] == method.upper()
    assert answer["uri"] == "https://testserver/echo/%C3%A9/?q=%C3%A4+b"
    assert answer["query"] == {"q": "ä b"}
    assert answer["address"] == "192.0.2.1"
    assert answer["language"] == "eo"


def test_head_has_no_body(client):
    """As from a web server."""
    response = client.head("/echo/é/")
    assert response.status_code == 200
    assert response.content == b""


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_a_body_arrives_as_it_was_sent(client, method):
    """A dict becomes JSON."""
    answer = getattr(client, method)("/echo/é/", {"a": 1}, content_type="application/json").json()
    assert (answer["type"], answer["body"]) == ("application/json", '{"a": 1}')


def test_a_form_arrives_as_it_was_sent(client):
    """Multipart by default."""
    answer = client.post("/echo/é/", {"name": "ä"}).json()
    assert answer["post"] == {"name": "ä"}
    assert answer["type"] == "multipart/form-data"


def test_a_call_may_talk_plain_http(client):
    """And keeps to it when redirected to a path, but not to another scheme."""
    assert client.get("/echo/é/", secure=False).json()["uri"] == "http://testserver/echo/%C3%A9/"
    response = client.get("/echo/é/", SERVER_PORT="8443")
    assert response.json()["uri"] == "https://testserver:8443/echo/%C3%A9/"
    for secure, to, expected in [
        (False, "/echo/é/", "http"),
        (True, "/echo/é/", "https"),
        (False, "https://testserver/echo/é/", "https"),
        (True, "http://testserver/echo/é/", "http"),
    ]:
        response = client.get("/away/", {"to": to}, secure=secure, follow=True)
        assert response.json()["uri"] == f"{expected}://testserver/echo/%C3%A9/"
        assert len(response.redirect_chain) == 1


def test_a_redirect_can_keep_method_and_body(client):
    """Status 307."""
    response = client.post("/away/?keep=1", {"name": "ada"}, follow=True)
    assert response.json()["post"] == {"name": "ada"}


def test_cookies_are_kept_between_requests(client):
    """And are those of the client."""
    client.get("/echo/é/")
    client.cookies["more"] = "1"
    assert client.get("/echo/é/").json()["cookie"] == "more=1; seen=yes"


@pytest.mark.parametrize("raw", ["a=1; a=2", "a=\0", "a=é", "a=\xff\x80", "=; ;;a", ""])
def test_a_cookie_header_is_sent_as_it_is(client, raw):
    """It replaces the client's own cookies."""
    client.cookies["kept"] = "back"
    assert client.get("/echo/é/", headers={"cookie": raw}).json()["cookie"] == raw


@pytest.mark.django_db
@pytest.mark.parametrize("url", ["/count/", "/acount/", "/acount-in-thread/"])
def test_queries_are_in_the_tests_transaction(client, url, django_assert_num_queries):
    """The view sees what the test has not committed, and its queries are counted."""
    User.objects.create_user("ada")
    with django_assert_num_queries(1):
        response = client.get(url)
    assert response.content == b"1"


@pytest.mark.django_db
def test_a_client_logs_in_and_out_in_its_session(client):
    """What `force_login` leaves behind is for the middleware to find."""
    user = User.objects.create_user("ada", password="secret")
    client.force_login(user)
    assert client.session[SESSION_KEY] == str(user.pk)
    client.logout()
    assert SESSION_KEY not in client.session
    assert client.login(username="ada", password="secret")


def test_an_exception_reaches_the_test(client):
    """With its own type."""
    with pytest.raises(LookupError, match="on purpose"):
        client.get("/broken/")


def test_an_exception_can_be_seen_as_a_visitor_would(new_client):
    """A page that says 500."""
    assert new_client(raise_request_exception=False).get("/broken/").status_code == 500


def test_csrf_checks_are_off_unless_asked_for(new_client):
    """Over https they include the origin of the request."""
    assert new_client().put("/echo/é/").status_code == 200
    strict = new_client(enforce_csrf_checks=True)
    assert strict.put("/echo/é/").status_code == 403
    strict.cookies["csrftoken"] = token = "a" * 32
    headers = {"x-csrftoken": token, "referer": "https://testserver/"}
    assert strict.put("/echo/é/", headers=headers).status_code == 200


@pytest.fixture
def _missing(monkeypatch):
    monkeypatch.setitem(MISSING, "needs_redis", lambda: "not today")
    monkeypatch.setitem(MISSING, "needs_chromium", lambda: "")


@pytest.mark.usefixtures("_missing")
def test_a_test_is_skipped_for_want_of_what_it_needs():
    """With the reason."""
    with pytest.raises(pytest.skip.Exception, match="not today"):
        skip_or_fail(["needs_chromium", "needs_redis"], promised=[])


@pytest.mark.usefixtures("_missing")
def test_a_test_fails_for_want_of_what_was_promised():
    """So that CI can't pass by skipping."""
    with pytest.raises(pytest.fail.Exception, match="not today, but CI_NO_SKIP promises it"):
        skip_or_fail(["needs_redis"], promised=["redis"])
    skip_or_fail(["needs_chromium"], promised=["chromium"])


@pytest.mark.parametrize(
    ("variables", "expected"),
    [({}, "REDIS_URL is not set"), ({"REDIS_URL": "redis://127.0.0.1"}, "")],
)
def test_redis_is_there_if_its_address_is_known(monkeypatch, variables, expected):
    """And if the package that speaks to it is installed."""
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.setattr("tests.conftest.find_spec", lambda name: name == "redis")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert MISSING["needs_redis"]() == expected


@pytest.mark.parametrize(
    ("program", "expected"), [("python3", ""), ("nowhere", "there is no chromium")]
)
def test_chromium_is_looked_for_under_the_name_given(monkeypatch, program, expected):
    """In the variable CHROMIUM."""
    monkeypatch.setenv("CHROMIUM", program)
    monkeypatch.setattr("tests.conftest.find_spec", str)
    assert MISSING["needs_chromium"]().partition(";")[0] == expected


def test_the_suite_runs_on_one_database():
    """The tests for the others are skipped."""
    missing = [bool(MISSING[name]()) for name in ("needs_postgresql", "needs_mariadb")]
    assert any(missing)


def test_node_is_there_with_what_a_service_imports(monkeypatch, tmp_path):
    """The tests themselves fetch nothing."""
    monkeypatch.setattr("tests.conftest.NODE", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert MISSING["needs_node"]() == "there is no node"
    (tmp_path / "node").touch(mode=0o755)
    assert MISSING["needs_node"]() == f"nobody ran npm ci in {tmp_path}"
    (tmp_path / "node_modules").mkdir()
    assert MISSING["needs_node"]() == ""


PACKAGES = {
    "needs_chromium": ["axe_playwright_python", "playwright"],
    "needs_fastapi": ["fastapi", "uvicorn"],
}


def test_the_ecosystem_is_there_as_a_whole(monkeypatch):
    """A package that could not be installed is named."""
    monkeypatch.setattr("tests.conftest.find_spec", lambda name: name != "whitenoise")
    assert MISSING["needs_ecosystem"]() == "not installed: whitenoise"


@pytest.mark.parametrize("marker", PACKAGES)
@pytest.mark.parametrize("count", [0, 1, 2])
def test_what_is_not_installed_is_named(monkeypatch, marker, count):
    """Both packages are needed."""
    installed, missing = PACKAGES[marker][:count], PACKAGES[marker][count:]
    monkeypatch.setattr("tests.conftest.find_spec", lambda name: name in installed)
    monkeypatch.setenv("CHROMIUM", "python3")
    expected = f"not installed: {', '.join(missing)}" if missing else ""
    assert MISSING[marker]() == expected


@pytest.mark.parametrize(
    ("count", "quick", "tried"),
    [(9, 3, [0, 4, 8]), (9, 1, [0]), (9, 9, [*range(9)]), (3, 5, [0, 1, 2])],
)
def test_a_quick_run_tries_some_of_the_cases_and_the_whole_one_all(count, quick, tried):
    """The same ones each time; the others are marked, and none is lost."""
    cases = spread(range(count), quick)
    assert [case for case in cases if isinstance(case, int)] == tried
    left = [case for case in cases if not isinstance(case, int)]
    assert sorted([*tried, *(value for case in left for value in case.values)]) == [*range(count)]
    assert {mark.name for case in left for mark in case.marks} <= {"many"}
    assert all(case.marks for case in left)


def test_a_case_of_several_values_stays_one():
    """Each of them goes to its parameter."""
    assert spread([(1, 2), (3, 4)], 1) == [(1, 2), pytest.param(3, 4, marks=pytest.mark.many)]


class Case:
    """As much of a test as `mark_many` looks at."""

    def __init__(self, nodeid):
        self.nodeid, self.marks = nodeid, []

    def get_closest_marker(self, name):
        return name in self.marks or None

    def add_marker(self, mark):
        self.marks.append(mark.name)


def test_of_very_many_cases_a_quick_run_tries_a_few():
    """The same ones each time; of few cases, all."""
    many = [Case(f"test_many[{number}]") for number in range(100)]
    few = [Case(f"test_few[{number}]") for number in range(MOST)]
    mark_many([*many, *few])
    chosen = {number for number, case in enumerate(many) if not case.marks}
    assert chosen == evenly(many, MOST)
    assert {0, 99} < chosen
    assert len(chosen) == MOST
    assert [case.marks for case in few] == [[]] * MOST


def test_a_case_without_a_value_of_its_own_repeats_others():
    """Of each parameter each value is tried once; a test without parameters is one case."""
    names = [f"test_rule[{engine}-{interface}]" for engine in range(FEW) for interface in "xy"]
    few = [f"test_few[{engine}-{interface}]" for engine in range(FEW // 2) for interface in "xy"]
    cases = [Case(name) for name in [*names, *few, "test_plain"]]
    mark_repeated(cases)
    left = [case.nodeid for case in cases if not case.marks]
    assert left == [*names[:2], *names[2::2], *few, "test_plain"]

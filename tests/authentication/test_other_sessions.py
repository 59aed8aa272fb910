"""Code that puts another Django session into the place of the request's own, as APIs for apps do.

Whoever comes with the key of a session in a header is that session's user, and is asked for no CSRF
token: there the cookie, which a browser sends along by itself, must not count.
"""

import pytest
from django.contrib import auth
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.http import JsonResponse
from django.urls import include, path

from django_jwt_cookie import authentication
from django_jwt_cookie.authentication.django_session import MARK
from django_jwt_cookie.models import LoginSession
from tests.support.accounts import BACKEND, COOKIE, NAME, PASSWORD, log_in, who

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def in_session_of_header(request, action):
    """Do something as the user of a session that a header names."""
    own, request.session = request.session, SessionStore(request.headers.get("X-Key"))
    request.user = request.jwt.resolve()
    try:
        ACTIONS[action](request)
        request.session.save()
        return JsonResponse(
            {
                "user": request.jwt.resolve().get_username(),
                "claims": request.jwt.claims is not None,
                "confirmed": request.jwt.confirm(),
                "key": request.session.session_key,
            }
        )
    finally:
        request.session = own


def in_fresh_session(request, action):
    """Do something in a session that has no key yet, and that nobody has looked into."""
    own, request.session = request.session, SessionStore()
    try:
        ACTIONS[action](request)
        return JsonResponse({"user": request.user.get_username()})
    finally:
        request.session = own


async def ain_session_of_header(request):
    """Ask, asynchronously, who the user of a session is that a header names."""
    if "before" in request.GET:
        await request.auser()
    own, request.session = request.session, SessionStore(request.headers.get("X-Key"))
    user = await request.auser()
    request.session = own
    return JsonResponse({"user": user.get_username()})


def change_password(request):
    """Change the password of the session's user."""
    user = request.user
    user.set_password("Bochnia-1248-salt")
    user.save()
    auth.update_session_auth_hash(request, user)


def write_there(request):
    """Leave something in the session of the header, and that in its place."""
    assert request.user.is_authenticated
    request.session = SessionStore(request.headers["X-Key"])
    request.session["cart"] = "full"
    return JsonResponse({})


def log_in_there(request):
    """Log eve in."""
    auth.login(request, User.objects.get(username="eve"), BACKEND)


def log_in_by_ours(request):
    """Do the same by the package's own function."""
    authentication.login(request, User.objects.get(username="eve"), BACKEND)


ACTIONS = {
    "nothing": id,
    "login": log_in_there,
    "login of ours": log_in_by_ours,
    "logout": auth.logout,
    "logout of ours": authentication.logout,
    "change": change_password,
}

urlpatterns = [
    path("accounts/", include("django_jwt_cookie.urls")),
    path("app/<action>/", in_session_of_header),
    path("fresh/<action>/", in_fresh_session),
    path("aapp/", ain_session_of_header),
    path("write/", write_there),
]


@pytest.fixture(autouse=True)
def _users():
    for name in (NAME, "eve"):
        User.objects.create_user(name, password=PASSWORD)


@pytest.fixture
def key():
    """Return the key of a session that eve is logged in by."""
    user, session = User.objects.get(username="eve"), SessionStore()
    session[auth.SESSION_KEY] = str(user.pk)
    session[auth.BACKEND_SESSION_KEY] = BACKEND
    session[auth.HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return session.session_key


@pytest.mark.parametrize("path", ["/app/nothing/", "/aapp/", "/aapp/?before"])
def test_the_cookie_does_not_count_there(client, path):
    """Attack: CSRF, against an API that asks for no token."""
    log_in(client)
    assert client.get(path).json()["user"] == ""
    assert who(client) == NAME


@pytest.mark.parametrize("path", ["/app/nothing/", "/aapp/", "/aapp/?before"])
def test_the_header_does(client, key, path):
    """And its login stays where it is, however often it is asked for."""
    log_in(client)
    for _ in range(2):
        assert client.get(path, headers={"X-Key": key}).json()["user"] == "eve"
    assert who(client) == NAME
    assert SessionStore(key)[auth.SESSION_KEY]


def test_there_is_no_token_there(client, key):
    """Nothing is moved into one, and nothing is known of one."""
    log_in(client)
    answer = client.get("/app/nothing/", headers={"X-Key": key}).json()
    assert (answer["claims"], answer["confirmed"]) == (False, False)


@pytest.mark.parametrize("action", ["logout", "change"])
def test_what_is_done_there_is_done_to_that_session(client, key, action):
    """The login in the cookie goes on, and that one has ended or goes on as the action says."""
    log_in(client)
    answer = client.get(f"/app/{action}/", headers={"X-Key": key}).json()
    assert answer["user"] == ("eve" if action == "change" else "")
    assert who(client) == NAME
    assert LoginSession.objects.alive().count() == 1


@pytest.mark.parametrize("action", ["login", "login of ours"])
def test_who_logs_in_there_is_logged_in_there(client, action):
    """Attack: have a page of another site log its visitor in as eve. No cookie is set or ended."""
    log_in(client)
    answer = client.get(f"/app/{action}/").json()
    assert answer["user"] == "eve"
    assert who(client) == NAME
    headers = {"X-Key": answer["key"]}
    assert client.get("/app/nothing/", headers=headers).json()["user"] == "eve"
    assert LoginSession.objects.count() == 1


def test_what_is_left_there_is_that_sessions_own(client, key):
    """It goes on under its key, and is not taken for one of the user of the cookie."""
    log_in(client)
    client.get("/write/", headers={"X-Key": key})
    left = SessionStore(key).load()
    assert left["cart"] == "full"
    assert MARK not in left


@pytest.mark.parametrize(
    ("action", "name"),
    [("login", "eve"), ("login of ours", "eve"), ("logout", ""), ("logout of ours", "")],
)
def test_what_is_done_in_a_fresh_session_leaves_the_cookie_alone(client, action, name):
    """Attack: CSRF, against the first request of an app, which has no session yet."""
    log_in(client)
    response = client.get(f"/fresh/{action}/")
    assert response.json()["user"] == name
    assert COOKIE not in response.cookies
    assert who(client) == NAME


@pytest.mark.parametrize("action", ["logout", "logout of ours"])
@pytest.mark.parametrize("is_known", [True, False])
def test_a_logout_there_ends_that_session(client, key, action, is_known):
    """Attack: have a page of another site log its visitor out. The login in the cookie goes on."""
    log_in(client)
    headers = {"X-Key": key} if is_known else {}
    assert client.get(f"/app/{action}/", headers=headers).json()["user"] == ""
    assert who(client) == NAME

"""The framework's `django_auth`, unchanged, and `JWTCookieAuth`, as the page sets it up."""

import pytest

from tests.ecosystem.refusals import REFUSALS, is_forgotten
from tests.support.accounts import COOKIE, NAME, sign_up

PATHS = ["/api/whoami/", "/api/async/", "/django/whoami/", "/django/async/"]

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_login_is_enough(client, path, method):
    """Operations of either kind have the user as `request.auth` and as `request.user`."""
    sign_up(client)
    response = getattr(client, method)(path)
    assert (response.status_code, response.json()) == (200, {"username": NAME})
    assert "Cookie" in response["Vary"]


@pytest.mark.parametrize("path", PATHS)
def test_csrf_is_checked(attacked, path):
    """CSRF: a form of another site is refused with 403, and one of ours is not.

    With our class and handler, programs learn which 403 it is.
    """
    response = attacked.post(path)
    assert response.status_code == 403
    code = response.json().get("code")
    assert code == ("csrf_failed" if path.startswith("/api") else None)
    token = attacked.get("/accounts/csrf/").json()["csrf_token"]
    headers = {"x-csrftoken": token, "referer": "https://testserver/"}
    assert attacked.post(path, headers=headers).status_code == 200


@pytest.mark.parametrize("path", PATHS[:2])
def test_without_a_login_the_answer_is_401(client, path):
    """In the words of our own pages."""
    response = client.get(path)
    assert (response.status_code, response["WWW-Authenticate"]) == (401, "Cookie")
    assert response.json() == {"code": "login_required", "detail": "You need to log in for this."}


@pytest.mark.parametrize(("refuse", "reason"), REFUSALS)
@pytest.mark.parametrize("path", PATHS)
def test_a_refused_cookie_is_told_why(client, path, refuse, reason):
    """With our handler; `django_auth` by itself says no, in the framework's words."""
    sign_up(client)
    refuse(client)
    response = client.get(path)
    assert response.status_code == 401
    code = response.json().get("code")
    assert code == (reason if path.startswith("/api") else None)
    assert is_forgotten(client, reason)


@pytest.mark.parametrize(("refuse", "reason"), REFUSALS)
def test_a_refused_cookie_leaves_other_ways_open(client, refuse, reason):
    """What is for everybody is served, and the next class of the list is asked."""
    sign_up(client)
    refuse(client)
    assert client.get("/api/public/").json() == {"username": ""}
    sign_up(client, "grace")
    refuse(client)
    headers = {"authorization": "Bearer opensesame"}
    assert client.get("/api/either/", headers=headers).json() == "opensesame"


@pytest.mark.parametrize("path", ["/plain/whoami/", "/plain/async/"])
def test_without_our_handler_csrf_is_refused_in_the_frameworks_words(attacked, path):
    """As with `django_auth`."""
    response = attacked.post(path)
    assert (response.status_code, response.json()) == (403, {"detail": "CSRF check Failed"})


@pytest.mark.parametrize("path", PATHS)
def test_with_the_user_from_the_token_no_query_is_made(
    client, path, settings, django_assert_num_queries
):
    """Not even in an asynchronous operation."""
    settings.JWT_COOKIE = {"USER_SOURCE": "token"}
    sign_up(client)
    client.get(path)
    with django_assert_num_queries(0):
        assert client.get(path).json() == {"username": NAME}


def test_the_document_names_our_cookie(client):
    """The one that a browser has."""
    document = client.get("/api/openapi.json").json()
    scheme = document["components"]["securitySchemes"]["JWTCookieAuth"]
    assert scheme == {"type": "apiKey", "in": "cookie", "name": COOKIE}
    assert document["paths"]["/api/whoami/"]["get"]["security"] == [{"JWTCookieAuth": []}]

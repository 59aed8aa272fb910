"""`JWTCookieAuthentication`, as the page sets it up."""

import base64

import pytest
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from rest_framework.test import APIClient, APIRequestFactory, force_authenticate

from tests.ecosystem.refusals import REFUSALS, is_forgotten
from tests.ecosystem.rest_framework.urls import Whoami
from tests.support.accounts import NAME, PASSWORD, sign_up

WHOAMI = "/api/whoami/"

pytestmark = pytest.mark.django_db


def test_a_login_is_enough(client):
    """The user of the request is the one of the cookie."""
    sign_up(client)
    response = client.get(WHOAMI)
    assert (response.status_code, response.json()) == (200, {"username": NAME})
    assert {"Accept", "Cookie"} <= {each.strip() for each in response["Vary"].split(",")}


def test_auth_is_what_the_token_says(client):
    """As `request.auth`, where other classes have their token."""
    sign_up(client)
    user = User.objects.get()
    assert client.get("/api/claims/").json() == {"sub": str(user.pk), "pk": user.pk}


def test_without_a_login_the_answer_is_401(client):
    """With a way to authenticate, and no dialogue of the browser's for it."""
    response = client.get(WHOAMI)
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Cookie"
    assert response.json() == {"detail": "You need to log in for this.", "code": "login_required"}


@pytest.mark.parametrize(("refuse", "reason"), REFUSALS)
def test_a_refused_cookie_is_told_why(client, refuse, reason):
    """The code that a page of ours would tell; a cookie that is of no use is forgotten."""
    sign_up(client)
    refuse(client)
    response = client.get(WHOAMI)
    assert (response.status_code, response.json()["code"]) == (401, reason)
    assert response["WWW-Authenticate"] == "Cookie"
    assert is_forgotten(client, reason)


@pytest.mark.parametrize(("refuse", "reason"), REFUSALS)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_refused_cookie_is_none_on_a_public_view(client, method, refuse, reason):
    """A leftover in the browser locks nobody out of what is for everybody."""
    sign_up(client)
    refuse(client)
    response = getattr(client, method)("/api/public/")
    assert (response.status_code, response.json()) == (200, {"username": ""})


@pytest.mark.parametrize(("refuse", "reason"), REFUSALS)
def test_a_refused_cookie_leaves_other_ways_open(client, refuse, reason):
    """The next class of the view is asked."""
    sign_up(client)
    refuse(client)
    User.objects.create_user("grace", password=PASSWORD)
    basic = base64.b64encode(f"grace:{PASSWORD}".encode()).decode()
    response = client.get("/api/cookie-or-basic/", headers={"authorization": f"Basic {basic}"})
    assert (response.status_code, response.json()) == (200, {"username": "grace"})


def test_another_class_that_comes_first_answers_as_it_does(client):
    """The 401 names its way to authenticate, and is in the framework's own words."""
    response = client.get("/api/token-first/")
    assert (response.status_code, response["WWW-Authenticate"]) == (401, "Token")
    assert response.json() == {"detail": "Authentication credentials were not provided."}


def test_csrf_is_checked(attacked):
    """CSRF: a form of another site is refused with 403, and one of ours is not."""
    response = attacked.post(WHOAMI)
    assert (response.status_code, response.json()["code"]) == (403, "csrf_failed")
    assert response.json()["detail"].startswith("The CSRF token is missing or wrong")
    token = attacked.get("/accounts/csrf/").json()["csrf_token"]
    headers = {"x-csrftoken": token, "referer": "https://testserver/"}
    assert attacked.post(WHOAMI, headers=headers).status_code == 200


def test_a_permission_that_lacks_is_403(client):
    """Logged in, and not allowed to: that is no matter of logging in."""
    sign_up(client)
    body = {"username": "grace"}
    response = client.post("/api/users/", body, content_type="application/json")
    assert (response.status_code, "code" in response.json()) == (403, False)
    User.objects.get().user_permissions.add(Permission.objects.get(codename="add_user"))
    response = client.post("/api/users/", body, content_type="application/json")
    assert response.status_code == 201


def test_each_user_is_throttled_apart(client, new_client):
    """By the primary key: one visitor's requests are not another's."""
    cache.clear()
    sign_up(client)
    statuses = [client.get("/api/throttled/").status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    other = new_client()
    sign_up(other, "grace")
    assert other.get("/api/throttled/").status_code == 200


@pytest.mark.parametrize("path", [WHOAMI, "/api/throttled/", "/api/session/"])
def test_with_the_user_from_the_token_no_query_is_made(
    client, path, settings, django_assert_num_queries
):
    """Neither to know the user, nor to find out whether the account is active."""
    cache.clear()
    settings.JWT_COOKIE = {"USER_SOURCE": "token"}
    sign_up(client)
    client.get(path)
    with django_assert_num_queries(0):
        assert client.get(path).json() == {"username": NAME}


def test_the_frameworks_own_test_helpers_work():
    """Those that go around authentication, and the one that logs in."""
    user = User.objects.create_user(NAME)
    client = APIClient()
    client.force_authenticate(user)
    assert client.get(WHOAMI).json() == {"username": NAME}
    client.force_authenticate(None)
    assert client.get(WHOAMI, secure=True).status_code == 401
    client.force_login(user)
    assert client.get(WHOAMI, secure=True).json() == {"username": NAME}
    request = APIRequestFactory().get(WHOAMI)
    force_authenticate(request, user)
    assert Whoami.as_view()(request).data == {"username": NAME}

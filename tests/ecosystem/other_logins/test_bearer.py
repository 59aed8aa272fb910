"""django-oauth-toolkit: its middleware stands before ours, and knows programs by their tokens."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application

from tests.support.accounts import COOKIE, NAME, PASSWORD, log_in

pytestmark = pytest.mark.django_db

PATHS = ["/who/", "/awho/"]
REDIRECT = "https://app.example/back"


@pytest.fixture
def application():
    """Return the program of a member."""
    User.objects.create_user(NAME, password=PASSWORD)
    owner = User.objects.create_user("grace", password=PASSWORD)
    return Application.objects.create(
        name="reports",
        user=owner,
        client_type="public",
        authorization_grant_type="authorization-code",
        redirect_uris=REDIRECT,
        skip_authorization=False,
    )


@pytest.fixture
def bearer(application):
    """Return the header of a program of Grace's."""
    AccessToken.objects.create(
        user=application.user,
        application=application,
        token="secret",
        scope="read",
        expires=timezone.now() + timedelta(hours=1),
    )
    return {"Authorization": "Bearer secret"}


@pytest.mark.parametrize("path", PATHS)
def test_whose_token_comes_is_the_user(client, bearer, path):
    """Without a login, and without one that begins by it."""
    response = client.get(path, headers=bearer)
    assert response.json() == {"user": "grace", "has_login": False}
    assert COOKIE not in client.cookies
    assert client.get(path).json() == {"user": "AnonymousUser", "has_login": False}


@pytest.mark.parametrize("path", PATHS)
def test_beside_the_cookie_of_somebody_else_the_token_counts(client, bearer, path):
    """And nothing of that login is mixed into the request, nor is it ended."""
    log_in(client)
    assert client.get(path, headers=bearer).json() == {"user": "grace", "has_login": False}
    assert client.get(path).json() == {"user": NAME, "has_login": True}


@pytest.mark.parametrize("path", PATHS)
def test_a_bad_token_leaves_the_cookie_to_say_who_it_is(client, bearer, path):
    """As with Django's own middleware."""
    log_in(client)
    response = client.get(path, headers={"Authorization": "Bearer wrong"})
    assert response.json() == {"user": NAME, "has_login": True}


def test_a_member_lets_a_program_in(client, application):
    """By the page of that package, which the login by the cookie opens."""
    query = {
        "client_id": application.client_id,
        "response_type": "code",
        "redirect_uri": REDIRECT,
        "scope": "read",
        "code_challenge": "A" * 43,
        "code_challenge_method": "S256",
    }
    assert client.get("/o/authorize/", query).url.startswith("/accounts/login/?")
    log_in(client)
    assert client.get("/o/authorize/", query).status_code == 200
    response = client.post("/o/authorize/", query | {"allow": "true"})
    assert "code" in parse_qs(urlsplit(response.url).query)

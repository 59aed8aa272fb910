"""GraphQL knows the visitor, logs in and out, and refuses what is for members."""

import pytest
from django.contrib.auth.models import User

from tests.ecosystem.refusals import REFUSALS, is_forgotten
from tests.support.accounts import COOKIE, NAME, PASSWORD, sign_up, who

LOGIN = """
mutation ($username: String!, $password: String!) {
  login(username: $username, password: $password)
}
"""
CREDENTIALS = {"username": NAME, "password": PASSWORD}

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.parametrize("path", ["/graphql/", "/agraphql/"]),
]


def send(client, path, query, headers=None, **variables):
    """Send a query as a page does."""
    document = {"query": query, "variables": variables}
    return client.post(path, document, content_type="application/json", headers=headers or {})


def data(response):
    """Return the answer, which has no errors."""
    assert response.status_code == 200
    assert "errors" not in response.json()
    return response.json()["data"]


def test_a_resolver_knows_the_visitor(client, path):
    """By `info.context.request`."""
    sign_up(client)
    response = send(client, path, "{ who members }")
    assert data(response) == {"who": NAME, "members": "members"}
    assert "Cookie" in response["Vary"]


def test_a_mutation_logs_in_and_out(client, path):
    """By Django's own functions: the login is in our cookie, and the logout ends it."""
    User.objects.create_user(NAME, password=PASSWORD)
    assert data(send(client, path, LOGIN, **CREDENTIALS)) == {"login": True}
    assert client.cookies[COOKIE]["httponly"]
    assert who(client) == NAME
    token = client.cookies[COOKIE].value
    assert data(send(client, path, "mutation { logout }")) == {"logout": True}
    assert client.cookies[COOKIE].value == ""
    client.cookies[COOKIE] = token
    assert who(client) is None


def test_a_wrong_password_logs_nobody_in(client, path):
    """And leaves no cookie."""
    User.objects.create_user(NAME, password=PASSWORD)
    assert data(send(client, path, LOGIN, username=NAME, password="wrong")) == {"login": False}
    assert COOKIE not in client.cookies


@pytest.mark.parametrize(("refuse", "reason"), REFUSALS)
def test_a_refused_cookie_is_an_anonymous_visitor(client, path, refuse, reason):
    """What is public is answered, what is for members is not, and logging in works."""
    sign_up(client)
    refuse(client)
    assert data(send(client, path, "{ who reason }")) == {"who": "", "reason": reason}
    assert is_forgotten(client, reason)
    (error,) = send(client, path, "{ members }").json()["errors"]
    assert error["message"] == "User is not authenticated"
    User.objects.update(is_active=True)
    assert data(send(client, path, LOGIN, **CREDENTIALS)) == {"login": True}


def test_csrf_is_checked(new_client, path):
    """CSRF: a form of another site is refused, one of ours logs in."""
    User.objects.create_user(NAME, password=PASSWORD)
    client = new_client(enforce_csrf_checks=True)
    assert send(client, path, LOGIN, **CREDENTIALS).status_code == 403
    assert COOKIE not in client.cookies
    token = client.get("/accounts/csrf/").json()["csrf_token"]
    headers = {"x-csrftoken": token, "referer": "https://testserver/"}
    assert data(send(client, path, LOGIN, headers, **CREDENTIALS)) == {"login": True}


def test_with_the_user_from_the_token_no_query_is_made(
    client, path, settings, django_assert_num_queries
):
    """However many resolvers ask."""
    settings.JWT_COOKIE = {"USER_SOURCE": "token"}
    sign_up(client)
    send(client, path, "{ who }")
    with django_assert_num_queries(0):
        assert data(send(client, path, "{ who members }")) == {"who": NAME, "members": "members"}


def test_one_query_is_made_for_the_user(client, path, django_assert_num_queries):
    """However many resolvers ask."""
    sign_up(client)
    with django_assert_num_queries(1):
        assert data(send(client, path, "{ who members }")) == {"who": NAME, "members": "members"}

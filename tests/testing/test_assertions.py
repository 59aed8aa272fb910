"""A response that asks to log in, and says why."""

import unittest
from datetime import timedelta

import pytest
from django.http import (
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)

from django_jwt_cookie.test.assertions import assert_login_required
from django_jwt_cookie.test.client import JWTClient
from django_jwt_cookie.test.logins import age_login
from django_jwt_cookie.test.tokens import get_token, set_token, tamper
from tests.support.accounts import JSON

ASKING = {"people": {}, "programs": JSON, "htmx": {"hx-request": "true"}}


@pytest.mark.parametrize("headers", ASKING.values(), ids=ASKING)
def test_a_visitor_without_a_cookie(client, headers):
    """Whoever asks: people, programs, htmx."""
    response = client.get("/api/", headers=headers)
    assert_login_required(response)
    assert_login_required(response, "login_required")
    with pytest.raises(AssertionError, match="is 'login_required', not 'session_revoked'"):
        assert_login_required(response, "session_revoked")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/", "/members/", "/amembers/"])
@pytest.mark.parametrize("headers", ASKING.values(), ids=ASKING)
def test_a_cookie_that_is_refused(ada, headers, path):
    """Also by Django's own decorator."""
    client = JWTClient.logged_in_as(ada)
    set_token(client, tamper(get_token(client)))
    assert_login_required(client.get(path, headers=headers), "token_invalid")


@pytest.mark.django_db
def test_a_login_that_is_too_old_for_something(ada, settings):
    """Step-up says so itself."""
    settings.ROOT_URLCONF = "tests.support.urls_guarded"
    client = JWTClient.logged_in_as(ada)
    assert client.get("/vault/function/").content == b"Welcome"
    age_login(client, timedelta(hours=1))
    assert_login_required(client.get("/vault/function/"), "recent_login_required")


LETTING_IN = {
    "a page": HttpResponse("members"),
    "a refusal": HttpResponse(status=403),
    "another redirect": HttpResponseRedirect("/elsewhere/?next=/accounts/login/"),
    "the login page of another site": HttpResponseRedirect("//evil.example/accounts/login/"),
}


@pytest.mark.parametrize("response", LETTING_IN.values(), ids=LETTING_IN)
def test_what_does_not_ask_to_log_in(response):
    """The message tells what it is."""
    with pytest.raises(AssertionError, match=f"a response of {response.status_code}"):
        assert_login_required(response)


def test_the_login_page_of_another_site(settings):
    """If the settings say so."""
    settings.LOGIN_URL = "https://accounts.example.com/login/"
    assert_login_required(HttpResponseRedirect("https://accounts.example.com/login/?next=/"))


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"code": 1}', b'{"detail": "Log in"}'])
def test_a_401_of_another_package(body):
    """It has no code of ours."""
    assert_login_required(HttpResponse(body, status=401), "login_required")
    assert_login_required(StreamingHttpResponse([body], status=401), "login_required")


def test_it_is_an_assertion_for_unittest_as_well():
    """Which knows nothing but the exception."""
    with pytest.raises(unittest.TestCase.failureException):
        assert_login_required(JsonResponse({}))

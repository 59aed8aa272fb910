"""The one line, as Django loads it."""

from contextlib import suppress
from contextvars import Context

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.http import HttpResponse
from django.test import RequestFactory

from django_jwt_cookie import receivers
from django_jwt_cookie.authentication import served
from django_jwt_cookie.middleware import JWTCookieMiddleware


def serve(request):
    """Answer without asking who it is."""
    return HttpResponse()


def test_it_is_what_the_admin_looks_for():
    """Its check E408 asks for a subclass."""
    assert issubclass(JWTCookieMiddleware, AuthenticationMiddleware)


def test_both_ways_of_serving_are_native():
    """No adapter is put around it by Django."""
    assert JWTCookieMiddleware.sync_capable
    assert JWTCookieMiddleware.async_capable


def test_a_request_that_nobody_asks_about_is_left_alone():
    """Not even the cookie is read."""
    request = RequestFactory().get("/", headers={"cookie": "jwt=garbage"})
    response = JWTCookieMiddleware(serve)(request)
    assert dict(response.headers) == {"Content-Type": "text/html; charset=utf-8"}
    assert not response.cookies


def fail(request):
    """Fail, while this request is the one that is served."""
    raise LookupError(served.get() is request.jwt)


async def aserve(request):
    """Answer without asking who it is."""
    return HttpResponse()


async def afail(request):
    """Fail, while this request is the one that is served."""
    fail(request)


def leftover(view):
    """Return who is served once the response to a request is made, in the context of that."""
    with suppress(LookupError):
        JWTCookieMiddleware(view)(RequestFactory().get("/"))
    return served.get()


async def aleftover(view):
    """Do the same."""
    with suppress(LookupError):
        await JWTCookieMiddleware(view).__acall__(RequestFactory().get("/"))
    return served.get()


@pytest.mark.parametrize(
    ("look", "view"),
    [
        (leftover, serve),
        (leftover, fail),
        (async_to_sync(aleftover), aserve),
        (async_to_sync(aleftover), afail),
    ],
)
def test_nobody_is_served_once_the_response_is_made(look, view):
    """What streams it, or comes after it in the same context, is not within the request."""
    assert Context().run(look, view) is None


@pytest.mark.parametrize("view", [fail, afail])
def test_a_request_is_served_while_its_view_runs(view):
    """Code that is not told finds out."""
    middleware = JWTCookieMiddleware(view)
    answer = async_to_sync(middleware.__acall__) if view is afail else middleware
    with pytest.raises(LookupError, match="True"):
        answer(RequestFactory().get("/"))


@pytest.mark.parametrize("signal", [user_logged_in, user_logged_out])
@pytest.mark.parametrize("request_", [None, RequestFactory().get("/")])
def test_a_login_outside_of_our_requests_is_none_of_our_business(signal, request_):
    """Signals are sent by other code too, with a request of its own or none, and of anybody."""
    answers = signal.send_robust(sender=None, request=request_, user=AnonymousUser())
    ours = [answer for receiver, answer in answers if receiver.__module__ == receivers.__name__]
    assert ours == ([None] if signal is user_logged_in else [])

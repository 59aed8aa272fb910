"""The one line, as Django loads it."""

import pytest
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.http import HttpResponse
from django.test import RequestFactory

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
    request = RequestFactory().get("/", headers={"cookie": "__Host-jwt=garbage"})
    response = JWTCookieMiddleware(serve)(request)
    assert dict(response.headers) == {"Content-Type": "text/html; charset=utf-8"}
    assert not response.cookies


@pytest.mark.parametrize("signal", [user_logged_in, user_logged_out])
@pytest.mark.parametrize("request_", [None, RequestFactory().get("/")])
def test_a_login_outside_of_our_requests_is_none_of_our_business(signal, request_):
    """Signals are sent by other code too, with a request of its own or none."""
    receivers = [
        receiver
        for receiver in signal._live_receivers(None)[0]
        if receiver.__module__ == "django_jwt_cookie.receivers"
    ]
    assert len(receivers) == 1
    assert receivers[0](signal=signal, sender=None, request=request_, user=None) is None

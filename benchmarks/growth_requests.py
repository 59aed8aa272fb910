"""Logins and requests for `benchmarks.growth`: the middleware around one small view."""

import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from django_jwt_cookie import sessions
from django_jwt_cookie.conf import get_settings
from django_jwt_cookie.authentication.issuing import issue
from django_jwt_cookie.middleware import JWTCookieMiddleware
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.tokens import encode

BACKEND = "django.contrib.auth.backends.ModelBackend"
FACTORY = RequestFactory()


def view(request: HttpRequest) -> HttpResponse:
    """Say whether somebody is logged in."""
    return HttpResponse(status=200 if request.user.is_authenticated else 401)


serve = JWTCookieMiddleware(view)


def begin_login() -> LoginSession:
    """Record a login of a new user, as a site does."""
    user = get_user_model().objects.create_user("ada.byron")
    session = sessions.prepare(
        user, backend=BACKEND, auth_hash=user.get_session_auth_hash(), persistent=True
    )
    sessions.start(session)
    return session


def token_of(session: LoginSession, **extra: Any) -> str:
    """Return a token of a login, under the settings in force."""
    claims, token = issue(session, auth_time=int(time.time()), request=HttpRequest())
    return encode(replace(claims, extra={**claims.extra, **extra})) if extra else token


def make_requests(tokens: Iterable[str]) -> list[HttpRequest]:
    """Return a request with each of these in its cookie."""
    name = get_settings().cookie_name
    return [FACTORY.get("/", secure=True, HTTP_COOKIE=f"{name}={token}") for token in tokens]


def check(request: HttpRequest, *, renews: bool) -> None:
    """Serve ``request``; raise unless it is logged in, and gets a new token just if it should."""
    response = serve(request)
    assert isinstance(response, HttpResponse)
    found = (response.status_code, get_settings().cookie_name in response.cookies)
    if found != (200, renews):
        raise RuntimeError(f"answered with {found}, and {renews=}")

"""Test clients that log in as a browser does: the login is in the cookie, and needs no session.

Django's own ``force_login()`` leaves a login in a session, which the middleware moves into the
cookie with the next request. These are for sites without sessions, and for tests about logins.
"""

from collections.abc import Callable
from typing import Any, Protocol, Self

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.cookie import SimpleCookie
from django.test import AsyncClient, Client, RequestFactory
from django.test.client import ClientMixin
from django.utils.module_loading import import_string

from .. import authentication, users
from ..conf import get_settings
from ..middleware import JWTCookieMiddleware

CARRIERS = (SessionMiddleware, JWTCookieMiddleware)
"""What a login travels through. Other middleware of the site might answer in place of the view."""


class Browser(Protocol):
    """What any client of Django's has."""

    cookies: SimpleCookie
    defaults: Any


def serve(client: Browser, view: Callable[[HttpRequest], object]) -> None:
    """Have ``view`` run in a request of ``client``, which keeps the cookies of the response.

    Over https where the cookie is ``Secure``: a browser would drop it otherwise, and the log says
    so. Django's clients keep and send any cookie by any scheme.
    """

    def handler(request: HttpRequest) -> HttpResponse:
        view(request)
        return HttpResponse()

    chain: Any = handler
    for path in reversed(settings.MIDDLEWARE):
        middleware = import_string(path)
        if isinstance(middleware, type) and issubclass(middleware, CARRIERS):
            chain = middleware(chain)
    factory = RequestFactory()
    factory.cookies, factory.defaults = client.cookies, client.defaults
    response = chain(factory.get("/", secure=get_settings().cookie_secure is True))
    client.cookies.update(response.cookies)


def get_user(client: Browser) -> AbstractBaseUser | AnonymousUser:
    """Return whom the site takes ``client`` for, as its next request would find out.

    ``django.contrib.auth.get_user(client)`` looks into the session, where no login is any more.
    """
    found: list[AbstractBaseUser | AnonymousUser] = []
    serve(client, lambda request: found.append(authentication.get_jwt(request).resolve()))
    return found[0]


aget_user = sync_to_async(get_user, thread_sensitive=True)


class JWTLogins(ClientMixin):
    """Logging in and out by the functions of the package; for a client of your own."""

    cookies: SimpleCookie
    defaults: Any

    @classmethod
    def logged_in_as(cls, user: AbstractBaseUser, *, remember: bool = True, **options: Any) -> Self:
        """Return another browser, made with ``options``, that ``user`` is logged in with."""
        client = cls(**options)
        client.force_login(user, remember=remember)
        return client

    def login(self, *, remember: bool = True, **credentials: Any) -> bool:
        """Log in with what a backend asks for; return whether it let somebody in."""
        let_in: list[AbstractBaseUser] = []

        def log_in(request: HttpRequest) -> None:
            if user := authenticate(request, **credentials):
                authentication.login(request, user, remember=remember)
                let_in.append(user)

        serve(self, log_in)
        return bool(let_in)

    def force_login(
        self, user: AbstractBaseUser, backend: str | None = None, *, remember: bool = True
    ) -> None:
        """Log ``user`` in as if the password had just been given.

        By default through the first backend that lets the user in. Without ``remember`` the cookie
        is to end with the browser. What is in the client's headers is what a record has of them.
        """
        path = backend or users.find_backend(user) or settings.AUTHENTICATION_BACKENDS[0]

        def log_in(request: HttpRequest) -> None:
            authentication.login(request, user, path, remember=remember)

        serve(self, log_in)

    def logout(self) -> None:
        """Log out as a visitor does, so that the login ends on the server; forget all cookies."""
        serve(self, authentication.logout)
        self.cookies = SimpleCookie()

    @classmethod
    async def alogged_in_as(
        cls, user: AbstractBaseUser, *, remember: bool = True, **options: Any
    ) -> Self:
        """Do the same as `logged_in_as`."""
        return await sync_to_async(cls.logged_in_as)(user, remember=remember, **options)

    async def alogin(self, *, remember: bool = True, **credentials: Any) -> bool:
        """Do the same as `login`."""
        return await sync_to_async(self.login)(remember=remember, **credentials)

    async def aforce_login(
        self, user: AbstractBaseUser, backend: str | None = None, *, remember: bool = True
    ) -> None:
        """Do the same as `force_login`."""
        await sync_to_async(self.force_login)(user, backend, remember=remember)

    async def alogout(self) -> None:
        """Do the same as `logout`."""
        await sync_to_async(self.logout)()


class JWTClient(JWTLogins, Client):
    """Django's ``Client`` with such logins."""


class AsyncJWTClient(JWTLogins, AsyncClient):
    """Django's ``AsyncClient`` with such logins."""

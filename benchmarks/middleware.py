"""The floor, and the other packages at their best.

Of simplejwt, dj-rest-auth and allauth only the class or function that authenticates is measured,
called when a view first asks for the user. What Django REST framework's views and requests cost
beside it, in a site that uses them, is left out; so is a thread per request for whoever needs no
database. They would do no better than this as a middleware of their own.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.module_loading import import_string

from .sites import FLOOR_COOKIE, FLOOR_TOKEN, NAME

FLOOR_USERS = {FLOOR_TOKEN: {"pk": 1, "username": NAME}}


class LazyUserMiddleware:
    """Promises a user, to sync and async views alike; nothing is read before somebody asks."""

    sync_capable = async_capable = True
    asks_database: ClassVar[bool] = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        """Serve one request, or return the coroutine that does."""
        request.user = SimpleLazyObject(partial(self.find, request))  # type: ignore[assignment]
        request.auser = partial(self.afind, request)
        return self.get_response(request)

    def find(self, request: HttpRequest) -> Any:
        """Return the user of ``request``."""
        raise NotImplementedError

    async def afind(self, request: HttpRequest) -> Any:
        """Return the user of ``request``, in a thread only if the database has to be asked."""
        if self.asks_database:
            return await sync_to_async(self.find, thread_sensitive=True)(request)
        return self.find(request)


class FloorMiddleware(LazyUserMiddleware):
    """Looks the cookie up in a dict and makes a user, as lazily as Django's own middleware."""

    asks_database = False

    def find(self, request: HttpRequest) -> Any:
        """Return a user that is not asked for, or nobody."""
        values = FLOOR_USERS.get(request.COOKIES.get(FLOOR_COOKIE, ""))
        return AnonymousUser() if values is None else get_user_model()(**values)


class SimpleJWTMiddleware(LazyUserMiddleware):
    """Asks simplejwt's own authentication class."""

    authenticator = "rest_framework_simplejwt.authentication.JWTAuthentication"

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        super().__init__(get_response)
        self.authenticate = import_string(self.authenticator)().authenticate

    def find(self, request: HttpRequest) -> Any:
        """Return whom the class finds."""
        found = self.authenticate(request)
        return AnonymousUser() if found is None else found[0]


class StatelessSimpleJWTMiddleware(SimpleJWTMiddleware):
    """Asks the one that makes a user of the token."""

    asks_database = False
    authenticator = "rest_framework_simplejwt.authentication.JWTStatelessUserAuthentication"


class DjRestAuthMiddleware(SimpleJWTMiddleware):
    """Asks dj-rest-auth's own, which finds the token in a cookie."""

    authenticator = "dj_rest_auth.jwt_auth.JWTCookieAuthentication"


class AllauthMiddleware(SimpleJWTMiddleware):
    """Asks allauth's own, and reads the user at once: async views can't later."""

    authenticator = "allauth.headless.contrib.rest_framework.authentication.JWTTokenAuthentication"

    def find(self, request: HttpRequest) -> Any:
        """Return whom the access token names."""
        user = super().find(request)
        _ = user.pk
        return user

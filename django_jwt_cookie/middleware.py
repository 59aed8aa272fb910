"""The one line: `JWTCookieMiddleware` in place of Django's ``AuthenticationMiddleware``.

And `LoginRequiredMiddleware`, Django's with the answers of the decorator `login_required`.
"""

from asyncio import CancelledError, shield
from collections.abc import Coroutine
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import middleware as auth_middleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.functional import SimpleLazyObject

from .authentication import RequestJWT, needs_settling, served, settle, write
from .authentication.error_reports import make_report_filter, with_login_cookie
from .conf import get_settings
from .responses import ask_to_log_in, explain_redirect

NOT_SERVED = HTTPStatus.SERVICE_UNAVAILABLE
"""What a request comes to whose browser has gone before the answer: nobody reads it."""


class JWTCookieMiddleware(auth_middleware.AuthenticationMiddleware):
    """Authenticates each request from the cookie, when the user is first asked for.

    A dual class: two shells around the same plain methods. Django's ``MiddlewareMixin`` would
    spend two thread hops on every asynchronous request; here one is spent only if the response
    needs the database. A subclass of Django's, so that the admin's check E408 finds it.
    """

    def __call__(
        self, request: HttpRequest
    ) -> HttpResponseBase | Coroutine[Any, Any, HttpResponseBase]:
        """Serve one request, or return the coroutine that does."""
        if self.async_mode:
            return self.__acall__(request)
        jwt = self._receive(request)
        token = served.set(jwt)
        try:
            response = self.get_response(request)
            assert isinstance(response, HttpResponseBase)
            if needs_settling(jwt, response):
                settle(jwt, response)
        finally:
            served.reset(token)
        return self._answer(jwt, response)

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        """Serve one asynchronous request."""
        jwt = self._receive(request)
        token = served.set(jwt)
        try:
            response = await self.get_response(request)  # type: ignore[misc]
            if needs_settling(jwt, response):
                await _asettle(jwt, response)
        except CancelledError:
            # The browser is gone. No login begins, and a logout holds.
            if needs_settling(jwt, nothing := HttpResponse(status=NOT_SERVED)):
                await shield(_asettle(jwt, nothing))
            raise
        finally:
            served.reset(token)
        return self._answer(jwt, response)

    def _receive(self, request: HttpRequest) -> RequestJWT:
        """Promise a user; nothing is read or verified before somebody asks."""
        settings = get_settings()
        request.exception_reporter_filter = (
            with_login_cookie(request.exception_reporter_filter)
            if hasattr(request, "exception_reporter_filter")
            else settings.derive(make_report_filter)
        )
        begins = settings.adopt_from
        is_dormant = begins is not None and datetime.now(UTC) < begins
        jwt = RequestJWT(request, is_dormant=is_dormant)
        request.jwt = jwt  # type: ignore[attr-defined]
        if is_dormant:
            self.process_request(request)
        else:
            request.user = SimpleLazyObject(jwt.resolve)  # type: ignore[assignment]
            request.auser = jwt.aresolve  # type: ignore[assignment]
        return jwt

    def _answer(self, jwt: RequestJWT, response: HttpResponseBase) -> HttpResponseBase:
        """Write the cookie; tell the login page why it is needed again."""
        if not jwt.is_idle:
            explain_redirect(response, jwt.explanation())
            write(jwt, response)
        jwt.close()
        return response


_asettle = sync_to_async(settle, thread_sensitive=True)


class LoginRequiredMiddleware(auth_middleware.LoginRequiredMiddleware):
    """Lets only logged-in visitors into any view, save those marked with ``login_not_required``.

    Django's middleware of this name works as well, and redirects everybody. This one answers people
    with the redirect, programs that prefer JSON with 401 and the reason, and htmx with a 401 that
    loads the login page.
    """

    def __init__(self, get_response: Any) -> None:
        super().__init__(get_response)
        if self.async_mode:
            # Django spends a thread on each call of a synchronous one.
            self.process_view = self._aprocess_view  # type: ignore[method-assign]

    def process_view(self, request: HttpRequest, view_func: Any, *args: Any) -> Any:
        """Ask for nobody where everybody may come in; Django 5.2 asks there too."""
        return super().process_view(request, view_func, *args) if _asks(view_func) else None

    async def _aprocess_view(self, request: HttpRequest, view_func: Any, *args: Any) -> Any:
        """Load the user first, in a thread if somebody has to be asked."""
        if not _asks(view_func):
            return None
        await request.auser()
        return super().process_view(request, view_func, *args)

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Any
    ) -> HttpResponse:
        """Ask for a login, in the language of the client."""
        login_url = self.get_login_url(view_func)
        return ask_to_log_in(request, None, login_url, self.get_redirect_field_name(view_func))


def _asks(view: Any) -> bool:
    """Tell whether a view is for those who are logged in."""
    return getattr(view, "login_required", True)

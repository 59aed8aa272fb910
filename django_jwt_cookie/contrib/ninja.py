"""Django Ninja: a security class for the login cookie, and refusals that say why.

The framework's own ``django_auth`` works as well; its document names the session's cookie.
"""

from typing import Any

from django.http import HttpRequest, JsonResponse
from ninja.errors import HttpError
from ninja.security import APIKeyCookie

from .. import responses
from ..cookies import get_cookie_names


class CSRFFailed(HttpError):
    """The framework's 403 for want of the CSRF token, which it can't be told from others by."""


class JWTCookieAuth(APIKeyCookie):
    """Takes the user of Django's request; ``request.auth`` is that user.

    CSRF is checked by the framework, but for ``JWTCookieAuth(csrf=False)``. For synchronous and
    asynchronous operations: the framework runs this in a thread for the latter. A cookie that is
    refused is none, and whatever else is in the list of ``auth`` is asked.
    """

    def __init__(self, csrf: bool = True) -> None:
        self.param_name = get_cookie_names()[1]
        super().__init__(csrf)

    def _get_key(self, request: HttpRequest) -> str | None:
        try:
            key: str | None = super()._get_key(request)
        except HttpError as refused:
            raise CSRFFailed(refused.status_code, refused.message) from refused
        return key

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        """Return the user; None for an anonymous request."""
        return request.user if request.user.is_authenticated else None


def unauthorized(request: HttpRequest, exc: Exception) -> JsonResponse:  # noqa: ARG001
    """Return the 401 that says why, as ``api.add_exception_handler(AuthenticationError, ...)``."""
    return responses.unauthorized(request)


def csrf_failed(request: HttpRequest, exc: Exception) -> JsonResponse:  # noqa: ARG001
    """Return the 403 that says why, as ``api.add_exception_handler(CSRFFailed, ...)``."""
    return responses.csrf_failed()

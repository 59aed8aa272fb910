"""Django REST framework: its ``SessionAuthentication``, with the 401 that says why.

That class works as it is. It names no way to authenticate, so that the framework answers 403
whether somebody has to log in or may not do something; and it does not know why a login is over.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import ErrorDetail, NotAuthenticated

from ..authentication import get_jwt
from ..claims import Claims
from ..responses import REASONS

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.response import Response


class JWTCookieAuthentication(SessionAuthentication):
    """Takes the user of Django's request, and checks CSRF, as the class that it inherits from.

    ``request.auth`` is what the token says. A cookie that is refused is none: whoever needs no
    login is served, with whatever cookie, and other classes of the view are asked.
    """

    def authenticate(self, request: "Request") -> tuple[Any, Claims | None] | None:
        """Return the user and the claims; None for an anonymous request."""
        found = super().authenticate(request)
        return found and (found[0], get_jwt(request).claims)

    def authenticate_header(self, request: "Request") -> str:
        """Name the scheme of the 401, for which no browser shows a dialogue of its own."""
        return "Cookie"


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> "Response | None":
    """Answer as the framework does; a 401 for want of a login says why, in ``code`` and ``detail``.

    For ``EXCEPTION_HANDLER``, or to be called by a handler of the site's own.
    """
    # Not at the top: the framework's views import this module, by the settings.
    from rest_framework.views import exception_handler as respond  # noqa: PLC0415

    response = respond(exc, context)
    if isinstance(exc, NotAuthenticated) and getattr(exc, "auth_header", None) == "Cookie":
        code = get_jwt(context["request"]).reason or "login_required"
        response.data = {"detail": ErrorDetail(REASONS[code], code), "code": code}
    return response

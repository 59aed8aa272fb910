"""Django REST framework: its ``SessionAuthentication``, with refusals that say why.

That class works as it is. It names no way to authenticate, so that the framework answers 403
whether somebody has to log in, lacks the CSRF token or may not do something; and it does not know
why a login is over.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import ErrorDetail, NotAuthenticated, PermissionDenied

from ..authentication import get_jwt
from ..responses import CSRF_DETAIL, CSRF_FAILED, REASONS
from ..tokens import Claims

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

    def enforce_csrf(self, request: "Request") -> None:
        """Check CSRF; a refusal has a code of its own, among all that may not be done."""
        try:
            super().enforce_csrf(request)
        except PermissionDenied as denied:
            raise PermissionDenied(str(denied.detail), CSRF_FAILED) from denied

    def authenticate_header(self, request: "Request") -> str:
        """Name the scheme of the 401, for which no browser shows a dialogue of its own."""
        return "Cookie"


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> "Response | None":
    """Answer as the framework does; what we refuse says why, in ``code`` and ``detail``.

    That is the 401 for want of a login, and the 403 for want of the CSRF token. For
    ``EXCEPTION_HANDLER``, or to be called by a handler of the site's own.
    """
    # Not at the top: the framework's views import this module, by the settings.
    from rest_framework.views import exception_handler as respond  # noqa: PLC0415

    response = respond(exc, context)
    if isinstance(exc, NotAuthenticated) and getattr(exc, "auth_header", None) == "Cookie":
        code = get_jwt(context["request"]).reason or "login_required"
        response.data = _document(code, REASONS[code])
    elif isinstance(exc, PermissionDenied) and exc.get_codes() == CSRF_FAILED:
        response.data = _document(CSRF_FAILED, CSRF_DETAIL)
    return response


def _document(code: str, detail: object) -> dict[str, str]:
    return {"detail": ErrorDetail(detail, code), "code": code}

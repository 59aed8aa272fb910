"""The cookie that a response brings: a new token, an end of it, or nothing. No database."""

import logging

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from ..cookies import get_cookie_spec, needs_https
from ..models import LoginSession
from .issuing import max_age

logger = logging.getLogger("django.security.jwt_cookie")


def warn_of_plain_http() -> None:
    """Tell the operator why nobody can log in."""
    logger.warning(
        "The login cookie is Secure (JWT_COOKIE['COOKIE_SECURE'] is True) and this request came "
        "over plain http: the browser drops the cookie, and nobody can log in. Behind a proxy "
        "that ends https, set SECURE_PROXY_SSL_HEADER."
    )


class OutgoingCookie:
    """Decided upon when a request is settled, written when its response goes out."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._token: tuple[str, int | None] | None = None
        self._forgets = False

    @property
    def forgets(self) -> bool:
        """Whether somebody has logged out."""
        return self._forgets

    @property
    def has_decided(self) -> bool:
        """Whether what the request brought does not matter any more."""
        return self._token is not None or self._forgets

    def bring(self, token: str, session: LoginSession) -> None:
        """Bring a token of ``session``."""
        self._token, self._forgets = (token, max_age(session)), False

    def forget(self) -> None:
        """Have the browser forget the cookie."""
        self._token, self._forgets = None, True

    def write(self, response: HttpResponseBase, *, is_useless: bool) -> None:
        """Set or delete the cookie, if there is cause to.

        ``is_useless``: the one that came is not to come again.
        """
        if self._token is None and not (self._forgets or is_useless):
            return
        spec = get_cookie_spec(self._request)
        if spec.name in response.cookies:
            return  # The view has seen to it.
        if self._token is None:
            spec.delete(response)
            return
        if needs_https(self._request):
            warn_of_plain_http()
        spec.set(response, *self._token)

"""The cookie that a response brings: a new token, an end of it, or nothing."""

import logging
import time
import uuid

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from .conf import get_settings
from .cookies import get_cookie_spec, is_public, vary_on_cookie
from .issuing import issue, max_age
from .models import LoginSession
from .presented import Login, PresentedCookie
from .renewal import Verdict
from .sessions import EndReason
from .store import get_store

logger = logging.getLogger("django.security.jwt_cookie")

SLOW = 5
"""Seconds after which a response looks again before it brings a new token."""

CLIENT_ERROR = 400
"""From here on a transaction of the view may have been rolled back."""

SERVER_ERROR = 500
"""From here on Django saves no session: what the view began is not to count."""


class OutgoingCookie:
    """Decided upon while the request is served, written when the response goes out."""

    started: frozenset[uuid.UUID] = frozenset()
    """The logins that have begun with this request."""

    is_forgotten = False
    """Whether the browser is to forget the cookie, for a logout."""

    _token: str | None = None
    _record: LoginSession | None = None
    _decided_at = 0.0

    def __init__(self, request: HttpRequest, cookie: PresentedCookie) -> None:
        self._request = request
        self._cookie = cookie

    @property
    def brings_token(self) -> bool:
        """Whether there is a new token to bring."""
        return self._token is not None

    @property
    def is_decided(self) -> bool:
        """Whether what the request brought does not matter any more."""
        return self.brings_token or self.is_forgotten

    def begin(self, record: LoginSession, *, auth_time: int) -> Login:
        """Begin a login: make the first token, and only then save the record.

        There must be no login that nobody has a token of.
        """
        login = self.renew(record, auth_time=auth_time)
        get_store().start(record)
        self.started |= {record.pk}
        self.is_forgotten = False
        return login

    def join(self, record: LoginSession, *, auth_time: int) -> Login:
        """Bring a token of a login that has begun with another request of this browser."""
        login = self.renew(record, auth_time=auth_time)
        self.started |= {record.pk}
        return login

    def renew(self, record: LoginSession, *, auth_time: int) -> Login:
        """Bring a new token of ``record``."""
        claims, self._token = issue(record, auth_time=auth_time, request=self._request)
        self._record, self._decided_at = record, time.time()
        return Login(claims, record.user, record, Verdict.CURRENT)

    def withdraw(self) -> None:
        """Bring no token after all."""
        self._token = None

    def forget(self) -> None:
        """Have the browser forget the cookie."""
        self._token, self.is_forgotten = None, True

    def session_ids(self) -> set[uuid.UUID]:
        """Name every login that this browser has a genuine token of, or was about to get."""
        return {claims.sid for claims in self._cookie.verified()} | self.started

    def is_doubtful(self, response: HttpResponseBase | None) -> bool:
        """Tell whether what is to be written may not be so any more.

        A view that took long would overwrite a newer token in the browser, and the visitor would
        look like a thief once the grace is over; or it would bring back a login that was ended
        meanwhile. An error may have rolled back the transaction in which the login began or ended.
        """
        is_error = response is not None and response.status_code >= CLIENT_ERROR
        if is_error and (self.is_forgotten or self._cookie.stolen):
            return True
        return self.brings_token and (is_error or time.time() - self._decided_at > SLOW)

    def look_again(self) -> None:
        """Do once more what may have been undone, and nothing that does not count any more."""
        if self.is_forgotten:
            get_store().end_by_id(self.session_ids(), EndReason.LOGOUT)
        elif self._cookie.stolen and get_settings().on_reuse == "revoke":
            get_store().end_by_id(self._cookie.stolen, EndReason.TOKEN_REUSED)
        elif self._record is not None and not get_store().is_newest(self._record):
            self.withdraw()

    def write(self, response: HttpResponseBase) -> None:
        """Set or delete the cookie, if there is cause to; no database."""
        if self._cookie.was_read:
            vary_on_cookie(response)
        spec = get_cookie_spec()
        if spec.name in response.cookies:
            return  # The view has seen to it.
        if self._token is not None and self._record is not None and self._may_go_with(response):
            self._warn_if_dropped(secure=spec.secure)
            spec.set(response, self._token, max_age(self._record))
        elif self.is_forgotten or self._cookie.is_refused_just_now(SLOW):
            spec.delete(response)

    def _may_go_with(self, response: HttpResponseBase) -> bool:
        """Tell whether the token counts; a renewed one is not for what a shared cache may keep."""
        if response.status_code >= SERVER_ERROR:
            return False
        return bool(self.started) or not is_public(response)

    def _warn_if_dropped(self, *, secure: bool) -> None:
        if secure and not self._request.is_secure():
            logger.warning(
                "The login cookie is Secure and this request came over plain http: the browser "
                "drops the cookie and the login seems to do nothing. Behind a proxy that ends "
                "https, set SECURE_PROXY_SSL_HEADER; on your own machine, set DEBUG = True or "
                "JWT_COOKIE = {'COOKIE_SECURE': False}."
            )

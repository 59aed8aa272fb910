"""What one request knows of its login, and does about it: ``request.jwt``.

Writing the cookie needs no database and runs wherever the request runs; `RequestJWT.settle` may
query, and runs in a thread when the request is asynchronous.
"""

import logging
import time
import uuid

from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.db import Error, IntegrityError
from django.http.response import HttpResponseBase

from . import adoption
from .claims import Claims
from .conf import get_settings
from .cookies import is_public
from .exceptions import SessionError, SessionRevoked
from .keys import get_key_ring
from .models import LoginSession
from .outgoing import CLIENT_ERROR, SERVER_ERROR
from .renewal import Verdict
from .request_adoption import RequestAdoption, refuse_where_none_begins
from .sessions import EndReason
from .store import get_store

logger = logging.getLogger("django.security.jwt_cookie")


class RequestJWT(RequestAdoption):
    """The login of one request: ``request.jwt``."""

    # --- For views. Like `request.user`, each of these asks the database when first touched;
    #     asynchronous code awaits `request.auser()` before.

    @property
    def claims(self) -> Claims | None:
        """What the token of this login says; none for an anonymous request."""
        if self.is_out_of_place:
            return None
        self.resolve()
        if self._login is None and self._adopts:
            self.adopt()
        return self._login.claims if self._login else None

    @property
    def login_session(self) -> LoginSession | None:
        """The record of this login."""
        return self._login.session if self.claims and self.confirm() and self._login else None

    @property
    def session_id(self) -> uuid.UUID | None:
        """The claim ``sid``: which of the user's logins this is."""
        return self.claims.sid if self.claims else None

    @property
    def auth_time(self) -> int | None:
        """When the password was given, in seconds since 1970; 0 if that is not known."""
        return self.claims.auth_time if self.claims else None

    @property
    def reason(self) -> str | None:
        """Why the cookie of this request was refused, as a code; none if it was not."""
        self.resolve()
        return self.explanation()

    def find_backend(self) -> str | None:
        """Return the dotted path of the backend of this login, if there is one."""
        return self.login_session.backend if self.login_session else None

    # --- Settling: what may have to ask or tell the database before the response goes out

    def needs_settling(self, response: HttpResponseBase) -> bool:
        """Tell whether `settle` has anything to do; no database."""
        if self.is_idle:
            return False
        if response.status_code >= SERVER_ERROR:
            return self._outgoing.is_doubtful(response)
        session = adoption.get_session(self._request)
        if session is not None and self._needs_work(session):
            return True
        return self._is_due(response) or self._outgoing.is_doubtful(response)

    def _needs_work(self, session: SessionBase) -> bool:
        if session is not self.session and self.is_out_of_place:  # The first is quick.
            return False
        if get_key_ring().may_block and not self._cookie.was_read:
            return session.modified  # `_owner` may have to wait for keys.
        if self._data.needs_signing(self._owner()):
            return True
        found = adoption.find_login(session) or adoption.find_new_hash(session)
        return self._adopts and found is not None

    def settle(self, response: HttpResponseBase | None = None) -> None:
        """Bring the cookie up to date: take over what other code left in the session, or renew."""
        if self._outgoing.is_doubtful(response):
            self._outgoing.look_again()
        if response is not None and response.status_code >= SERVER_ERROR:
            return
        if self._adopts:
            try:
                self.adopt()
            except IntegrityError:
                # The user who was logged in is gone: the view's transaction was rolled back.
                self._outgoing.withdraw()
                self._login = None
                session = adoption.get_session(self._request)
                assert session is not None
                adoption.clear_login(session)
        if self._login is not None and self._is_due(response):
            try:
                self._go_on(self._login)
            except SessionError:
                pass  # A late response never brings back a login that was ended meanwhile.
            except Error:
                # The view is done, and the token that came is good for a while.
                logger.exception("A login token could not be renewed.")
        if not self.is_out_of_place and (owner := self._owner()):
            self._data.sign(owner)

    def refresh(self) -> None:
        """Issue a new token now; of the same generation, unless it is time for the next.

        A generation has to last for half a token's life: `django_jwt_cookie.renewal` counts on it.
        Raises `SessionRevoked` if there is no login.
        """
        refuse_where_none_begins()
        self.confirm()
        if self._login is None:
            raise SessionRevoked("there is no login to renew a token of")
        if self._is_due(None):
            self._go_on(self._login)
        elif self._login.verdict is Verdict.CURRENT:
            self._login = self._outgoing.renew(
                self._login.record, auth_time=self._login.claims.auth_time
            )

    def note_reauthentication(self) -> None:
        """Issue a token that says that the password was given just now.

        Raises `SessionRevoked` if there is no login, and `TokenTooLarge`.
        """
        refuse_where_none_begins()
        if self.claims is None or not self.confirm() or self._login is None:
            raise SessionRevoked("there is no login that could go on")
        self._login = self._outgoing.renew(self._login.record, auth_time=int(time.time()))

    def end(self) -> None:
        """End this login and forget its cookie."""
        if self.is_out_of_place:
            return
        if self._login is not None:
            self.confirm()  # Whose it was may be logged in once more.
        get_store().end_by_id(self._outgoing.session_ids(), EndReason.LOGOUT)
        self._before = self._login or self._before
        self._user, self._login = AnonymousUser(), None
        self._outgoing.forget()

    def _is_due(self, response: HttpResponseBase | None) -> bool:
        """Tell whether it is time for a new token, and this response may bring it."""
        login = self._login
        if login is None or self._outgoing.brings_token or not get_key_ring().can_sign:
            return False
        if login.verdict is not Verdict.LOST and not login.is_half_over:
            return False
        if login.verdict is Verdict.LATE:
            return False
        return response is None or not is_public(response)

    def _owner(self) -> str | None:
        """Return whose what this request leaves in the session is, as far as it is known."""
        if self._login is not None:
            return self._login.claims.sub
        if self._user is None and (session := adoption.get_session(self._request)):
            claims = self._cookie.verified() if session.modified else []
            return claims[0].sub if claims else None
        return None

    # --- Writing

    def write(self, response: HttpResponseBase) -> None:
        """Set or delete the cookie, if there is cause to; no database."""
        if self._login is not None and response.status_code >= CLIENT_ERROR:
            get_store().forget_unsure(self._login.claims)
        self._outgoing.write(response)
        if get_settings().adopters and self._user is not None:
            self._swap.forget_cookies(response)

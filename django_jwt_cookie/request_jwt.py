"""What one request knows of its login, and does about it: ``request.jwt``.

Writing the cookie needs no database and runs wherever the request runs; `RequestJWT.settle` may
query, and runs in a thread when the request is asynchronous.
"""

import logging
import time
import uuid
from datetime import datetime

from django.contrib import auth
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import PermissionDenied
from django.db import Error, IntegrityError
from django.http.response import HttpResponseBase
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _

from . import adoption, revocations, token_users, users
from .claims import Claims
from .conf import get_settings
from .exceptions import SessionError, SessionRevoked
from .keys import get_key_ring
from .models import LoginSession
from .outgoing import CLIENT_ERROR, SERVER_ERROR, is_public
from .presented import Login
from .renewal import Verdict
from .request_login import RequestLogin
from .session_data import was_ended_meanwhile
from .sessions import EndReason, succeed
from .store import get_store

VERIFY_ONLY = _("This site only verifies logins. Log in where they are issued.")

logger = logging.getLogger("django.security.jwt_cookie")


def refuse_where_none_begins() -> None:
    """Raise ``PermissionDenied`` on a site that only verifies."""
    if not get_key_ring().can_sign:
        raise PermissionDenied(VERIFY_ONLY)


class RequestJWT(RequestLogin):
    """The login of one request: ``request.jwt``."""

    has_ended_itself = False
    """Whether the login was ended while this request was served, and by it."""

    _auth_time: int | None = None
    """When the password was given; None until somebody has logged in during this request."""

    _ends_at: datetime | None = None
    """When the login ends that begins with this request, if not by the settings alone."""

    # --- For views. Like `request.user`, each of these asks the database when first touched;
    #     asynchronous code awaits `request.auser()` before.

    @property
    def claims(self) -> Claims | None:
        """What the token of this login says; none for an anonymous request."""
        if self._is_out_of_place:
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
        if session is not self.session and self._is_out_of_place:
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
        if not self._is_out_of_place and (owner := self._owner()):
            self._data.sign(owner)

    def adopt(self, *, persistent: bool | None = None) -> None:
        """Move a login, or a changed password, out of the Django session into the cookie.

        ``persistent`` is "remember me"; by default it is what the session says.
        """
        refuse_where_none_begins()
        session = adoption.get_session(self._request)
        if session is None or self._is_out_of_place:
            return
        if found := adoption.find_login(session):
            if self._auth_time is None and was_ended_meanwhile(session):
                session.flush()  # By a logout, while this request was on its way.
            elif user := self._user_of(found):
                self._take_over(user, found, found.persistent if persistent is None else persistent)
                adoption.clear_login(session)
        elif auth_hash := adoption.find_new_hash(session):
            self._go_on_with(auth_hash)
            adoption.clear_login(session)

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
        if self._is_out_of_place:
            return
        if self._login is not None:
            self.confirm()  # Whose it was may be logged in once more.
        get_store().end_by_id(self._outgoing.session_ids(), EndReason.LOGOUT)
        self._user, self._login = AnonymousUser(), None
        self._outgoing.forget()

    def logged_in(self, user: AbstractBaseUser) -> None:
        """Take note that ``user`` has just given a password, or whatever the backend asks for.

        Or nothing at all, if somebody was logged in and took the place of ``user``.
        """
        session = adoption.get_session(self._request)
        found = adoption.find_login(session)
        if session is not None and not get_key_ring().can_sign:
            adoption.clear_login(session)
            refuse_where_none_begins()
        if session is None or found is None or found.user_id != users.subject(user):
            return  # Logged in by some other means, such as a token in a header.
        if self._is_out_of_place:
            return
        if token_users.is_from_claims(user) and not self.confirm():
            self._refuse(session)
            return
        before = self._login or self._cookie.login()
        self._auth_time = int(time.time())
        is_unproven = self._is_unproven(user, before)
        self._data.clear_before_login_of(user, session, before)
        if is_unproven:
            try:
                self._succeed(user, session, before)
            except SessionError:
                self._refuse(session)
                return
        self._user, self._login = user, None

    def _refuse(self, session: SessionBase) -> None:
        """Let a login that was ended a minute ago become no new one."""
        adoption.clear_login(session)
        self._request.user = AnonymousUser()

    def _is_unproven(self, user: AbstractBaseUser, login: Login | None) -> bool:
        """Tell whether somebody is logged in, and no backend says that ``user`` is at the browser.

        So it is with django-hijack and its like, which ask for nothing.
        """
        before = login.user if login else self._user
        is_logged_in = isinstance(before, AbstractBaseUser) and not self._outgoing.is_forgotten
        # A backend's name is left by `authenticate()`, or by whoever has made sure by other means.
        return is_logged_in and not hasattr(user, "backend")

    def _succeed(self, user: AbstractBaseUser, session: SessionBase, login: Login | None) -> None:
        """Have the login of ``user`` be no more than the one in whose place it comes.

        One who borrows a browser of the staff must not come by a recent login with it, of a member,
        of the staff on the way back, nor of whom one is already; nor by one that ends later than
        what the login was swapped for. Raises `SessionError` if ``login`` has ended.
        """
        self._auth_time = 0
        if login is None:
            return
        if login.session is None:
            login = self._cookie.ask_for(login.claims)
        if login.user == user:
            self._auth_time = login.claims.auth_time
        self._ends_at = login.record.ends_at
        if not login.record.persistent:
            session.set_expiry(0)  # To end with the browser.

    def _user_of(self, found: adoption.DjangoLogin) -> AbstractBaseUser | None:
        """Return whose login is in the Django session, by Django's own checks."""
        user = self._user
        is_known = isinstance(user, AbstractBaseUser) and users.subject(user) == found.user_id
        if not is_known or token_users.is_from_claims(user):  # type: ignore[arg-type]
            user = auth.get_user(self._request)
        return user if isinstance(user, AbstractBaseUser) else None

    def _take_over(
        self, user: AbstractBaseUser, found: adoption.DjangoLogin, persistent: bool
    ) -> None:
        """Begin a login in place of the one in the Django session, and of this browser's others."""
        replaced = self._outgoing.session_ids()
        self._data.clear_unless_of(user)
        login_session = get_store().prepare(
            user,
            backend=found.backend,
            # The session's hash, not the user's of now: a password that was set without
            # update_session_auth_hash() ends this login, as it would have in the session.
            auth_hash=found.auth_hash,
            persistent=persistent,
            at_most=found.at_most,
            ends_at=self._ends_at,
            user_agent=self._request.headers.get("User-Agent", ""),
            ip_address=self._request.META.get("REMOTE_ADDR"),
        )
        if users.may_be_issued_a_token(login_session):
            self._login = self._outgoing.begin(login_session, auth_time=self._auth_time or 0)
            revocations.tell_begun(login_session.pk)
        self._user = user
        get_store().end_by_id(replaced, EndReason.REPLACED)

    def _go_on_with(self, auth_hash: str) -> None:
        """Do what ``update_session_auth_hash()`` asks for: this login goes on, all others end.

        Under a new id: a copy of the cookie from before must not outlive the old password.
        """
        self.confirm()
        login = self._login
        if login is None or not get_store().goes_on(login.record):
            return
        user = users.find_fresh(login.record)
        # The hash may be of another user, one that was not authenticated by the cookie.
        if user is not None and constant_time_compare(user.get_session_auth_hash(), auth_hash):
            successor = succeed(login.record, auth_hash)
            self._login = self._outgoing.begin(successor, auth_time=login.claims.auth_time)
            get_store().end_by_id({login.record.pk}, EndReason.PASSWORD_CHANGED)
            get_store().end_others(successor, EndReason.PASSWORD_CHANGED)
            revocations.tell_begun(successor.pk)

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

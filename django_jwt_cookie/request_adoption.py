"""How a login of one request begins: out of the Django session, where other code has left it."""

import time
from datetime import datetime

from django.contrib import auth
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import PermissionDenied
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _

from . import adoption, revocations, token_users, users
from .exceptions import SessionError
from .keys import get_key_ring
from .presented import Login
from .request_login import RequestLogin
from .session_data import was_ended_meanwhile
from .sessions import EndReason, succeed
from .store import get_store

VERIFY_ONLY = _("This site only verifies logins. Log in where they are issued.")


def refuse_where_none_begins() -> None:
    """Raise ``PermissionDenied`` on a site that only verifies."""
    if not get_key_ring().can_sign:
        raise PermissionDenied(VERIFY_ONLY)


class RequestAdoption(RequestLogin):
    """Moves a login, or a changed password, out of the session into the cookie."""

    _auth_time: int | None = None
    """When the password was given; None until somebody has logged in during this request."""

    _ends_at: datetime | None = None
    """When the login ends that begins with this request, if not by the settings alone."""

    _ends_with_browser = False
    """Whether it does so in any case."""

    _before: Login | None = None
    """The login in whose place others have come during this request, or that it has ended."""

    has_ended_itself = False
    """Whether the login was ended while this request was served, and by it."""

    def adopt(self, *, persistent: bool | None = None) -> None:
        """Move a login, or a changed password, out of the Django session into the cookie.

        ``persistent`` is "remember me"; by default it is what the session says.
        """
        refuse_where_none_begins()
        session = adoption.get_session(self._request)
        if session is None or self.is_out_of_place:
            return
        if found := adoption.find_login(session):
            if self._auth_time is None and was_ended_meanwhile(session):
                session.flush()  # By a logout, while this request was on its way.
            elif user := self._user_of(found):
                persistent = found.persistent if persistent is None else persistent
                self._take_over(user, found, persistent and not self._ends_with_browser)
                adoption.clear_login(session)
        elif auth_hash := adoption.find_new_hash(session):
            self._go_on_with(auth_hash)
            adoption.clear_login(session)

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
        if self.is_out_of_place:
            return
        if token_users.is_from_claims(user) and not self.confirm():
            self._refuse(session)
            return
        before = self._before = self._login or self._before or self._cookie.login()
        self._auth_time, self._ends_at = int(time.time()), None
        self._ends_with_browser = False
        is_unproven = self._is_unproven(user, before)
        self._data.clear_before_login_of(user, session, before)
        if is_unproven:
            try:
                self._succeed(user, before)
            except SessionError:
                if not self.has_ended_itself:
                    self._refuse(session)
                    return
        self._user, self._login = user, None

    def _refuse(self, session: SessionBase) -> None:
        """Let a login that was ended a minute ago become no new one."""
        adoption.clear_login(session)
        self.confirm()
        self._request.user = AnonymousUser()

    def _is_unproven(self, user: AbstractBaseUser, login: Login | None) -> bool:
        """Tell whether somebody is logged in, or was, and no backend says that it is ``user``.

        So it is with django-hijack and its like, which ask for nothing.
        """
        before = login.user if login else self._user
        # A backend's name is left by `authenticate()`, or by whoever has made sure by other means.
        return isinstance(before, AbstractBaseUser) and not hasattr(user, "backend")

    def _succeed(self, user: AbstractBaseUser, login: Login | None) -> None:
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
        if login.user == user and not self._outgoing.is_forgotten:
            self._auth_time = login.claims.auth_time
        self._ends_at = login.record.ends_at
        self._ends_with_browser = not login.record.persistent

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

"""What one request knows of its login, as far as it only asks: the user, and whose login it is.

Reading the cookie and verifying its tokens need no database and run wherever the request runs;
`RequestLogin.resolve` and `RequestLogin.confirm` may query, and run in a thread when the request is
asynchronous.
"""

import logging
import uuid
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import TypeAlias

from asgiref.sync import sync_to_async
from django.contrib import auth
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import SynchronousOnlyOperation
from django.db import Error
from django.http import HttpRequest

from . import adoption, token_users, users
from .conf import get_settings
from .exceptions import SessionError
from .keys import get_key_ring
from .outgoing import OutgoingCookie
from .presented import Login, PresentedCookie
from .renewal import Verdict, is_over
from .session_data import SessionData
from .store import get_store
from .swap import Swap

User: TypeAlias = AbstractBaseUser | AnonymousUser

logger = logging.getLogger("django.security.jwt_cookie")


class RequestLogin:
    """The login of one request, as it came.

    Nothing is read before somebody asks for the user. A request that nobody asks about costs no
    verification and no query, and its response may be cached for everybody.
    """

    _user: User | None = None
    _login: Login | None = None

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self.session = adoption.get_session(request)
        """The session that the request came with; other code may put another into its place."""

    @cached_property
    def _cookie(self) -> PresentedCookie:
        return PresentedCookie(self._request)

    @cached_property
    def _outgoing(self) -> OutgoingCookie:
        return OutgoingCookie(self._request, self._cookie)

    @cached_property
    def _swap(self) -> Swap:
        return Swap(self._request, self._cookie, self._outgoing)

    @cached_property
    def _data(self) -> SessionData:
        return SessionData(self._request, self._cookie)

    @property
    def is_idle(self) -> bool:
        """Whether nobody has asked for the user, or left anything in the session, so far."""
        return "_cookie" not in vars(self) and not adoption.was_touched(self._request)

    @property
    def request(self) -> HttpRequest:
        """The request of Django's, whatever a framework on top has wrapped around it."""
        return self._request

    def explanation(self) -> str | None:
        """Return the same as `reason`, as far as it is known by now; asks nobody."""
        return None if self._outgoing.is_decided else self._cookie.refusal

    def session_ids(self) -> set[uuid.UUID]:
        """Name every login that this browser has a genuine token of, or was about to get."""
        return self._outgoing.session_ids()

    def is_of(self, user: AbstractBaseUser) -> bool:
        """Tell whether this is a login of ``user``, as far as that was asked for by now."""
        return self._login is not None and self._login.claims.sub == users.subject(user)

    @property
    def _adopts(self) -> bool:
        return get_settings().adopt_django_logins and get_key_ring().can_sign

    @property
    def is_out_of_place(self) -> bool:
        """Whether other code has put another session into the place of the request's own.

        allauth does, in its API for apps: who comes with the key of a session in a header is that
        session's user. There the cookie must not count, since no CSRF token is asked for.
        """
        if self.session is None:
            return False
        session = adoption.get_session(self._request)
        is_own = session is None or session is self.session
        return not is_own and not isinstance(session, adoption.LentSession)

    # --- Reading

    def resolve(self) -> User:
        """Return the user, asked for once per request."""
        if self.is_out_of_place:
            return auth.get_user(self._request)
        if self._user is None:
            user: User = AnonymousUser()
            # A login in the Django session is the newer statement: somebody called Django's login()
            # after the cookie was set, or it would have been moved into the cookie by now.
            may_hold_login = adoption.may_hold_login(adoption.get_session(self._request))
            if may_hold_login and self._adopts:
                user = auth.get_user(self._request)
            if not user.is_authenticated:
                user = self._user_of_cookie() or user
            if get_settings().adopters and not user.is_authenticated:
                user = self._user_of_old_login() or user
            if may_hold_login:
                self._data.clear_unless_of(user)
            self._user = user
        return self._user

    def _user_of_cookie(self) -> AbstractBaseUser | None:
        self._login = self._cookie.login()
        if self._login is not None and self._login.session and is_over(self._login.claims):
            # Before the view, which must not run for a login that ends at this moment.
            try:
                self._go_on(self._login)
            except SessionError as error:
                self._login, self._cookie.refusal = None, error.code
        return self._login.user if self._login else None

    def _user_of_old_login(self) -> AbstractBaseUser | None:
        self._login = self._swap.login()
        return self._login.user if self._login else None

    async def aresolve(self) -> User:
        """Return the user; with neither a session nor a genuine token nobody needs a thread."""
        if self._user is not None or not self._may_have_to_wait():
            # A receiver or a default of the site's own may touch what is deferred.
            with suppress(SynchronousOnlyOperation):
                return self.resolve()
        return await sync_to_async(self.resolve, thread_sensitive=True)()

    def _may_have_to_wait(self) -> bool:
        """Tell whether somebody has to be asked: database, cache, or the keys of another site."""
        session = adoption.get_session(self._request)
        if adoption.may_hold_login(session) or get_key_ring().may_block:
            return True
        has_adopters = bool(get_settings().adopters)
        return self._cookie.has_to_ask() or (has_adopters and self._swap.has_to_ask())

    # --- Confirming what was taken at its word

    def confirm(self, *, again: bool = False) -> bool:
        """Ask the database whether this login goes on, if the token was taken at its word.

        For what a login that was ended a minute ago must not do, with ``USER_SOURCE = "token"``.
        ``again``: even if the database was asked before, for a response that goes on for long. The
        request is anonymous from now on, if it does not. Returns whether there is a login.
        """
        if self.is_out_of_place:
            return False
        self.resolve()
        if self._login is not None and (again or self._is_unconfirmed):
            try:
                self._login = (
                    self._cookie.ask_for(self._login.claims)
                    if self._is_unconfirmed
                    else self._cookie.ask_again(self._login)
                )
            except SessionError as error:
                self._login, self._cookie.refusal = None, error.code
                self._outgoing.withdraw()
            if self._login is None:
                self._become_anonymous()
            else:
                # The same instance: the view may be at work with it.
                token_users.freshen(self._user, self._login.user)
        return self._login is not None

    async def aconfirm(self, *, again: bool = False) -> bool:
        """Do the same as `confirm`; where it would not ask, nobody needs a thread for it."""
        await self.aresolve()
        if again or self._is_unconfirmed:
            return await sync_to_async(self.confirm, thread_sensitive=True)(again=again)
        return self.confirm()

    @property
    def _is_unconfirmed(self) -> bool:
        """Whether a token was taken at its word whose record is here."""
        is_unrecorded = self._login is not None and self._login.session is None
        return is_unrecorded and get_key_ring().can_sign

    def _become_anonymous(self) -> None:
        """Let nobody be logged in; but for whom other code knows by other means."""
        if self._request.user == self._user:
            self._request.user = AnonymousUser()
        self._user = AnonymousUser()

    # --- Renewing

    def _go_on(self, login: Login) -> None:
        """Renew, unless the browser has a newer token by now.

        Raises `SessionError` if the login has ended meanwhile.
        """
        if login.session is None:
            login = self._cookie.ask_for(login.claims)
        session = get_store().renew(login.record, login.claims.gen)
        if session is None:
            self._login = replace(login, verdict=Verdict.LATE)
            return
        session.user = login.record.user
        try:
            self._login = self._outgoing.renew(session, auth_time=login.claims.auth_time)
        except (Error, SynchronousOnlyOperation):
            raise
        except Exception:
            # The site's own claims fail, or are too large by now. Raised here, before the view, it
            # would lock the visitor out: of the login page, and of logging out too.
            logger.exception("A login token could not be renewed.")

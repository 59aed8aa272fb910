"""The login of one request: ``request.jwt``.

Its parts: the cookie that came (`IncomingCookie`), the Django session (`LoginInSession`), the login
that is to begin (`NewLogin`), and the cookie that goes out (`OutgoingCookie`). While a request is
served this only reads, judges and remembers; `django_jwt_cookie.authentication.settling` writes,
once, when the answer is about to go out.
"""

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Any, TypeAlias

from asgiref.sync import sync_to_async
from django.contrib import auth
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import SynchronousOnlyOperation
from django.http import HttpRequest

from .. import sessions, users
from ..conf import get_settings
from ..exceptions import SessionError, SessionRevoked
from ..keys import get_key_ring
from ..models import LoginSession
from ..sessions.rotation import Verdict, is_over
from ..tokens import Claims
from ..users.from_token import freshen
from . import django_session, migrating
from .beginning import (
    Beginning,
    Cause,
    NewHash,
    NewLogin,
    evidence_of,
    refuse_where_none_begins,
    user_by_django,
)
from .django_session import LentSession, LoginInSession, LoginInSignedCookie, SessionLogin
from .incoming import IncomingCookie, Login
from .issuing import expiry, find_extra_claims
from .migrating import OlderLogin
from .outgoing import OutgoingCookie

User: TypeAlias = AbstractBaseUser | AnonymousUser


class RequestJWT:
    """The login of one request.

    Nothing is read before somebody asks for the user. A request that nobody asks about costs no
    verification and no query, and its response may be cached for everybody.
    """

    user: User | None = None
    """The user, once somebody has asked."""

    login: Login | None = None
    """The login that the request came with."""

    older: OlderLogin | None = None
    """The login of an older scheme that the request came with."""

    is_older_sure = True
    """Whether none will be found tomorrow, if none was today."""

    stored: SessionLogin | None = None
    """The login in a stored session that the request came with, from before this middleware."""

    wants_token = False
    """Whether the answer is to bring a new token, be it time for one or not."""

    auth_time_now: int | None = None
    """When the password was given anew, for this login."""

    has_lost_login = False
    """Whether the token that came was believed, and its record then said that its login is over."""

    has_ended_itself = False
    """Whether the login that came was ended while this request was served, and by it."""

    is_settled = False

    _is_resolving = False
    _lent: LoginInSession | None = None

    def __init__(self, request: HttpRequest, *, is_dormant: bool = False) -> None:
        """``is_dormant``: before ``ADOPT_FROM`` the middleware is Django's own in all it does."""
        self.request = request
        self.came_at = time.time()
        self._is_dormant = is_dormant
        self.session: LoginInSession | None = None
        """The session that the request came with; other code may put another into its place."""
        session = getattr(request, "session", None)
        if isinstance(session, SessionBase) and not is_dormant:
            self.session = django_session.attach(session, self)
        self.changed_users: list[AbstractBaseUser] = []
        """Users whose password or state was changed while this request was served."""

    @cached_property
    def incoming(self) -> IncomingCookie:
        """The cookie that came."""
        return IncomingCookie(self.request, self.came_at)

    @cached_property
    def new(self) -> NewLogin:
        """The login that is to begin, if any."""
        return NewLogin(self.request)

    @cached_property
    def outgoing(self) -> OutgoingCookie:
        """The cookie that goes out."""
        return OutgoingCookie(self.request)

    @property
    def is_idle(self) -> bool:
        """Whether nobody has asked for the user, or looked into the session, so far."""
        if "incoming" in vars(self) or self.changed_users or self._lent is not None:
            return False
        session = getattr(self.request, "session", None)
        return session is None or not (session.accessed or session.modified)

    @property
    def is_out_of_place(self) -> bool:
        """Whether the login of this request is that of a session, by Django's own rules.

        So before ``ADOPT_FROM``, and where other code has put a session of its own into the place
        of the request's. allauth does, in its API for apps: who comes with the key of a session in
        a header is that session's user. There the cookie must not count, since no CSRF token is
        asked for.
        """
        if self._is_dormant:
            return True
        now = getattr(self.request, "session", None)
        return now is not None and now is not self.session and not isinstance(now, LoginInSession)

    # --- For views. Like `request.user`, each of these asks the database when first touched;
    #     asynchronous code awaits `request.auser()` before.

    @property
    def claims(self) -> Claims | None:
        """What the token of this login says; none for an anonymous request."""
        login = self.current()
        return login.claims if login else None

    @property
    def login_session(self) -> LoginSession | None:
        """The record of this login; of one that begins, not saved yet."""
        login = self.current()
        if login is not None and login.session is None and self.confirm():
            login = self.current()
        return login.session if login else None

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

    def explanation(self) -> str | None:
        """Return the same, as far as it is known by now: asks nobody."""
        if "incoming" not in vars(self) or self.outgoing.forgets:
            return None
        if self.is_settled:
            # What streams the answer may hear since that the login has ended.
            return None if self.login is not None else self.incoming.refusal
        if self.stored is not None or self.older is not None:
            return None
        return self.incoming.refusal

    # --- Whose is it?

    def resolve(self) -> User:
        """Return the user, asked for once per request."""
        if self.is_out_of_place:
            return auth.get_user(self.request)
        if self.user is None:
            if self._is_resolving:
                return AnonymousUser()  # Whoever is asked about the request asks for its user.
            self._is_resolving = True
            try:
                self.user = self._find_user()
            finally:
                self._is_resolving = False
        return self.user

    def _find_user(self) -> User:
        request: Any = self.request
        # Middleware before ours may know somebody by other means, as Django's own allows.
        if not hasattr(request, "_cached_user"):
            request._cached_user = request._acached_user = (
                self._user_of_stored_session()
                or self._user_of_cookie()
                or self._user_of_older_scheme()
                or AnonymousUser()
            )
        user: User = request._cached_user
        return user

    def _user_of_stored_session(self) -> AbstractBaseUser | None:
        """Return the user of a login that Django's own middleware has left in the session.

        It is newer than any cookie of ours: it would have been moved into that by now.
        """
        if self.session is None or self.session._session_key is None:
            return None
        if not get_key_ring().can_sign:
            return None
        own_keys = {django_session.key_of(claims.sid) for claims in self.incoming.claims()}
        stored = django_session.find_stored_login(self.session, own_keys)
        if stored is None:
            return None
        user = user_by_django(stored)
        if user is None or self._was_used(stored, user):
            self.session.discard()
            return None
        self.stored = stored
        return user

    def _was_used(self, stored: SessionLogin, user: AbstractBaseUser) -> bool:
        """Tell whether a session that the browser keeps, and may send again, was taken before."""
        if not sessions.are_recorded() or not isinstance(self.session, LoginInSignedCookie):
            return False
        record = sessions.records().filter(pk=self.new.id_for(stored)).first()
        return record is not None and not migrating.may_share(record, user)

    def _user_of_cookie(self) -> AbstractBaseUser | None:
        self.login = self.incoming.login()
        if self.login is None:
            return None
        if self.login.session is not None and is_over(self.login.claims, self.came_at):
            # A role that was taken away since is not to be believed of an old token: what this
            # request sees is what the token says that its answer brings.
            self.wants_token = True
            extra = find_extra_claims(self.login.session, self.login.claims, self.request)
            self.login = replace(self.login, claims=replace(self.login.claims, extra=extra))
        return self.login.user

    def _user_of_older_scheme(self) -> AbstractBaseUser | None:
        # Never beside a genuine cookie of ours, not even of a login that is over: who plants one of
        # an older scheme in a browser can't log anybody out by it.
        if not self._may_move():
            return None
        self.older, self.is_older_sure = migrating.find_older_login(self.request)
        return self.older.user if self.older else None

    def _may_move(self) -> bool:
        return migrating.is_on() and not self.incoming.claims() and get_key_ring().can_sign

    async def aresolve(self) -> User:
        """Return the user; where nobody has to be asked, nobody needs a thread."""
        is_first, user = self.user is None, await self._ask_if_need_be()
        has_session = self.session is not None and self.session._session_key is not None
        if is_first and has_session and not self.is_out_of_place:
            # As with Django's middleware: from now on asynchronous code may read it as any dict.
            await self.session._all_adata()  # type: ignore[union-attr]
        return user

    async def _ask_if_need_be(self) -> User:
        if self.user is not None or not self._has_to_ask():
            # A receiver or a default of the site's own may touch what is deferred.
            with suppress(SynchronousOnlyOperation):
                return self.resolve()
        return await sync_to_async(self.resolve, thread_sensitive=True)()

    def _has_to_ask(self) -> bool:
        """Tell whether somebody has to be asked: database, cache, or the keys of another site."""
        if self.is_out_of_place or get_key_ring().may_block:
            return True
        has_session = self.session is not None and self.session._session_key is not None
        return has_session or self.incoming.has_to_ask() or self._may_move()

    def is_of(self, user: AbstractBaseUser) -> bool:
        """Tell whether this is a login of ``user``, as far as that was asked for by now."""
        return self.login is not None and self.login.claims.sub == users.subject(user)

    # --- Confirming what was believed

    def confirm(self, *, again: bool = False) -> bool:
        """Ask the database whether this login goes on, if its token was believed.

        For what a login that was ended a minute ago must not do, with ``USER_SOURCE = "token"``.
        ``again``: even if the database was asked before, for a response that goes on for long. The
        request is anonymous from now on, if it does not. Returns whether there is a login.
        """
        if self.current() is None:
            return False
        if self.login is not None and self._cause() is None and (again or self._is_believed):
            self._ask()
            if self.login is None:
                self._become_anonymous()
            else:
                # The same instance: the view may be at work with it.
                freshen(self.user, self.login.user)
        return self.current() is not None

    def _ask(self) -> None:
        """Have the record of the login that came, as the database has it now."""
        assert self.login is not None
        try:
            if self._is_believed:
                self.login = self.incoming.ask(self.login.claims)
            else:
                self.login = self.incoming.ask_again(self.login)
        except SessionError as error:
            self.login, self.has_lost_login = None, True
            if self.session is not None:
                self.session.lose_login()
            self.incoming.refuse(error)

    async def aconfirm(self, *, again: bool = False) -> bool:
        """Do the same as `confirm`; where it would not ask, nobody needs a thread for it."""
        await self.aresolve()
        if again or self._is_believed:
            return await sync_to_async(self.confirm, thread_sensitive=True)(again=again)
        return self.confirm()

    @property
    def _is_believed(self) -> bool:
        """Whether a token was believed whose record is here."""
        has_no_record = self.login is not None and self.login.session is None
        return has_no_record and get_key_ring().can_sign

    def has_record(self) -> bool:
        """Ask for the record of the login that came, if it was believed; tell if it goes on."""
        if self._is_believed:
            self._ask()
        return self.login is not None and self.login.session is not None

    def _become_anonymous(self) -> None:
        """Let nobody be logged in; but for whom other code knows by other means."""
        if self.request.user == self.user:
            self.request.user = AnonymousUser()
        self.remember_user(AnonymousUser())

    def remember_user(self, user: User) -> None:
        """Let ``user`` be whom Django's functions find, for the rest of this request."""
        request: Any = self.request
        self.user = request._cached_user = request._acached_user = user

    # --- What the view decides

    def note_login(self, user: AbstractBaseUser) -> None:
        """Take note that Django's ``login()`` was called for ``user`` just now."""
        session = self.session_of_now()
        written = django_session.find_login(session)
        if self.is_out_of_place or written is None or written.user_id != users.subject(user):
            return  # Logged in by some other means, such as a token in a header.
        if not get_key_ring().can_sign:
            django_session.drop_login(session)
            refuse_where_none_begins()
        self.resolve()
        is_known = any(each is not None for each in (self.login, self.stored, self.older))
        takes_place = not hasattr(user, "backend") and (self.login or self.has_lost_login)
        if takes_place and not self.has_record() and not self.has_ended_itself:
            # With a login that was ended a minute ago by others, nobody becomes anybody.
            django_session.drop_login(session)
            self.request.user = AnonymousUser()
            self.remember_user(AnonymousUser())
            return
        ends_by = self.older.ends_by if self.older is not None else None
        self.new.note_login(evidence_of(user, self.login, is_known=is_known, ends_by=ends_by))
        self.remember_user(user)

    def begin_now(self, *, remember: bool) -> None:
        """Issue the token of the login that was just written into the session.

        So that whoever calls `login` hears of claims that can't be carried; then nobody is logged
        in by it.
        """
        self.new.remember = remember
        self.current(is_strict=True)

    def take_back(self, user: User) -> None:
        """Let the login not begin that was just written into the session: it is ``user`` again."""
        django_session.drop_login(self.session_of_now())
        self.restore_session()
        self.new.forget()
        self.request.user = user  # type: ignore[assignment]
        self.remember_user(user)

    def refresh(self) -> None:
        """Have a new token issued with the answer. Raises `SessionRevoked` if there is no login."""
        refuse_where_none_begins()
        if not self.confirm():
            raise SessionRevoked("there is no login to renew a token of")
        self.wants_token = True

    def note_reauthentication(self) -> None:
        """Have a token issued that says that the password was given just now.

        Raises `SessionRevoked` if there is no login.
        """
        self.refresh()
        self.auth_time_now = int(time.time())
        self.new.note_password(self.auth_time_now)

    @contextmanager
    def lend_session(self) -> Iterator[SessionBase]:
        """Give the request a session, if it has none, for as long as Django's functions need it."""
        session = getattr(self.request, "session", None)
        if session is not None:
            yield session
            return
        if self._lent is None:
            self._lent = django_session.attach(LentSession(), self)
        self.request.session = self._lent
        try:
            yield self._lent
        finally:
            del self.request.session

    # --- What it has decided by now

    def current(self, *, is_strict: bool = False) -> Login | None:
        """Return the login of this request by now: that which came, or one that is to begin.

        Raises what the site's own claims raise, if ``is_strict``.
        """
        if self.is_out_of_place:
            return None
        self.resolve()
        if self.is_settled:
            return self.login
        if (beginning := self.beginning(is_strict=is_strict)) is not None:
            return beginning.login
        if self.login is None or self.is_gone():
            return None
        if not self.wants_token or self.login.verdict is Verdict.LATE:
            return self.login
        # As the token will say that the answer brings.
        now, claims = int(time.time()), self.login.claims
        auth_time = claims.auth_time if self.auth_time_now is None else self.auth_time_now
        expires = expiry(self.login.record, now)
        claims = replace(claims, iat=now, exp=expires, auth_time=auth_time)
        return replace(self.login, claims=claims)

    def beginning(self, *, is_strict: bool = False) -> Beginning | None:
        """Return the login that is to begin when the request is settled, if any."""
        cause = self._cause()
        if cause is None or (isinstance(cause, NewHash) and not self.has_record()):
            return None
        return self.new.begin(cause, self.resolve(), self.login, is_strict=is_strict)

    def _cause(self) -> Cause | None:
        """Return what has a login begin with this request, if anything has."""
        if self.is_settled:
            return None
        session = self.session_of_now()
        if (written := django_session.find_login(session)) is not None:
            return written
        if (auth_hash := django_session.find_new_hash(session)) is not None:
            return NewHash(auth_hash) if self.login is not None else None
        return None if self.is_gone() else self.stored or self.older

    def restore_session(self) -> None:
        """Lose what was written into the session for a login that does not begin."""
        session = self.session_of_now()
        if isinstance(session, LoginInSession):
            session.restore()

    def is_gone(self) -> bool:
        """Tell whether other code has logged out, or emptied the session."""
        return django_session.is_login_gone(self.session_of_now())

    def session_of_now(self) -> SessionBase | None:
        """Return the session that the request has by now, or was lent."""
        session = getattr(self.request, "session", None)
        return self._lent if session is None else session

    def close(self) -> None:
        """Leave in the session what is to be stored: nothing of the login."""
        if not self.is_settled:
            self.is_settled = True
            session = self.session_of_now()
            if isinstance(session, LoginInSession):
                django_session.finish(session, has_login=self.login is not None)

    # --- What the session asks (`django_session.Owner`)

    def session_answer(self) -> dict[str, Any] | None:
        """Return what the session says of the login that came; None while nobody can tell."""
        if self._is_resolving:
            return None
        self.resolve()
        if self.stored is not None or self.login is None:
            return {}
        if not get_key_ring().can_sign:
            # Whatever else there is to say is known where it was issued.
            return {SESSION_KEY: django_session.Answer(self.login.claims.sub)}
        if not self.confirm() or self.login is None:
            return {}
        record = self.login.record
        answer: dict[str, Any] = {
            SESSION_KEY: django_session.Answer(self.login.claims.sub),
            BACKEND_SESSION_KEY: django_session.Answer(record.backend),
            HASH_SESSION_KEY: django_session.Answer(self.login.auth_hash),
        }
        if not record.persistent:
            answer[django_session.EXPIRY_KEY] = django_session.Seconds(0)
        elif record.idle_seconds < get_settings().idle_timeout.total_seconds():
            answer[django_session.EXPIRY_KEY] = django_session.Seconds(record.idle_seconds)
        return answer

    def session_sid(self) -> uuid.UUID | None:
        """Return the id of the login of this request by now, or that will begin with it."""
        if self._is_resolving:
            return self.login.claims.sid if self.login else None
        if not (self.is_settled and self.user is not None):
            self.resolve()
            if (cause := self._cause()) is not None:
                return self.new.id_for(cause)
            if self.is_gone():
                return None
        return self.login.claims.sid if self.login else None

    def session_sid_unasked(self) -> uuid.UUID | None:
        """Return the id that the token says, which may be of a login that is over."""
        claims = self.incoming.claims()
        return claims[0].sid if claims else None

    def session_end(self) -> tuple[datetime, bool] | None:
        """Return until when what is stored for the login is kept, and if beyond the browser."""
        login = self.current()
        if login is None:
            return None
        if login.session is None:
            return sessions.latest_end(), True
        return login.session.expires_at, login.session.persistent

"""The login of one request: ``request.jwt``.

Its parts: the cookie that came (`IncomingCookie`), the Django session (`django_session`), and the
cookie that goes out (`OutgoingCookie`). While a request is served this only reads, judges and
remembers; `RequestJWT.settle` writes, once, when the answer is about to go out.
"""

import logging
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, TypeAlias

from asgiref.sync import sync_to_async
from django.contrib import auth
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import PermissionDenied, SynchronousOnlyOperation
from django.db import Error, IntegrityError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _

from .. import sessions, users
from ..conf import get_settings
from ..cookies import is_public, keep_private, vary_on_cookie
from ..exceptions import (
    PasswordChanged,
    SessionError,
    SessionRevoked,
    UserInactive,
    UserUnavailable,
)
from ..keys import get_key_ring
from ..models import LoginSession
from ..sessions import EndReason, get_store
from ..sessions.rotation import Verdict, is_due, is_over
from ..tokens import Claims
from ..users.from_token import freshen, is_from_claims
from . import django_session, migrating
from .django_session import LentSession, LoginInSession, SessionLogin
from .incoming import IncomingCookie, Login
from .issuing import expiry, issue
from .migrating import OlderLogin
from .outgoing import SERVER_ERROR, OutgoingCookie

User: TypeAlias = AbstractBaseUser | AnonymousUser

logger = logging.getLogger("django.security.jwt_cookie")

VERIFY_ONLY = _("This site only verifies logins. Log in where they are issued.")


def refuse_where_none_begins() -> None:
    """Raise ``PermissionDenied`` on a site that only verifies."""
    if not get_key_ring().can_sign:
        raise PermissionDenied(VERIFY_ONLY)


@dataclass(frozen=True)
class Beginning:
    """A login that is to begin when the request is settled, with its first token."""

    cause: object
    """What it was made of: a login in the session, a new hash, a login of an older scheme."""

    login: Login
    token: str


@dataclass(frozen=True)
class Evidence:
    """What is known of how somebody has just logged in."""

    auth_time: int
    """When the password was given, in seconds since 1970; 0 if none was."""

    ends_by: datetime | None = None
    """When the login ends in any case: with the one whose place it takes without a password."""

    ends_with_browser: bool = False


class RequestJWT:
    """The login of one request.

    Nothing is read before somebody asks for the user. A request that nobody asks about costs no
    verification and no query, and its response may be cached for everybody.
    """

    _user: User | None = None
    _login: Login | None = None
    """The login that the request came with."""

    _older: OlderLogin | None = None
    _stored: SessionLogin | None = None
    """The login in a stored session that the request came with, from before this middleware."""

    _beginning: Beginning | None = None
    _evidence: Evidence | None = None
    _remember: bool | None = None
    _is_at_login = False
    _auth_time: int | None = None
    """When the password was given anew, for this login."""

    _wants_token = False
    has_ended_itself = False
    """Whether the login that came was ended while this request was served, and by it."""

    _failed: object = None
    """What no login could be made of, since the site's own claims fail."""

    _reserved: uuid.UUID | None = None
    _lent: LoginInSession | None = None
    _is_settled = False

    def __init__(self, request: HttpRequest, *, is_dormant: bool = False) -> None:
        """``is_dormant``: before ``ADOPT_FROM`` the middleware is Django's own in all it does."""
        self.request = request
        self.came_at = time.time()
        self._is_dormant = is_dormant
        session = getattr(request, "session", None)
        has_session = isinstance(session, SessionBase) and not is_dormant
        self.session = django_session.attach(session, self) if has_session else None
        """The session that the request came with; other code may put another into its place."""
        self.changed_users: list[AbstractBaseUser] = []
        """Users whose password or state was changed while this request was served."""

    @cached_property
    def incoming(self) -> IncomingCookie:
        """The cookie that came."""
        return IncomingCookie(self.request, self.came_at)

    @cached_property
    def _outgoing(self) -> OutgoingCookie:
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
        if "incoming" not in vars(self) or self._outgoing.has_decided:
            return None
        return self.incoming.refusal

    # --- Whose is it?

    def resolve(self) -> User:
        """Return the user, asked for once per request."""
        if self.is_out_of_place:
            return auth.get_user(self.request)
        if self._user is None:
            request: Any = self.request
            if not hasattr(request, "_cached_user"):
                request._cached_user = request._acached_user = self._find_user()
            # Middleware before ours may know somebody by other means, as Django's own allows.
            self._user = request._cached_user
        user: User = self._user
        return user

    def _find_user(self) -> User:
        user = self._user_of_stored_session() or self._user_of_cookie() or self._user_of_older()
        return user or AnonymousUser()

    def _user_of_stored_session(self) -> AbstractBaseUser | None:
        """Return the user of a login that Django's own middleware has left in the session.

        It is newer than any cookie of ours: it would have been moved into that by now.
        """
        if self.session is None or not get_key_ring().can_sign or self.session._session_key is None:
            return None
        own_keys = {django_session.key_of(claims.sid) for claims in self.incoming.claims()}
        stored = django_session.find_stored_login(self.session, own_keys)
        user = _user_by_django(stored) if stored else None
        if user is not None:
            self._stored = stored
        elif stored is not None:
            self.session.flush()
        return user

    def _user_of_cookie(self) -> AbstractBaseUser | None:
        self._login = self.incoming.login()
        return self._login.user if self._login else None

    def _user_of_older(self) -> AbstractBaseUser | None:
        # Never beside a genuine cookie of ours, not even of a login that is over: who plants one of
        # an older scheme in a browser can't log anybody out by it.
        if not self._may_move():
            return None
        self._older = migrating.find_older_login(self.request)
        return self._older.user if self._older else None

    def _may_move(self) -> bool:
        return migrating.is_on() and not self.incoming.claims() and get_key_ring().can_sign

    async def aresolve(self) -> User:
        """Return the user; where nobody has to be asked, nobody needs a thread."""
        if self._user is not None or not self._has_to_ask():
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
        return self._login is not None and self._login.claims.sub == users.subject(user)

    # --- Confirming what was believed

    def confirm(self, *, again: bool = False) -> bool:
        """Ask the database whether this login goes on, if its token was believed.

        For what a login that was ended a minute ago must not do, with ``USER_SOURCE = "token"``.
        ``again``: even if the database was asked before, for a response that goes on for long. The
        request is anonymous from now on, if it does not. Returns whether there is a login.
        """
        if self.is_out_of_place:
            return False
        login = self.current()
        if login is None or login is not self._login:
            return login is not None
        if again or self._is_believed:
            try:
                ask = self.incoming.ask_again if login.session else self._ask_once
                self._login = ask(login)
            except SessionError as error:
                self._login, self.incoming.refusal = None, error.code
            if self._login is None:
                self._become_anonymous()
            else:
                # The same instance: the view may be at work with it.
                freshen(self._user, self._login.user)
        return self._login is not None

    def _ask_once(self, login: Login) -> Login | None:
        can_sign = get_key_ring().can_sign
        return self.incoming.ask(login.claims) if can_sign else self.incoming.ask_again(login)

    async def aconfirm(self, *, again: bool = False) -> bool:
        """Do the same as `confirm`; where it would not ask, nobody needs a thread for it."""
        await self.aresolve()
        if again or self._is_believed:
            return await sync_to_async(self.confirm, thread_sensitive=True)(again=again)
        return self.confirm()

    @property
    def _is_believed(self) -> bool:
        """Whether a token was believed whose record is here."""
        has_no_record = self._login is not None and self._login.session is None
        return has_no_record and get_key_ring().can_sign

    def _become_anonymous(self) -> None:
        """Let nobody be logged in; but for whom other code knows by other means."""
        if self.request.user == self._user:
            self.request.user = AnonymousUser()
        request: Any = self.request
        self._user = request._cached_user = request._acached_user = AnonymousUser()

    # --- What the view decides

    def note_login(self, user: AbstractBaseUser) -> None:
        """Take note that ``user`` has just given a password, or whatever the backend asks for.

        Or nothing at all, if somebody was logged in and took the place of ``user``.
        """
        session = self._session_of_now()
        written = django_session.find_login(session)
        if self.is_out_of_place or written is None or written.user_id != users.subject(user):
            return  # Logged in by some other means, such as a token in a header.
        assert session is not None
        if not get_key_ring().can_sign:
            django_session.drop_login(session)
            refuse_where_none_begins()
        before = self._login
        if before is None and self._user is None:
            before = self._login = self.incoming.login()
        self._evidence = Evidence(int(time.time()))
        # A backend's name is left by `authenticate()`, or by whoever has made sure by other means.
        if not hasattr(user, "backend") and (before is not None or self._stored is not None):
            self._evidence = self._evidence_of_no_password(user, before)
            if self._evidence is None:
                django_session.drop_login(session)
                self.request.user = AnonymousUser()
                return
        request: Any = self.request
        self._user = request._cached_user = request._acached_user = user

    def _evidence_of_no_password(
        self, user: AbstractBaseUser, before: Login | None
    ) -> Evidence | None:
        """Return what the login of ``user`` may be that takes another's place.

        No more than that: who borrows a browser of the staff must not come by a recent login of a
        member, nor by one that ends later, nor by any with a login that was ended a minute ago.
        """
        if before is None:
            return Evidence(0)
        if before.session is None:
            try:
                before = self.incoming.ask(before.claims)
            except SessionError:
                return None
        is_same = before.user == user and not self._was_flushed()
        return Evidence(
            auth_time=before.claims.auth_time if is_same else 0,
            ends_by=before.record.expires_at,
            ends_with_browser=not before.record.persistent,
        )

    def _was_flushed(self) -> bool:
        return self.session is not None and bool(self.session._stale)

    def begin_now(self, *, remember: bool) -> None:
        """Issue the token of the login that was just written into the session.

        So that whoever calls `login` hears of claims that can't be carried.
        """
        self._remember, self._is_at_login = remember, True
        try:
            self.current()
        except BaseException:
            session = self._session_of_now()
            assert session is not None
            django_session.drop_login(session)
            self._beginning = self._evidence = None
            raise
        finally:
            self._is_at_login = False

    def refresh(self) -> None:
        """Have a new token issued with the answer. Raises `SessionRevoked` if there is no login."""
        refuse_where_none_begins()
        if not self.confirm():
            raise SessionRevoked("there is no login to renew a token of")
        self._wants_token = True

    def note_reauthentication(self) -> None:
        """Have a token issued that says that the password was given just now.

        Raises `SessionRevoked` if there is no login.
        """
        refuse_where_none_begins()
        if self.current() is None or not self.confirm():
            raise SessionRevoked("there is no login that could go on")
        self._wants_token, self._auth_time = True, int(time.time())

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

    def current(self) -> Login | None:
        """Return the login of this request by now: that which came, or one that is to begin."""
        if self.is_out_of_place:
            return None
        user = self.resolve()
        if self._is_settled:
            return self._login
        if (beginning := self._begin(user)) is not None:
            return beginning.login
        if self._login is None or self._login_is_gone():
            return None
        if not self._wants_token or self._login.verdict is Verdict.LATE:
            return self._login
        # As the token will say that the answer brings.
        now, login = int(time.time()), self._login
        auth_time = login.claims.auth_time if self._auth_time is None else self._auth_time
        expires = expiry(login.record, now)
        claims = replace(login.claims, iat=now, exp=expires, auth_time=auth_time)
        return replace(login, claims=claims)

    def _begin(self, user: User) -> Beginning | None:
        """Return the login that is to begin when the request is settled, if any."""
        cause = self._cause()
        if cause is None or cause == self._failed:
            return None
        if self._beginning is None or self._beginning.cause != cause:
            try:
                self._beginning = self._prepare(cause, user)
            except (Error, SynchronousOnlyOperation, PermissionDenied):
                raise
            except Exception:
                if self._is_at_login:
                    raise
                # The site's own claims fail, or are too large by now. Raised in any view, that
                # would lock the visitor out, of the login page and of logging out too.
                logger.exception("A login could not begin.")
                self._failed, self._beginning = cause, None
        return self._beginning

    def _cause(self) -> object:
        """Return what has a login begin with this request, if anything has."""
        session = self._session_of_now()
        written = django_session.find_login(session)
        if written is not None:
            return written
        if (auth_hash := django_session.find_new_hash(session)) is not None:
            return auth_hash if self._login is not None else None
        if self._login_is_gone():
            return None
        return self._stored or self._older

    def _login_is_gone(self) -> bool:
        """Tell whether other code has logged out, or emptied the session."""
        return django_session.is_login_gone(self._session_of_now())

    def _session_of_now(self) -> SessionBase | None:
        session = getattr(self.request, "session", None)
        return self._lent if session is None else session

    def _prepare(self, cause: object, user: User) -> Beginning | None:
        """Return the login that ``cause`` has begin; none if its user may not log in."""
        refuse_where_none_begins()
        if isinstance(cause, str):
            return self._prepare_successor(cause)
        if isinstance(cause, OlderLogin):
            return self._prepare_moved(cause)
        assert isinstance(cause, SessionLogin)
        if not isinstance(user, AbstractBaseUser) or users.subject(user) != cause.user_id:
            found = _user_by_django(cause)
            if found is None:
                return None
            user = found
        if is_from_claims(user):
            user = _user_by_django(cause) or user
        evidence = self._evidence or Evidence(0)
        if self._remember is None:
            session = self._session_of_now()
            assert session is not None
            persistent = not session.get_expire_at_browser_close()
        else:
            persistent = self._remember
        record = self._record(
            user,
            session_id=self._id_of(cause),
            backend=cause.backend,
            # The session's hash, not the user's of now: a password that was set without
            # update_session_auth_hash() ends this login, as it would have in the session.
            auth_hash=cause.auth_hash,
            persistent=persistent and not evidence.ends_with_browser,
            ends_by=evidence.ends_by,
        )
        if not users.may_begin(record):
            return None
        return self._with_token(cause, record, evidence.auth_time)

    def _prepare_successor(self, auth_hash: str) -> Beginning | None:
        """Return the login that goes on after ``update_session_auth_hash()``, under a new id.

        A copy of the cookie from before must not outlive the old password.
        """
        if not self._confirm_login() or self._login is None:
            return None
        record, claims = self._login.record, self._login.claims
        user = users.find_fresh(record)
        # The hash may be of another user, one that was not authenticated by the cookie.
        if user is None or not constant_time_compare(user.get_session_auth_hash(), auth_hash):
            return None
        successor = sessions.succeed(record, self.reserve_sid(), auth_hash)
        return self._with_token(auth_hash, successor, claims.auth_time)

    def _confirm_login(self) -> bool:
        if self._is_believed and self._login is not None:
            try:
                self._login = self.incoming.ask(self._login.claims)
            except SessionError:
                self._login = None
        return self._login is not None

    def _prepare_moved(self, older: OlderLogin) -> Beginning | None:
        record = older.record
        if record is None:
            backend = users.find_backend(older.user)
            if backend is None:
                return None
            record = self._record(
                older.user,
                session_id=older.session_id,
                backend=backend,
                auth_hash=older.user.get_session_auth_hash(),
                persistent=True,
                ends_by=older.ends_by,
            )
        return self._with_token(older, record, 0)

    def _record(self, user: AbstractBaseUser, **more: Any) -> LoginSession:
        return sessions.prepare(
            user,
            user_agent=self.request.headers.get("User-Agent", ""),
            ip_address=self.request.META.get("REMOTE_ADDR"),
            **more,
        )

    def _with_token(self, cause: object, record: LoginSession, auth_time: int) -> Beginning:
        claims, token = issue(record, auth_time=auth_time, request=self.request)
        user: AbstractBaseUser = record.user
        return Beginning(cause, Login(claims, user, record, auth_hash=record.auth_hash), token)

    def _id_of(self, cause: SessionLogin) -> uuid.UUID:
        """Return the id of the login that begins: by the old session's key, if it came in one.

        So requests that come with that key side by side share one login.
        """
        if cause.is_stored and self.session is not None and self.session.arrived_as:
            return migrating.make_id("session", self.session.arrived_as)
        return self.reserve_sid()

    # --- What the session asks (`django_session.Owner`)

    def session_answer(self) -> dict[str, Any] | None:
        """Return what the session says of the login that came with the request, if any."""
        self.resolve()
        if self._stored is not None or self._login is None or not self._confirm_for_session():
            return None
        login = self._login
        answer: dict[str, Any] = {SESSION_KEY: django_session.Answer(login.claims.sub)}
        if login.session is None:
            return answer  # Whatever else there is to say is known where it was issued.
        answer[BACKEND_SESSION_KEY] = django_session.Answer(login.session.backend)
        answer[HASH_SESSION_KEY] = django_session.Answer(login.auth_hash)
        if not login.session.persistent:
            answer[django_session.EXPIRY_KEY] = django_session.Seconds(0)
        elif login.session.idle_seconds < get_settings().idle_timeout.total_seconds():
            answer[django_session.EXPIRY_KEY] = django_session.Seconds(login.session.idle_seconds)
        return answer

    def _confirm_for_session(self) -> bool:
        if self._is_believed:
            self.confirm()
        return self._login is not None

    def session_sid(self) -> uuid.UUID | None:
        """Return the id of the login of this request by now, or that will begin with it."""
        if self._is_settled and self._user is not None:
            return self._login.claims.sid if self._login else None
        written = django_session.find_login(self._session_of_now())
        if written is not None:
            return self._id_of(written)
        if django_session.find_new_hash(self._session_of_now()) is not None:
            return self.reserve_sid()
        self.resolve()
        if self._login_is_gone():
            return None
        if self._stored is not None:
            return self._id_of(self._stored)
        if self._older is not None:
            return self._older.session_id
        return self._login.claims.sid if self._login else None

    def reserve_sid(self) -> uuid.UUID:
        """Return the id of a login that may begin with this request."""
        if self._reserved is None:
            self._reserved = uuid.uuid4()
        return self._reserved

    def session_end(self) -> tuple[datetime, bool] | None:
        """Return until when what is stored for the login is kept, and if beyond the browser."""
        login = self._login if self._is_settled else self.current()
        if login is None:
            return None
        if login.session is not None:
            return login.session.expires_at, login.session.persistent
        return sessions.latest_end(), True

    # --- Settling: the one moment at which anything is written

    def needs_settling(self, response: HttpResponseBase) -> bool:
        """Tell whether `settle` has to ask or tell the database; asks nobody."""
        if self.is_idle or self.is_out_of_place:
            return False
        if self.changed_users or ("incoming" in vars(self) and self.incoming.to_end):
            return True
        session = self._session_of_now()
        if isinstance(session, LoginInSession) and (session._stale or session.modified):
            return True
        if django_session.find_login(session) is not None or self._stored or self._older:
            return True
        if session is not None and session.accessed and self._login_is_gone():
            return self._login is not None
        login = self._login
        if login is None or login.session is None or response.status_code >= SERVER_ERROR:
            return False
        return (
            self._wants_token
            or login.verdict in (Verdict.LOST, Verdict.AHEAD)
            or login.auth_hash != login.session.auth_hash
            or (login.verdict is Verdict.CURRENT and self._has_news(login, login.session))
        )

    def _has_news(self, login: Login, record: LoginSession) -> bool:
        is_first = login.claims.new and get_settings().user_source == "token"
        return record.seen_at is None or is_first or is_due(record, time.time())

    def settle(self, response: HttpResponseBase) -> None:
        """Write what this request has decided.

        If that fails, the answer goes out as it is: a page that only reads is served for as long as
        the database can be read.
        """
        if self.is_out_of_place:
            return
        session = self._session_of_now()
        if session is not None and session is not self.session and session is not self._lent:
            session = self.session = django_session.attach(session, self)
        try:
            self._settle(response)
        except (Error, IntegrityError):
            logger.exception("What a request has decided about its login could not be written.")
        self.close()
        if isinstance(session, LoginInSession) and session.is_empty():
            if response.status_code < SERVER_ERROR:
                session.delete_stale()

    def close(self) -> None:
        """Leave in the session what is to be stored: nothing of the login."""
        if not self._is_settled:
            self._is_settled = True
            session = self._session_of_now()
            if isinstance(session, LoginInSession):
                django_session.finish(session)

    def _settle(self, response: HttpResponseBase) -> None:
        is_failed = response.status_code >= SERVER_ERROR
        if self._user is None and self._session_is_at_work():
            self.resolve()
        if self._user is not None:
            if self._cause() is not None:
                if not is_failed:
                    self._settle_beginning()
            elif self._login_is_gone():
                self._settle_end()
            elif self._login is not None and not is_failed:
                self._settle_login(self._login, response)
        for record, because in self.incoming.to_end:
            get_store().end(record, because)
        for user in self.changed_users:
            end_logins_of_changed(user, but=self._login.claims.sid if self._login else None)

    def _session_is_at_work(self) -> bool:
        """Tell whether what is in the session depends on the login, though nobody has asked."""
        session = self._session_of_now()
        return session is not None and (session.modified or "_session_cache" in vars(session))

    def _settle_beginning(self) -> None:
        came = self._login
        if self._stored is not None and self.session is not None:
            came = came or self.incoming.login()
            self.session.keys()  # What is left is stored for the login, and no more under its key.
        beginning = self._begin(self.resolve())
        if beginning is None:
            return
        login = self._save(self._with_expiry(beginning))
        if login is not None:
            self._login = login
            self._end_replaced(came, login, beginning.cause)

    def _with_expiry(self, beginning: Beginning) -> Beginning:
        """Heed ``session.set_expiry()``, which may have been called after the login."""
        record = beginning.login.record
        given = django_session.find_expiry(self._session_of_now())
        if given is None:
            return beginning
        limits = _limits(record, given)
        if limits == (record.idle_seconds, record.persistent):
            return beginning
        record.idle_seconds, record.persistent = limits
        again = self._with_token(beginning.cause, record, beginning.login.claims.auth_time)
        self._beginning = again
        return again

    def _save(self, beginning: Beginning) -> Login | None:
        login, cause = beginning.login, beginning.cause
        is_shared = isinstance(cause, OlderLogin) and cause.record is not None
        try:
            if not is_shared:
                get_store().begin(login.record)
        except IntegrityError:
            shared = self._shared(beginning)
            if shared is None:
                # The user who was logged in is gone: the view's transaction was rolled back.
                logger.warning("A login could not begin: its user is not there.")
                return None
            login, beginning = shared.login, shared
        self._outgoing.bring(beginning.token, login.record, begins=True)
        return login

    def _shared(self, beginning: Beginning) -> Beginning | None:
        """Return the login that another request has just made of the same credential."""
        record = sessions.records().filter(pk=beginning.login.record.pk).first()
        user = beginning.login.user
        if record is None or not migrating.may_share(record, user):
            return None
        record.user = user  # type: ignore[assignment]
        return self._with_token(beginning.cause, record, beginning.login.claims.auth_time)

    def _end_replaced(self, came: Login | None, login: Login, cause: object) -> None:
        """End the login whose place another takes, in this browser or by a new password."""
        store = get_store()
        if isinstance(cause, str):
            assert came is not None
            store.end(came.record, EndReason.PASSWORD_CHANGED)
            if sessions.are_recorded():
                sessions.end_others(login.record, EndReason.PASSWORD_CHANGED)
        elif came is not None and came.claims.sid != login.claims.sid:
            # A token that is over may be a copy: it ends nobody's login.
            if not is_over(came.claims, self.came_at):
                with suppress(SessionError):
                    store.end(came.session or store.look_up(came.claims), EndReason.REPLACED)

    def _settle_end(self) -> None:
        """End the logins of this browser, and have it forget the cookie."""
        if self._older is not None and self._older.record is None:
            # A record of it, or the credential would be worth another login.
            moved = self._prepare_moved(self._older)
            if moved is not None:
                with suppress(IntegrityError):
                    get_store().begin(moved.login.record)
                get_store().end(moved.login.record, EndReason.LOGOUT)
        if sessions.are_recorded():
            ending = self.incoming.others(self._login)
            if self._confirm_login() and self._login is not None:
                ending.append(self._login)
            for login in ending:
                get_store().end(login.record, EndReason.LOGOUT)
        self._login = None
        if self.incoming.came or self._older is not None:
            self._outgoing.forget()

    def _settle_login(self, login: Login, response: HttpResponseBase) -> None:
        """Note the generation as seen, rotate, or hand out a token anew."""
        record, store = login.session, get_store()
        if record is None or not get_key_ring().can_sign:
            return
        if (given := django_session.find_expiry(self._session_of_now())) is not None:
            idle_seconds, persistent = _limits(record, given)
            if (idle_seconds, persistent) != (record.idle_seconds, record.persistent):
                store.limit(record, idle_seconds=idle_seconds, persistent=persistent)
                self._wants_token = True
        if login.auth_hash != record.auth_hash:
            store.change_auth_hash(record, login.auth_hash)
        if is_public(response) or (not get_settings().track_sessions and self.incoming.is_slow):
            return
        try:
            rotated = store.advance(record, login.claims.gen, login.verdict)
        except SessionError:
            return  # A late answer never brings back a login that was ended meanwhile.
        if rotated is not None:
            rotated.user = record.user
            self._issue(login, rotated, is_new=True)
        elif login.verdict is Verdict.CURRENT and self._may_repeat(login):
            self._issue(login, record)

    def _may_repeat(self, login: Login) -> bool:
        is_first = login.claims.new and get_settings().user_source == "token"
        return self._wants_token or is_first

    def _issue(self, login: Login, record: LoginSession, *, is_new: bool = False) -> None:
        auth_time = login.claims.auth_time if self._auth_time is None else self._auth_time
        try:
            claims, token = issue(record, auth_time=auth_time, request=self.request, is_new=is_new)
        except (Error, SynchronousOnlyOperation):
            raise
        except Exception:
            # The site's own claims fail, or are too large by now.
            logger.exception("A login token could not be renewed.")
            return
        self._login = replace(login, claims=claims, session=record, verdict=Verdict.CURRENT)
        self._outgoing.bring(token, record)

    # --- What goes out

    def write(self, response: HttpResponseBase) -> None:
        """Set or delete the cookie, if there is cause to; no database."""
        if self.is_out_of_place:
            return
        incoming = self.incoming
        if incoming.was_read:
            vary_on_cookie(response)
        self._outgoing.write(
            response, is_useless=incoming.is_useless and not incoming.is_slow
        )
        if self._older is not None:
            keep_private(response)  # Whatever brought the credential: no ``Vary`` names it.
        if response.status_code < SERVER_ERROR and self._forgets_older():
            migrating.forget_older_cookies(self.request, response)

    def _forgets_older(self) -> bool:
        """Tell whether cookies of an older scheme are of no use any more."""
        if not migrating.is_on() or self._user is None:
            return False
        came = any(each.name in self.request.COOKIES for each in migrating.get_older_cookies())
        return self._outgoing.has_decided or (came and self._login is None)


def end_logins_of_changed(user: AbstractBaseUser, *, but: uuid.UUID | None = None) -> None:
    """End what a new password, or a deactivation, has put an end to, as the database has it now.

    The login ``but`` finds out with its next request: ``update_session_auth_hash()`` may follow.
    """
    fresh = users.find_row(user.pk)
    if fresh is None:
        return
    for record in sessions.active(fresh):
        record.user = fresh  # type: ignore[assignment]
        try:
            users.current_auth_hash(users.load(record), record.auth_hash)
        except UserInactive:
            get_store().end(record, EndReason.USER_INACTIVE)
        except PasswordChanged:
            if record.pk != but:
                get_store().end(record, EndReason.PASSWORD_CHANGED)
        except UserUnavailable:
            continue


def _limits(record: LoginSession, given: Any) -> tuple[int, bool]:
    """Return idle timeout and persistence of a login by ``session.set_expiry()``."""
    seconds = django_session.idle_seconds(given)
    if seconds == 0:
        return record.idle_seconds, False
    return min(seconds, int(get_settings().idle_timeout.total_seconds())), record.persistent


def _user_by_django(login: SessionLogin) -> AbstractBaseUser | None:
    """Return whose login is in a session, by Django's own checks."""
    request = HttpRequest()
    request.session = LentSession()
    request.session.update(
        {
            SESSION_KEY: str(login.user_id),
            BACKEND_SESSION_KEY: login.backend,
            HASH_SESSION_KEY: login.auth_hash,
        }
    )
    user = auth.get_user(request)
    return user if isinstance(user, AbstractBaseUser) else None

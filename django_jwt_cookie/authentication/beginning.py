"""The login that is to begin with a request: its record and its first token, neither saved yet."""

import logging
import time
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from django.contrib import auth
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied, SynchronousOnlyOperation
from django.db import Error, router, transaction
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _

from .. import sessions, users
from ..conf import get_settings
from ..keys import get_key_ring
from ..models import LoginSession
from ..users.from_token import is_from_claims
from .django_session import LentSession, SessionLogin
from .incoming import Login
from .issuing import issue
from .migrating import OlderLogin, make_id

logger = logging.getLogger("django.security.jwt_cookie")

VERIFY_ONLY = _("This site only verifies logins. Log in where they are issued.")


@dataclass(frozen=True)
class NewHash:
    """What ``update_session_auth_hash()`` has left: the login goes on, under another id."""

    auth_hash: str


Cause: TypeAlias = SessionLogin | NewHash | OlderLogin
"""What a login begins for: one that was written into the session, or came in it; a changed
password; a login of an older scheme."""


@dataclass(frozen=True)
class Beginning:
    """A login that is to begin, and its first token."""

    cause: Cause
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


UNKNOWN = Evidence(auth_time=0)
"""Of a login that came with the request, and was not begun here."""


def refuse_where_none_begins() -> None:
    """Raise ``PermissionDenied`` on a site that only verifies."""
    if not get_key_ring().can_sign:
        raise PermissionDenied(VERIFY_ONLY)


def evidence_of(
    user: AbstractBaseUser, before: Login | None, *, is_known: bool, ends_by: datetime | None = None
) -> Evidence:
    """Return what the login of ``user`` may be that begins now.

    A backend's name is left at a user by `authenticate()`, or by whoever has made sure by other
    means. Without it, and with somebody logged in (``is_known``), the login takes another's place,
    and is no more than that: who borrows a browser of the staff must not come by a recent login of
    a member, nor by one that ends later.
    """
    if hasattr(user, "backend") or not is_known:
        return Evidence(int(time.time()))
    if before is None:
        return Evidence(auth_time=0, ends_by=ends_by)
    return Evidence(
        auth_time=before.claims.auth_time if before.user == user else 0,
        ends_by=before.record.expires_at,
        ends_with_browser=not before.record.persistent,
    )


class Transaction:
    """The transaction in which a view has logged somebody in, if it was in one."""

    def __init__(self) -> None:
        using = router.db_for_write(LoginSession)
        self._connection = transaction.get_connection(using)
        self._is_kept = not self._connection.in_atomic_block
        if not self._is_kept:
            transaction.on_commit(self._keep, using)

    def _keep(self) -> None:
        self._is_kept = True

    @property
    def was_rolled_back(self) -> bool:
        """Whether what the view did came to nothing: then it logged nobody in either."""
        waiting = (callback for _, callback, *_ in self._connection.run_on_commit)
        return not self._is_kept and self._keep not in waiting


class NewLogin:
    """Prepares the login that is to begin with a request, as often as the view changes its mind."""

    evidence: Evidence | None = None
    """Of the login that was written last; none if it came with the request."""

    password_at = 0
    """When the password was given anew since, for whoever the login is of."""

    remember: bool | None = None
    """Whether the cookie is to outlive the browser, if `login` has said so."""

    _transaction: Transaction | None = None
    _beginning: Beginning | None = None
    _failed: Cause | None = None
    """What no login could be made of, since the site's own claims fail."""

    _reserved: uuid.UUID | None = None

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    def reserve(self) -> uuid.UUID:
        """Return the id that a login gets if one begins: its session key may be asked before."""
        if self._reserved is None:
            self._reserved = uuid.uuid4()
        return self._reserved

    def id_for(self, cause: Cause) -> uuid.UUID:
        """Return the id of the login that begins for ``cause``.

        One that came in a session is known by that: requests that come side by side share it.
        """
        if isinstance(cause, OlderLogin):
            return cause.session_id
        came_as = cause.came_as if isinstance(cause, SessionLogin) else None
        return make_id("session", came_as) if came_as else self.reserve()

    def note_login(self, evidence: Evidence) -> None:
        """Take note of what is known of a login that was written just now."""
        self.evidence, self.password_at = evidence, 0
        self._transaction = Transaction()

    @property
    def was_rolled_back(self) -> bool:
        """Whether the login that was written last was undone, with the transaction of its view."""
        return self._transaction is not None and self._transaction.was_rolled_back

    @property
    def takes_place(self) -> bool:
        """Whether it needs the login whose place it takes: nobody has given a password."""
        return self.evidence is not None and self.evidence.ends_by is not None

    def note_password(self, seconds: int) -> None:
        """Take note that the password was given at that time, by whoever is logged in by now."""
        self.password_at, self._beginning = seconds, None

    def forget(self) -> None:
        """Begin no login after all."""
        self._beginning = self.evidence = self._transaction = None

    def begin(
        self, cause: Cause, user: object, came: Login | None, *, is_strict: bool = False
    ) -> Beginning | None:
        """Return the login that begins for ``cause``; none if its user may not log in.

        ``came`` is the login of the request so far. Errors of the site's own claims are raised if
        ``is_strict``; anywhere else, that would lock the visitor out of every page.
        """
        if cause == self._failed:
            return None
        if self._beginning is None or self._beginning.cause != cause:
            refuse_where_none_begins()
            try:
                self._beginning = self._prepare(cause, user, came)
            except (Error, SynchronousOnlyOperation):
                raise
            except Exception:
                if is_strict:
                    raise
                logger.exception("A login could not begin.")
                self._failed, self._beginning = cause, None
        return self._beginning

    def again(self, record: LoginSession, login: Login, cause: Cause) -> Beginning:
        """Return the same with a token of ``record`` as it is now."""
        self._beginning = self._with_token(cause, record, login.claims.auth_time)
        return self._beginning

    def _prepare(self, cause: Cause, user: object, came: Login | None) -> Beginning | None:
        if isinstance(cause, NewHash):
            return self._prepare_successor(cause, came)
        if isinstance(cause, OlderLogin):
            return self._prepare_moved(cause)
        return self._prepare_login(cause, user)

    def _prepare_login(self, cause: SessionLogin, user: object) -> Beginning | None:
        is_known = isinstance(user, AbstractBaseUser) and users.subject(user) == cause.user_id
        if not is_known or is_from_claims(user):  # type: ignore[arg-type]
            user = user_by_django(cause)
        if not isinstance(user, AbstractBaseUser):
            return None
        evidence = self.evidence or UNKNOWN
        persistent = cause.persistent if self.remember is None else self.remember
        record = self._record(
            user,
            session_id=self.id_for(cause),
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

    def _prepare_successor(self, cause: NewHash, came: Login | None) -> Beginning | None:
        """Return the login that goes on under a new id.

        A copy of the cookie from before must not outlive the old password.
        """
        assert came is not None
        user = users.find_fresh(came.record)
        current = user.get_session_auth_hash() if user is not None else ""
        # The hash may be of another user, one that was not authenticated by the cookie.
        if not constant_time_compare(current, cause.auth_hash):
            return None
        successor = sessions.succeed(came.record, self.id_for(cause), cause.auth_hash)
        return self._with_token(cause, successor, came.claims.auth_time)

    def _prepare_moved(self, cause: OlderLogin) -> Beginning | None:
        record, user = cause.record, cause.user
        if record is None:
            record = self._record(
                user,
                session_id=self.id_for(cause),
                backend=cause.backend,
                auth_hash=user.get_session_auth_hash(),
                persistent=True,
                ends_by=cause.ends_by,
            )
        return self._with_token(cause, record, 0)

    def _record(self, user: AbstractBaseUser, **more: Any) -> LoginSession:
        return sessions.prepare(
            user,
            user_agent=self._request.headers.get("User-Agent", ""),
            ip_address=self._request.META.get("REMOTE_ADDR"),
            **more,
        )

    def _with_token(self, cause: Cause, record: LoginSession, auth_time: int) -> Beginning:
        auth_time = max(auth_time, self.password_at)
        claims, token = issue(record, auth_time=auth_time, request=self._request)
        user: AbstractBaseUser = record.user
        return Beginning(cause, Login(claims, user, record, auth_hash=record.auth_hash), token)


def limits_of(record: LoginSession, idle_seconds: int) -> tuple[int, bool]:
    """Return idle timeout and persistence of a login by ``session.set_expiry()``."""
    if idle_seconds == 0:
        return record.idle_seconds, False
    return min(idle_seconds, int(get_settings().idle_timeout.total_seconds())), record.persistent


def user_by_django(login: SessionLogin) -> AbstractBaseUser | None:
    """Return whose login is in a session, by Django's own checks."""
    request = HttpRequest()
    request.session = LentSession()
    request.session.update(
        {
            SESSION_KEY: login.user_id,
            BACKEND_SESSION_KEY: login.backend,
            HASH_SESSION_KEY: login.auth_hash,
        }
    )
    user = auth.get_user(request)
    return None if isinstance(user, AnonymousUser) else user

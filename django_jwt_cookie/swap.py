"""What becomes of a login of an older scheme that a request comes with: one of ours.

One old credential becomes one login, by an id that is made of it. So requests that come with it
side by side get tokens of the same login, and after a logout, a theft or a new password it is good
for none. An old credential never wins over a genuine cookie of ours: who plants one in a browser
can't log anybody out by it, nor make a visitor somebody else.
"""

import logging
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeAlias

from django.core.exceptions import SynchronousOnlyOperation
from django.db import DataError, Error, IntegrityError, connections, router, transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.debug import sensitive_variables

from . import revocations, sessions, users
from .adopters import Adopter, OldLogin, get_adopters, get_old_cookies
from .asking import let_in
from .cookies import get_cookie_spec, keep_private
from .exceptions import SessionError
from .keys import get_key_ring
from .models import LoginSession
from .outgoing import SERVER_ERROR, OutgoingCookie
from .presented import Login, PresentedCookie
from .renewal import as_recorded
from .store import get_store

logger = logging.getLogger("django.security.jwt_cookie")

Found: TypeAlias = tuple[OldLogin, list[uuid.UUID]]
"""What an adopter has found, and the ids of the login that it becomes."""


class Swap:
    """Asks the adopters about a request, and swaps what they find."""

    _has_failed = False
    _swapped: frozenset[uuid.UUID] = frozenset()

    def __init__(
        self, request: HttpRequest, cookie: PresentedCookie, outgoing: OutgoingCookie
    ) -> None:
        self._request = request
        self._cookie = cookie
        self._outgoing = outgoing

    def has_to_ask(self) -> bool:
        """Tell whether there are adopters to ask, which may have to ask a database."""
        return bool(get_adopters()) and not self._cookie.verified() and get_key_ring().can_sign

    def login(self) -> Login | None:
        """Return the login that an old one has become; none if the request comes with none."""
        if self._has_failed or not self.has_to_ask():
            return None
        found = self._find()
        if found is None:
            return None
        try:
            login = self._take_over(*found)
        except SessionError:
            return None  # It was ended: by a logout, for a theft, with a changed password.
        except (Error, SynchronousOnlyOperation):
            raise
        except Exception:
            # Of the site's own claims, or too many of them. Raised here it would lock the visitor
            # out of each page.
            self._has_failed = True
            self._outgoing.withdraw()
            logger.exception("An old login could not be taken over.")
            return None
        if login is not None:
            self._swapped = frozenset({login.claims.sid})
        return login

    def _find(self) -> Found | None:
        for adopter in get_adopters():
            if (found := self._ask(adopter)) is not None:
                return found
        return None

    @sensitive_variables()  # And whatever it calls: the log may be mailed.
    def _ask(self, adopter: Adopter) -> Found | None:
        try:
            old = adopter.find(self._request)
            if old is None or old.expires_at <= datetime.now(UTC):
                return None
            ends_at = as_recorded(old.expires_at)
            return replace(old, expires_at=ends_at), adopter.make_ids(old.credential)
        except SynchronousOnlyOperation:
            raise  # No fault of the adopter: asynchronous code awaits `request.auser()`.
        except Exception as error:
            if isinstance(error, Error) and not is_of_one_value(error):
                raise
            # Of what a browser sends. The page may not need a user, or be the one to log in by.
            self._has_failed = True  # Before: who reads the log may ask for the user.
            logger.exception("%s has failed: nobody is logged in by it.", type(adopter).__name__)
            return None

    def _take_over(self, old: OldLogin, ids: list[uuid.UUID]) -> Login | None:
        """Begin the login that ``old`` becomes, or join it. Raises `SessionError` if it was ended.

        Neither is Django told of a login, nor is the CSRF token another now: nobody has given a
        password, and forms in other tabs go on to work.
        """
        record = get_store().recall(ids, old.user, old.expires_at)
        if record is not None:
            return self._join(record, old)
        backend = users.find_backend(old.user)
        if backend is None:
            return None
        record = self._prepare(old, ids[0], backend)
        try:
            with transaction.atomic(using=router.db_for_write(LoginSession)):
                login = self._outgoing.begin(record, auth_time=0)
        except IntegrityError:
            # Another request has been faster; or somebody has deleted the user.
            record = get_store().recall(ids, old.user, old.expires_at)
            return self._join(record, old) if record is not None else None
        revocations.tell_begun(record.pk)
        return login

    def _prepare(self, old: OldLogin, session_id: uuid.UUID, backend: str) -> LoginSession:
        record = get_store().prepare(
            old.user,
            backend=backend,
            auth_hash=old.user.get_session_auth_hash(),
            persistent=True,
            ends_at=old.expires_at,
            user_agent=self._request.headers.get("User-Agent", ""),
            ip_address=self._request.META.get("REMOTE_ADDR"),
        )
        record.pk = session_id
        return record

    def _join(self, record: LoginSession, old: OldLogin) -> Login:
        """Return the login that ``old`` has become with another request; so there are records."""
        user = let_in(record, users.subject(old.user))
        record = sessions.use(record)
        record.user = user  # type: ignore[assignment]
        return self._outgoing.join(record, auth_time=0)

    def forget_cookies(self, response: HttpResponseBase) -> None:
        """Have the browser delete what it has of the older scheme, once it is of no use.

        The cookies that have come; and all there are, where somebody logs in or out: one whose
        path is another would undo that. Not if what they were swapped for does not arrive.
        """
        if self._swapped:
            # Whatever header brought the credential: no ``Vary`` names it.
            keep_private(response)
        is_lost = self._swapped and not self._outgoing.is_decided
        if is_lost or response.status_code >= SERVER_ERROR:
            return
        forgets_all = self._outgoing.is_forgotten or self._outgoing.started - self._swapped
        # A header that was of no use comes first: nobody may have looked at the cookies.
        has_header = "Authorization" in self._request.headers
        was_header_vain = has_header and not self._swapped and not self._cookie.verified()
        is_passed_over = self._has_failed or was_header_vain
        for cookie in get_old_cookies():
            is_here = cookie.name in self._request.COOKIES and not is_passed_over
            is_ours = cookie.name == get_cookie_spec().name
            if is_ours or cookie.name in response.cookies or not (is_here or forgets_all):
                continue
            response.delete_cookie(
                cookie.name, cookie.path, cookie.domain, samesite=cookie.samesite
            )
            keep_private(response)


def is_of_one_value(error: Error) -> bool:
    """Tell whether a database has refused a value, and does all else as before.

    As PostgreSQL does with NUL, which a cookie may hold. In the middle of a transaction it may do
    nothing more after that, and what follows would fail for a reason that nobody sees.
    """
    return isinstance(error, DataError) and not any(
        connection.in_atomic_block and (connection.needs_rollback or not connection.is_usable())
        for connection in connections.all(initialized_only=True)
    )

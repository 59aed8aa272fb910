"""The cookie that a request brought, and the login that it stands for."""

import time
import uuid
from dataclasses import dataclass

from django.http import HttpRequest

from . import users
from .cookies import get_cookie_spec
from .exceptions import (
    KeysUnavailable,
    PasswordChanged,
    SessionError,
    SessionRevoked,
    TokenError,
    TokenReused,
    UserInactive,
)
from .models import LoginSession
from .renewal import Verdict
from .sessions import EndReason
from .store import get_store
from .tokens import Claims, decode


@dataclass(frozen=True)
class Login:
    """A login that goes on: what its token says, and its record, with the user."""

    claims: Claims
    session: LoginSession
    verdict: Verdict
    """What it means that the token is of this generation."""


class PresentedCookie:
    """Verifies the cookie of a request when first asked, and finds its login when first asked."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._verified: list[Claims] | None = None
        self._login: Login | None = None
        self._is_looked_up = False
        self._read_at = 0.0
        self.stolen: set[uuid.UUID] = set()
        """The logins of which a copy turned out to be about."""

        self.refusal: str | None = None
        """Why the cookie is not taken, as a code, as far as that is known by now."""

    def is_refused_just_now(self, seconds: int) -> bool:
        """Tell whether the browser is to forget the cookie.

        Not if it was read more than ``seconds`` ago: a login made meanwhile would be forgotten.
        """
        return self.refusal is not None and time.time() - self._read_at <= seconds

    @property
    def was_read(self) -> bool:
        """Whether the response depends on the cookie."""
        return self._verified is not None

    def verified(self) -> list[Claims]:
        """Return what the genuine tokens say, the newest first; no database.

        An expired token is genuine too: its login may go on.
        """
        if self._verified is None:
            self._verified, self._read_at, refusals = [], time.time(), []
            may_be_good = False
            for token in get_cookie_spec().read(self._request):
                try:
                    self._verified.append(decode(token, allow_expired=True))
                except TokenError as error:
                    refusals.append(error.code)
                except KeysUnavailable:
                    # Anonymous now, and logged in again as soon as the key is there.
                    may_be_good = True
            self._verified.sort(key=lambda claims: claims.iat, reverse=True)
            if refusals and not self._verified and not may_be_good:
                # A forged cookie beside a genuine one, planted by a sibling domain, must not have
                # the genuine one deleted.
                self.refusal = refusals[0]
        return self._verified

    def login(self) -> Login | None:
        """Return the login of the newest token whose login goes on."""
        if not self._is_looked_up:
            self._login = self._look_up()
            self._is_looked_up = True
        return self._login

    def _look_up(self) -> Login | None:
        refusals = []
        for claims in self.verified():
            try:
                login = _accept(claims)
            except SessionError as error:
                refusals.append(error.code)
                if isinstance(error, TokenReused):
                    self.stolen.add(claims.sid)
            else:
                return login
        if refusals:
            self.refusal = refusals[0]
        return None


def _accept(claims: Claims) -> Login:
    """Return the login of ``claims``. Raises `SessionError`."""
    store = get_store()
    session = store.look_up(claims)
    if users.subject(session.user) != claims.sub:
        raise SessionRevoked("the record is of another user")
    try:
        user = users.load(session)
        auth_hash = users.current_auth_hash(user, session.auth_hash)
    except UserInactive:
        store.end_by_id({session.pk}, EndReason.USER_INACTIVE)
        raise
    except PasswordChanged:
        # Around signals, by ``QuerySet.update()`` or SQL.
        store.end_by_id({session.pk}, EndReason.PASSWORD_CHANGED)
        raise
    if auth_hash != session.auth_hash:
        store.change_auth_hash(session, auth_hash)
    session.user = user  # type: ignore[assignment]
    return Login(claims, session, store.present(session, claims.gen))

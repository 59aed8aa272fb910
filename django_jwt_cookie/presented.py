"""The cookie that a request brought, and the login that it stands for."""

import logging
import time
import uuid
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import Error
from django.http import HttpRequest

from . import revocations, token_users
from .asking import let_in, may_be_believed
from .claims import Claims
from .conf import get_settings
from .cookies import get_cookie_spec
from .exceptions import (
    KeysUnavailable,
    SessionError,
    SessionExpired,
    SessionRevoked,
    TokenError,
    TokenExpired,
    TokenInvalid,
    TokenReused,
)
from .keys import get_key_ring
from .models import LoginSession
from .renewal import Verdict, is_half_over, is_over, judge, moment
from .sessions import in_transaction
from .store import get_store
from .tokens import decode

logger = logging.getLogger("django.security.jwt_cookie")


@dataclass(frozen=True)
class Login:
    """A login that goes on: what its token says, its user and its record."""

    claims: Claims
    user: AbstractBaseUser = field(repr=False)
    session: LoginSession | None
    """None where the token was taken at its word (``USER_SOURCE = "token"``)."""

    verdict: Verdict
    """What it means that the token is of this generation."""

    @property
    def is_half_over(self) -> bool:
        """Whether it is time for the next generation.

        By the record, where it was asked for: a program that has a token of the same generation
        made every minute must not keep off the next one, and so the discovery of a copy.
        """
        since = self.claims.iat
        if self.session is not None:
            since = int(self.session.rotated_at.timestamp())
        return is_half_over(since)

    @property
    def record(self) -> LoginSession:
        """The record, where it was asked for before."""
        assert self.session is not None
        return self.session


class PresentedCookie:
    """Verifies the cookie of a request when first asked, and finds its login when first asked."""

    stolen: frozenset[uuid.UUID] = frozenset()
    """The logins of which a copy turned out to be about."""

    refusal: str | None = None
    """Why the cookie is not taken, as a code, as far as that is known by now."""

    _verified: list[Claims] | None = None
    _login: Login | None = None
    _is_looked_up = False
    _read_at = 0.0

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    def is_refused_just_now(self, seconds: int) -> bool:
        """Tell whether the browser is to forget the cookie.

        Not if it was read more than ``seconds`` ago: a login made meanwhile would be forgotten. Nor
        on a site that only verifies: it is the cookie of the one that issues.
        """
        if self.refusal is None or not get_key_ring().can_sign:
            return False
        return time.time() - self._read_at <= seconds

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
                    # Expired, its login may go on: but only where it was issued.
                    claims = decode(token, allow_expired=get_key_ring().can_sign)
                except TokenError as error:
                    refusals.append(error.code)
                except KeysUnavailable:
                    # Anonymous now, and logged in again as soon as the key is there.
                    may_be_good = True
                else:
                    self._verified.append(claims)
            if len(self._verified) > 1:
                self._verified.sort(key=lambda claims: claims.iat, reverse=True)
            if refusals and not self._verified and not may_be_good:
                # A forged cookie beside a genuine one, planted by a sibling domain, must not have
                # the genuine one deleted.
                is_over = TokenExpired.code in refusals  # Of several, the one that can be cured.
                self.refusal = TokenExpired.code if is_over else refusals[0]
        return self._verified

    def has_to_ask(self) -> bool:
        """Tell whether `login` has to ask somebody, for which asynchronous code needs a thread."""
        if not self.verified():
            return False
        settings, newest = get_settings(), self.verified()[0]
        if settings.user_source == "database" or settings.revocation_cache is not None:
            return True
        return get_key_ring().can_sign and (is_over(newest) or not get_store().knows(newest))

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
                return self._find(claims)
            except (SessionError, TokenInvalid) as error:
                refusals.append(error.code)
        if refusals:
            self.refusal = refusals[0]
        return None

    def _find(self, claims: Claims) -> Login | None:
        """Return the login of ``claims``; None if nobody can tell at the moment.

        Raises `SessionError`, or `TokenInvalid`.
        """
        if get_key_ring().can_sign and (
            get_settings().user_source == "database" or is_over(claims)
        ):
            return self.ask_for(claims)
        user = token_users.from_claims(claims)
        try:
            if may_be_believed(claims):
                return Login(claims, user, None, Verdict.CURRENT)
            return self.ask_for(claims)
        except (Error, revocations.Unreachable) as error:
            if isinstance(error, Error) and in_transaction():
                raise
            # Not an error of the page, which may not need a user. The cookie may be good: kept.
            logger.exception("Nobody can be asked about a login: the request is anonymous.")
            return None

    @property
    def _came_at(self) -> datetime:
        return moment(self._read_at)

    def ask_again(self, login: Login) -> Login | None:
        """Return ``login``, which was found before, as it is now; else as `_find`.

        Asking presents no token: what this very request has renewed, the browser has not got yet,
        and if the response is lost, it comes with the old one again. On a site that only verifies,
        a token is good until it is over. Raises `SessionError`.
        """
        if get_key_ring().can_sign:
            session = get_store().look_up(login.claims)
            user = let_in(session, login.claims.sub)
            verdict = judge(session, login.claims.gen, self._came_at)
            return replace(login, session=session, user=user, verdict=verdict)
        if is_over(login.claims):
            raise SessionExpired("the token is over, and the login is not kept here")
        return self._find(login.claims)

    def ask_for(self, claims: Claims) -> Login:
        """Return the login of ``claims`` as the database has it. Raises `SessionError`."""
        if not get_key_ring().can_sign:
            raise SessionRevoked("ended where it was issued")
        try:
            return _accept(claims, self._came_at)
        except TokenReused:
            self.stolen |= {claims.sid}
            raise


def _accept(claims: Claims, came_at: datetime) -> Login:
    """Return the login of ``claims``, which came at that time. Raises `SessionError`."""
    store = get_store()
    session = store.look_up(claims)
    user = let_in(session, claims.sub)
    return Login(claims, user, session, store.present(session, claims.gen, came_at))

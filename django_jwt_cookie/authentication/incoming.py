"""The cookie that a request brought, and the login that it stands for. Nothing is written here."""

import logging
import time
from dataclasses import dataclass, field, replace

from django.contrib.auth.models import AbstractBaseUser
from django.db import Error, router, transaction
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from .. import users
from ..conf import find_audience, get_settings, may_mix_tenants
from ..cookies import MAX_DUPLICATES, get_cookie_spec
from ..exceptions import (
    JWTCookieError,
    KeysUnavailable,
    PasswordChanged,
    SessionError,
    SessionExpired,
    SessionRevoked,
    TokenElsewhere,
    TokenError,
    TokenExpired,
    TokenInvalid,
    TokenReused,
    UserInactive,
)
from ..keys import get_key_ring
from ..models import LoginSession
from ..sessions import EndReason, get_store, revocation_cache
from ..sessions.revocation_cache import Standing
from ..sessions.rotation import Verdict, is_half_over, is_over
from ..tokens import Claims, decode
from ..users.from_token import from_claims

logger = logging.getLogger("django.security.jwt_cookie")

SLOW = 5
"""Seconds after which the browser may have got another cookie from another response."""

HANDLED = frozenset({EndReason.LOGOUT, EndReason.REPLACED, EndReason.PASSWORD_CHANGED})
"""What ends a login in its own browser, which has got another cookie by then, or none."""


@dataclass(frozen=True)
class Login:
    """A login that goes on: what its token says, its user and its record."""

    claims: Claims
    user: AbstractBaseUser = field(repr=False)
    session: LoginSession | None
    """None where the token was believed (``USER_SOURCE = "token"``)."""

    verdict: Verdict = Verdict.CURRENT
    """What it means that the token is of this generation."""

    auth_hash: str = field(default="", repr=False)
    """The session auth hash of the user by the ``SECRET_KEY`` of now, where there is a record."""

    @property
    def record(self) -> LoginSession:
        """The record, where it was asked for before."""
        assert self.session is not None
        return self.session


class IncomingCookie:
    """Verifies the cookie of a request when first asked, and finds its login when first asked."""

    refusal: str | None = None
    """Why the cookie is not taken, as a code, as far as that is known by now."""

    is_useless = False
    """Whether the cookie is known to be of no use any more, for the browser to delete it."""

    _claims: list[Claims] | None = None

    def __init__(self, request: HttpRequest, came_at: float) -> None:
        """``came_at`` is when the request came, in seconds since 1970."""
        self._request = request
        self.came_at = came_at
        self.to_end: list[tuple[LoginSession, EndReason]] = []
        """The logins whose user may not go on, for the response to end."""

    @property
    def was_read(self) -> bool:
        """Whether the response depends on the cookie."""
        return self._claims is not None

    @property
    def came(self) -> bool:
        """Whether a cookie of our name has come, genuine or not."""
        return bool(self.claims()) or self.refusal is not None

    @property
    def is_slow(self) -> bool:
        """Whether the request came so long ago that the browser may have a newer cookie."""
        return time.time() - self.came_at > SLOW

    def claims(self) -> list[Claims]:
        """Return what the genuine tokens say, the newest first; no database.

        An expired token is genuine too: its login may go on.
        """
        if self._claims is None:
            self._claims, refusals = [], []
            can_sign, may_be_good, is_tenants = get_key_ring().can_sign, False, False
            for token in get_cookie_spec(self._request).read(self._request):
                try:
                    # Expired, its login may go on: but only where it was issued.
                    claims = decode(token, self._request, allow_expired=can_sign)
                except TokenError as error:
                    refusals.append(error.code)
                    is_tenants |= isinstance(error, TokenElsewhere)
                except KeysUnavailable:
                    # Anonymous now, and logged in again as soon as the key is there.
                    may_be_good = True
                else:
                    self._claims.append(claims)
            self._claims.sort(key=lambda claims: claims.iat, reverse=True)
            if refusals and not self._claims and not may_be_good:
                # A forged cookie beside a genuine one, planted by a sibling domain, must not have
                # the genuine one deleted.
                is_expired = TokenExpired.code in refusals  # Of several, the one that can be cured.
                self.refusal = TokenExpired.code if is_expired else refusals[0]
                # On a site that only verifies, it is the cookie of the one that issues; and with a
                # cookie for all of a domain, that of another tenant is good there.
                is_tenants = is_tenants and get_settings().derive(find_audience) is not None
                self.is_useless = can_sign and not is_tenants and len(refusals) < MAX_DUPLICATES
        return self._claims

    def has_to_ask(self) -> bool:
        """Tell whether `login` has to ask somebody, for which asynchronous code needs a thread."""
        if not self.claims():
            return False
        return get_settings().revocation_cache is not None or self._asks_record(self.claims()[0])

    def login(self) -> Login | None:
        """Return the login of the newest token whose login goes on."""
        refusals: list[JWTCookieError] = []
        for claims in self.claims():
            try:
                return self._find(claims)
            except (SessionError, TokenInvalid) as error:
                refusals.append(error)
        if refusals:
            self.refusal = getattr(refusals[0], "code", None)
            self.is_useless = get_key_ring().can_sign and all(map(_is_final, refusals))
        return None

    def _asks_record(self, claims: Claims) -> bool:
        """Tell whether the record has to be asked, whatever the token says.

        That is so for the first token of a generation, so that a theft is noticed.
        """
        settings = get_settings()
        if not get_key_ring().can_sign:
            return False
        if settings.user_source == "database" or claims.new:
            return True
        is_foreign = (claims.stateless is None) is not settings.track_sessions
        if is_foreign or settings.derive(may_mix_tenants):
            return True
        return is_half_over(claims, self.came_at)

    def _find(self, claims: Claims) -> Login | None:
        """Return the login of ``claims``; None if nobody can tell at the moment.

        Raises `SessionError`, or `TokenInvalid`.
        """
        if get_settings().user_source == "database":
            return self.ask(claims)
        user = from_claims(claims)
        try:
            if not self._asks_record(claims) and _may_be_believed(claims):
                return Login(claims, user, None)
            return self.ask(claims)
        except (Error, revocation_cache.Unreachable) as error:
            if isinstance(error, Error) and in_transaction():
                raise  # It may be broken, and the database there.
            logger.exception("Nobody can be asked about a login.")
            # What the site has chosen: a token is good until it is over. And no error of the page,
            # which may not need a user. The cookie may be good: it is kept.
            is_good = isinstance(error, Error) and self._is_good_by_itself(claims)
            return Login(claims, user, None) if is_good else None

    def _is_good_by_itself(self, claims: Claims) -> bool:
        """Tell whether a token is believed while its record can't be asked."""
        if is_over(claims, self.came_at) or get_settings().derive(may_mix_tenants):
            return False
        return _may_be_believed(claims)

    def ask(self, claims: Claims) -> Login:
        """Return the login of ``claims`` as the database has it. Raises `SessionError`."""
        session, user, auth_hash = self._let_in(claims)
        try:
            verdict = get_store().receive(session, claims, self.came_at)
        except TokenReused:
            if get_settings().on_reuse == "revoke":
                # What has been written just now may be rolled back with the view's.
                self.to_end.append((session, EndReason.TOKEN_REUSED))
            raise
        return Login(claims, user, session, verdict, auth_hash)

    def ask_again(self, login: Login) -> Login | None:
        """Return ``login``, which was found before, as it is now; else as `login`.

        Asking presents no token: what this very request is to renew, the browser has not got yet.
        On a site that only verifies, a token is good until it is over. Raises `SessionError`.
        """
        if not get_key_ring().can_sign:
            if is_over(login.claims, time.time()):
                raise SessionExpired("the token is over, and the login is not kept here")
            return self._find(login.claims)
        session, user, auth_hash = self._let_in(login.claims)
        return replace(login, session=session, user=user, auth_hash=auth_hash)

    def refuse(self, error: SessionError) -> None:
        """Take note that the login of a token that was believed does not go on."""
        self.refusal = error.code
        self.is_useless = len(self.claims()) == 1 and _is_final(error)

    def others(self, login: Login | None) -> list[Login]:
        """Return the logins of all genuine tokens of this browser, but for ``login``."""
        found = []
        for claims in self.claims():
            if login is None or claims.sid != login.claims.sid:
                try:
                    found.append(self.ask(claims))
                except SessionError:
                    continue  # Refused, used up or over: that ends nobody's login.
        return found

    def _let_in(self, claims: Claims) -> tuple[LoginSession, AbstractBaseUser, str]:
        session = get_store().look_up(claims)
        try:
            user, auth_hash = let_in(session, claims.sub)
        except UserInactive:
            self.to_end.append((session, EndReason.USER_INACTIVE))
            raise
        except PasswordChanged:
            # Around signals, by ``QuerySet.update()`` or SQL.
            self.to_end.append((session, EndReason.PASSWORD_CHANGED))
            raise
        return session, user, auth_hash


def let_in(session: LoginSession, sub: str) -> tuple[AbstractBaseUser, str]:
    """Return the user of ``session``, and the auth hash of now, if the user may go on.

    ``sub`` is whose login it is said to be. Raises `SessionError`.
    """
    fetched = session.user
    if users.subject(fetched) != sub:
        raise SessionRevoked("the record is of another user")
    user = users.load(session)
    auth_hash = users.current_auth_hash(user, session.auth_hash)
    if user is not fetched:
        session.user = user  # type: ignore[assignment]
    return user, auth_hash


def check(claims: Claims) -> None:
    """Ask whether the login of ``claims`` goes on. Raises `SessionError` or `TokenExpired` if not.

    For what a request has begun and outlives it, such as a WebSocket. Asking presents no token: the
    browser has a newer one by now, and whoever asks is no thief with the old one.
    """
    if get_key_ring().can_sign:
        let_in(get_store().look_up(claims), claims.sub)
    elif claims.exp <= time.time() - get_settings().leeway_seconds:
        raise TokenExpired("past its exp")
    elif revocation_cache.ask(claims) is Standing.ENDED:
        raise SessionRevoked("ended where it was issued")


def in_transaction() -> bool:
    """Tell whether a database is asked in a transaction."""
    return bool(transaction.get_connection(router.db_for_write(LoginSession)).in_atomic_block)


@sensitive_variables()
def _may_be_believed(claims: Claims) -> bool:
    """Tell whether a token need not have its record asked. Raises `Unreachable`."""
    can_sign = get_key_ring().can_sign
    try:
        standing = revocation_cache.ask(claims)
    except revocation_cache.Unreachable:
        if not can_sign:
            raise
        return False
    if standing is Standing.ENDED and not can_sign:
        raise SessionRevoked("ended where it was issued")
    return standing is Standing.CLEAR or not can_sign


def _is_final(error: JWTCookieError) -> bool:
    """Tell whether what was refused will never be good again, and this browser has nothing newer.

    A clock may be wrong, and a directory away: what may be good tomorrow is kept.
    """
    if isinstance(error, SessionRevoked):
        return not isinstance(error, PasswordChanged) and error.ended_because not in HANDLED
    return isinstance(error, TokenInvalid | TokenReused | UserInactive)

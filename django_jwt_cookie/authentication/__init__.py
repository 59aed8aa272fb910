"""How a login begins and ends: `login` and `logout`, and which request they are about."""

from contextvars import ContextVar
from uuid import UUID

from asgiref.sync import sync_to_async
from django.contrib import auth
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest
from django.utils.translation import gettext as _

from ..users.from_token import is_from_claims
from .beginning import refuse_where_none_begins
from .incoming import IncomingCookie, Login, check, let_in
from .outgoing import warn_of_plain_http
from .request import RequestJWT
from .settling import end_logins_of_changed, needs_settling, settle, write

__all__ = [
    "IncomingCookie",
    "Login",
    "RequestJWT",
    "alogin",
    "alogout",
    "anote_reauthentication",
    "check",
    "confirm_served",
    "get_jwt",
    "let_in",
    "login",
    "logout",
    "needs_settling",
    "note_change_of",
    "note_end",
    "note_reauthentication",
    "refuse_where_none_begins",
    "served",
    "settle",
    "warn_of_plain_http",
    "write",
]

served: ContextVar[RequestJWT | None] = ContextVar("django_jwt_cookie.served", default=None)
"""Whose request is being served, for code that is not told."""


def confirm_served(user: AbstractBaseUser) -> None:
    """Ask whether the login of ``user`` that is being served goes on, before its password changes.

    After that it could not be told any more, and ``update_session_auth_hash()`` would not find a
    login to go on with. Raises ``PermissionDenied`` if it does not, and it is the user of the token
    who is saved: nobody sets a password with a login that somebody has ended.
    """
    jwt = served.get()
    if jwt is None or not jwt.is_of(user):
        return
    is_unexpected = is_from_claims(user) and not jwt.has_ended_itself
    if not jwt.confirm() and is_unexpected:
        raise PermissionDenied(_("This login was ended."))


def note_change_of(user: AbstractBaseUser) -> None:
    """End what a new password, or a deactivation, of ``user`` has put an end to.

    While a request is served, with its answer: what its view does may be rolled back.
    """
    jwt = served.get()
    if jwt is None or jwt.is_settled:
        end_logins_of_changed(user)
    else:
        jwt.changed_users.append(user)


def note_end(session_id: UUID) -> None:
    """Note if the request that is being served has ended its own login."""
    jwt = served.get()
    if jwt is not None and "incoming" in vars(jwt):
        jwt.has_ended_itself |= any(each.sid == session_id for each in jwt.incoming.claims())


def get_jwt(request: HttpRequest) -> RequestJWT:
    """Return ``request.jwt``; raises ``ImproperlyConfigured`` without the middleware."""
    jwt = getattr(request, "jwt", None)
    if not isinstance(jwt, RequestJWT):
        raise ImproperlyConfigured(
            "This request has no `jwt`. In MIDDLEWARE, put "
            "'django_jwt_cookie.middleware.JWTCookieMiddleware' in the place of "
            "'django.contrib.auth.middleware.AuthenticationMiddleware'."
        )
    return jwt


def login(
    request: HttpRequest,
    user: AbstractBaseUser,
    backend: str | None = None,
    remember: bool = True,
) -> None:
    """Log ``user`` in: a new token and its record, with the answer of this request.

    Like ``django.contrib.auth.login()``, which works as well; this one does without sessions and
    knows "remember me". ``backend`` is a dotted path, needed if there are several and the user does
    not come from ``authenticate()``. Without ``remember`` the cookie ends with the browser.

    Raises `TokenTooLarge` if the site's own claims make the cookie too large for a browser; then
    nobody is logged in by it.
    """
    jwt = get_jwt(request)
    before = jwt.resolve()
    with jwt.lend_session():
        # Cycles the session, or flushes it if it is somebody else's: nobody plants a session.
        auth.login(jwt.request, user, backend)  # type: ignore[arg-type]
        if jwt.is_out_of_place and not remember:
            jwt.request.session.set_expiry(0)
    try:
        jwt.begin_now(remember=remember)
    except BaseException:
        jwt.take_back(before)
        raise
    if request is not jwt.request:
        request.user = user  # type: ignore[assignment]


def logout(request: HttpRequest) -> None:
    """End the login of this request, on the server and in the browser, with its answer.

    ``django.contrib.auth.logout()`` works as well; this one does without sessions.
    """
    jwt = get_jwt(request)
    with jwt.lend_session():
        auth.logout(jwt.request)
    jwt.remember_user(AnonymousUser())  # Of Django 5.2, `request.auser()` would go on to answer.
    if request is not jwt.request:
        request.user = AnonymousUser()


def note_reauthentication(request: HttpRequest) -> None:
    """Take note that the user of this login has just given the password again.

    Or another proof, such as a passkey, on a page of the site's own: `recent_login_required` is
    content then. The login goes on; a copy of its cookie from before does not count as recent.
    Raises `SessionRevoked` if there is no login.
    """
    get_jwt(request).note_reauthentication()


alogin = sync_to_async(login, thread_sensitive=True)
alogout = sync_to_async(logout, thread_sensitive=True)
anote_reauthentication = sync_to_async(note_reauthentication, thread_sensitive=True)

"""What one request knows of its login, and how a login begins and ends.

`RequestJWT` is ``request.jwt``. Reading the cookie, verifying its tokens and writing the cookie
need no database and run wherever the request runs; `RequestJWT.resolve` and `RequestJWT.settle`
may query, and run in a thread when the request is asynchronous.
"""

import logging
import time
import uuid
from typing import TypeAlias

from asgiref.sync import sync_to_async
from django.contrib import auth
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.crypto import constant_time_compare

from . import adoption, sessions, users
from .conf import get_settings
from .cookies import get_cookie_spec
from .exceptions import SessionRevoked, TokenTooLarge
from .issuing import is_half_over, issue, max_age
from .models import LoginSession
from .presented import Login, PresentedCookie
from .tokens import Claims

User: TypeAlias = AbstractBaseUser | AnonymousUser

logger = logging.getLogger("django.security.jwt_cookie")

SERVER_ERROR = 500
"""From here on Django saves no session: what the view began is not to count."""


class RequestJWT:
    """The login of one request: ``request.jwt``.

    Nothing is read before somebody asks for the user. A request that nobody asks about costs no
    verification and no query, and its response may be cached for everybody.
    """

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._cookie = PresentedCookie(request)
        self._user: User | None = None
        self._login: Login | None = None
        self._auth_time = 0
        self._started: set[uuid.UUID] = set()
        self._outgoing: str | None = None
        self._forget = False

    # --- For views. Like `request.user`, each of these asks the database when first touched;
    #     asynchronous code awaits `request.auser()` before.

    @property
    def claims(self) -> Claims | None:
        """What the token of this login says; none for an anonymous request.

        None also during the one request that moves a login out of the Django session.
        """
        self.resolve()
        return self._login.claims if self._login else None

    @property
    def login_session(self) -> LoginSession | None:
        """The record of this login."""
        self.resolve()
        return self._login.session if self._login else None

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
        """Return the same as `reason`, as far as it is known by now; asks nobody."""
        return None if self._outgoing or self._forget else self._cookie.refusal

    # --- Reading

    def resolve(self) -> User:
        """Return the user, asked for once per request."""
        if self._user is None:
            user: User = AnonymousUser()
            # A login in the Django session is the newer statement: somebody called Django's login()
            # after the cookie was set, or it would have been moved into the cookie by now.
            if self._may_adopt():
                user = auth.get_user(self._request)
            if isinstance(user, AbstractBaseUser):
                self._clear_session_unless_of(user)
            elif login := self._cookie.login():
                self._login, user = login, login.session.user
            else:
                self._clear_session_of_ended_login()
            self._user = user
        return self._user

    async def aresolve(self) -> User:
        """Return the user; with neither a session nor a genuine token nobody needs a thread."""
        if self._user is None and (self._may_adopt() or self._cookie.verified()):
            return await sync_to_async(self.resolve, thread_sensitive=True)()
        return self.resolve()

    def _may_adopt(self) -> bool:
        session = adoption.get_session(self._request)
        return get_settings().adopt_django_logins and adoption.may_hold_login(session)

    # --- Settling: what may have to ask or tell the database before the response goes out

    def needs_settling(self, response: HttpResponseBase) -> bool:
        """Tell whether `settle` has anything to do; no database."""
        if response.status_code >= SERVER_ERROR:
            return False
        session = adoption.get_session(self._request)
        return self._is_due(response) or (
            get_settings().adopt_django_logins
            and (adoption.find_login(session) or adoption.find_new_hash(session)) is not None
        )

    def settle(self, response: HttpResponseBase | None = None) -> None:
        """Bring the cookie up to date: take over what other code left in the session, or renew."""
        if get_settings().adopt_django_logins:
            self.adopt()
        if self._is_due(response):
            try:
                self.renew()
            except TokenTooLarge:
                # Roles that grew since the login. Raised here it would lock the visitor out.
                logger.exception("A login token could not be renewed.")

    def adopt(self, *, persistent: bool | None = None) -> None:
        """Move a login, or a changed password, out of the Django session into the cookie.

        ``persistent`` is "remember me"; by default it is what the session says.
        """
        session = adoption.get_session(self._request)
        if session is None:
            return
        if found := adoption.find_login(session):
            if user := self._user_of(found):
                self._take_over(user, found, found.persistent if persistent is None else persistent)
                adoption.clear_login(session)
        elif auth_hash := adoption.find_new_hash(session):
            self._go_on_with(auth_hash)
            adoption.clear_login(session)

    def renew(self) -> None:
        """Issue a new token for the same login. Raises `SessionRevoked` if there is none."""
        if self._login is None:
            raise SessionRevoked("there is no login to renew a token of")
        self._issue(self._login.session, auth_time=self._login.claims.auth_time)

    def end(self) -> None:
        """End this login and forget its cookie."""
        ids = self._session_ids()
        sessions.end_by_id(ids, sessions.EndReason.LOGOUT)
        self._user, self._login = AnonymousUser(), None
        self._outgoing, self._forget = None, True

    def logged_in(self, user: AbstractBaseUser) -> None:
        """Take note that ``user`` has just given a password, or whatever the backend asks for.

        With the login in the cookie, Django's ``login()`` no longer sees that the rest of the
        session is somebody else's. On a shared computer the next visitor would get it.
        """
        session = adoption.get_session(self._request)
        if session is not None and not self._may_keep(session, user):
            adoption.keep_only_login(session)
        self._user, self._login = user, None
        self._auth_time = int(time.time())

    def _user_of(self, found: adoption.DjangoLogin) -> AbstractBaseUser | None:
        """Return whose login is in the Django session, by Django's own checks."""
        user = self._user
        if not isinstance(user, AbstractBaseUser) or users.subject(user) != found.user_id:
            user = auth.get_user(self._request)
        return user if isinstance(user, AbstractBaseUser) else None

    def _take_over(
        self, user: AbstractBaseUser, found: adoption.DjangoLogin, persistent: bool
    ) -> None:
        """Begin a login in place of the one in the Django session, and of this browser's others."""
        replaced = self._session_ids()
        self._clear_session_unless_of(user)
        login_session = sessions.prepare(
            user,
            backend=found.backend,
            # The session's hash, not the user's of now: a password that was set without
            # update_session_auth_hash() ends this login, as it would have in the session.
            auth_hash=found.auth_hash,
            persistent=persistent,
            at_most=found.at_most,
            user_agent=self._request.headers.get("User-Agent", ""),
            ip_address=self._request.META.get("REMOTE_ADDR"),
        )
        self._issue(login_session, auth_time=self._auth_time)
        sessions.start(login_session)
        self._started.add(login_session.pk)
        self._user, self._forget = user, False
        sessions.end_by_id(replaced, sessions.EndReason.REPLACED)

    def _go_on_with(self, auth_hash: str) -> None:
        """Do what ``update_session_auth_hash()`` asks for: this login goes on, all others end."""
        login_session = self.login_session
        if login_session is None:
            return
        user = users.load(sessions.find(login_session.pk))
        # The hash may be of another user, one that was not authenticated by the cookie.
        if constant_time_compare(user.get_session_auth_hash(), auth_hash):
            sessions.change_auth_hash(login_session, auth_hash)
            sessions.end_others(login_session, sessions.EndReason.PASSWORD_CHANGED)

    def _session_ids(self) -> set[uuid.UUID]:
        """Name every login that this browser has a genuine token of, or was about to get."""
        return {claims.sid for claims in self._cookie.verified()} | self._started

    def _is_due(self, response: HttpResponseBase | None) -> bool:
        """Tell whether it is time for a new token, and this response may bring it."""
        if self._login is None or not is_half_over(self._login.claims):
            return False
        return response is None or "public" not in response.headers.get("Cache-Control", "")

    def _issue(self, login_session: LoginSession, *, auth_time: int) -> None:
        claims, token = issue(login_session, auth_time=auth_time, request=self._request)
        self._login, self._outgoing = Login(claims, login_session), token

    # --- What else is in the Django session, and whose it is

    def _may_keep(self, session: SessionBase, user: AbstractBaseUser) -> bool:
        """Tell whether what else is in ``session`` is anonymous, or of a login of ``user``."""
        if adoption.get_owner(session) is None and not self._cookie.verified():
            return True
        login = self._cookie.login()
        return login is not None and login.session.user == user

    def _clear_session_unless_of(self, user: AbstractBaseUser) -> None:
        """Keep from ``user`` what somebody else has left in the session.

        For logins by code that has no ``request.jwt``, and so was not noticed by `logged_in`.
        """
        session = adoption.get_session(self._request)
        if session is not None and adoption.get_owner(session) not in (None, users.subject(user)):
            adoption.keep_only_login(session)

    def _clear_session_of_ended_login(self) -> None:
        """Let what a login has left in the session end with it, as Django's ``get_user()`` does.

        Whoever ends a login from afar wants nothing of it to be seen any more.
        """
        session = adoption.get_session(self._request)
        if session is None or not adoption.may_hold_login(session):
            return
        if adoption.get_owner(session) in {claims.sub for claims in self._cookie.verified()}:
            session.flush()

    def _sign_session(self) -> None:
        """Write into a changed session whose it is, for `_may_keep` to find."""
        session = adoption.get_session(self._request)
        if session is None or not session.modified:
            return
        if self._login is not None:
            adoption.set_owner(session, self._login.claims.sub)
        elif self._user is None and self._cookie.verified():
            adoption.set_owner(session, self._cookie.verified()[0].sub)

    # --- Writing

    def write(self, response: HttpResponseBase) -> None:
        """Set or delete the cookie, if there is cause to; no database."""
        self._sign_session()
        if self._cookie.was_read:
            patch_vary_headers(response, ("Cookie",))
        spec = get_cookie_spec()
        if spec.name in response.cookies:
            return  # The view has seen to it.
        counts = response.status_code < SERVER_ERROR
        if counts and self._outgoing is not None and self._login is not None:
            self._warn_if_dropped(secure=spec.secure)
            spec.set(response, self._outgoing, max_age(self._login.session))
        elif self._forget or self._cookie.refusal is not None:
            spec.delete(response)

    def _warn_if_dropped(self, *, secure: bool) -> None:
        if secure and not self._request.is_secure():
            logger.warning(
                "The login cookie is Secure and this request came over plain http: the browser "
                "drops the cookie and the login seems to do nothing. Behind a proxy that ends "
                "https, set SECURE_PROXY_SSL_HEADER; on your own machine, set DEBUG = True or "
                "JWT_COOKIE = {'COOKIE_SECURE': False}."
            )


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
    """Log ``user`` in: a new record, a new token, and the cookie of this response.

    Like ``django.contrib.auth.login()``, which works as well; this one does without sessions and
    knows "remember me". ``backend`` is a dotted path, needed if there are several and the user does
    not come from ``authenticate()``. Without ``remember`` the cookie ends with the browser.

    Raises `TokenTooLarge` if the site's own claims make the cookie too large for a browser.
    """
    jwt = get_jwt(request)
    with adoption.lend_session(request):
        # Cycles the session, or flushes it if it is somebody else's: nobody plants a session.
        auth.login(request, user, backend)  # type: ignore[arg-type]
        jwt.adopt(persistent=remember)


def logout(request: HttpRequest) -> None:
    """End the login of this request, on the server and in the browser.

    ``django.contrib.auth.logout()`` works as well; this one does without sessions.
    """
    get_jwt(request)
    with adoption.lend_session(request):
        auth.logout(request)


alogin = sync_to_async(login, thread_sensitive=True)
alogout = sync_to_async(logout, thread_sensitive=True)

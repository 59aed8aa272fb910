"""What else is in the Django session, and whose it is.

With the login in the cookie, the session does not end with it, and Django's ``login()`` no longer
sees whose the session is. On a shared computer the next visitor would get a stranger's cart. So a
session that somebody logged in has written into carries its owner's key, and nobody else gets it.
"""

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from . import adoption, users
from .cookies import get_cookie_spec
from .exceptions import TokenExpired
from .presented import Login, PresentedCookie


class SessionData:
    """The Django session of a request, apart from any login in it."""

    def __init__(self, request: HttpRequest, cookie: PresentedCookie) -> None:
        self._request = request
        self._cookie = cookie

    def clear_unless_of(self, user: AbstractBaseUser | AnonymousUser) -> None:
        """Let go of what belongs to somebody else than ``user``; there is a session."""
        session = adoption.get_session(self._request)
        assert session is not None
        owner = adoption.get_owner(session)
        if owner is None:
            return
        if isinstance(user, AbstractBaseUser):
            if owner != users.subject(user):
                adoption.keep_only_login(session)
        elif self._has_left(owner):
            session.flush()

    def clear_before_login_of(
        self, user: AbstractBaseUser, session: SessionBase, login: Login | None
    ) -> None:
        """Let ``user`` have what is anonymous, or of a login of the same user that goes on.

        ``login`` is the one so far, if this request has come from any.
        """
        is_anonymous = (
            login is None and adoption.get_owner(session) is None and not self._cookie.verified()
        )
        if not is_anonymous and (login is None or login.user != user):
            adoption.keep_only_login(session)

    def needs_signing(self, owner: str | None) -> bool:
        """Tell whether ``owner``, logged in, has changed a session that does not say so yet."""
        session = adoption.get_session(self._request)
        if session is None or owner is None or not session.modified:
            return False
        return not session.accessed or adoption.lacks_owner(session, owner)

    def sign(self, owner: str) -> None:
        """Write into the session whose it is from now on.

        A session from before the login gets a new key: whoever planted it must not read on.
        """
        session = adoption.get_session(self._request)
        if session is None or not adoption.lacks_owner(session, owner):
            return
        if session.session_key is not None:
            session.cycle_key()
        adoption.set_owner(session, owner)

    def _has_left(self, owner: str) -> bool:
        """Tell whether the login of ``owner`` is over in this browser.

        Surely if a cookie came and was refused, its own or another in its place. If none came, only
        where both cookies travel with the same requests: a ``SameSite=Strict`` one, for example,
        stays behind on the first.
        """
        if self._cookie.verified():
            return self._cookie.refusal is not None  # Otherwise nobody could be asked.
        if self._cookie.refusal == TokenExpired.code:
            return False  # On a site that only verifies: to be renewed where it was issued.
        spec = get_cookie_spec()
        return (spec.samesite, spec.path, spec.domain) == (
            settings.SESSION_COOKIE_SAMESITE,
            settings.SESSION_COOKIE_PATH,
            settings.SESSION_COOKIE_DOMAIN,
        )


def was_ended_meanwhile(session: SessionBase) -> bool:
    """Tell whether another request has ended the session that this one has loaded."""
    key = session.session_key
    return key is not None and not adoption.is_in_cookie(session) and not session.exists(key)

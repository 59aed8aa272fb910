"""Logins that other code puts into the Django session, and what stays there once they are moved.

Django's ``login()`` leaves three keys in the session. They are found, taken and cleared here; what
they mean for the cookie is decided in `django_jwt_cookie.authentication`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.http import HttpRequest

LOGIN_KEYS = (SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY)
"""Where ``django.contrib.auth.login()`` leaves a login."""

OWNER_KEY = "_jwt_cookie_user_id"
"""Whose the rest of the session is, once the login itself is in the cookie."""

EXPIRY_KEY = "_session_expiry"
"""Where ``session.set_expiry()`` leaves its argument."""

WITHOUT_VALUE = {OWNER_KEY, EXPIRY_KEY}
"""What a session may still have in it and yet hold nothing that anybody would miss."""


@dataclass(frozen=True)
class DjangoLogin:
    """A login as Django keeps it."""

    user_id: str
    backend: str
    auth_hash: str
    persistent: bool
    at_most: timedelta | None
    """How long it is to last, if the site has said so with ``session.set_expiry()``."""


def get_session(request: HttpRequest) -> SessionBase | None:
    """Return the session of ``request``; none without ``SessionMiddleware``."""
    return getattr(request, "session", None)


class LentSession(SessionStore):
    """A session for the length of a call."""


@contextmanager
def lend_session(request: HttpRequest) -> Iterator[SessionBase]:
    """Give ``request`` a session for as long as Django's own functions need one.

    ``login()``, ``logout()`` and ``update_session_auth_hash()`` insist. A site without
    ``SessionMiddleware`` has none; where there is one that holds nothing, they would make a row for
    a moment. What is in the lent session afterwards moves into the one that was there before.
    """
    session = get_session(request)
    if session is not None and may_hold_login(session):
        yield session
        return
    lent = request.session = LentSession()
    try:
        yield lent
    finally:
        if session is None:
            del request.session
        else:
            request.session = session
            if not lent.is_empty():
                session.update(dict(lent.items()))


def may_hold_login(session: SessionBase | None) -> bool:
    """Tell, without loading it, whether ``session`` could hold anything at all."""
    return session is not None and bool(session.accessed or session.session_key)


def was_touched(request: HttpRequest) -> bool:
    """Tell whether somebody has looked into the session during this request, or marked it."""
    session = get_session(request)
    return session is not None and bool(session.accessed or session.modified)


def find_login(session: SessionBase | None) -> DjangoLogin | None:
    """Return the login in ``session``, if somebody has looked into it during this request."""
    if session is None or not session.accessed or SESSION_KEY not in session:
        return None
    persistent = not session.get_expire_at_browser_close()
    has_expiry = persistent and EXPIRY_KEY in session
    return DjangoLogin(
        user_id=session[SESSION_KEY],
        backend=session.get(BACKEND_SESSION_KEY, ""),
        auth_hash=session.get(HASH_SESSION_KEY, ""),
        persistent=persistent,
        at_most=timedelta(seconds=session.get_expiry_age()) if has_expiry else None,
    )


def find_new_hash(session: SessionBase | None) -> str | None:
    """Return what ``update_session_auth_hash()`` leaves behind where there is no login."""
    if session is None or not session.accessed or SESSION_KEY in session:
        return None
    auth_hash: str | None = session.get(HASH_SESSION_KEY)
    return auth_hash


def clear_login(session: SessionBase) -> None:
    """Take the login out of ``session``, and let go of a session that held nothing else.

    Neither a cookie nor a row of it remains then.
    """
    for key in LOGIN_KEYS:
        session.pop(key, None)
    if _is_worthless(session):
        session.flush()


def keep_only_login(session: SessionBase) -> None:
    """Begin ``session`` anew, with nothing but the login that was just put there."""
    login = {key: session[key] for key in LOGIN_KEYS if key in session}
    session.flush()
    session.update(login)


def get_owner(session: SessionBase) -> str | None:
    """Return whose the rest of ``session`` is: a primary key as a string; none: anonymous."""
    owner: str | None = session.get(OWNER_KEY)
    return owner


def set_owner(session: SessionBase, user_id: str) -> None:
    """Write into ``session`` whose it is."""
    session[OWNER_KEY] = user_id


def lacks_owner(session: SessionBase, user_id: str) -> bool:
    """Tell whether ``session`` holds something, and does not say that it is of this user."""
    return not _is_worthless(session) and get_owner(session) != user_id


def is_in_cookie(session: SessionBase) -> bool:
    """Tell whether ``session`` is kept by the browser, so that there is no row of it."""
    return isinstance(session, SessionStore)


def _is_worthless(session: SessionBase) -> bool:
    return WITHOUT_VALUE.issuperset(session.keys())

"""The test runner of the changed copy of Django's tests: its test client shows the cookie's login.

Many of Django's tests ask ``client.session`` whether somebody is logged in, and some end the login
there. That is where Django keeps a login, and not what a site's visitor could notice.
"""

from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.test.client import ClientMixin

from django_jwt_cookie.cookies import get_cookie_spec
from django_jwt_cookie.exceptions import JWTCookieError
from django_jwt_cookie.sessions import EndReason, end_by_id, find
from django_jwt_cookie.tokens import decode
from tools.django_suites_runner import NotingRunner


class JWTCookieRunner(NotingRunner):
    """Django's runner, for tests that look for a login in the test client's session."""

    def setup_test_environment(self, **kwargs: Any) -> None:
        """Teach the client's ``session`` to show the login of the cookie."""
        super().setup_test_environment(**kwargs)
        djangos = vars(ClientMixin)["session"].fget

        def session(client: Any) -> Any:
            found = djangos(client)
            show_login(client, found)
            return found

        client_class: Any = ClientMixin
        client_class.session = property(session)
        client_class.asession = sync_to_async(session, thread_sensitive=True)


def show_login(client: Any, session: SessionBase) -> None:
    """Put the login of the client's cookie into ``session``, unsaved; it ends with the session.

    A login that is in the session already is newer, as it is for the middleware.
    """
    cookie = client.cookies.get(get_cookie_spec().name)
    if cookie is None or SESSION_KEY in session:
        return
    try:
        claims = decode(cookie.value, allow_expired=True)
        login = find(claims.sid)
    except JWTCookieError:
        return
    session[SESSION_KEY] = claims.sub
    session[BACKEND_SESSION_KEY] = login.backend
    session[HASH_SESSION_KEY] = login.auth_hash

    def flush() -> None:
        end_by_id({claims.sid}, EndReason.LOGOUT)
        type(session).flush(session)

    session.flush = flush  # type: ignore[method-assign]

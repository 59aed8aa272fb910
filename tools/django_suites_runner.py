"""The test runner of the changed copy of Django's tests; ``django_suites.py`` names it there.

Its test client shows the cookie's login in the session. Many of Django's tests ask
``client.session`` whether somebody is logged in, and some end the login there. That is where Django
keeps a login, and not what a site's visitor could notice.
"""

import tomllib
from pathlib import Path
from typing import Any
from unittest import TestSuite, TextTestResult

from asgiref.sync import sync_to_async
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.test.client import ClientMixin
from django.test.runner import DiscoverRunner
from django.test.utils import iter_test_cases  # type: ignore[attr-defined]

from django_jwt_cookie.cookies import get_cookie_names
from django_jwt_cookie.exceptions import JWTCookieError
from django_jwt_cookie.sessions import EndReason, get_store
from django_jwt_cookie.tokens import verify

EXPECTED = Path(__file__).with_name("django_suites_expected.toml")


class JWTCookieRunner(DiscoverRunner):
    """Django's runner; just the expected tests may fail, and these have to."""

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

    def build_suite(self, *args: Any, **kwargs: Any) -> TestSuite:
        """Remember what is to be run: unittest forgets each test that was."""
        suite = super().build_suite(*args, **kwargs)
        self.found = {test.id() for test in iter_test_cases(suite)}
        return suite

    def suite_result(self, suite: TestSuite, result: TextTestResult, **kwargs: Any) -> int:
        """Return the number of surprises."""
        complaints = [*result.errors, *result.failures]
        # A subtest counts for its test.
        failed = {getattr(test, "test_case", test).id() for test, _ in complaints}
        failed |= {test.id() for test in result.unexpectedSuccesses}
        skipped = {test.id() for test, _ in result.skipped}
        expected = tomllib.loads(EXPECTED.read_text(encoding="utf-8"))
        meant = self.found & expected.keys()
        for test in sorted(failed & meant):
            print(f"expected: {test}\n          {expected[test]}")
        surprises = [f"FAILS: {test}" for test in sorted(failed - meant)]
        surprises += [f"PASSES: {test}" for test in sorted(meant - failed - skipped)]
        if not result.testsRun:
            surprises.append("No test was run.")
        print(*surprises, sep="\n", flush=True)
        return len(surprises)


def show_login(client: Any, session: SessionBase) -> None:
    """Put the login of the client's cookie into ``session``, unsaved; it ends with the session.

    A login that is in the session already is newer, as it is for the middleware.
    """
    names = [name for name in get_cookie_names() if name in client.cookies]
    if not names or SESSION_KEY in session:
        return
    try:
        claims = verify(client.cookies[names[0]].value)
        login = get_store().look_up(claims)
    except JWTCookieError:
        return
    session[SESSION_KEY] = claims.sub
    session[BACKEND_SESSION_KEY] = login.backend
    session[HASH_SESSION_KEY] = login.auth_hash

    def flush() -> None:
        get_store().end(login, EndReason.LOGOUT)
        type(session).flush(session)

    session.flush = flush  # type: ignore[method-assign]

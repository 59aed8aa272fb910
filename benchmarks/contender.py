"""One site in this process: its handlers, its visitor, and what a request costs it."""

import asyncio
import gc
import time
from typing import Any

import django
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from .exchange import Answer, Request, asend, send
from .sites import BODIES, BY_NAME, NAME, PASSWORD, Site
from .steps import Step, expect, step
from .visitor import Visitor

TO_NOBODY = {"untouched": b"hello", "pk": b"None", "username": b""}
"""What each page answers without a login."""

WARM_UP = 20
TRANSACTIONS = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


class Contender:
    """A site that is up, with one visitor."""

    def __init__(self, name: str) -> None:
        self.site: Site = BY_NAME[name]
        django.setup()
        make_database()
        self.logins = WSGIHandler()
        settings.MIDDLEWARE = [*self.site.middleware]
        self.pages = WSGIHandler()
        self.async_pages = ASGIHandler()
        self.loop = asyncio.Runner()
        self.visitor = Visitor(self.site, self._answer)

    def _answer(self, request: Request) -> Answer:
        is_own = self.site.login is not None and request.path != "/pk/"
        return send(self.logins if is_own else self.pages, request)

    # --- Pages, as often as wanted

    def page(self, kind: str, visitor: str, *, is_async: bool = False) -> tuple[Request, bytes]:
        """Return the request for a page, and the right answer to it."""
        if visitor == "user":
            self.visitor.be_fresh()
        headers = self.visitor.headers if visitor == "user" else {}
        path = f"/async/{kind}/" if is_async else f"/{kind}/"
        return Request(path, headers), (BODIES if visitor == "user" else TO_NOBODY)[kind]

    def time_page(self, kind: str, visitor: str, interface: str, count: int) -> float:
        """Return the seconds of processor that a request takes, all threads together."""
        request, body = self.page(kind, visitor, is_async=interface == "asgi")
        if interface == "wsgi":
            tidy_up()
            self._batch(request, body, WARM_UP)
            return self._batch(request, body, count) / count
        return self.loop.run(self._abatches(request, body, count)) / count

    def _batch(self, request: Request, body: bytes, count: int) -> float:
        began = time.process_time()
        for _ in range(count):
            expect(send(self.pages, request), body, self.site.name)
        return time.process_time() - began

    async def _abatches(self, request: Request, body: bytes, count: int) -> float:
        tidy_up()
        await self._abatch(request, body, WARM_UP)
        return await self._abatch(request, body, count)

    async def _abatch(self, request: Request, body: bytes, count: int) -> float:
        began = time.process_time()
        for _ in range(count):
            expect(await asend(self.async_pages, request), body, self.site.name)
        return time.process_time() - began

    def count_page(self, kind: str, visitor: str) -> int:
        """Return how many statements a request makes that is not the first."""
        request, body = self.page(kind, visitor)
        self._batch(request, body, WARM_UP)
        with CaptureQueriesContext(connection) as context:
            self._batch(request, body, 1)
        return count_statements(context)

    # --- Steps, one at a time

    def time_steps(self, kind: str, count: int) -> float:
        """Return the seconds of processor that a step takes."""
        self.visitor.log_in()
        step_ = step(kind, self.visitor)
        self._time_step(step_)
        tidy_up()
        return sum(self._time_step(step_) for _ in range(count)) / count

    def _time_step(self, step_: Step) -> float:
        request = step_.prepare()
        handler = self.pages if step_.is_page else self.logins
        began = time.process_time()
        answer = send(handler, request)
        seconds = time.process_time() - began
        step_.settle(answer)
        return seconds

    def count_step(self, kind: str) -> int:
        """Return how many statements a step makes."""
        self.visitor.log_in()
        step_ = step(kind, self.visitor)
        self._time_step(step_)
        request = step_.prepare()
        with CaptureQueriesContext(connection) as context:
            answer = send(self.pages if step_.is_page else self.logins, request)
        step_.settle(answer)
        return count_statements(context)


def make_database() -> None:
    """Make the tables and the one user, with the key 1."""
    call_command("migrate", run_syncdb=True, verbosity=0, skip_checks=True)
    users: Any = get_user_model()._default_manager
    if not users.exists():
        users.create_user(NAME, password=PASSWORD)


def tidy_up() -> None:
    """Begin each batch alike: what is there is not looked at again, what comes is."""
    gc.collect()
    gc.freeze()


def count_statements(context: Any) -> int:
    """Count what reads or writes rows."""
    return sum(not query["sql"].startswith(TRANSACTIONS) for query in context.captured_queries)

"""One site in this process: its handlers, its visitor, and what a request costs it."""

import asyncio
import gc
import os
import time
from collections.abc import Callable, Mapping
from functools import cache, reduce
from io import BytesIO
from operator import getitem
from typing import Any
from urllib.parse import urlencode

import django
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.db import connection
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from .sites import BODIES, BY_NAME, FLOOR_COOKIE, FLOOR_TOKEN, NAME, PASSWORD, Login

TO_NOBODY = b"None"
"""What the page with the user's key answers without a login."""

CREDENTIALS = {"username": NAME, "password": PASSWORD}
CSRF = "c" * 32
FACTORY = RequestFactory()
WARM_UP = 20
FRESH_FOR = 60
"""Seconds, after which the visitor logs in again: nothing is renewed while requests are timed."""

TRANSACTIONS = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


class Refused(Exception):
    """A site did not do what it was asked: nothing that it did counts."""


class Contender:
    """A site that is up, with one visitor."""

    def __init__(self, name: str) -> None:
        self.site = BY_NAME[name]
        django.setup()
        make_database()
        self.logins, self.browser = WSGIHandler(), Client()
        self.browser.handler.load_middleware()
        settings.MIDDLEWARE = [*self.site.middleware]
        self.wsgi, self.asgi = WSGIHandler(), ASGIHandler()
        self.loop = asyncio.Runner()
        self.headers: dict[str, str] = {}
        self._logged_in_at = float("-inf")

    # --- What a request costs

    def seconds(self, interface: str, kind: str, count: int) -> float:
        """Return the seconds of processor that a request takes, all threads together."""
        self.be_fresh()
        if interface == "asgi":
            return self.loop.run(self._aseconds(kind, count))
        send = self.sender(kind)
        for _ in range(min(WARM_UP, count)):
            send()
        tidy_up()
        began = time.process_time()
        for _ in range(count):
            send()
        return (time.process_time() - began) / count

    async def _aseconds(self, kind: str, count: int) -> float:
        path, body = self.page(kind)
        scope = make_scope(f"/async{path}", {} if kind == "anonymous" else self.headers)
        for _ in range(WARM_UP):
            self.expect((200, body), await asend(self.asgi, scope))
        tidy_up()
        began = time.process_time()
        for _ in range(count):
            self.expect((200, body), await asend(self.asgi, scope))
        return (time.process_time() - began) / count

    def queries(self, kind: str) -> int:
        """Return how many statements a request makes that reads or writes rows, not the first."""
        self.be_fresh()
        send = self.sender(kind)
        send()
        with CaptureQueriesContext(connection) as context:
            send()
        return sum(not query["sql"].startswith(TRANSACTIONS) for query in context.captured_queries)

    # --- Requests

    def sender(self, kind: str) -> Callable[[], None]:
        """Return what sends a request of that kind, and raises `Refused` for a wrong answer."""
        if kind == "login" and (login := self.site.login):
            environ = environ_of(login_request(login))
            return lambda: self.expect(login.status, send(self.logins, environ)[0])
        path, body = self.page(kind)
        headers = {} if kind == "anonymous" else self.headers
        environ = environ_of(FACTORY.get(path, secure=True, headers=headers))
        return lambda: self.expect((200, body), send(self.wsgi, environ))

    def page(self, kind: str) -> tuple[str, bytes]:
        """Return the path of a page, and the right answer; the bare site has but one."""
        if not self.site.middleware or kind == "untouched":
            return "/untouched/", BODIES["untouched"]
        return ("/pk/", TO_NOBODY) if kind == "anonymous" else (f"/{kind}/", BODIES[kind])

    def expect(self, right: object, found: object) -> None:
        """Raise `Refused` unless this is the right answer: who is taken for nobody is quick."""
        if found != right:
            raise Refused(f"{self.site.name} answers {found!r} and not {right!r}")

    # --- The visitor

    def be_fresh(self) -> None:
        """Log in, unless that was just now."""
        if time.monotonic() - self._logged_in_at > FRESH_FOR:
            self.headers = self.log_in()
            self._logged_in_at = time.monotonic()

    def log_in(self) -> dict[str, str]:
        """Give the password; return what the visitor's requests have from then on."""
        login = self.site.login
        if login is None:
            # The bare site does not know it: what a cookie costs a server is no contender's.
            return {"cookie": f"{FLOOR_COOKIE}={FLOOR_TOKEN}"}
        content: Any = {"content_type": "application/json"} if login.is_json else {}
        response = self.browser.post(login.path, CREDENTIALS, secure=True, **content)
        self.expect(login.status, response.status_code)
        if login.bearer:
            token = reduce(getitem, login.bearer, response.json())
            return {"authorization": f"Bearer {token}"}
        jar = {name: morsel.coded_value for name, morsel in self.browser.cookies.items()}
        return {"cookie": "; ".join(f"{n}={v}" for n, v in jar.items() if n != "csrftoken")}


@cache
def contender() -> Contender:
    """Return this process's, whose name is in the environment."""
    return Contender(os.environ["BENCH_SITE"])


def ready() -> None:
    """Begin, asked from another process."""
    contender()


def seconds(interface: str, kind: str, count: int) -> float:
    """Measure, asked from another process."""
    return contender().seconds(interface, kind, count)


def queries(kind: str) -> int:
    """Count, asked from another process."""
    return contender().queries(kind)


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


# --- The handlers that a server calls; no server, no socket


def login_request(login: Login) -> HttpRequest:
    """Return the request that gives the password."""
    if login.is_json:
        return FACTORY.post(login.path, CREDENTIALS, content_type="application/json", secure=True)
    return FACTORY.post(
        login.path,
        # Django's own view looks for the token against forgery; so does ours.
        urlencode({**CREDENTIALS, "csrfmiddlewaretoken": CSRF}),
        content_type="application/x-www-form-urlencoded",
        secure=True,
        headers={"cookie": f"csrftoken={CSRF}", "referer": f"https://testserver{login.path}"},
    )


def environ_of(request: Any) -> dict[str, Any]:
    """Return a request as a WSGI server has it."""
    environ = {**request.environ, "body": request.read()}
    if not environ["HTTP_COOKIE"]:
        del environ["HTTP_COOKIE"]
    return environ


def send(handler: WSGIHandler, environ: Mapping[str, Any]) -> tuple[int, bytes]:
    """Send a request anew; return status and body. Django ends a request at `close`."""
    said: list[str] = []

    def start_response(status: str, *_: object) -> Any:
        said.append(status)

    response = handler({**environ, "wsgi.input": BytesIO(environ["body"])}, start_response)
    try:
        return int(said[0][:3]), b"".join(response)
    finally:
        response.close()


def make_scope(path: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """Return a GET as an ASGI server has it."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(k.encode(), v.encode()) for k, v in {"host": "localhost", **headers}.items()],
        "client": ("127.0.0.1", 50_000),
        "server": ("localhost", 443),
    }


async def asend(handler: ASGIHandler, scope: Mapping[str, Any]) -> tuple[int, bytes]:
    """Send a request anew, in this event loop; return status and body."""
    status, body, begun = 0, b"", False

    async def receive() -> dict[str, Any]:
        nonlocal begun
        if begun:
            # The browser stays; Django stops waiting for it to leave once it has answered.
            await asyncio.get_running_loop().create_future()
        begun = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def collect(message: Mapping[str, Any]) -> None:
        nonlocal status, body
        status = message.get("status", status)
        body += message.get("body", b"")

    await handler({**scope, "headers": [*scope["headers"]]}, receive, collect)
    return status, body

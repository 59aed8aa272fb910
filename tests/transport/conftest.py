"""Visitors of each kind, and the places that they visit."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from .places import HOSTS, Places, Site
from .visitors import Chromium, Curl, Httpx, Requests, Visitor

RULES = "--host-resolver-rules=MAP app.test 127.0.0.1, MAP localhost 127.0.0.1, MAP * ~NOTFOUND"
PROGRAMS = {"requests": Requests, "httpx": Httpx, "curl": Curl}


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    """Return where the sites are."""
    with ExitStack() as stack:
        yield Places(tmp_path_factory.mktemp("transport"), stack)


@pytest.fixture
def origin_of(places: Places) -> Callable[[Site, str], str]:
    """Return what names the origin of a site on a host."""
    return lambda site, host: f"{site.scheme}://{host}:{places.port(site)}"


@pytest.fixture(autouse=True)
def hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Find all hosts at loopback, as a name server would tell the libraries."""
    find: Any = socket.getaddrinfo

    def find_here(host: Any, *args: Any, **kwargs: Any) -> Any:
        return find("127.0.0.1" if host in HOSTS else host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", find_here)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:  # pragma: no cover - with Chromium alone
    """Start the browser."""
    with import_module("example_project.tour.visit").chromium(RULES) as browser:
        yield browser


@pytest.fixture
def new_visitor(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], Any]]:
    """Return what makes a visitor of the kind that is named."""
    with ExitStack() as stack:

        def make(kind: str) -> Visitor:
            visitor: Visitor
            if kind == "chromium":  # pragma: no cover - with Chromium alone
                visitor = Chromium(request.getfixturevalue("browser"))
            else:
                visitor = PROGRAMS[kind](tmp_path)
            return stack.enter_context(closing(visitor))

        yield make


class _Attacker(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Set the cookies that the address asks for."""
        self.send_response(200)
        for cookie in parse_qs(urlsplit(self.path).query).get("set", []):
            self.send_header("Set-Cookie", cookie)
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def attacker() -> Iterator[int]:
    """Return the port of whoever answers in the name of the site over plain http."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Attacker) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()

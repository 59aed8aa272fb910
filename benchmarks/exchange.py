"""One request and its answer, through the handlers that a server calls; no server, no socket."""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from typing import Any

from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler

HOST, PORT = "localhost", 443


@dataclass(frozen=True)
class Request:
    """What is sent. Headers by their names in lower case."""

    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def method(self) -> str:
        """A request with a body brings something."""
        return "POST" if self.body else "GET"

    def environ(self) -> dict[str, Any]:
        """Return it as a WSGI server would, anew for each call."""
        return {**self._environ, "wsgi.input": BytesIO(self.body)}

    @cached_property
    def _environ(self) -> dict[str, Any]:
        headers = {f"HTTP_{n.upper().replace('-', '_')}": v for n, v in self.headers.items()}
        if "HTTP_CONTENT_TYPE" in headers:
            headers["CONTENT_TYPE"] = headers.pop("HTTP_CONTENT_TYPE")
        return headers | {
            "REQUEST_METHOD": self.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": self.path,
            "QUERY_STRING": "",
            "CONTENT_LENGTH": str(len(self.body)),
            "SERVER_NAME": HOST,
            "SERVER_PORT": str(PORT),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": HOST,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "https",
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }

    def scope(self) -> dict[str, Any]:
        """Return it as an ASGI server would, anew for each call."""
        return {**self._scope, "headers": [*self._scope["headers"]]}

    @cached_property
    def _scope(self) -> dict[str, Any]:
        headers = {"host": HOST, **self.headers}
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": self.method,
            "scheme": "https",
            "path": self.path,
            "raw_path": self.path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(n.encode("latin-1"), v.encode("latin-1")) for n, v in headers.items()],
            "client": ("127.0.0.1", 50_000),
            "server": (HOST, PORT),
        }


@dataclass(slots=True)
class Answer:
    """What came back."""

    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


def send(handler: WSGIHandler, request: Request) -> Answer:
    """Send ``request``, read all of the answer, and close it: Django ends a request then."""
    answer = Answer()

    def start_response(status: str, headers: list[tuple[str, str]], *_: object) -> Any:
        answer.status, answer.headers = int(status[:3]), headers

    response = handler(request.environ(), start_response)
    try:
        answer.body = b"".join(response)
    finally:
        response.close()
    return answer


async def asend(handler: ASGIHandler, request: Request) -> Answer:
    """Send ``request`` in this event loop, and read all of the answer."""
    answer, is_sent = Answer(), False

    async def receive() -> dict[str, Any]:
        nonlocal is_sent
        if is_sent:
            # The browser stays; Django stops waiting for it to leave once it has answered.
            await asyncio.get_running_loop().create_future()
        is_sent = True
        return {"type": "http.request", "body": request.body, "more_body": False}

    async def collect(message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
        else:
            answer.body += message.get("body", b"")

    await handler(request.scope(), receive, collect)
    return answer

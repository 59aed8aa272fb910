"""WebSockets of a browser: a handshake with its cookies, and what comes over the connection."""

from collections.abc import Callable, Coroutine
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async
from channels.testing import WebsocketCommunicator
from django.test import Client

from django_jwt_cookie.contrib.channels import LOGIN_ENDED

ORIGIN = "https://testserver"
PATIENCE = 10
"""Seconds; far from the minutes after which a connection asks by itself, by default."""

PATH = "/greeter/"


def handshake(client: Client, **headers: str) -> list[tuple[bytes, bytes]]:
    """Return the headers that the browser of ``client`` opens a connection with."""
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    sent = {"host": "testserver", "origin": ORIGIN, "cookie": cookies} | headers
    return [(name.encode(), value.encode("latin-1")) for name, value in sent.items() if value]


class Connection(WebsocketCommunicator):
    """A connection that a browser opens."""

    def __init__(self, client: Client, application: Any, **headers: str) -> None:
        super().__init__(application, PATH, handshake(client, **headers))
        self.scope["scheme"] = "wss"

    async def open(self) -> str:
        """Open the connection; return the greeting."""
        assert await self.connect(PATIENCE) == (True, None)
        greeting: str = await self.receive_from(PATIENCE)
        return greeting

    async def closing(self, code: int = LOGIN_ENDED) -> str:
        """Return for what reason the server closes the connection."""
        message = await self.receive_output(PATIENCE)
        assert (message["type"], message["code"]) == ("websocket.close", code)
        await self.disconnect(code)  # As a server goes on.
        reason: str = message["reason"]
        return reason

    async def is_open(self) -> bool:
        """Tell whether it was not closed for a moment."""
        nothing: bool = await self.receive_nothing(timeout=0.2)
        return nothing


def run(story: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run what a browser does, in the database of the test."""
    return async_to_sync(story)()


def in_thread(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call what other code of the site does, which is not asynchronous."""
    return sync_to_async(function)(*arguments)

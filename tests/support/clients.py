"""Django's test client, once as it is and once through ASGI, with the same synchronous interface.

Both talk https unless a call says ``secure=False``, because browsers keep a Secure cookie, such as
the package's, only then. To send a Cookie header byte by byte, say ``headers={"cookie": value}``:
it replaces the client's own cookies, and each character of ``value`` is sent as one byte (latin-1).
"""

import asyncio
from collections.abc import Callable
from contextvars import Context
from functools import wraps
from typing import Any, TypeVar

from asgiref.sync import async_to_sync
from django.test import Client
from django.test.client import AsyncClientHandler, ClientHandler

Method = TypeVar("Method", bound=Callable[..., Any])
DEFAULT_PORTS = {"http": "80", "https": "443"}


def https_by_default(method: Method) -> Method:
    """Turn the default of ``secure`` into true."""

    @wraps(method)
    def send(*args: Any, secure: bool = True, **kwargs: Any) -> Any:
        # Unlike the argument `secure`, this one stays when the client follows a redirect.
        scheme = {"wsgi.url_scheme": "https" if secure else "http"}
        return method(*args, secure=secure, **(scheme | kwargs))

    return send  # type: ignore[return-value]


class WSGIClient(Client):
    """Django's client over https."""

    get = https_by_default(Client.get)
    head = https_by_default(Client.head)
    options = https_by_default(Client.options)
    post = https_by_default(Client.post)
    put = https_by_default(Client.put)
    patch = https_by_default(Client.patch)
    delete = https_by_default(Client.delete)
    trace = https_by_default(Client.trace)

    def request(self, **request: Any) -> Any:
        """Send a request; a redirect that changes the scheme changes the port too."""
        if request.get("SERVER_PORT") in DEFAULT_PORTS.values():
            request["SERVER_PORT"] = DEFAULT_PORTS[request["wsgi.url_scheme"]]
        # On a server, too, a request begins with no context variables of others. Here they would
        # pile up, some with each new ROOT_URLCONF, and asgiref copies them all at each thread hop.
        return Context().run(super().request, **request)


class ASGIClient(WSGIClient):
    """The same client in front of Django's asynchronous handler and middleware chain."""

    def __init__(self, enforce_csrf_checks: bool = False, **kwargs: Any) -> None:
        super().__init__(enforce_csrf_checks, **kwargs)
        self.handler = ASGIBridge(enforce_csrf_checks)


class ASGIBridge(ClientHandler):
    """Hands a WSGI request to the asynchronous handler and waits for the response.

    The database is asked in the calling thread (``sync_to_async`` returns there), so that queries
    belong to the test's transaction and are seen by ``django_assert_num_queries``.
    """

    def __init__(self, enforce_csrf_checks: bool = True) -> None:
        super().__init__(enforce_csrf_checks)
        self.handler = AsyncClientHandler(enforce_csrf_checks)

    def __call__(self, environ: dict[str, Any]) -> Any:
        """Serve one request."""
        response: Any = async_to_sync(self._serve)(scope_of(environ))
        response.wsgi_request = response.asgi_request
        return response

    async def _serve(self, scope: dict[str, Any]) -> Any:
        # `python -X dev` would have asyncio take a traceback for each future, to show it in a
        # warning. A request makes some hundred; that took three quarters of its time.
        asyncio.get_running_loop().set_debug(False)
        return await self.handler(scope)


def scope_of(environ: dict[str, Any]) -> dict[str, Any]:
    """Translate a request from WSGI (PEP 3333) to ASGI."""
    names = {key: key.removeprefix("HTTP_") for key in environ if key.startswith("HTTP_")}
    names |= {key: key for key in ("CONTENT_TYPE", "CONTENT_LENGTH") if key in environ}
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": environ["REQUEST_METHOD"],
        "scheme": environ["wsgi.url_scheme"],
        "path": environ["PATH_INFO"].encode("latin-1").decode(),
        "query_string": environ["QUERY_STRING"].encode("latin-1"),
        "client": (environ["REMOTE_ADDR"], 0),
        "server": (environ["SERVER_NAME"], environ["SERVER_PORT"]),
        "headers": [
            (name.lower().replace("_", "-").encode(), environ[key].encode("latin-1"))
            for key, name in names.items()
        ],
        "_body_file": environ["wsgi.input"],
    }

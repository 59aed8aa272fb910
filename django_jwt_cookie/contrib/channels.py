"""Channels: who is at the other end of a WebSocket, and for how long.

The handshake is the only request of a connection. It brings the cookie, and nothing can set one
after it: nothing is renewed here. The connection outlives its token, for as long as the login goes
on, and is closed when that ends. What tells of an end is a message of the channel layer, which may
get lost, and that the record is looked at every half of ``TOKEN_LIFETIME``, which always holds.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import Any, TypeAlias

from asgiref.sync import async_to_sync
from channels.db import database_sync_to_async
from channels.layers import InMemoryChannelLayer, get_channel_layer
from channels.middleware import BaseMiddleware
from channels.security.websocket import AllowedHostsOriginValidator
from channels.sessions import SessionMiddlewareStack
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.contrib.auth.signals import user_logged_out
from django.core.handlers.asgi import ASGIRequest
from django.db import router, transaction
from django.http import HttpRequest

from .. import users
from ..authentication import IncomingCookie, check
from ..exceptions import SessionError, TokenError
from ..models import LoginSession
from ..sessions import EndReason, are_recorded, records
from ..sessions.recorded import end
from ..sessions.rotation import half_life
from ..signals import session_ended
from ..tokens import Claims

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]

LOGIN_ENDED = 4401
"""What a connection is closed with when its login has ended: 401, where RFC 6455 leaves room."""

NOBODY_CAN_TELL = 1011
"""The same when the database could not be asked twice: "internal error", which passes."""

SCHEMES = {"wss": "https", "https": "https"}
"""What is https; anything else is not."""

PATIENCE = 5
"""Seconds that a client has to take note of the end; one that reads nothing never would."""

logger = logging.getLogger("django.security.jwt_cookie")

of_this_process = InMemoryChannelLayer()
served: ContextVar[Claims | None] = ContextVar("django_jwt_cookie.connection", default=None)
"""Whose connection is being served, for code that is not told."""


def JWTCookieAuthMiddlewareStack(inner: Application) -> Application:  # noqa: N802 - as Channels' own
    """Return ``inner`` with user, session and cookies, for pages of this site alone.

    In the place of Channels' ``AuthMiddlewareStack``. A page of any site may open a WebSocket, and
    the browser sends the cookie along: no CSRF token guards a handshake, only its ``Origin`` does.
    """
    application: Application = AllowedHostsOriginValidator(
        SessionMiddlewareStack(JWTCookieAuthMiddleware(inner))
    )
    return application


@dataclass(frozen=True)
class ConnectionJWT:
    """The login of one connection: ``scope["jwt"]``."""

    claims: Claims | None
    """What the token of the handshake said; none for an anonymous connection."""

    reason: str | None
    """Why the cookie of the handshake was refused, as a code; none if it was not."""


class JWTCookieAuthMiddleware(BaseMiddleware):
    """Sets ``scope["user"]`` and ``scope["jwt"]``, and closes the connection with the login.

    In the place of Channels' ``AuthMiddleware``; it needs no session. Where it is used by itself,
    put an ``OriginValidator`` around it: see `JWTCookieAuthMiddlewareStack`.
    """

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        cookie = IncomingCookie(_handshake(scope), time.time())
        login = await database_sync_to_async(cookie.login)()
        claims = login.claims if login else None
        user = login.user if login else AnonymousUser()
        scope = {**scope, "user": user, "jwt": ConnectionJWT(claims, cookie.refusal)}
        if claims is None or scope["type"] != "websocket":
            await self.inner(scope, receive, send)
        else:
            await _Connection(claims, receive, send).serve(self.inner, scope)


def _handshake(scope: Message) -> HttpRequest:
    """Return the handshake as a request, for what depends on one: the cookie, and ``AUDIENCE``.

    ``wss`` is https, by which the cookie has its name; and some proxies forward it so.
    """
    scheme = SCHEMES.get(scope.get("scheme", ""), "http")
    query = scope.get("query_string", b"").decode("utf-8", "replace")
    handshake = {**scope, "method": "GET", "scheme": scheme, "query_string": query}
    request = ASGIRequest(handshake, BytesIO())
    if settings.SECURE_PROXY_SSL_HEADER:
        header, secure = settings.SECURE_PROXY_SSL_HEADER
        if request.META.get(header) == "wss":
            request.META[header] = secure
    return request


class _Connection:
    """Stands between the server and the consumer of a connection, until its login ends."""

    def __init__(self, claims: Claims, receive: Receive, send: Send) -> None:
        self._claims = claims
        self._receive = receive
        self._send = send
        self._is_closed = False
        self._ended = asyncio.Event()
        self._code = LOGIN_ENDED

    async def serve(self, inner: Application, scope: Message) -> None:
        """Have ``inner`` serve the connection."""
        token = served.set(self._claims)
        watch = asyncio.create_task(self._close_when_ended())
        try:
            await inner(scope, self.receive, self.send)
        finally:
            served.reset(token)
            if self._ended.is_set():
                await asyncio.wait({watch}, timeout=PATIENCE)
            await _cancel(watch)

    async def receive(self) -> Message:
        """Return what the client sent; after the end, that the connection is closed."""
        message = asyncio.ensure_future(self._receive())
        ended = asyncio.ensure_future(self._ended.wait())
        try:
            await asyncio.wait({message, ended}, return_when=asyncio.FIRST_COMPLETED)
            if self._ended.is_set():
                return {"type": "websocket.disconnect", "code": self._code}
            received = message.result()
        finally:
            message.cancel()
            ended.cancel()
        self._is_closed = self._is_closed or received["type"] == "websocket.disconnect"
        return received

    async def send(self, message: Message) -> None:
        """Send what the consumer says; nothing any more after the end."""
        if not self._is_closed:
            self._is_closed = message["type"] == "websocket.close"
            await self._send(message)

    async def _close_when_ended(self) -> None:
        self._code, reason = await self._wait_for_end()
        close = {"type": "websocket.close", "code": self._code, "reason": reason}
        was_closed, self._is_closed = self._is_closed, True
        self._ended.set()
        if not was_closed:
            await self._send(close)

    async def _wait_for_end(self) -> tuple[int, str]:
        """Return with which code and for what reason the connection is to be closed."""
        was_in_doubt = False
        async with _notices(self._claims.sid) as told:
            while True:
                with suppress(TimeoutError):
                    await asyncio.wait_for(told.wait(), half_life())
                told.clear()
                try:
                    await database_sync_to_async(check)(self._claims)
                    was_in_doubt = False
                except (SessionError, TokenError) as error:
                    return LOGIN_ENDED, error.code
                except Exception:  # Each database and cache has errors of its own.
                    logger.exception("Nobody can be asked about the login of a connection.")
                    if was_in_doubt:
                        return NOBODY_CAN_TELL, ""
                    was_in_doubt = True


async def _cancel(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


# --- How an end in one place is told to the connections of another


@asynccontextmanager
async def _notices(session_id: uuid.UUID) -> AsyncIterator[asyncio.Event]:
    """Give an event that is set when somebody tells that the login may have ended."""
    told = asyncio.Event()
    listener = asyncio.create_task(_listen(session_id, told))
    try:
        yield told
    finally:
        await _cancel(listener)


async def _listen(session_id: uuid.UUID, told: asyncio.Event) -> None:
    layer, group = _layer(), _group(session_id)
    try:
        channel = await layer.new_channel()
        await layer.group_add(group, channel)
        try:
            while True:
                await layer.receive(channel)
                told.set()
        finally:
            await layer.group_discard(group, channel)
    except Exception:  # Each layer has errors of its own.
        logger.exception("The channel layer can't be reached: the end of a login is noticed later.")


def _layer() -> Any:
    """Return the channel layer; without one, connections of this process are told."""
    return get_channel_layer() or of_this_process


def _group(session_id: uuid.UUID) -> str:
    return f"jwt_cookie.{session_id}"


def tell_of_end(session: LoginSession, **_: Any) -> None:
    """Tell every process, once the database has it for sure: whoever is told asks the database."""
    using = router.db_for_write(LoginSession, instance=session)
    transaction.on_commit(partial(_tell, session.pk), using=using, robust=True)


def _tell(session_id: uuid.UUID) -> None:
    async_to_sync(_layer().group_send)(_group(session_id), {"type": "jwt_cookie.ended"})


def end_login_of_connection(
    request: HttpRequest | None, user: AbstractBaseUser | None, **_: Any
) -> None:
    """End the login, if a consumer has called Channels' ``logout()``: that knows of sessions."""
    claims = served.get()
    is_it = request is None and claims and user and users.subject(user) == claims.sub
    if claims and is_it and are_recorded():
        for session in records().filter(pk=claims.sid):
            end(session, EndReason.LOGOUT)


session_ended.connect(tell_of_end, LoginSession, dispatch_uid=f"{__name__}.tell_of_end")
user_logged_out.connect(end_login_of_connection, dispatch_uid=f"{__name__}.end_login")

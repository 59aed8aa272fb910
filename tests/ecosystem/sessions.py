"""Watches the session cookie: a login must leave none, and other code may.

Nothing of what a visitor does on these sites needs Django's session for the login. So a response
sets that cookie only if some package has put data of its own into the session.
"""

from importlib import import_module
from typing import Any

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

LOGIN_KEYS = {SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY}

WITHOUT_VALUE = {"_jwt_cookie_sid", "_session_expiry"}
"""What a session may still have in it and yet hold nothing that anybody would miss."""

NOTHING = "nothing at all"
"""Left in a session that is there for nothing."""

left_in_sessions: set[str] = set()
"""The names of what was in the sessions that some response of the running test set a cookie of."""


def keys_of(session_key: str) -> set[str]:
    """Name what is in a session, as the next request will find it."""
    store = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    return set(store.load())


def note(keys: set[str]) -> None:
    """Note what a session holds; refuse a login."""
    assert not keys & LOGIN_KEYS, f"a login was left in the session: {keys}"
    left_in_sessions.update(keys - WITHOUT_VALUE or {NOTHING})


def look_at(response: HttpResponseBase) -> None:
    """Note what is left in the session whose cookie a response sets, if it does."""
    cookie = response.cookies.get(settings.SESSION_COOKIE_NAME)
    if cookie is not None and cookie.value:
        note(keys_of(cookie.value))


@sync_and_async_middleware
def session_watch(get_response: Any) -> Any:
    """Look at each response as the browser does: the outermost middleware."""
    if iscoroutinefunction(get_response):

        async def watch_async(request: HttpRequest) -> HttpResponseBase:
            response: HttpResponseBase = await get_response(request)
            await sync_to_async(look_at)(response)
            return response

        return watch_async

    def watch(request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = get_response(request)
        look_at(response)
        return response

    return watch

"""What code finds that looks into the Django session for the backend of a login.

The user is known without the session, as ``request.user``; which backend has authenticated it,
Django tells nowhere else. django-hijack reads that key, and so does Django's own
``RemoteUserMiddleware``. The session goes on to name it, though the login is in the cookie.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import BACKEND_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase


class _NamesBackend(SessionBase):
    """Mixed into the class of the site's own sessions, whatever that is."""

    find_backend: Callable[[], str | None]

    def __getitem__(self, key: str) -> Any:
        try:
            return super().__getitem__(key)
        except KeyError:
            # A login that is in the session, and names no backend, is none.
            if key != BACKEND_SESSION_KEY or SESSION_KEY in self:
                raise
            backend = self.find_backend()
            if backend is None:
                raise
            return backend

    def get(self, key: str, default: Any = None) -> Any:
        """Return what `__getitem__` does, or the default."""
        try:
            return self[key]
        except KeyError:
            return default

    async def aget(self, key: str, default: Any = None) -> Any:
        """Do the same; the login may have to be asked for."""
        if key != BACKEND_SESSION_KEY:
            return await super().aget(key, default)
        return await sync_to_async(self.get, thread_sensitive=True)(key, default)


@cache
def _class_that_names_backend(store: type[SessionBase]) -> type[_NamesBackend]:
    # Django salts what it keeps with the name of the class.
    names = {name: getattr(store, name) for name in ("__doc__", "__module__", "__qualname__")}
    return type(store.__name__, (_NamesBackend, store), names)


def answer_for_backend(session: SessionBase, find_backend: Callable[[], str | None]) -> None:
    """Have ``session`` answer for the backend of a login that is not in it."""
    # The very same object: other code may have it already, and the class is still the site's.
    session.__class__ = _class_that_names_backend(type(session))
    session.find_backend = find_backend  # type: ignore[attr-defined]

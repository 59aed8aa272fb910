"""The Django session as other code goes on to see it, with the login in the cookie.

It names the backend of the login, which Django tells nowhere else: django-hijack reads that key,
and so does Django's own ``RemoteUserMiddleware``. And none is begun only to be empty:
``update_session_auth_hash()`` changes the key of the session whether there is one or not.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import BACKEND_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase


class _AnsweringSession(SessionBase):
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

    def cycle_key(self) -> None:
        """Change the key, if there is one; what is put into the session later gets a new one."""
        if not self.is_empty():
            super().cycle_key()

    async def acycle_key(self) -> None:
        """Do the same."""
        if not self.is_empty():
            await super().acycle_key()


@cache
def _answering(store: type[SessionBase]) -> type[_AnsweringSession]:
    # Django salts what it keeps with the name of the class.
    names = {name: getattr(store, name) for name in ("__doc__", "__module__", "__qualname__")}
    return type(store.__name__, (_AnsweringSession, store), names)


def answer_for_backend(session: SessionBase, find_backend: Callable[[], str | None]) -> None:
    """Have ``session`` answer for a login that is not in it."""
    # The very same object: other code may have it already, and the class is still the site's.
    session.__class__ = _answering(type(session))
    session.find_backend = find_backend  # type: ignore[attr-defined]

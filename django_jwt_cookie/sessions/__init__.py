"""Logins: begin, find, rotate, end, with records or without. Nothing here knows of requests."""

import time
from datetime import datetime
from types import ModuleType
from typing import Any, Protocol, cast

from asgiref.sync import sync_to_async
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet

from ..conf import Settings, get_settings
from ..keys import get_key_ring
from ..models import LoginSession, moment
from ..tokens import Claims
from . import recorded, stateless
from .recorded import EndReason, end_all, prepare, records, succeed
from .rotation import Verdict

__all__ = [
    "EndReason",
    "Store",
    "active",
    "are_recorded",
    "arevoke",
    "arevoke_all",
    "end_all",
    "end_others",
    "get_store",
    "latest_end",
    "prepare",
    "records",
    "revoke",
    "revoke_all",
    "succeed",
]


class Store(Protocol):
    """What `recorded` and `stateless` both know how to do; they say what each is."""

    def look_up(self, claims: Claims, /) -> LoginSession:
        """Return the login of ``claims``; raises `SessionError`."""

    def begin(self, session: LoginSession, /) -> None:
        """Begin a login."""

    def receive(self, session: LoginSession, claims: Claims, came_at: float, /) -> Verdict:
        """Judge a request that came at that time; raises `TokenReused`."""

    def advance(
        self, session: LoginSession, generation: int, verdict: Verdict, /
    ) -> LoginSession | None:
        """Write what a request has shown; return the record to issue a new generation for."""

    def change_auth_hash(self, session: LoginSession, auth_hash: str, /) -> None:
        """Let the login go on with another hash."""

    def limit(self, session: LoginSession, /, *, idle_seconds: int, persistent: bool) -> None:
        """Change how long the login may be unused."""

    def end(self, session: LoginSession, because: EndReason, using: str | None = None, /) -> bool:
        """End one login; return whether it had not ended before."""


def get_store() -> Store:
    """Return the verbs of the settings in force."""
    return get_settings().derive(_choose)


def _choose(_: Settings) -> Store:
    module: ModuleType = recorded if are_recorded() else stateless
    return cast("Any", module)  # type: ignore[no-any-return]


def are_recorded() -> bool:
    """Tell whether logins have records here: neither without, nor on a site that only verifies."""
    return get_settings().track_sessions and get_key_ring().can_sign


def active(user: AbstractBaseUser, *, using: str | None = None) -> QuerySet[LoginSession]:
    """Return the logins of ``user`` that go on; none where they are not recorded.

    ``using`` is the database of the user, if it is not the one that routers say.
    """
    if not are_recorded():
        return records().none()
    return records(user, using).alive().filter(user=user)  # type: ignore[misc]


def latest_end() -> datetime:
    """Return when a login that begins now ends at the latest."""
    return moment(time.time() + get_settings().absolute_timeout.total_seconds())


def end_others(session: LoginSession, because: EndReason) -> int:
    """End every other login of the same user; return how many."""
    return end_all(active(session.user).exclude(pk=session.pk), because)


def revoke(session: LoginSession) -> int:
    """End one login; return 1, or 0 if it had ended before."""
    return int(recorded.end(session, EndReason.REVOKED))


def revoke_all(user: AbstractBaseUser) -> int:
    """End every login of ``user``; return how many."""
    return end_all(active(user), EndReason.REVOKED)


arevoke = sync_to_async(revoke, thread_sensitive=True)
arevoke_all = sync_to_async(revoke_all, thread_sensitive=True)

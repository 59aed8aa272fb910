"""Which verbs a login is kept by: with records, or without.

A site that only verifies the tokens of another has no records of its own.
"""

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Protocol

from django.contrib.auth.models import AbstractBaseUser

from . import sessions, stateless
from .claims import Claims
from .conf import Settings, get_settings
from .models import LoginSession
from .renewal import Verdict
from .sessions import EndReason


class Store(Protocol):
    """What `sessions` and `stateless` both know how to do."""

    def look_up(self, claims: Claims, /) -> LoginSession:
        """Return the login of ``claims``; raises `SessionError`."""

    def present(self, session: LoginSession, generation: int, came_at: datetime, /) -> Verdict:
        """Take note that a request that came then presents ``generation``; tell what it means."""

    def knows(self, claims: Claims, /) -> bool:
        """Tell whether `glance` would ask nobody."""

    def glance(self, claims: Claims, /) -> bool:
        """Tell whether ``claims`` may be taken at their word."""

    def forget_unsure(self, claims: Claims, /) -> None:
        """Do not count on what `glance` found out during a request that failed."""

    def prepare(
        self,
        user: AbstractBaseUser,
        /,
        *,
        backend: str,
        auth_hash: str,
        persistent: bool,
        at_most: timedelta | None = None,
        ends_at: datetime | None = None,
        user_agent: str = "",
        ip_address: str | None = None,
    ) -> LoginSession:
        """Return the record of a new login, for `start`."""

    def recall(
        self, ids: Collection[uuid.UUID], user: AbstractBaseUser, ends_at: datetime, /
    ) -> LoginSession | None:
        """Return the login with one of ``ids``, if ever one began; raises `SessionError`.

        One of ``user`` ends at ``ends_at`` from now on, if that is later than it was.
        """

    def start(self, session: LoginSession, /) -> None:
        """Begin a login."""

    def renew(self, session: LoginSession, generation: int, /) -> LoginSession | None:
        """Return the record that a new token is to be issued for, if any."""

    def goes_on(self, session: LoginSession, /) -> bool:
        """Tell whether nobody has ended the login since it was looked up."""

    def is_newest(self, session: LoginSession, /) -> bool:
        """Tell whether the login goes on, and nobody has renewed it since."""

    def change_auth_hash(self, session: LoginSession, auth_hash: str, /) -> None:
        """Let the login go on with a new hash."""

    def end_by_id(self, ids: Collection[uuid.UUID], because: EndReason, /) -> int:
        """End logins; return how many."""

    def end_others(self, session: LoginSession, because: EndReason, /) -> int:
        """End every other login of the user; return how many."""


def get_store() -> Store:
    """Return the verbs of the settings in force."""
    return get_settings().derive(_choose)


def _choose(_: Settings) -> Store:
    return sessions if sessions.are_recorded() else stateless

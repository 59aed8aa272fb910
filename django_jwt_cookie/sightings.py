"""What this process knows of logins without asking, for ``USER_SOURCE = "token"``."""

import uuid
from dataclasses import dataclass
from functools import _lru_cache_wrapper, lru_cache

from .conf import Settings, get_settings


@dataclass(slots=True)
class Sighting:
    """What this process knows of a login without asking."""

    token: tuple[str, int] | None = None
    """User and generation in the last token about which the database was asked."""

    is_sure: bool = True
    """Whether that was outside of a transaction, which may be rolled back."""


def make_sightings(settings: Settings) -> "_lru_cache_wrapper[Sighting]":
    """Return a memory of the logins seen lately, as many as tokens are remembered."""
    return lru_cache(maxsize=settings.verified_cache_size)(lambda _: Sighting())


def sighting_of(session_id: uuid.UUID) -> Sighting:
    """Return what is known of a login; an empty one, that will be kept, if nothing is."""
    return get_settings().derive(make_sightings)(session_id)


def forget_all() -> None:
    """Ask about every login again."""
    get_settings().derive(make_sightings).cache_clear()

"""The list of ended logins, in a cache that all processes share (``REVOCATION_CACHE``).

A site with ``USER_SOURCE = "token"`` believes a token until half of its life is over. With such a
cache each request asks it first, in one round trip for two keys: whether this login is on the list,
and since when the cache has been listening (`EPOCH`). A token is believed if it is not on the list
and was issued after that moment; else its record is asked. So a cache that was restarted, an entry
too many, or an attacker in the cache cost queries, and log nobody out.
"""

import logging
import math
import time
import uuid
from collections.abc import Iterable
from enum import Enum, auto
from functools import partial
from time import monotonic

from django.core.cache import BaseCache, caches
from django.db import transaction

from ..conf import Settings, get_settings
from ..keys import get_key_ring
from ..tokens import Claims

logger = logging.getLogger("django.security.jwt_cookie")

EPOCH = "jwt_cookie:epoch"
"""Since when the cache has heard of every end: Unix time in seconds."""

PAUSE = 5
"""Seconds in which a cache that has failed is not asked where a database can be.

One that hangs, and does not refuse, would cost every request the timeout of its client.
"""


class Unreachable(Exception):
    """The cache does not answer."""


class _Debt:
    """Whether this process owes the cache a new epoch, since it could not tell it of an end."""

    def __init__(self, _: Settings) -> None:
        self.is_due = False
        self.retry_at = -math.inf
        """When the cache may be asked again that has failed, by `monotonic`."""


class Standing(Enum):
    """What the cache says of a token."""

    CLEAR = auto()
    ENDED = auto()
    UNSURE = auto()
    """It was issued before the cache began to listen."""


def ask(claims: Claims) -> Standing:
    """Return what the cache says of a token. Raises `Unreachable`."""
    settings = get_settings()
    if settings.revocation_cache is None:
        return Standing.CLEAR
    key, debt = _key(claims.sid), settings.derive(_Debt)
    if debt.is_due and get_key_ring().can_sign:
        if monotonic() < debt.retry_at:
            raise Unreachable
        # One request finds out whether it is back, while the others ask the database.
        debt.retry_at = monotonic() + PAUSE
    try:
        found = _cache().get_many([key, EPOCH])
        epoch = found.get(EPOCH)
        if type(epoch) is not int or debt.is_due:
            epoch = _begin_to_listen()
    except Exception as error:  # Each cache has errors of its own.
        debt.is_due = True  # Of what was ended meanwhile, others may not have been able to tell.
        debt.retry_at = monotonic() + PAUSE
        logger.exception(
            "The revocation cache can't be reached: the database is asked instead, where there is "
            "one, for %d seconds.",
            PAUSE,
        )
        raise Unreachable from error
    if key in found:
        return Standing.ENDED
    return Standing.CLEAR if claims.iat > epoch else Standing.UNSURE


def add(ids: Iterable[uuid.UUID], using: str) -> None:
    """Put logins on the list, once their database has their end for sure."""
    if get_settings().revocation_cache is not None:
        transaction.on_commit(partial(_add, list(ids)), using=using)


def _add(ids: list[uuid.UUID]) -> None:
    settings = get_settings()
    # Longer than any token of now is good.
    timeout = settings.token_seconds + settings.leeway_seconds
    try:
        failed = _cache().set_many(dict.fromkeys(map(_key, ids), True), timeout)
        if not failed and settings.derive(_Debt).is_due:
            _begin_to_listen()
    except Exception:
        logger.exception("The revocation cache can't be reached.")
        failed = ids
    if failed:
        settings.derive(_Debt).is_due = True
        logger.error(
            "The revocation cache was not told of an end: until it can be reached again, logins "
            "that have ended are served where tokens are believed, for %d seconds at most.",
            timeout,
        )


def _begin_to_listen() -> int:
    """Have the record asked of every token from before now, by the clock that is the most ahead."""
    settings = get_settings()
    epoch = int(time.time()) + settings.leeway_seconds
    _cache().set(EPOCH, epoch, timeout=None)
    debt = settings.derive(_Debt)
    debt.is_due, debt.retry_at = False, -math.inf
    return epoch


def _cache() -> BaseCache:
    return caches[get_settings().revocation_cache or ""]


def _key(session_id: uuid.UUID) -> str:
    return f"jwt_cookie:ended:{session_id}"

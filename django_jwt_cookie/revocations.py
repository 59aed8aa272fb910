"""What has been ended lately, told to every process through a cache (``REVOCATION_CACHE``).

A site with ``USER_SOURCE = "token"`` takes a token at its word until it is over. With a cache that
all processes share, each asks it first, in one round trip. What the cache holds is a reason to ask
the record, and never the last word: an entry too many costs a query, and logs nobody out.
"""

import hashlib
import logging
import secrets
import time
import uuid
from collections.abc import Callable, Collection
from functools import partial

from django.core.cache import BaseCache, caches
from django.db import router, transaction

from .claims import Claims
from .conf import Settings, get_settings
from .models import LoginSession
from .sightings import forget_all

logger = logging.getLogger("django.security.jwt_cookie")


EPOCH = "jwt_cookie:epoch"


class Contact:
    """What this process knows of the cache."""

    def __init__(self, _: Settings) -> None:
        self.epoch: str | None = None
        """Which epoch the cache was in when it was last asked."""

        self.is_behind = False
        """Whether it was not told something that this process had to tell."""


class Unreachable(Exception):
    """The cache does not answer."""


def concern(claims: Claims) -> bool:
    """Tell whether something has happened to the login of ``claims``, or to all of its user's.

    Raises `Unreachable`.
    """
    if get_settings().revocation_cache is None:
        return False
    login, user = _login_key(claims.sid), _user_key(claims.sub)
    try:
        found = _cache().get_many([login, user, EPOCH])
        _keep_up_with(found.get(EPOCH))
    except Exception as error:  # Each cache has errors of its own.
        # Whatever was ended meanwhile, by a command that is over as well, was not told.
        get_settings().derive(Contact).is_behind = True
        raise Unreachable from error
    begun, cut_off = found.get(login, claims.iat - 1), found.get(user, -1)
    if type(begun) is not int or type(cut_off) is not int:
        return True  # It has ended; or somebody else has written what we would not.
    return begun < cut_off


def _keep_up_with(epoch: str | None) -> None:
    """Ask about every login again, if an end of one may have been missed.

    A cache that was restarted is empty, and one that could not be reached for a while was not told
    everything; both are known by the epoch, which is a random number.
    """
    contact = get_settings().derive(Contact)
    if epoch is None or contact.is_behind:
        epoch = _begin_epoch()
    if epoch != contact.epoch:
        forget_all()
        contact.epoch = epoch


def _begin_epoch() -> str:
    epoch = secrets.token_hex(8)
    _cache().set(EPOCH, epoch, timeout=None)
    get_settings().derive(Contact).is_behind = False
    return epoch


def tell_ended(ids: Collection[uuid.UUID]) -> None:
    """Tell every process that the logins ``ids`` have ended, once the database has it for sure."""
    _tell(lambda: {_login_key(each): True for each in ids})


def tell_begun(session_id: uuid.UUID) -> None:
    """Tell every process that a login is not meant by the cut-offs of its user before now."""
    _tell(lambda: {_login_key(session_id): _now()})


def tell_cut_off(sub: str) -> None:
    """Tell every process that all tokens that the user ``sub`` has by now are to be looked at.

    By the time when it is told, and by any clock: a token too many costs a query.
    """
    _tell(lambda: {_user_key(sub): _now()})


def _now() -> int:
    """Return the time by the clock that is the most ahead."""
    return int(time.time()) + get_settings().leeway_seconds


def _tell(entries: Callable[[], dict[str, int]]) -> None:
    if get_settings().revocation_cache is not None:
        using = router.db_for_write(LoginSession)
        transaction.on_commit(partial(_write, entries), using=using)


def _write(entries: Callable[[], dict[str, int]]) -> None:
    settings = get_settings()
    contact = settings.derive(Contact)
    # Longer than any token of now is good.
    timeout = settings.token_seconds + settings.leeway_seconds
    try:
        if contact.is_behind:
            _begin_epoch()
        contact.is_behind = bool(_cache().set_many(entries(), timeout))
    except Exception:
        contact.is_behind = True
        logger.exception("The revocation cache can't be reached.")
    if contact.is_behind:
        logger.error(
            "The revocation cache was not told of an end: until it can be reached again, sites "
            "that only verify go on to serve these logins, for %d seconds at most.",
            timeout,
        )


def _cache() -> BaseCache:
    return caches[get_settings().revocation_cache or ""]


def _login_key(session_id: uuid.UUID) -> str:
    return f"jwt_cookie:login:{session_id}"


def _user_key(sub: str) -> str:
    """Name the user by a hash: not every primary key is a key that every cache takes."""
    return f"jwt_cookie:user:{hashlib.sha256(sub.encode()).hexdigest()[:32]}"

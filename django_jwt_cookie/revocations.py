"""What has been ended lately, told to every process through a cache (``REVOCATION_CACHE``).

A site with ``USER_SOURCE = "token"`` takes a token at its word until it is over. With a cache that
all processes share, each asks it first, in one round trip. What the cache holds is a reason to ask
the record, and never the last word: an entry too many costs a query, and logs nobody out.
"""

import hashlib
import logging
import time
import uuid
from collections.abc import Collection
from functools import partial

from django.core.cache import BaseCache, caches
from django.db import router, transaction

from .conf import get_settings
from .models import LoginSession
from .tokens import Claims

logger = logging.getLogger("django.security.jwt_cookie")


def is_asked() -> bool:
    """Tell whether there is a cache to ask."""
    return get_settings().revocation_cache is not None


def concern(claims: Claims) -> bool:
    """Tell whether something has happened to the login of ``claims``, or to all of its user's.

    Raises whatever the cache raises when it can't be reached.
    """
    login, user = _login_key(claims.sid), _user_key(claims.sub)
    found = _cache().get_many([login, user])
    return login in found or claims.iat <= found.get(user, -1)


def tell_ended(ids: Collection[uuid.UUID]) -> None:
    """Tell every process that the logins ``ids`` have ended, once the database has it for sure."""
    _tell({_login_key(each): True for each in ids})


def tell_cut_off(sub: str) -> None:
    """Tell every process that all tokens that the user ``sub`` has by now are to be looked at."""
    _tell({_user_key(sub): int(time.time())})


def _tell(entries: dict[str, int]) -> None:
    if is_asked() and entries:
        using = router.db_for_write(LoginSession)
        transaction.on_commit(partial(_write, entries), using=using)


def _write(entries: dict[str, int]) -> None:
    settings = get_settings()
    # Longer than any token of now is good.
    timeout = int((settings.token_lifetime + settings.leeway).total_seconds())
    try:
        missing = _cache().set_many(entries, timeout)
    except Exception:
        missing = list(entries)
        logger.exception("The revocation cache can't be reached.")
    if missing:
        logger.error(
            "The revocation cache has not taken the end of %d logins: processes that have seen "
            "their tokens go on to serve them for up to %d seconds.",
            len(missing),
            timeout,
        )


def _cache() -> BaseCache:
    return caches[get_settings().revocation_cache or ""]


def _login_key(session_id: uuid.UUID) -> str:
    return f"jwt_cookie:login:{session_id}"


def _user_key(sub: str) -> str:
    """Name the user by a hash: not every primary key is a key that every cache takes."""
    return f"jwt_cookie:user:{hashlib.sha256(sub.encode()).hexdigest()[:32]}"

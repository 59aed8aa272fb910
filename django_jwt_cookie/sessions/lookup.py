"""The one query of a request: a login and its user, by the primary key of the login."""

import uuid
from collections.abc import Callable, Sequence
from functools import _lru_cache_wrapper, lru_cache
from typing import Any

from django.db import Error

from ..conf import Settings, get_settings
from ..models import LoginSession
from ..users.from_row import Maker
from ..users.prepared import ByKey, PreparedByKey, compiled

USER = LoginSession._meta.get_field("user")
EXAMPLE = uuid.UUID(int=0)


def find_with_user(session_id: uuid.UUID, using: str) -> LoginSession | None:
    """Return the login and its user, as ``select_related()`` does; None without such a login."""
    try:
        lookup = get_settings().derive(_remember_lookups)(using)
    except Error:
        # Some databases are asked for their version first, and may have no second connection free.
        lookup = plain_lookup(using)
    return lookup.get(session_id)


def plain_lookup(using: str) -> ByKey[LoginSession]:
    """Return the query as Django makes it."""
    return ByKey(LoginSession.objects.using(using).select_related("user"))


def _remember_lookups(_: Settings) -> "_lru_cache_wrapper[ByKey[LoginSession]]":
    """Return `make_lookup`, once per database."""
    return lru_cache(maxsize=None)(make_lookup)


def make_lookup(using: str) -> ByKey[LoginSession]:
    """Return the query for a database, prepared where that makes no difference."""
    plain = plain_lookup(using)
    if USER.related_model._meta.parents:
        return plain  # The fields of such a user are in two tables.
    return compiled(plain.queryset, EXAMPLE, PreparedLookup)


class PreparedLookup(PreparedByKey[LoginSession]):
    """Of a row that is the login and then its user."""

    def prepare_instances(self, attnames: Sequence[str]) -> Callable[[list[Any]], LoginSession]:
        """Return what makes a login with its user."""
        size = len(LoginSession._meta.concrete_fields)
        logins = Maker(LoginSession, attnames[:size])
        users = Maker(USER.related_model, attnames[size:])

        def make(row: list[Any]) -> LoginSession:
            session = logins.make(self.using, row[:size])
            assert isinstance(session, LoginSession)
            USER.set_cached_value(session, users.make(self.using, row[size:]))
            return session

        return make

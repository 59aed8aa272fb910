"""The one query of a request: a login and its user, by the primary key of the login.

Django builds and compiles a query anew each time, which takes several times as long as a database
needs to answer this one. It is always the same, so it is compiled once for each database.
"""

import uuid
from functools import _lru_cache_wrapper, lru_cache
from typing import Any

from django.db import Error, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field
from django.db.models.expressions import BaseExpression, Col
from django.db.models.sql.compiler import SQLCompiler

from .conf import Settings, get_settings
from .instances import Maker
from .models import LoginSession, LoginSessionQuerySet

USER = LoginSession._meta.get_field("user")


def find_with_user(session_id: uuid.UUID, using: str) -> LoginSession | None:
    """Return the login and its user, as ``select_related()`` does; None without such a login."""
    try:
        lookup = get_settings().derive(_remember_lookups)(using)
    except Error:
        # Some databases are asked for their version first, and may have no second connection free.
        lookup = Lookup(using)
    return lookup.find(session_id)


def _remember_lookups(_: Settings) -> "_lru_cache_wrapper[Lookup]":
    """Return `_make_lookup`, once per database; with another time zone, times read otherwise."""
    return lru_cache(maxsize=None)(_make_lookup)


def _make_lookup(using: str) -> "Lookup":
    # Not that of this thread: what converts values goes on to refer to it, and would keep it open.
    connection = connections.create_connection(using)
    try:
        prepared = PreparedLookup(connection) if is_simple(connection) else None
    finally:
        connection.close()
    return prepared if prepared and prepared.is_always_the_same else Lookup(using)


class Lookup:
    """The query as Django makes it."""

    def __init__(self, using: str) -> None:
        self._using = using

    def queryset(self, session_id: uuid.UUID) -> LoginSessionQuerySet:
        """Return what is asked for."""
        sessions: LoginSessionQuerySet = LoginSession.objects.using(self._using)
        return sessions.select_related("user").filter(pk=session_id)

    def find(self, session_id: uuid.UUID) -> LoginSession | None:
        """Return the login and its user."""
        try:
            return self.queryset(session_id).get()
        except LoginSession.DoesNotExist:
            return None


class PreparedLookup(Lookup):
    """The same, compiled beforehand."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        super().__init__(connection.alias)
        compiler = self.queryset(uuid.UUID(int=0)).query.get_compiler(connection=connection)
        self._sql, parameters = compiler.as_sql()
        columns = [expression for expression, *_ in compiler.select]
        self.is_always_the_same = len(parameters) == 1 and all(map(_is_plain, columns))
        """Whether the key is all that is another each time: a field may put more into the SQL."""
        self._converters = [
            (position, converter, expression)
            for position, (converters, expression) in compiler.get_converters(columns).items()
            for converter in converters
        ]
        names = [column.target.attname for column in columns]
        self._size = len(LoginSession._meta.concrete_fields)
        self._session = Maker(LoginSession, names[: self._size])
        self._user = Maker(USER.related_model, names[self._size :])

    def find(self, session_id: uuid.UUID) -> LoginSession | None:
        """Return the login and its user."""
        if (row := self._fetch(session_id)) is None:
            return None
        session = self._session.make(self._using, row[: self._size])
        assert isinstance(session, LoginSession)
        USER.set_cached_value(session, self._user.make(self._using, row[self._size :]))
        return session

    def _fetch(self, session_id: uuid.UUID) -> list[Any] | None:
        connection = connections[self._using]
        key = LoginSession._meta.pk.get_db_prep_value(session_id, connection, prepared=True)
        with connection.cursor() as cursor:
            cursor.execute(self._sql, (key,))
            found = cursor.fetchone()
        if found is None:
            return None
        row = list(found)
        for position, converter, expression in self._converters:
            row[position] = converter(row[position], expression, connection)
        return row


def _is_plain(column: BaseExpression) -> bool:
    formats = type(column.output_field).select_format
    return type(column) is Col and formats is Field.select_format


def is_simple(connection: BaseDatabaseWrapper) -> bool:
    """Tell whether one row is the login and then the user, and Django reads it as it comes.

    A model of users that inherits from a table of its own has its fields in two places. And some
    backends for other databases do more with a row than convert its values.
    """
    compiler = connection.ops.compiler("SQLCompiler")
    reads = ("execute_sql", "results_iter", "apply_converters", "get_converters")
    return not USER.related_model._meta.parents and all(
        getattr(compiler, name) is getattr(SQLCompiler, name) for name in reads
    )

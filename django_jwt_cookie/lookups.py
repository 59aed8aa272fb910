"""The one query of a request: a login and its user, by the primary key of the login.

Django builds and compiles a query anew each time, which takes several times as long as a database
needs to answer this one. It is always the same, so it is compiled once for each connection.
"""

import uuid
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field
from django.db.models.expressions import BaseExpression, Col
from django.db.models.sql.compiler import SQLCompiler

from .conf import Settings, get_settings
from .instances import Maker
from .models import LoginSession, LoginSessionQuerySet

ATTRIBUTE = "_jwt_cookie_lookup"
"""Where a connection keeps its `Lookup`: what converts values belongs to the connection."""

USER = LoginSession._meta.get_field("user")


def find_with_user(session_id: uuid.UUID, using: str) -> LoginSession | None:
    """Return the login and its user, as ``select_related()`` does; None without such a login."""
    connection, settings = connections[using], get_settings()
    lookup: Lookup | None = getattr(connection, ATTRIBUTE, None)
    if lookup is None or lookup.settings is not settings:
        lookup = _make_lookup(connection, settings)
        setattr(connection, ATTRIBUTE, lookup)
    return lookup.find(session_id)


class Lookup:
    """The query as Django makes it."""

    def __init__(self, connection: BaseDatabaseWrapper, settings: Settings) -> None:
        self._connection = connection
        self.settings = settings
        """Those in force when this was made: with another time zone, times are read otherwise."""

    def queryset(self, session_id: uuid.UUID) -> LoginSessionQuerySet:
        """Return what is asked for."""
        sessions: LoginSessionQuerySet = LoginSession.objects.using(self._connection.alias)
        return sessions.select_related("user").filter(pk=session_id)

    def find(self, session_id: uuid.UUID) -> LoginSession | None:
        """Return the login and its user."""
        try:
            return self.queryset(session_id).get()
        except LoginSession.DoesNotExist:
            return None


class PreparedLookup(Lookup):
    """The same, compiled beforehand."""

    def __init__(self, connection: BaseDatabaseWrapper, settings: Settings) -> None:
        super().__init__(connection, settings)
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
        names, self._size = (
            [column.target.attname for column in columns],
            len(LoginSession._meta.concrete_fields),
        )
        self._session = Maker(LoginSession, names[: self._size])
        self._user = Maker(USER.related_model, names[self._size :])

    def find(self, session_id: uuid.UUID) -> LoginSession | None:
        """Return the login and its user."""
        if (row := self._fetch(session_id)) is None:
            return None
        using = self._connection.alias
        session = self._session.make(using, row[: self._size])
        assert isinstance(session, LoginSession)
        USER.set_cached_value(session, self._user.make(using, row[self._size :]))
        return session

    def _fetch(self, session_id: uuid.UUID) -> list[Any] | None:
        key = LoginSession._meta.pk.get_db_prep_value(session_id, self._connection, prepared=True)
        with self._connection.cursor() as cursor:
            cursor.execute(self._sql, (key,))
            row = cursor.fetchone()
        if row is None:
            return None
        values = list(row)
        for position, converter, expression in self._converters:
            values[position] = converter(values[position], expression, self._connection)
        return values


def _make_lookup(connection: BaseDatabaseWrapper, settings: Settings) -> Lookup:
    if is_simple(connection):
        prepared = PreparedLookup(connection, settings)
        if prepared.is_always_the_same:
            return prepared
    return Lookup(connection, settings)


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

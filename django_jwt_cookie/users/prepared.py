"""One row by its primary key, by a query that is compiled once for each database.

Django builds and compiles a query anew each time, which takes several times as long as a database
needs to answer this one. It is always the same. Where the result could be another than Django's,
Django is asked.
"""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Model, QuerySet
from django.db.models.expressions import BaseExpression, Col
from django.db.models.sql.compiler import SQLCompiler

from .from_row import Maker

M = TypeVar("M", bound=Model)


class ByKey(Generic[M]):
    """The query as Django makes it."""

    def __init__(self, queryset: "QuerySet[M]") -> None:
        """``queryset`` names its database."""
        self.queryset = queryset

    def get(self, key: Any) -> M | None:
        """Return the instance with this primary key, if there is one."""
        try:
            return self.queryset.get(pk=key)
        except ObjectDoesNotExist:
            return None


class PreparedByKey(ByKey[M]):
    """The same, compiled beforehand."""

    def __init__(
        self, queryset: "QuerySet[M]", connection: BaseDatabaseWrapper, example: object
    ) -> None:
        """Compile the query; ``example`` is a value that the primary key could have."""
        super().__init__(queryset)
        self.using = connection.alias
        self._pk = queryset.model._meta.pk
        compiler = queryset.filter(pk=example).query.get_compiler(connection=connection)
        self._sql, parameters = compiler.as_sql()
        columns = [expression for expression, *_ in compiler.select]
        self.is_always_the_same = len(parameters) == 1 and all(map(_is_plain, columns))
        """Whether the key is all that is another each time: a field may put more into the SQL."""
        self._converters = [
            (position, converter, expression)
            for position, (converters, expression) in compiler.get_converters(columns).items()
            for converter in converters
        ]
        if self.is_always_the_same:
            self._make = self.prepare_instances([column.target.attname for column in columns])

    def prepare_instances(self, attnames: Sequence[str]) -> Callable[[list[Any]], M]:
        """Return what makes an instance of the values of these fields."""
        maker = Maker(self.queryset.model, attnames)
        return lambda row: maker.make(self.using, row)  # type: ignore[return-value]

    def get(self, key: Any) -> M | None:
        """Return the instance with this primary key, if there is one."""
        connection = connections[self.using]
        prepared = self._pk.get_db_prep_value(key, connection)
        with connection.cursor() as cursor:
            cursor.execute(self._sql, (prepared,))
            found = cursor.fetchone()
        if found is None:
            return None
        row = list(found)
        for position, converter, expression in self._converters:
            row[position] = converter(row[position], expression, connection)
        return self._make(row)


def compiled(
    queryset: "QuerySet[M]",
    example: object,
    prepared: Callable[["QuerySet[M]", BaseDatabaseWrapper, object], PreparedByKey[M]],
) -> ByKey[M]:
    """Return ``queryset`` by primary key, prepared if that makes no difference."""
    # Not on the connection of this thread: what converts values goes on to refer to it, and would
    # keep it open.
    connection = connections.create_connection(queryset.db)
    try:
        query = prepared(queryset, connection, example) if _reads_plainly(connection) else None
    finally:
        connection.close()
    return query if query and query.is_always_the_same else ByKey(queryset)


def _reads_plainly(connection: BaseDatabaseWrapper) -> bool:
    """Tell whether Django does no more with a row than convert its values.

    Some backends for other databases do.
    """
    compiler = connection.ops.compiler("SQLCompiler")
    reads = ("execute_sql", "results_iter", "apply_converters", "get_converters")
    return all(getattr(compiler, name) is getattr(SQLCompiler, name) for name in reads)


def _is_plain(column: BaseExpression) -> bool:
    formats = type(column.output_field).select_format
    return type(column) is Col and formats is Field.select_format

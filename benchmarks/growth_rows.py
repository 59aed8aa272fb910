"""The table of logins grows: the part of `benchmarks.growth` about it.

A file of SQLite for each size, all open at once, so that all have their turn in each round.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection, connections
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone

from django_jwt_cookie.models import LoginSession

from . import child
from .growth import against_smallest
from .growth_requests import begin_login, check, make_requests, serve, token_of
from .in_turn import Contender, time_in_turn
from .samples import SECRET, decode_all, under

SIZES = (1, 1_000, 100_000, 1_000_000)
QUICK = (1, 1_000, 10_000)
LOGINS_PER_USER = 2
SAMPLE = 2_000
"""Logins that come with requests, chosen at random: their records are far from each other."""

LIFETIME = timedelta(hours=1)
STATED = {"SECRET": SECRET, "TOKEN_LIFETIME": LIFETIME, "VERIFIED_CACHE_SIZE": 4 * SAMPLE}
"""With room for every token: a table of one login has but one, and that would be known alone."""


def measure_here(quick: bool) -> child.Rows:
    """Return a row for each size and step."""
    calls, rounds = (10, 7) if quick else (25, 60)
    with TemporaryDirectory() as folder, under(**STATED)():
        tables = [Table(Path(folder), size, calls) for size in (QUICK if quick else SIZES)]
        rows = []
        for step, contend in STEPS.items():
            timings = time_in_turn(map(contend, tables), rounds)
            rows += against_smallest("rows in the table of logins", step, timings)
        close(tables)
    return rows


class Table:
    """A database with so many logins, and the requests that come there."""

    def __init__(self, folder: Path, size: int, calls: int) -> None:
        self.name = f"{size:,}"
        self.calls = calls
        self.connection = connections.create_connection("default")
        self.connection.settings_dict = connection.settings_dict | {"NAME": folder / f"{size}.db"}
        with self.open():
            fill(folder, size)
            chosen = LoginSession.objects.select_related("user").order_by("?")[:SAMPLE]
            tokens = {login.pk: token_of(login) for login in chosen}
        decode_all([*tokens.values()])
        self.coming = cycle(tokens.items())

    @contextmanager
    def open(self) -> Iterator[None]:
        """Have everything go to this database."""
        before, connections["default"] = connections["default"], self.connection
        try:
            yield
        finally:
            connections["default"] = before

    def come(self, count: int, age: timedelta) -> list[tuple[Any, str]]:
        """Return the next logins, with tokens that are of that age.

        What has been read for this is thrown out of the cache of the connection.
        """
        chosen = [next(self.coming) for _ in range(count)]
        then = timezone.now() - age
        LoginSession.objects.filter(pk__in=[key for key, _ in chosen]).update(
            generation=0, rotated_at=then, seen_at=then
        )
        run("PRAGMA shrink_memory")
        return chosen

    def requests(self, count: int, age: timedelta) -> list[HttpRequest]:
        """Return requests of the next logins."""
        return make_requests(token for _, token in self.come(count, age))

    def serving(self) -> Contender:
        """Serve requests that need the user."""
        batch = partial(self.requests, self.calls, timedelta(0))
        return Contender(
            self.name, serve, batch, self.open, lambda: check(batch()[0], renews=False)
        )

    def renewing(self) -> Contender:
        """Serve requests that need the user and get a new token.

        One at a time: the smallest table has one login, which has to grow old again each time.
        """
        batch = partial(self.requests, 1, LIFETIME * 3 / 4)
        return Contender(
            name=self.name,
            call=serve,
            batch=batch,
            under=self.open,
            warm=lambda: check(batch()[0], renews=True),
            batches=self.calls,
        )

    def looking(self) -> Contender:
        """Do the least that a request can do: one query, for a login and its user."""
        batch = partial(self.come, self.calls, timedelta(0))
        return Contender(self.name, look_up, batch, self.open, lambda: look_up(batch()[0]))


STEPS: dict[str, Callable[[Table], Contender]] = {
    "request, user from the database": Table.serving,
    "request with a renewal": Table.renewing,
    "(Django's query for both, alone)": Table.looking,
}


def look_up(come: tuple[Any, str]) -> None:
    """Ask for a login and its user."""
    LoginSession.objects.select_related("user").get(pk=come[0])


def fill(folder: Path, size: int) -> None:
    """Make the tables, and fill them with copies of one user and one login."""
    empty = folder / "empty.db"
    if empty.exists():
        shutil.copy(empty, connection.settings_dict["NAME"])
    run("PRAGMA synchronous = OFF")
    if not empty.exists():
        call_command("migrate", verbosity=0)
        shutil.copy(connection.settings_dict["NAME"], empty)
    first, users = begin_login().user_id, max(size // LOGINS_PER_USER, 1)
    multiply(get_user_model(), users, id=f"{first} + i", username="'user' || i")
    multiply(LoginSession, size, id="lower(hex(randomblob(16)))", user_id=f"{first} + i % {users}")
    run("ANALYZE")
    if (found := LoginSession.objects.count()) != size:
        raise RuntimeError(f"{found:,} logins in place of {size:,}")


def multiply(model: type[Model], size: int, **different: str) -> None:
    """Copy the one row of a table until there are ``size``; ``i`` counts the copies.

    In SQL, since a million records through the ORM take a minute; whatever columns there are.
    """
    columns = [str(each.column) for each in model._meta.concrete_fields]
    values = [different.get(column, column) for column in columns]
    table = model._meta.db_table
    numbers = f"SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {size - 1}"  # noqa: S608
    copies = f"SELECT {', '.join(values)} FROM {table}, n WHERE {size} > 1"  # noqa: S608
    run(f"WITH RECURSIVE n(i) AS ({numbers}) INSERT INTO {table} ({', '.join(columns)}) {copies}")


def run(sql: str) -> None:
    """Run a statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql)


def close(tables: list[Table]) -> None:
    """Close the files before they are deleted."""
    for table in tables:
        table.connection.close()

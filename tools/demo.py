"""Runs the example: brings its database up to date, makes the demo user, and serves.

    .venv/bin/python tools/demo.py [port]

`make demo` calls it after installing what it needs.
"""

import os
import socket
import sys
from pathlib import Path

import django
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import DatabaseError, OperationalError, connection
from django.db.migrations.exceptions import InconsistentMigrationHistory

ROOT = Path(__file__).resolve().parent.parent
MANAGE = ROOT / "example_project" / "manage.py"


def main(port: int) -> None:
    """Prepare everything, then become the server."""
    refuse_taken(port)
    sys.path.insert(0, str(ROOT))
    os.environ["DJANGO_SETTINGS_MODULE"] = "example_project.settings"
    try:
        django.setup()
        migrate()
        call_command("demo_user")
    except (CommandError, DatabaseError, ImproperlyConfigured) as error:
        sys.exit(f"{type(error).__name__}: {error}")
    connection.close()
    print(f"\nServing on http://localhost:{port} until Ctrl-C\n", flush=True)
    os.execv(sys.executable, [sys.executable, str(MANAGE), "runserver", str(port)])  # noqa: S606


def refuse_taken(port: int) -> None:
    """Say so before anything is done, if another program listens on the port."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            sys.exit(
                f"Port {port} is not free ({error.strerror}). Is the demo running elsewhere? "
                f"Stop what uses it, or take another: make demo PORT={port + 1}"
            )


def migrate() -> None:
    """Bring the database up to date; begin a new one if the old can't be brought there.

    That is so for one that an unreleased version made, whose migrations have changed since.
    """
    try:
        call_command("migrate", verbosity=0)
        usable = fits()
    except (DatabaseError, InconsistentMigrationHistory) as error:
        if isinstance(error, OperationalError) and "locked" in str(error):
            raise
        usable = False
    if not usable:
        begin_anew()
        call_command("migrate", verbosity=0)


def fits() -> bool:
    """Tell whether each table has the columns of its model."""
    with connection.cursor() as cursor:
        return all(
            {(field.column, field.null) for field in model._meta.local_concrete_fields}
            == {
                (column.name, bool(column.null_ok))
                for column in connection.introspection.get_table_description(
                    cursor, model._meta.db_table
                )
            }
            for model in apps.get_models(include_auto_created=True)
            if model._meta.managed and not model._meta.proxy
        )


def begin_anew() -> None:
    """Put the database file aside."""
    connection.close()
    if connection.vendor != "sqlite":
        sys.exit(
            "The database of DATABASE_URL has tables of another version. Name an empty database, "
            "or none to use SQLite."
        )
    name = Path(settings.DATABASES["default"]["NAME"])
    aside = name.with_suffix(f".old{name.suffix}")
    name.replace(aside)
    print(f"{name.name} is of another version: it is now {aside.name}, and a new one begins.")


def port_of(text: str) -> int:
    """Read a port number."""
    if not text.isdecimal() or not 0 < int(text) < 2**16:
        sys.exit(f"Not a port: {text}")
    return int(text)


if __name__ == "__main__":
    main(port_of(sys.argv[1]) if len(sys.argv) > 1 else 8000)

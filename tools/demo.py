"""Runs the example: brings its database up to date, makes the demo user, and serves.

    .venv/bin/python tools/demo.py [port]

`make demo` calls it after installing what it needs.
"""

import os
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


def main(port: str = "8000") -> None:
    """Prepare everything, then become the server, which says so if the port is not free."""
    sys.path.insert(0, str(ROOT))
    os.environ["DJANGO_SETTINGS_MODULE"] = "example_project.settings"
    try:
        django.setup()
        if not is_migrated():
            put_aside()
            call_command("migrate", verbosity=0)
        call_command("demo_user")
    except (CommandError, DatabaseError, ImproperlyConfigured) as error:
        sys.exit(f"{type(error).__name__}: {error}")
    connection.close()
    print(f"\nServing on http://localhost:{port} until Ctrl-C\n", flush=True)
    os.execv(sys.executable, [sys.executable, str(MANAGE), "runserver", port])  # noqa: S606


def is_migrated() -> bool:
    """Bring the database up to date; tell whether each table has the columns of its model.

    One that an unreleased version made has not: migrations have changed since.
    """
    try:
        call_command("migrate", verbosity=0)
    except (DatabaseError, InconsistentMigrationHistory) as error:
        if isinstance(error, OperationalError) and "locked" in str(error):
            raise
        return False
    describe = connection.introspection.get_table_description
    with connection.cursor() as cursor:
        return all(
            {(field.column, field.null) for field in model._meta.local_concrete_fields}
            == {(each.name, bool(each.null_ok)) for each in describe(cursor, model._meta.db_table)}
            for model in apps.get_models(include_auto_created=True)
            if model._meta.managed and not model._meta.proxy
        )


def put_aside() -> None:
    """Rename the database file, so that a new one begins."""
    connection.close()
    if connection.vendor != "sqlite":
        sys.exit(
            "The database of DATABASE_URL has tables of another version. Name an empty database, "
            "or none to use SQLite."
        )
    name = Path(settings.DATABASES["default"]["NAME"])
    aside = name.replace(name.with_suffix(f".old{name.suffix}"))
    print(f"{name.name} is of another version: it is now {aside.name}, and a new one begins.")


if __name__ == "__main__":
    main(*sys.argv[1:])

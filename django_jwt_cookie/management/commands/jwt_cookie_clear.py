"""``manage.py jwt_cookie_clear``: delete the records of logins that are over."""

import argparse
from datetime import timedelta
from importlib import import_module
from typing import Any

from django.conf import settings as django_settings
from django.contrib.sessions.backends import signed_cookies
from django.core.management.base import BaseCommand
from django.utils import timezone

from django_jwt_cookie.conf import get_settings
from django_jwt_cookie.management.batches import batches
from django_jwt_cookie.management.ending import logins
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.sessions import records

MAX_BATCH = 10_000
"""More in one statement is more than some databases take."""


class Command(BaseCommand):
    """Delete records, and never that of a login that goes on."""

    help = "Deletes the records of logins that have ended or expired. Run it once a day."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--keep-days",
            type=between(0, 3650),
            default=7,
            metavar="DAYS",
            help="Keep a record for so many days after the end of its login (default: 7). Until it "
            "is deleted, whoever comes back is told why the login ended; after that, only that it "
            "did. No token of it is taken, with or without the record.",
        )
        parser.add_argument(
            "--batch-size",
            type=between(1, MAX_BATCH),
            default=1000,
            metavar="ROWS",
            help=f"Delete so many records at once (default: 1000, at most {MAX_BATCH}).",
        )

    def handle(self, *args: Any, keep_days: int, batch_size: int, **options: Any) -> None:
        """Delete them, and say how many."""
        now = timezone.now()
        over = records().over_since(now - timedelta(days=keep_days))
        if get_settings().move_from or is_kept_by_browsers():
            # Without its record, an older credential that is still good would become a new login.
            over = over.exclude(expires_at__gt=now)
        deleted = 0
        for batch in batches(over, batch_size):
            _, by_model = batch.delete()
            deleted += by_model.get(LoginSession._meta.label, 0)
        self.stdout.write(f"Deleted the records of {logins(deleted)}.")


def is_kept_by_browsers() -> bool:
    """Tell whether sessions are in cookies, so that a copy from before the swap may come back."""
    engine = import_module(django_settings.SESSION_ENGINE)
    return issubclass(engine.SessionStore, signed_cookies.SessionStore)


def between(least: int, most: int) -> Any:
    """Return a type of argument: a whole number from ``least`` to ``most``."""

    def number(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{value} is not between {least} and {most}")
        return value

    return number

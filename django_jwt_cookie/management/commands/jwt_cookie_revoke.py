"""``manage.py jwt_cookie_revoke``: end logins, of somebody or of everybody."""

import argparse
import uuid
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from django_jwt_cookie import sessions
from django_jwt_cookie.conf import get_settings
from django_jwt_cookie.management import ending
from django_jwt_cookie.models import LoginSessionQuerySet


class Command(BaseCommand):
    """End logins as the list of devices does: signal and log line for each."""

    help = "Ends logins: one, all of a user, or all there are."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--user", metavar="NAME", help="End every login of the user NAME.")
        which.add_argument(
            "--session",
            type=uuid.UUID,
            metavar="UUID",
            help="End one login, by the id that the list of devices and the login document tell.",
        )
        which.add_argument(
            "--all",
            action="store_true",
            help="End every login of everybody; asks before it does.",
        )
        ending.add_yes(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """End them, and say how many."""
        if not get_settings().track_sessions:
            raise CommandError(
                "There is no record of any login (TRACK_SESSIONS = False). A new password, or a "
                "deactivated account, ends a user's logins; another secret ends all of them."
            )
        alive = _select(options).alive()
        if options["all"] and options["interactive"]:
            ending.ask(alive.count())
        self.stdout.write(ending.end(alive))


def _select(options: dict[str, Any]) -> LoginSessionQuerySet:
    """Return the logins that are meant, ended ones included."""
    logins = sessions.records()
    if options["session"]:
        logins = logins.filter(pk=options["session"])
        if not logins.exists():
            raise CommandError(f"There is no login {options['session']}.")
    elif options["user"] is not None:
        user_model = get_user_model()
        # The default manager may hide users that were put away; their logins are meant too.
        user = user_model._base_manager.filter(**{user_model.USERNAME_FIELD: options["user"]})
        if not user.exists():
            raise CommandError(f"There is no user {options['user']!r}.")
        logins = logins.filter(user__in=user)
    return logins

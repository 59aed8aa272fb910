"""Ending many logins, after asking."""

import argparse

from django.core.management.base import CommandError
from django.template.defaultfilters import pluralize

from .. import sessions
from ..models import LoginSessionQuerySet
from .batches import batches

BATCH_SIZE = 1000


def add_yes(parser: argparse.ArgumentParser) -> None:
    """Declare the option not to ask, by the names that Django's own commands have, too."""
    parser.add_argument(
        "--yes",
        "--no-input",
        "--noinput",
        action="store_false",
        dest="interactive",
        help="Do not ask: for scripts.",
    )


def ask(count: int) -> None:
    """Go on if somebody types "yes"."""
    try:
        answer = input(f"{logins(count)} will end, yours included. Type 'yes' to go on: ")
    except EOFError:
        raise CommandError("Nobody is there to ask. Give --yes to end them all the same.") from None
    if answer.strip() != "yes":
        raise CommandError("No login was ended.")


def end(chosen: LoginSessionQuerySet) -> str:
    """End the logins as the list of devices does; say how many there were."""
    ended = sum(
        sessions.end_all(batch, sessions.EndReason.REVOKED) for batch in batches(chosen, BATCH_SIZE)
    )
    return f"Ended {logins(ended)}."


def logins(count: int) -> str:
    """Return so many logins in words."""
    return f"{count} login{pluralize(count)}"

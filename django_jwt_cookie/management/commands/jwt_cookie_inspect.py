"""``manage.py jwt_cookie_inspect``: what a token says, and what the site makes of it."""

import argparse
import json
import sys
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from django_jwt_cookie.management.inspection import CHECKS, Inspection, run
from django_jwt_cookie.tokens.claims import MAX_TIME, SID
from django_jwt_cookie.tokens.codec import COMPACT_JWS, MAX_LENGTH

STANDARD_INPUT = "-"
TIMES = ("iat", "exp", "nbf", "auth_time", "started_at")


class Command(BaseCommand):
    """Show a token on the terminal; it is written nowhere else."""

    help = (
        "Shows what a token says and what the site makes of it, check by check, without changing "
        "anything. Exits with 1 if the site refuses it."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the argument."""
        parser.add_argument(
            "token",
            metavar="TOKEN",
            help="The value of the cookie, or - to read it from standard input, which keeps it out "
            "of the shell's history and the list of processes.",
        )

    def handle(self, *args: Any, token: str, **options: Any) -> None:
        """Show the token, make the checks."""
        found = Inspection((sys.stdin.read() if token == STANDARD_INPUT else token).strip())
        if len(found.token) <= MAX_LENGTH and COMPACT_JWS.fullmatch(found.token):
            header, payload, _ = found.token.split(".")
            self.stdout.write("\n".join([*show("Header", header), *show("Claims", payload)]))
        self.stdout.write("Checks")
        is_refused = False
        for name, check in CHECKS.items():
            result = "not made" if is_refused else ""
            if not is_refused:
                is_refused, result = run(check, found)
            self.stdout.write(f"  {name:<11} {result}")
        if is_refused:
            raise CommandError("The site refuses this token.")


def show(title: str, part: str) -> Iterator[str]:
    """Yield the lines that tell what ``part`` says, genuine or not.

    In ASCII: what an attacker has written must not steer the terminal.
    """
    yield title
    try:
        entries = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        entries = None
    if not isinstance(entries, dict):
        yield "  can't be read"
        return
    for name, value in entries.items():
        yield f"  {json.dumps(name)[1:-1]:<11} {json.dumps(value)}{_in_words(name, value)}"


def _in_words(name: str, value: object) -> str:
    """Return a time as a human can read it, and a login as ``jwt_cookie_revoke`` takes it.

    JWT times are seconds, not milliseconds.
    """
    if name == "sid" and isinstance(value, str) and SID.fullmatch(value):
        return f" = {UUID(bytes=urlsafe_b64decode(value + '=='))}"
    if name not in TIMES or type(value) is not int or not 0 < value <= MAX_TIME:
        return ""
    return f" = {datetime.fromtimestamp(value, UTC):%Y-%m-%dT%H:%M:%SZ}"

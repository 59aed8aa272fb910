"""``manage.py jwt_cookie_key``: make a key, show those in use, or replace one that has leaked."""

import argparse
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from django_jwt_cookie import sessions
from django_jwt_cookie.conf import ALGORITHMS, get_settings
from django_jwt_cookie.exceptions import KeysUnavailable
from django_jwt_cookie.keys import get_key_ring, pairs
from django_jwt_cookie.keys.material import ALGORITHMS_OF
from django_jwt_cookie.management import ending

NAME, NEXT = "JWT_COOKIE_SECRET", "JWT_COOKIE_SECRET_NEXT"
"""What a line in ``.env`` is called; the second, while the first is in use."""

STILL_GOOD = (
    "The key that leaked is still good: whoever has it can make tokens until it is in the settings "
    "of no server. Put the new key in its place, do not keep the old one in KEYS, and restart "
    "every server now. Then everybody has to log in again."
)


class Command(BaseCommand):
    """Keys go to standard output or into a file, and nowhere else."""

    help = "Makes a key for JWT_COOKIE, shows the keys in use, or replaces one that has leaked."
    requires_system_checks = ()  # They would refuse the settings that a key is missing from.

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--algorithm",
            choices=ALGORITHMS,
            help="What the key is for (default: that of the settings).",
        )
        parser.add_argument(
            "--out",
            type=Path,
            metavar="FILE",
            help="Write the key into a new file that only you can read, and do not print it.",
        )
        instead = parser.add_mutually_exclusive_group()
        instead.add_argument(
            "--show",
            action="store_true",
            help="Show the keys in use: name, algorithm, what each does; no key is in it.",
        )
        instead.add_argument(
            "--replace-all",
            action="store_true",
            help="For the day a key has leaked: make a key and end every login; asks before.",
        )
        ending.add_yes(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Do one of the three."""
        try:
            if options["show"]:
                self.stdout.write("\n".join(_table()))
            elif options["replace_all"]:
                self._replace_all(options)
            else:
                self._make(options)
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from None

    def _make(self, options: dict[str, Any]) -> None:
        algorithm = options["algorithm"] or get_settings().algorithm
        path: Path | None = options["out"]
        if path is None:
            name = NAME if options["replace_all"] else self._free_name()
            self.stdout.write(f"{name}={_one_line(algorithm)}")
            return
        _write(path, _text(algorithm))
        self.stdout.write(f'Made a key for {algorithm}. In the settings: "file:{path.resolve()}"')

    def _free_name(self) -> str:
        """Return a name that nothing is read from by now.

        Whoever appends to ``.env`` twice must not log everybody out: there would be two lines of
        one name, and which of them counts is for its reader to say.
        """
        settings = get_settings()
        if not (os.environ.get(NAME) or settings.secret or settings.keys):
            return NAME
        if os.environ.get(NEXT):
            raise CommandError(
                f"{NEXT} is there already, and not written again: let it take the place of {NAME} "
                "first, as docs/keys.md says. If a key has leaked: --replace-all."
            )
        self.stderr.write(
            f"There is a key. This is the next one, and {NEXT} its name: docs/keys.md"
        )
        return NEXT

    def _replace_all(self, options: dict[str, Any]) -> None:
        alive = sessions.records().alive()
        if options["interactive"]:
            ending.ask(alive.count())
        self._make(options)
        self.stdout.write(ending.end(alive))
        self.stdout.write(STILL_GOOD)


def _table() -> Iterator[str]:
    ring = get_key_ring()
    if ring.may_block:
        with suppress(KeysUnavailable):
            ring.find("")
    yield f"{'kid':<44}{'algorithm':<10}{'does':<10}public"
    for key in ring.keys:
        does = "signs" if ring.can_sign and key == ring.signing_key else "verifies"
        public = "no" if key.public_jwk is None else "yes"
        yield f"{key.kid:<44}{key.algorithm:<10}{does:<10}{public}"


def _one_line(algorithm: str) -> str:
    """Make a key, as the value of a line in ``.env``."""
    if algorithm in ALGORITHMS_OF["oct"]:
        return secrets.token_urlsafe(64)
    jwk = pairs.private_jwk(pairs.generate(algorithm))
    return f"'{json.dumps(jwk | {'alg': algorithm}, separators=(',', ':'))}'"


def _text(algorithm: str) -> str:
    """Make a key, as the content of a file."""
    if algorithm in ALGORITHMS_OF["oct"]:
        return f"{secrets.token_urlsafe(64)}\n"
    return pairs.to_pem(pairs.generate(algorithm))


def _write(path: Path, text: str) -> None:
    """Write a file that was not there, for its owner alone from the first moment on."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise CommandError(f"{path} is there already, and may be in use: not touched.") from None
    except OSError as error:
        raise CommandError(f"{path} can't be written: {error.strerror}.") from None
    with open(descriptor, "w", encoding="ascii") as file:
        file.write(text)

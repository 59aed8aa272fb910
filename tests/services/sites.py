"""The Django site of docs/services.md, where logins begin, and what others make of its tokens."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.accounts import NAME, PASSWORD
from tests.support.documents import ROOT, write_files
from tests.support.key_samples import pem

from .servers import Server, free_port, gunicorn, running

PAGE = ROOT / "docs" / "services.md"
COOKIE = "__Secure-jwt"
KEY = pem("EdDSA")

PREPARE = f"""
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.contrib.auth.models import User
User.objects.create_user("{NAME}", password="{PASSWORD}")
User.objects.create_user("grace", password="{PASSWORD}")
"""


@dataclass(frozen=True)
class Project:
    """The files of the document in a folder, and a database with two users."""

    folder: Path

    @classmethod
    def of_document(cls, folder: Path) -> "Project":
        """Write the files, make the database."""
        write_files(PAGE, folder)
        project = cls(folder)
        subprocess.run(  # noqa: S603
            [sys.executable, "-c", PREPARE],
            env=os.environ | project.environment("accounts", {"KEYS": [KEY]}),
            check=True,
        )
        return project

    def environment(self, site: str, changes: dict[str, Any]) -> dict[str, str]:
        """Return what a process of one of the Django sites has to know."""
        return {
            "DJANGO_SETTINGS_MODULE": "tests.services.settings",
            "SITE": site,
            "CHANGES": json.dumps(changes),
            "DATABASE_URL": f"sqlite:///{self.folder / 'accounts.sqlite3'}?timeout=60",
            "CACHE_URL": "locmemcache://",
            "PYTHONPATH": os.pathsep.join([str(self.folder), *filter(None, sys.path)]),
        }

    @contextmanager
    def serving(self, site: str, *options: str, **changes: Any) -> Iterator[Server]:
        """Run one of the Django sites."""
        port = free_port()
        log = self.folder / f"{site}-{port}.log"
        variables = self.environment(site, changes)
        with running(gunicorn(port, *options), port, log, **variables):
            yield Server(port, f"{site}.example.com", is_tls="--certfile" in options)


def jwks_url(accounts: Server) -> str:
    """Return where the keys are to be had without a name server."""
    return f"http://127.0.0.1:{accounts.port}/.well-known/jwks.json"


def log_in(accounts: Server, name: str = NAME) -> str:
    """Log in as a program does; return the token."""
    csrf = accounts.ask("/accounts/csrf/")
    form = {"username": name, "password": PASSWORD, "remember": True}
    answer = accounts.ask(
        "/accounts/login/",
        csrf.cookies[0].split(";")[0],
        "POST",
        json.dumps(form),
        Origin=accounts.origin,
        **{"Content-Type": "application/json", "X-CSRFToken": csrf.json()["csrf_token"]},
    )
    assert answer.status == 200, answer.body
    return token_in(answer.cookies[-1])


def log_out(accounts: Server, token: str) -> None:
    """End the login."""
    csrf = accounts.ask("/accounts/csrf/")
    cookies = f"{csrf.cookies[0].split(';')[0]}; {COOKIE}={token}"
    header = {"X-CSRFToken": csrf.json()["csrf_token"]}
    answer = accounts.ask("/accounts/logout/", cookies, "POST", Origin=accounts.origin, **header)
    assert answer.status == 204, answer.body


def token_in(set_cookie: str) -> str:
    """Return the token that a ``Set-Cookie`` brings."""
    name, _, value = set_cookie.split(";", maxsplit=1)[0].partition("=")
    assert name == COOKIE
    return value

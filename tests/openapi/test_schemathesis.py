"""What schemathesis makes of the document: requests of all kinds, right and wrong, to a server.

All of its checks, with requests that fit the document, that don't, and that follow each other. A
document of forms leads to two exceptions: a form may refuse a value that fits (a wrong password),
as schemathesis.toml says; and requests that follow each other begin with a login each, since one
of them may be a logout.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.support.accounts import NAME, PASSWORD
from tests.support.documents import ROOT
from tools.openapi import TARGET

from ..services.servers import free_port, gunicorn, running

SETTINGS = "tests.openapi.settings"
EXAMPLES = "10"
SEED = os.environ.get("SCHEMATHESIS_SEED", "1")
"""The same requests each time, so that a failure is the commit's; another number tries others."""

ACCOUNT = json.dumps({"username": NAME, "password": PASSWORD})
PREPARE = f"""
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.contrib.auth.models import User
User.objects.create_user("{NAME}", "ada@example.com", "{PASSWORD}")
"""


def uvicorn(port: int) -> list[str]:  # pragma: no cover - where it is installed
    """Return the command that serves a Django site through ASGI."""
    application = "django.core.asgi:get_asgi_application"
    return [
        *(sys.executable, "-m", "uvicorn", "--factory", application, "--port", str(port)),
        *("--lifespan", "off", "--log-level", "warning"),
    ]


@pytest.mark.needs_schemathesis
class TestSchemathesis:
    def test_the_document_is_one(self) -> None:
        """By the specification of OpenAPI 3.1."""
        validator = import_module("openapi_spec_validator").OpenAPIV31SpecValidator
        validator(json.loads(TARGET.read_text())).validate()

    @staticmethod
    @contextmanager
    def site(folder: Path, command: list[str], port: int) -> Iterator[str]:
        """Run the site with a database of its own; return its address."""
        variables = {
            "DJANGO_SETTINGS_MODULE": SETTINGS,
            "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}?timeout=60",
            "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]),
        }
        subprocess.run(  # noqa: S603
            [sys.executable, "-c", PREPARE], env=os.environ | variables, check=True
        )
        with running(command, port, folder / "server.log", **variables):
            yield f"http://127.0.0.1:{port}"

    @pytest.mark.parametrize("serve", [gunicorn, uvicorn], ids=["wsgi", "asgi"])
    @pytest.mark.parametrize("account", [ACCOUNT, ""], ids=["member", "stranger"])
    def test_finds_nothing(self, tmp_path: Path, serve: Any, account: str) -> None:
        """Neither as somebody who is logged in nor as a stranger, with a CSRF token each."""
        port = free_port()
        with self.site(tmp_path, serve(port), port) as site:
            run = subprocess.run(  # noqa: S603
                [
                    *(sys.executable, "-m", "schemathesis.cli"),
                    *("--config-file", str(Path(__file__).parent / "schemathesis.toml")),
                    *("run", f"{site}/openapi.json", "--max-examples", EXAMPLES, "--no-color"),
                    *("--seed", SEED),
                ],
                env=os.environ
                | {"SITE": site, "ACCOUNT": account, "SCHEMATHESIS_HOOKS": "tests.openapi.hooks"}
                | {"PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])},
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=False,
            )
        assert run.returncode == 0, run.stdout[-8000:] + run.stderr

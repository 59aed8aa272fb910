"""Functions run in a process of their own, with a Django of their own.

What was set up, imported or remembered elsewhere must not count, in either direction.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

import django
from django.conf import settings

from .report import table

Rows: TypeAlias = list[dict[str, Any]]
"""A table: in each row, what stands under the title of each column."""

ROOT = Path(__file__).resolve().parent.parent

SETTINGS: dict[str, Any] = {
    "SECRET_KEY": "benchmarks-only-and-long-enough-not-to-be-called-weak",
    "INSTALLED_APPS": [
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django_jwt_cookie",
    ],
    "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
    "ALLOWED_HOSTS": ["testserver"],
    "USE_TZ": True,
}


def call(module: str, function: str, *arguments: object) -> Any:
    """Return what a function returns in a fresh process; arguments and answer pass as JSON."""
    command = ["-m", "benchmarks.child", module, function, json.dumps(arguments)]
    done = subprocess.run([sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def answer(module: str, function: str, arguments: str) -> None:
    """Be that process."""
    settings.configure(**SETTINGS)
    django.setup()
    print(json.dumps(getattr(import_module(module), function)(*json.loads(arguments))))


def main(measure: Callable[[bool], Rows], description: str | None) -> None:
    """Print one table alone, as the command line says."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="few and noisy figures, in seconds")
    parser.add_argument("--json", action="store_true", help="the rows as JSON")
    options = parser.parse_args()
    rows = measure(options.quick)
    print(json.dumps(rows) if options.json else table(rows))


if __name__ == "__main__":
    answer(*sys.argv[1:])

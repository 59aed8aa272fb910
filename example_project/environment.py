"""Variables of the environment, read strictly: a typing error must not become another setting.

`DEBUG=ture` read as "not true" would send a newcomer to an https address that nobody answers. So a
value that is not understood is refused, with its name, what it has to be, and where to change it.
"""

import os
import re
import warnings
from datetime import timedelta
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

FLAGS = {"true": True, "yes": True, "on": True, "1": True} | {
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}


def required(name: str) -> str:
    """Return the variable `name`, or say how to get one: an empty secret must never be used."""
    if value := _read(name):
        return value
    message = (
        f"{name} is missing or empty, both in the environment and in .env. "
        "Delete .env to have a new one generated at the next start, or give it a value there."
    )
    raise ImproperlyConfigured(message)


def flag(name: str, *, default: bool) -> bool:
    """Return `name` as true or false."""
    value = _read(name) or str(default)
    try:
        return FLAGS[value.lower()]
    except KeyError:
        raise _refusal(name, value, "true or false") from None


def seconds(name: str, *, default: int) -> timedelta:
    """Return `name`, a whole number of seconds, as a duration."""
    value = _read(name) or str(default)
    # Nine digits are 31 years. More would not fit into a date.
    if not re.fullmatch(r"[0-9]{1,9}", value):
        raise _refusal(name, value, f"a whole number of seconds, for example {default}")
    return timedelta(seconds=int(value))


def names(name: str, *, default: str) -> list[str]:
    """Return `name`, separated by commas, as a list."""
    return [each.strip() for each in (_read(name) or default).split(",") if each.strip()]


def database(name: str, *, default: str, folder: Path) -> dict[str, Any]:
    """Return the URL in `name` as an entry of ``DATABASES``.

    A relative SQLite path starts at `folder`, so that it is the same file from wherever
    ``manage.py`` is called.
    """
    try:
        with warnings.catch_warnings():
            # django-environ only warns of a URL that it does not understand.
            warnings.simplefilter("error")
            entry: dict[str, Any] = environ.Env.db_url_config(_read(name) or default)
    except (ValueError, UserWarning):
        # Neither the value nor the error is shown: a database URL has a password in it.
        raise _refusal(name, None, f"a URL such as {default}") from None
    if entry["ENGINE"].endswith("sqlite3") and entry["NAME"] != ":memory:":
        entry["NAME"] = str(folder / entry["NAME"])
    return entry


def cache(name: str, *, default: str) -> dict[str, Any]:
    """Return the URL in `name` as an entry of ``CACHES``."""
    try:
        entry: dict[str, Any] = environ.Env.cache_url_config(_read(name) or default)
    except (ValueError, ImproperlyConfigured):
        raise _refusal(name, None, f"a URL such as {default}") from None
    return entry


def _read(name: str) -> str:
    return os.environ.get(name, "").strip()


def _refusal(name: str, value: str | None, wanted: str) -> ImproperlyConfigured:
    problem = "is not understood" if value is None else f"is {value!r}"
    return ImproperlyConfigured(
        f"{name} {problem}; it has to be {wanted}. Change it in .env, or in the environment, "
        "which wins over .env."
    )

"""Where the time of a request goes, part by part: what it takes less when one part is left out.

Left out means: what the part has answered for the first request of a batch is its answer for all.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from .process import Process, running
from .sites import BARE

PARTS: dict[str, tuple[str, ...]] = {
    "cutting the token out of the cookies": ("cookies:CookieSpec.read",),
    "knowing the token again": ("presented:decode",),
    "the query, and making the login and its user of the row": ("sessions.finding:find_with_user",),
    "asking the backend, comparing the password's hash": (
        "users:load",
        "users:current_auth_hash",
    ),
    "making the user of what the token says": ("token_users:from_claims",),
    "whether the token may be believed": ("presented:may_be_believed",),
    "what is to be settled before the response": ("request_jwt:RequestJWT.needs_settling",),
    "`Vary: Cookie`": ("outgoing:vary_on_cookie",),
}
"""Each part, with the functions that do it."""

ONLY_OF = {
    "the query, and making the login and its user of the row": "database",
    "asking the backend, comparing the password's hash": "database",
    "making the user of what the token says": "token",
    "whether the token may be believed": "token",
}
OF = ("token", "database")
REST = "everything else: Django's lazy object, and what holds the parts together"
ALL = "all, over the bare request"
ROUNDS, QUICK_ROUNDS = 40, 2
COUNT, QUICK_COUNT = 100, 12


def measure(quick: bool) -> list[dict[str, Any]]:
    """Return a row for each part, in microseconds."""
    rounds, count = (QUICK_ROUNDS, QUICK_COUNT) if quick else (ROUNDS, COUNT)
    with TemporaryDirectory() as name, running((BARE, *OF), Path(name)) as processes:
        columns = {site: parts_of(site, processes, rounds, count) for site in OF}
    names = {f"`{site}`, µs": column for site, column in columns.items()}
    return [
        {"part": part, **{name: column.get(part, "") for name, column in names.items()}}
        for part in (*PARTS, REST, ALL)
    ]


def parts_of(
    site: str, processes: Mapping[str, Process], rounds: int, count: int
) -> dict[str, float]:
    """Return what each part of one site's request takes."""
    parts = {name: PARTS[name] for name in PARTS if ONLY_OF.get(name, site) == site}
    saved: dict[str, list[float]] = {part: [] for part in (*parts, ALL)}
    for _ in range(rounds):
        whole = processes[site].ask("username", n=count)
        saved[ALL].append(whole - processes[BARE].ask("untouched", n=count))
        for part, functions in parts.items():
            without = processes[site].ask("username", n=count, without=functions)
            saved[part].append(whole - without)
    found = {part: 1e6 * median(seconds) for part, seconds in saved.items()}
    return found | {REST: found[ALL] - sum(found[part] for part in parts)}


@contextmanager
def left_out(function: str) -> Iterator[None]:
    """Have ``function`` answer what it answers next, from then on."""
    module, _, path = function.partition(":")
    *classes, name = path.split(".")
    owner: Any = import_module(f"django_jwt_cookie.{module}")
    for each in classes:
        owner = getattr(owner, each)
    original = getattr(owner, name)
    answers: list[Any] = []

    def once(*args: Any, **kwargs: Any) -> Any:
        if not answers:
            answers.append(original(*args, **kwargs))
        return answers[0]

    with patch.object(owner, name, once):
        yield

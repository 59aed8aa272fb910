"""What the package is to reach, and whether it does: each goal is computed from the results.

Times are those over the request without authentication, of the same run.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from .figures import part, spread
from .sites import BY_NAME, YARDSTICK

Results = Mapping[str, Any]

KINDS = {
    "untouched": "user not looked at",
    "anonymous": "nobody logged in",
    "pk": "user's key",
    "username": "user's row",
    "login": "login",
}
RATIOS = (
    ("wsgi", "pk", "token", 1 / 40, YARDSTICK),
    ("wsgi", "pk", "token", 1.6, "floor"),
    ("asgi", "pk", "token", 1 / 100, YARDSTICK),
    ("wsgi", "username", "database", 1 / 7, YARDSTICK),
    ("wsgi", "username", "database", 1 / 4, "simplejwt"),
    ("wsgi", "anonymous", "database", 1 / 5, YARDSTICK),
    ("wsgi", "untouched", "database", 1 / 5, YARDSTICK),
    ("wsgi", "login", "database", 0.55, YARDSTICK),
)
"""Interface, kind of request and site; and the limit, of what the same takes another site."""

SHARES = {"token": 0.93, "database": 0.65}
"""What is to be left of a server's requests per second, at least."""

FIRST_SIGHT = 0.7
"""The limit for a new token of HS256, of PyJWT's plain ``decode``."""


def rows(results: Results) -> Iterator[dict[str, str]]:
    """Yield the table of goals."""
    for interface, kind, site, limit, other in RATIOS:
        what = f"{BY_NAME[site].title}: {KINDS[kind]}, {interface.upper()}"
        words = f"{part(limit)} of {BY_NAME[other].title}"
        yield row(what, words, partial(ratio, results, interface, kind, site, other), limit)
    what = f"{BY_NAME['database'].title}: {KINDS['untouched']}, ASGI"
    yield row(what, "1.00 of the noise of the control", partial(noises, results), 1)
    for site, limit in SHARES.items():
        what = f"{BY_NAME[site].title}: whole server, {KINDS['pk']}"
        words = f"at least {limit:.2f} of the requests per second without authentication"
        yield row(what, words, partial(share, results, site), limit, at_least=True)
    what = "a token of HS256 that was not seen before"
    words = f"{part(FIRST_SIGHT)} of PyJWT's plain `decode`"
    yield row(what, words, partial(first_sight, results), FIRST_SIGHT)


def row(
    what: str, words: str, find: Callable[[], float], limit: float, *, at_least: bool = False
) -> dict[str, str]:
    """Return one line; a run that leaves something out does not reach it."""
    try:
        found = find()
    except (LookupError, ZeroDivisionError):
        return {"what": what, "goal": words, "reached": "not measured"}
    is_reached = found >= limit if at_least else found <= limit
    said = f"{found:.2f}" if at_least else part(found)
    return {"what": what, "goal": words, "reached": f"{'✓' if is_reached else '✗'} {said}"}


def over_bare(results: Results, interface: str, kind: str, site: str) -> dict[str, float]:
    """Return the time over the bare request, in microseconds."""
    figure: dict[str, float] = results["requests"][interface][kind][site]["over_bare"]
    return figure


def ratio(results: Results, interface: str, kind: str, site: str, other: str) -> float:
    """Compare two sites."""
    one, two = (over_bare(results, interface, kind, name)["median"] for name in (site, other))
    return one / two


def noises(results: Results) -> float:
    """Return an untouched async request's time, with what the control has as the unit."""
    control = over_bare(results, "asgi", "untouched", "control")
    noise = abs(control["median"]) + spread(control)
    return over_bare(results, "asgi", "untouched", "database")["median"] / noise


def share(results: Results, site: str) -> float:
    """Return the share of the bare site's requests per second."""
    return float(results["server"]["wsgi"]["pk"][site]["share"]["median"])


def first_sight(results: Results) -> float:
    """Return the ratio of the default algorithm."""
    found = {row["algorithm"]: row["first sight / PyJWT"] for row in results["verification"]}
    return float(found["HS256"])

"""What the package is to reach, and whether it does: each goal is computed from the results.

Times are those over the request without authentication, of the same run.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .figures import part, spread
from .sites import YARDSTICK

Results = Mapping[str, Any]


@dataclass(frozen=True)
class Limit:
    """One number that is not to be passed."""

    words: str
    """The limit; in the table of goals these are put together."""

    bound: float
    find: Callable[[Results], float]
    unit: str = ""
    at_least: bool = False

    def reached(self, results: Results) -> str:
        """Say what was measured, and whether it is enough; not by a run that leaves it out."""
        try:
            found = self.find(results)
        except (LookupError, ZeroDivisionError):
            return "not measured"
        is_reached = found >= self.bound if self.at_least else found <= self.bound
        figure = f"{found:.2f}" if self.at_least or self.unit else part(found)
        return f"{'✓' if is_reached else '✗'} {figure}{self.unit}"


@dataclass(frozen=True)
class Goal:
    """A line of the table."""

    what: str
    limits: tuple[Limit, ...]

    def row(self, results: Results) -> dict[str, str]:
        """Return the line."""
        return {
            "what": self.what,
            "goal": "; ".join(limit.words for limit in self.limits),
            "reached": "; ".join(limit.reached(results) for limit in self.limits),
        }


def over_bare(results: Results, interface: str, kind: str, site: str) -> float:
    """Return the median time over the bare request, in microseconds."""
    median: float = results["requests"][interface][kind][site]["over_bare"]["median"]
    return median


def ratio(interface: str, kind: str, site: str, other: str) -> Callable[[Results], float]:
    """Return a function that compares two sites."""
    return lambda results: (
        over_bare(results, interface, kind, site) / over_bare(results, interface, kind, other)
    )


def share(site: str) -> Callable[[Results], float]:
    """Return a function that finds the share of the bare site's requests per second."""
    return lambda results: float(results["server"]["wsgi"]["pk"][site]["share"]["median"])


def noises(results: Results) -> float:
    """Return an untouched async request's time, with what the control has as the unit."""
    control = results["requests"]["asgi"]["untouched"]["control"]["over_bare"]
    noise: float = abs(control["median"]) + spread(control)
    return over_bare(results, "asgi", "untouched", "database") / noise


def first_sight(results: Results) -> float:
    """Return the ratio that `benchmarks.verification` found for HS256."""
    [row] = [row for row in results["verification"] if row.get("algorithm") == "HS256"]
    return float(row["first sight / PyJWT"])


GOALS = (
    Goal(
        "`token`, user's key, WSGI",
        (
            Limit("1/40 of Django sessions `db`", 1 / 40, ratio("wsgi", "pk", "token", YARDSTICK)),
            Limit("1.6 times the floor", 1.6, ratio("wsgi", "pk", "token", "floor")),
        ),
    ),
    Goal(
        "`token`, user's key, ASGI",
        (
            Limit(
                "1/100 of Django sessions `db`",
                1 / 100,
                ratio("asgi", "pk", "token", YARDSTICK),
            ),
        ),
    ),
    Goal(
        "`database`, user's row, WSGI",
        (
            Limit(
                "1/7 of Django sessions `db`",
                1 / 7,
                ratio("wsgi", "username", "database", YARDSTICK),
            ),
            Limit("1/4 of simplejwt", 1 / 4, ratio("wsgi", "username", "database", "simplejwt")),
        ),
    ),
    Goal(
        "`database`, nobody logged in, WSGI",
        (
            Limit(
                "a fifth of Django sessions `db`",
                1 / 5,
                ratio("wsgi", "anonymous", "database", YARDSTICK),
            ),
        ),
    ),
    Goal(
        "`database`, user not looked at, WSGI",
        (
            Limit(
                "a fifth of Django sessions `db`",
                1 / 5,
                ratio("wsgi", "untouched", "database", YARDSTICK),
            ),
        ),
    ),
    Goal(
        "`database`, user not looked at, ASGI",
        (Limit("no more than the noise of the control", 1, noises, " of it"),),
    ),
    Goal(
        "login, `database`",
        (
            Limit(
                "0.55 of Django's `LoginView` with sessions `db`",
                0.55,
                ratio("wsgi", "login", "database", YARDSTICK),
            ),
        ),
    ),
    Goal(
        "whole server, `token`, user's key",
        (
            Limit(
                "at least 0.93 of the requests per second without authentication",
                0.93,
                share("token"),
                at_least=True,
            ),
        ),
    ),
    Goal(
        "whole server, `database`, user's key",
        (Limit("at least 0.65", 0.65, share("database"), at_least=True),),
    ),
    Goal(
        "a token of HS256 that was not seen before",
        (Limit("0.7 of PyJWT's plain `decode`", 0.7, first_sight),),
    ),
)


def rows(results: Results) -> list[dict[str, str]]:
    """Return the table of goals."""
    return [goal.row(results) for goal in GOALS]

"""What the package is to reach, and whether it does: each goal is computed from the results.

Times are those over the request without authentication, of the same run.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .figures import part, spread
from .sites import YARDSTICK

Results = Mapping[str, Any]


class Goal(NamedTuple):
    """One number that is not to be passed."""

    what: str
    words: str
    bound: float
    find: Callable[[Results], float]
    say: Callable[[float], str] = part
    at_least: bool = False

    def row(self, results: Results) -> dict[str, str]:
        """Return the line of the table; a run that leaves something out does not reach it."""
        try:
            found = self.find(results)
        except (LookupError, ZeroDivisionError):
            reached = "not measured"
        else:
            is_reached = found >= self.bound if self.at_least else found <= self.bound
            reached = f"{'✓' if is_reached else '✗'} {self.say(found)}"
        return {"what": self.what, "goal": self.words, "reached": reached}


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
    """Return the ratio of the default algorithm."""
    found = {row["algorithm"]: row["first sight / PyJWT"] for row in results["verification"]}
    return float(found["HS256"])


KEY, ROW = "user's key, WSGI", "user's row, WSGI"
OF_SESSIONS = "of Django sessions `db`"
GOALS = (
    Goal(f"`token`, {KEY}", f"1/40 {OF_SESSIONS}", 1 / 40, ratio("wsgi", "pk", "token", YARDSTICK)),
    Goal(f"`token`, {KEY}", "1.6 times the floor", 1.6, ratio("wsgi", "pk", "token", "floor")),
    Goal(
        "`token`, user's key, ASGI",
        f"1/100 {OF_SESSIONS}",
        1 / 100,
        ratio("asgi", "pk", "token", YARDSTICK),
    ),
    Goal(
        f"`database`, {ROW}",
        f"1/7 {OF_SESSIONS}",
        1 / 7,
        ratio("wsgi", "username", "database", YARDSTICK),
    ),
    Goal(
        f"`database`, {ROW}",
        "1/4 of simplejwt",
        1 / 4,
        ratio("wsgi", "username", "database", "simplejwt"),
    ),
    Goal(
        "`database`, nobody logged in, WSGI",
        f"a fifth {OF_SESSIONS}",
        1 / 5,
        ratio("wsgi", "anonymous", "database", YARDSTICK),
    ),
    Goal(
        "`database`, user not looked at, WSGI",
        f"a fifth {OF_SESSIONS}",
        1 / 5,
        ratio("wsgi", "untouched", "database", YARDSTICK),
    ),
    Goal(
        "`database`, user not looked at, ASGI",
        "no more than the noise of the control",
        1,
        noises,
        "{:.2f} of it".format,
    ),
    Goal(
        "login, `database`",
        "0.55 of Django's `LoginView` with sessions `db`",
        0.55,
        ratio("wsgi", "login", "database", YARDSTICK),
    ),
    Goal(
        "whole server, `token`, user's key",
        "at least 0.93 of the requests per second without authentication",
        0.93,
        share("token"),
        "{:.2f}".format,
        at_least=True,
    ),
    Goal(
        "whole server, `database`, user's key",
        "at least 0.65",
        0.65,
        share("database"),
        "{:.2f}".format,
        at_least=True,
    ),
    Goal(
        "a token of HS256 that was not seen before",
        "0.7 of PyJWT's plain `decode`",
        0.7,
        first_sight,
    ),
)


def rows(results: Results) -> list[dict[str, str]]:
    """Return the table of goals."""
    return [goal.row(results) for goal in GOALS]

"""Who each browser must be: what the answers of the site are held against.

A browser's jar stands for a *visit*: a login, or the visit of nobody. Whatever a request may do to
a visit makes it doubtful before the request is sent; what it has done is known from the answer, and
never, if no answer comes. So each request is held against the visit that the jar stood for when it
was sent.
"""

import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from math import inf
from threading import RLock
from typing import Any

WRONG_USER = "wrong user"
CART_OF_OTHERS = "cart of another login"
CART_LOST = "cart lost"
FALSE_LOGOUT = "false logout"
CAME_BACK = "login came back"
THEFT_MISSED = "theft missed"
REFUSED = "login refused"
NO_COOKIE = "login without a cookie"
STATUS = "unexpected status"
NO_ANSWER = "no answer in time"

numbers = count(1)


@dataclass(frozen=True)
class Answer:
    """What has come from the site."""

    status: int
    body: dict[str, Any]
    brings_login: bool
    """Whether there is a login cookie with it."""

    sent: float
    done: float
    """When its request was sent and when it came, in seconds since some moment."""

    @property
    def user(self) -> str:
        """Whom the site took the visitor for."""
        return str(self.body.get("user", ""))


@dataclass(eq=False)
class Account:
    """A user."""

    name: str
    passwords: list[str]
    """Those that may be right; the likeliest comes last."""

    visits: list["Visit"] = field(default_factory=list)
    """Logins that may go on."""

    ending: int = 0
    """How many requests are ending logins just now."""

    endings: int = 0
    """How many have done so."""


@dataclass(eq=False)
class Visit:
    """What a browser's jar stands for: a login, or the visit of nobody (without an account)."""

    account: Account | None = None
    heir_of: frozenset[int] = frozenset()
    """The visits whose cart it has taken over."""

    cart: set[int] | None = field(default_factory=set)
    """What must be in the cart, at least; None if nobody can tell."""

    number: int = field(default_factory=lambda: next(numbers))
    doubts: int = 0
    """How many requests may have ended the login."""

    over_at: float = inf
    """When it was known to be over: whatever is sent after that must not be of its user."""

    @property
    def may_be_over(self) -> bool:
        """Whether an answer to nobody is right."""
        return self.account is None or self.doubts > 0 or self.over_at < inf

    @property
    def may_show(self) -> frozenset[int]:
        """The visits whose cart may be shown to this one."""
        return self.heir_of | {self.number}

    def successor(self, account: Account, cart: set[int] | None, answer: Answer) -> "Visit":
        """Return the login that an answer begins in place of this visit.

        It takes over the cart of nobody, and of a login of the same user; so does Django's. This
        visit counts as doubtful once, for the request's own sake. ``cart`` is what must be in it.
        """
        if self.account not in (None, account) or self.over_at < answer.sent:
            return Visit(account)
        is_sure = self.account is None or (self.doubts == 1 and self.over_at == inf)
        return Visit(account, self.may_show, set(cart) if is_sure and cart is not None else None)


@dataclass
class Failure:
    """Something that must not be."""

    kind: str
    told: str
    at: float
    before: list[str] = field(default_factory=list)
    """What the browser has met with before."""


class Oracle:
    """Holds answers against visits, and counts what must not be. For all browsers together."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.began = time.monotonic()
        self.failures: list[Failure] = []
        self.refusals: Counter[str] = Counter()
        """What could not be written while the database took no writes."""

        self.thefts = 0
        """How many were noticed that were some."""

        self._read_only: list[tuple[float, float]] = []

    @property
    def kinds(self) -> Counter[str]:
        """How many failures there were of each kind."""
        return Counter(failure.kind for failure in self.failures)

    def fail(self, kind: str, told: object) -> None:
        """Count a failure."""
        with self.lock:
            self.failures.append(Failure(kind, str(told), time.monotonic() - self.began))

    # --- A database that takes no writes

    def note_read_only(self, since: float, until: float = inf) -> None:
        """Take note that the database takes no writes; once more with the end."""
        with self.lock:
            self._read_only = [each for each in self._read_only if each[0] != since]
            self._read_only.append((since, until))

    @property
    def is_read_only(self) -> bool:
        """Whether the database takes no writes just now."""
        return any(until == inf for _, until in self._read_only)

    def was_read_only(self, answer: Answer) -> bool:
        """Tell whether a request may have met a database that takes no writes."""
        with self.lock:
            return any(
                answer.sent <= until and since <= answer.done for since, until in self._read_only
            )

    # --- Answers

    def judge_user(self, visit: Visit, answer: Answer, own_doubts: int = 0) -> None:
        """Hold the user that an answer names against the visit that has asked.

        ``own_doubts``: how many of the doubts are of this very request.
        """
        with self.lock:
            user, name = answer.user, visit.account.name if visit.account else ""
            if user not in ("", name):
                self.fail(WRONG_USER, f"{user!r} in the visit of {name!r}")
            elif visit.account and not user:
                if visit.doubts <= own_doubts and visit.over_at == inf:
                    self.fail(FALSE_LOGOUT, f"{name} in visit {visit.number}")
                visit.over_at = min(visit.over_at, answer.done)
            elif visit.account and answer.sent > visit.over_at:
                late = answer.sent - visit.over_at
                self.fail(CAME_BACK, f"{name} in visit {visit.number}, {late:.3f} s after its end")

    def judge_cart(
        self, visit: Visit, user: str, items: dict[int, Visit | None], lacks: set[int]
    ) -> None:
        """Hold a cart against the visit that it was shown to.

        ``items``: for each number in it the visit that has put it there; None if that is not known.
        ``lacks``: what is not in it and yet was put into it by this visit or its like.
        """
        with self.lock:
            is_shown = visit.account is None or bool(user)
            allowed = visit.may_show if is_shown else frozenset()
            for number, holder in items.items():
                if holder is not None and holder.number not in allowed:
                    self.fail(CART_OF_OTHERS, f"{number} of {holder.number} in {visit.number}")
            if is_shown and lacks:
                self.fail(CART_LOST, f"{lacks} in visit {visit.number} of {user!r}")

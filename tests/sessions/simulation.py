"""An honest browser, and a thief with a copy of its cookie, against the real package.

The browser sends requests in bursts and several at a time; some responses are lost, some views are
slow, some uploads arrive minutes after they were sent. Days pass in seconds: the clock is moved
from event to event, and each request is judged and settled by the package, with a database.

    SIMULATION_RUNS=1000 pytest tests/sessions/test_simulation.py
"""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User

from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.tokens import decode

from .exchange import Exchange

START = 1_800_000_000
DAY, LIFETIME = 86_400, 600
UPLOADS, LOST, SLOW = 0.02, 0.03, 0.02
"""How often a request is long on its way, a response gets lost, a view is slow."""


@dataclass(order=True)
class Event:
    """Something that happens at a time."""

    at: float
    number: int
    happen: Callable[[float], None] = field(compare=False)


@dataclass
class Browser:
    """Somebody with a cookie."""

    cookie: str = ""
    refused_at: float | None = None


class World:
    """A site, a visitor, perhaps a thief, and what happens between them over ``days``."""

    def __init__(self, seed: int, clock: Any, *, thief_pause: float | None, days: float) -> None:
        self.random = random.Random(seed)  # noqa: S311
        self.clock = clock
        self.days = days
        self.events: list[Event] = []
        self.number = 0
        self.requests = 0
        self.honest, self.thief = Browser(), Browser()
        self.stolen_at: float | None = None
        self.log_in()
        self.plan_visits()
        if thief_pause is not None:
            self.plan_theft(thief_pause)

    def log_in(self) -> None:
        """Begin the login of the honest browser."""
        self.clock.move_to(START, tick=False)
        exchange = Exchange("")
        exchange.log_in(User.objects.create_user(f"ada{self.random.random()}"))
        self.honest.cookie = exchange.respond() or ""
        self.login_session = LoginSession.objects.get()

    def run(self) -> LoginSession:
        """Let everything happen; return the login as it is then."""
        while self.events:
            event = heapq.heappop(self.events)
            self.clock.move_to(START + event.at, tick=False)
            event.happen(event.at)
        self.login_session.refresh_from_db()
        return self.login_session

    def plan(self, at: float, happen: Callable[[float], None]) -> None:
        """Let something happen at a time, in seconds since the beginning."""
        self.number += 1
        heapq.heappush(self.events, Event(at, self.number, happen))

    def plan_visits(self) -> None:
        """Bursts and pauses of the honest browser."""
        chance, at = self.random, 0.0
        while at < self.days * DAY:
            for _ in range(chance.randint(1, 60)):
                for _ in range(chance.choice((1, 1, 1, 4, 8))):
                    self.plan(at + chance.random(), lambda now: self.send(now, self.honest))
                at += chance.expovariate(1 / 20)
            at += chance.choice((60, 600, 3600, 20_000))

    def plan_theft(self, pause: float) -> None:
        """Copy the cookie at some moment, and use the copy from then on."""
        at = self.random.uniform(0, self.days * DAY / 2)
        self.plan(at, self.steal)
        while at < self.days * DAY:
            at += self.random.expovariate(1 / pause)
            self.plan(at, lambda now: self.send(now, self.thief))

    def steal(self, now: float) -> None:
        """Take a copy."""
        self.thief.cookie, self.stolen_at = self.honest.cookie, now

    def send(self, now: float, browser: Browser) -> None:
        """Send a request with the cookie of this moment."""
        if browser.refused_at is None:
            is_upload = browser is self.honest and self.random.random() < UPLOADS
            delay = self.random.uniform(*((0, 540) if is_upload else (0.01, 3)))
            cookie = browser.cookie
            self.plan(now + delay, lambda now: self.arrive(now, browser, cookie))

    def arrive(self, now: float, browser: Browser, cookie: str) -> None:
        """Ask for the user; the view then takes its time."""
        self.requests += 1
        exchange = Exchange(cookie)
        if not exchange.arrive():
            browser.refused_at = browser.refused_at or now
        is_slow = self.random.random() < SLOW
        view = self.random.uniform(*((30, 900) if is_slow else (0.01, 2)))
        self.plan(now + view, lambda now: self.respond(now, browser, exchange))

    def respond(self, now: float, browser: Browser, exchange: Exchange) -> None:
        """Answer; the answer may get lost."""
        cookie = exchange.respond()
        if cookie is not None and self.random.random() >= LOST:
            delay = self.random.uniform(0.01, 3)
            self.plan(now + delay, lambda _: self.store(browser, cookie))

    def store(self, browser: Browser, cookie: str) -> None:
        """Put the cookie into the jar."""
        browser.cookie = cookie


class CarefulWorld(World):
    """The same with a thief who knows the rules, and is never the first to use a token.

    He presents the oldest that he has, every half minute. As long as the visitor has not used its
    successor he is handed that, for his drawer. The first answer without a cookie, though half of
    the token's life is over, says that the visitor has moved on; then he does so too.
    """

    successor: str | None = None
    refusals = 0
    out_at: float | None = None
    """When he had no successor in the drawer, and left quietly."""

    def plan_theft(self, pause: float) -> None:
        """Copy the cookie at some moment, and begin to ask with it."""
        at = self.random.uniform(0, self.days * DAY / 2)
        self.plan(at, self.steal)
        while at < self.days * DAY:
            self.plan(at, self.poll)
            at += pause

    def poll(self, now: float) -> None:
        """Ask with the oldest token, unless there is nothing to gain any more."""
        if self.out_at is not None:
            return
        before = decode(self.thief.cookie, allow_expired=True)
        brought = self.ask(self.thief.cookie)
        if brought and decode(brought).gen > before.gen:
            self.successor = self.successor or brought
        elif brought:
            self.thief.cookie = brought
        elif START + now >= before.iat + LIFETIME / 2:
            if self.successor is None:
                self.out_at = now
            else:
                self.thief.cookie, self.successor = self.successor, None

    def ask(self, cookie: str) -> str | None:
        """Send a request that is answered at once; return what it brings."""
        exchange = Exchange(cookie)
        self.refusals += not exchange.arrive()
        return exchange.respond()

"""One soak: a fleet, its visitors, and what happens to them."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

from .browser import Browser, World
from .fleet import Fleet
from .oracle import Account, Oracle
from .settings import REUSE_GRACE, TOKEN_LIFETIME
from .visitor import Visitor

SKEW = 60
"""Seconds that one server's clock is off by."""

THEFT_BEHIND = 2 + (REUSE_GRACE.total_seconds() + SKEW + 5) / (TOKEN_LIFETIME.total_seconds() / 2)
"""Each generation lasts for half of a token's life, or longer: what is further behind was replaced
before the grace, by any of the clocks."""


@dataclass
class Plan:
    """How much there is to do."""

    requests: int
    seconds: float
    """When it ends at the latest."""

    read_only_seconds: float
    seed: str
    is_djangos: bool = False
    browsers: int = 24
    """A third of them have an account each and stay logged in; the others share `accounts`."""

    accounts: int = 12


class Soak:
    """Drives the visitors, and disturbs them."""

    def __init__(self, plan: Plan, fleet: Fleet) -> None:
        self.plan, self.fleet, self.oracle = plan, fleet, Oracle()
        self.world = World([each.port for each in fleet.servers], self.oracle, plan.is_djangos)
        self.began, self.is_broken = time.monotonic(), False
        self.troubles = [
            (0.3, self.refuse_writes),
            (0.6, lambda: self.restart(0)),
            (0.75, lambda: self.restart(-1)),
        ]
        """What happens after which part of it."""

    @property
    def progress(self) -> float:
        """How many of the requests were sent, of 1."""
        return self.world.requests / self.plan.requests

    def is_over(self) -> bool:
        """Tell whether all was done, or it takes too long."""
        is_late = time.monotonic() > self.began + self.plan.seconds
        return self.is_broken or is_late or (self.progress >= 1 and not self.troubles)

    def run(self) -> dict[str, Any]:
        """Do all of it; return what has happened."""
        plan = self.plan
        self.began = time.monotonic()
        visitors = self.make_visitors()
        with ThreadPoolExecutor(plan.browsers) as pool:
            runs = [pool.submit(each.run_until, self.is_over) for each in visitors]
            try:
                while not self.is_over() and not any(run.done() for run in runs):
                    if self.troubles and self.progress >= self.troubles[0][0]:
                        self.troubles[0][1]()
                        self.troubles.pop(0)
                    time.sleep(0.05)
            finally:
                self.is_broken = not self.is_over()
        self.world.tabs.shutdown()
        for run in runs:
            run.result()
        return self.report(time.monotonic() - self.began)

    def make_visitors(self) -> list[Visitor]:
        """Return the browsers, with accounts that they may log in to."""
        shared = self.sign_up("user", self.plan.accounts)
        own = self.sign_up("steady", self.plan.browsers // 3)
        return [
            Visitor(self.world, number, self.plan.seed, accounts, THEFT_BEHIND)
            for number, accounts in enumerate(
                [[each] for each in own] + [shared] * (self.plan.browsers - len(own))
            )
        ]

    def sign_up(self, name: str, count: int) -> list[Account]:
        """Make accounts."""
        accounts = [Account(f"{name}{number}", ["first"]) for number in range(count)]
        browser = Browser(self.world, name)
        browser.ask("csrf/")
        for account in accounts:
            browser.ask("signup/", form={"username": account.name, "password": "first"})
        return accounts

    def refuse_writes(self) -> None:
        """Let the database take no writes for a while."""
        since = time.monotonic()
        self.oracle.note_read_only(since)
        self.fleet.database.take_writes(may=False)
        time.sleep(self.plan.read_only_seconds)
        self.fleet.database.take_writes(may=True)
        self.oracle.note_read_only(since, time.monotonic())

    def restart(self, number: int) -> None:
        """Start one of the servers again, as a deployment does."""
        self.fleet.servers[number].stop()
        self.fleet.servers[number].start()

    def report(self, seconds: float) -> dict[str, Any]:
        """Return what has happened."""
        line = HTTPConnection("127.0.0.1", self.world.ports[0], timeout=60)
        line.request("GET", "/counts/")
        counts = json.loads(line.getresponse().read())
        line.close()
        ends = counts.pop("ends")
        return {
            "requests": self.world.requests,
            "seconds": round(seconds),
            **counts,
            "ends": ends,
            "thefts noticed": self.oracle.thefts,
            "thefts false": ends.get("token_reused", 0) - self.oracle.thefts,
            "answers lost": self.world.unknown,
            "login cookies lost": self.world.login_cookies_lost,
            "overtaken": self.world.overtaken,
            "session cookies lost": self.world.session_cookies_lost,
            "answers of each server": list(self.world.answers.values()),
            "refused while read only": dict(self.oracle.refusals),
            "acts": dict(self.world.acts),
            "failures": dict(self.oracle.kinds),
        }

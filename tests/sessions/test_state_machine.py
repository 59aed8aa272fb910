"""Any sequence of logins, renewals, losses, thefts, ends and pauses, against a model of the rules.

The model is a table of logins and the rules of rotation as the documentation states them, in plain
numbers: a request is judged when it comes, and all is written when its answer goes out. Hypothesis
looks for a sequence after which package and model differ, and shortens it.

    STATE_MACHINE_EXAMPLES=1000 pytest tests/sessions/test_state_machine.py
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.contrib.auth.models import User
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from django_jwt_cookie import sessions
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.tokens import Claims, decode
from tests.support.cases import spread

from .exchange import Exchange, is_accepted

EXAMPLES = os.environ.get("STATE_MACHINE_EXAMPLES")
"""How many sequences to try, new ones each time; by default always the same 100, or quickly 5."""

STEPS = 40

START = 1_800_000_000
MINUTE, HOUR, DAY = 60, 3600, 86_400
LIFETIME, HALF_LIFE, GRACE, SLOW = 10 * MINUTE, 5 * MINUTE, 30 * MINUTE, 5
IDLE = {True: 14 * DAY, False: 12 * HOUR}
ABSOLUTE = 30 * DAY

PAUSES = (1, 4, 6, 60, 301, 601, 1801, HOUR, 3 * DAY)

HANDLED = ("logout", "replaced", "password_changed")
"""What ends a login in its own browser, which has another cookie by then, or none."""

JARS = ("browser", "thief")


@dataclass
class Row:
    """A login as the model has it; times in seconds."""

    created: int
    remember: bool
    rotated: int
    seen: int | None
    generation: int = 0
    ended: str = ""
    is_copied: bool = False
    """Whether a thief has ever had a token of it."""

    @property
    def expires(self) -> int:
        return min(self.rotated + IDLE[self.remember], self.created + ABSOLUTE)

    def is_alive(self, now: int) -> bool:
        return not self.ended and now < self.expires

    def judge(self, generation: int, now: int) -> str:
        """Return what a token of ``generation`` means: the table of the documentation."""
        behind = self.generation - generation
        if behind <= 0:
            return "current" if behind == 0 else "ahead"
        seen = self.seen if behind == 1 else self.rotated - HALF_LIFE * (behind - 2)
        if seen is None:
            return "lost"
        return "late" if now <= seen + GRACE else "theft"


@dataclass
class Flight:
    """A request under way, and what the model knows of it."""

    exchange: Exchange
    jar: str
    came_at: int
    claims: Claims | None = None
    verdict: str = "none"
    row: Row | None = None
    """The row as it was when the request came."""

    begins: UUID | None = None
    """The login that is to begin with the answer."""

    forgets: bool = False

    @property
    def is_served(self) -> bool:
        return self.verdict in ("current", "ahead", "lost", "late")


@dataclass
class Model:
    """What the site knows, and what happens to it."""

    rows: dict[UUID, Row] = field(default_factory=dict)

    def arrive(self, flight: Flight, token: str, now: int) -> None:
        """Judge a request: the first half of the rules."""
        if not token:
            return
        flight.claims = claims = decode(token, allow_expired=True)
        row = self.rows[claims.sid]
        flight.row = replace(row)
        flight.verdict = row.judge(claims.gen, now) if row.is_alive(now) else "refused"
        if flight.verdict == "theft":
            row.ended = "token_reused"

    def respond(self, flight: Flight, now: int) -> tuple[UUID, int] | str | None:
        """Settle a request; return which token the response brings; empty: the jar is cleared."""
        if flight.begins is not None:
            return flight.begins, 0
        if flight.forgets or flight.claims is None:
            return "" if flight.forgets else None
        assert flight.row is not None
        if not flight.is_served:
            ended, is_soon = flight.row.ended, now - flight.came_at <= SLOW
            is_useless = flight.verdict == "theft" or (ended and ended not in HANDLED)
            return "" if is_useless and is_soon else None
        brings = self.advance(flight.row, flight.claims, flight.verdict, now)
        return None if brings is None else (flight.claims.sid, brings)

    def advance(self, then: Row, claims: Claims, verdict: str, now: int) -> int | None:
        """Write what a request has shown: the second half. Return the generation to hand out."""
        row = self.rows[claims.sid]
        if now >= then.expires:
            return None
        is_same = not row.ended and row.generation == then.generation
        is_due = now >= then.rotated + HALF_LIFE
        if verdict == "current" and not is_due:
            if is_same and row.seen is None and then.seen is None:
                row.seen = now
        elif verdict == "current" and is_same:
            row.generation, row.rotated, row.seen = row.generation + 1, now, None
            return row.generation
        elif verdict == "ahead" and is_same:
            row.generation, row.rotated, row.seen = claims.gen, now, now
        elif verdict in ("current", "lost") and row.is_alive(now):
            return row.generation if row.judge(claims.gen, now) == "lost" else None
        return None

    def end_all(self, because: str, now: int) -> None:
        """End every login that goes on."""
        for row in self.rows.values():
            if row.is_alive(now):
                row.ended = because


class LoginMachine(RuleBasedStateMachine):
    """One user; a browser, a thief; one clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.travel = time_machine.travel(START, tick=False)
        self.clock = self.travel.start()
        self.user = User.objects.create_user("ada")
        self.model = Model()
        self.jars = dict.fromkeys(JARS, "")
        self.flights: list[Flight] = []

    def teardown(self) -> None:
        """Forget everything."""
        self.travel.stop()
        self.user.delete()

    # --- What a request does

    def arrive(self, jar: str) -> Flight:
        """Let a request come, with what is in the jar; compare."""
        token = self.jars[jar]
        flight = Flight(Exchange(token), jar, self.now)
        self.model.arrive(flight, token, self.now)
        assert flight.exchange.arrive() is flight.is_served
        if flight.verdict == "theft":
            # An honest browser, alone, never looks like a thief, however bad its line is.
            assert flight.claims is not None
            assert self.model.rows[flight.claims.sid].is_copied
        return flight

    def respond(self, flight: Flight, *, is_lost: bool = False) -> None:
        """Let the response go; compare; put the cookie into the jar."""
        expected = self.model.respond(flight, self.now)
        cookie = flight.exchange.respond()
        assert self.read(cookie) == expected
        if cookie is not None and not is_lost:
            self.jars[flight.jar] = cookie

    @staticmethod
    def read(cookie: str | None) -> tuple[UUID, int] | str | None:
        """Return login and generation of a token."""
        if not cookie:
            return cookie
        claims = decode(cookie, allow_expired=True)
        return claims.sid, claims.gen

    def learn(self, flight: Flight, row: Row) -> None:
        """Take a login that the package is about to begin into the model."""
        sid = flight.exchange.jwt.session_id
        assert sid is not None
        assert sid not in self.model.rows
        self.model.rows[sid], flight.begins = row, sid

    def holder(self, jar: str) -> str:
        """Return who sends a request: who has nothing in the jar logs in, and is the browser."""
        if not self.jars[jar]:
            jar = "browser"
        if not self.jars[jar]:
            self.log_in(remember=True)
        return jar

    # --- What can happen

    @initialize(remember=st.booleans())
    def begin(self, remember: bool) -> None:
        """Without a login nothing happens."""
        self.log_in(remember)

    @rule(seconds=st.sampled_from(PAUSES))
    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.now += seconds
        self.clock.move_to(self.now, tick=False)

    @rule(data=st.data(), more=st.sampled_from((-1, 0, 1)))
    def wait_until_something_ends(self, data: st.DataObject, more: int) -> None:
        """Let time pass until a boundary of some rule, or a second before or after it."""
        ends = [self.now]
        for token in filter(None, self.jars.values()):
            claims = decode(token, allow_expired=True)
            row = self.model.rows[claims.sid]
            ends += [row.rotated + HALF_LIFE, claims.exp, row.expires]
            ends += [row.rotated + GRACE, (row.seen or self.now) + GRACE]
        at = data.draw(st.sampled_from(sorted({end for end in ends if end >= self.now})))
        self.wait(max(0, at + more - self.now))

    @rule(jar=st.sampled_from(JARS), late=st.integers(0, LIFETIME), is_lost=st.booleans())
    def ask_when_due(self, jar: str, late: int, is_lost: bool) -> None:
        """Renew, some time after it is due; the response may get lost."""
        jar = self.holder(jar)
        claims = decode(self.jars[jar], allow_expired=True)
        self.wait(max(0, claims.iat + HALF_LIFE + late - self.now))
        self.respond(self.arrive(jar), is_lost=is_lost)

    @rule(times=st.integers(1, 3), pause=st.sampled_from((0, GRACE - 1, GRACE, GRACE + 1)))
    def leave_the_thief_behind(self, times: int, pause: int) -> None:
        """Copy the jar, renew some times, come with each new token; then the thief comes."""
        self.holder("browser")
        self.steal()
        for _ in range(times):
            self.ask_when_due("browser", late=0, is_lost=False)
            self.ask("browser", is_lost=False)
        self.wait(pause)
        self.ask("thief", is_lost=False)

    @rule(remember=st.booleans())
    def log_in(self, remember: bool) -> None:
        """Log in: in place of the login that the jar has a token of, if any."""
        flight = self.arrive("browser")
        flight.exchange.log_in(self.user, remember=remember)
        if flight.claims is not None and flight.is_served and self.now < flight.claims.exp:
            # A token that is over may be a copy: it ends nobody's login.
            self.model.rows[flight.claims.sid].ended = "replaced"
        self.learn(flight, Row(self.now, remember, self.now, self.now))
        self.respond(flight)

    @rule(jar=st.sampled_from(JARS), is_lost=st.booleans())
    def ask(self, jar: str, is_lost: bool) -> None:
        """Send a request and get a response at once, or never."""
        self.respond(self.arrive(self.holder(jar)), is_lost=is_lost)

    @rule(jar=st.sampled_from(JARS))
    def depart(self, jar: str) -> None:
        """Send a request whose view will take its time."""
        self.flights.append(self.arrive(self.holder(jar)))

    @precondition(lambda self: self.flights)
    @rule(data=st.data(), is_lost=st.booleans())
    def land(self, data: st.DataObject, is_lost: bool) -> None:
        """Get one of the responses that are under way, in any order."""
        flight = self.flights.pop(data.draw(st.integers(0, len(self.flights) - 1)))
        self.respond(flight, is_lost=is_lost)

    @precondition(lambda self: self.jars["browser"])
    @rule()
    def steal(self) -> None:
        """Copy the browser's jar."""
        self.jars["thief"] = self.jars["browser"]
        self.model.rows[decode(self.jars["thief"], allow_expired=True).sid].is_copied = True

    @rule(jar=st.sampled_from(JARS), number=st.integers(0, 9), data=st.data())
    def end(self, jar: str, number: int, data: st.DataObject) -> None:
        """End logins, in one of many ways."""
        jar = self.holder(jar)
        way = data.draw(st.sampled_from(("logout", "revoke", "password here", "elsewhere")))
        if way == "logout":
            self.log_out(jar)
        elif way == "revoke":
            self.revoke_all()
        elif way == "elsewhere":
            self.change_password_elsewhere(number)
        else:
            self.change_password_here(jar, number)

    def log_out(self, jar: str) -> None:
        """Log out, with whatever token is in the jar. Django asks for the user first."""
        flight = self.arrive(jar)
        assert flight.claims is not None
        flight.exchange.log_out()
        if flight.is_served:
            self.model.rows[flight.claims.sid].ended = "logout"
        flight.forgets = True
        self.respond(flight)

    def revoke_all(self) -> None:
        """Sign out everywhere."""
        alive = sum(row.is_alive(self.now) for row in self.model.rows.values())
        assert sessions.revoke_all(self.user) == alive
        self.model.end_all("revoked", self.now)

    def change_password_elsewhere(self, number: int) -> None:
        """Get a new password from an administrator."""
        self.user.set_password(f"{number} {self.now}")
        self.user.save()
        self.model.end_all("password_changed", self.now)

    def change_password_here(self, jar: str, number: int) -> None:
        """Change the password with this jar: this login goes on, with a new id; all others end."""
        flight = self.arrive(jar)
        if not flight.is_served:
            return
        assert flight.claims is not None
        flight.exchange.change_password(f"{number} {self.now}")
        self.user.refresh_from_db()
        old = self.model.rows[flight.claims.sid]
        new = Row(old.created, old.remember, self.now, self.now)
        self.model.end_all("password_changed", self.now)
        self.learn(flight, new)
        self.respond(flight)

    @precondition(lambda self: self.model.rows)
    @rule(data=st.data(), back=st.integers(1, 3))
    def restore_backup(self, data: st.DataObject, back: int) -> None:
        """Forget some renewals of a login."""
        self.forget_renewals(data.draw(st.sampled_from(list(self.model.rows))), back)

    def forget_renewals(self, sid: UUID, back: int) -> None:
        """Take a login back to where it was before its last renewals."""
        row = self.model.rows[sid]
        if row.generation >= back and row.is_alive(self.now):
            row.generation -= back
            LoginSession.objects.filter(pk=sid).update(generation=row.generation)

    # --- What always holds

    @invariant()
    def rows_agree(self) -> None:
        """The table of the site is that of the model."""
        rows = {each.pk: each for each in LoginSession.objects.filter(user=self.user)}
        assert rows.keys() == self.model.rows.keys()
        for sid, row in self.model.rows.items():
            real = rows[sid]
            assert real.revoked_because == row.ended
            if not row.ended:
                assert real.generation == row.generation
                assert seconds(real.rotated_at) == row.rotated
                assert seconds(real.seen_at) == row.seen
                assert seconds(real.ends_at) == row.expires
                assert row.expires <= row.created + ABSOLUTE


def seconds(time: Any) -> int | None:
    """Return a time as the model has it."""
    return None if time is None else int(time.timestamp())


@pytest.mark.django_db
@pytest.mark.parametrize("examples", spread([5, int(EXAMPLES or 100)], 1))
def test_any_sequence_of_events_is_as_the_rules_say(examples):
    """Whoever comes, in whatever order, at whatever time."""
    run_state_machine_as_test(
        LoginMachine,
        settings=settings(
            max_examples=examples,
            derandomize=EXAMPLES is None,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture
def machine(db: None) -> Iterator[LoginMachine]:
    """For what is rare at random: a login to begin with, and a look at the table at the end."""
    machine = LoginMachine()
    try:
        machine.begin(remember=True)
        yield machine
        machine.rows_agree()
    finally:
        machine.teardown()


def test_a_slow_view_is_overtaken_by_a_renewal(machine: LoginMachine) -> None:
    """And its browser has shown the new token by the time it responds: nothing to renew."""
    machine.wait(HALF_LIFE + 1)
    machine.depart("browser")
    for _ in range(2):
        machine.ask("browser", is_lost=False)
    machine.respond(machine.flights.pop())
    (row,) = machine.model.rows.values()
    assert (row.generation, row.seen) == (1, machine.now)


def test_what_a_slow_view_misses_and_its_browser_too_it_brings(machine: LoginMachine) -> None:
    """Another tab has renewed meanwhile, and the response with that token got lost."""
    machine.wait(LIFETIME + 1)
    machine.depart("browser")
    machine.ask("browser", is_lost=True)
    machine.wait(LIFETIME + 1)
    machine.respond(machine.flights.pop())
    assert decode(machine.jars["browser"], allow_expired=True).gen == 1


def test_a_view_that_takes_longer_than_its_login_brings_nothing_back(
    machine: LoginMachine,
) -> None:
    """The login was unused for too long when the answer went out."""
    machine.depart("browser")
    machine.wait(14 * DAY)
    machine.respond(machine.flights.pop())
    (row,) = machine.model.rows.values()
    assert row.generation == 0
    assert not is_accepted(machine.jars["browser"])


def test_a_restored_backup_goes_on_until_all_ends(machine: LoginMachine) -> None:
    """The browser is ahead of the table, which follows; and nobody changes a password after."""
    machine.ask_when_due("browser", late=0, is_lost=False)
    machine.ask("browser", is_lost=False)
    (sid,) = machine.model.rows
    machine.forget_renewals(sid, 1)
    assert machine.model.rows[sid].generation == 0
    machine.ask("browser", is_lost=False)
    assert machine.model.rows[sid].generation == 1
    machine.revoke_all()
    machine.change_password_here("browser", 1)
    assert machine.model.rows[sid].ended == "revoked"
    assert len(machine.model.rows) == 1

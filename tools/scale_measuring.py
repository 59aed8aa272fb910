"""Times and plans of every statement in a login's life, through the package's own functions."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from django_jwt_cookie import sessions
from django_jwt_cookie.models import LoginSession

from .scale_filling import BACKEND, USER_AGENT, run, some

VERBS = {"SELECT", "INSERT", "UPDATE", "DELETE"}
BASELINE = "scale_baseline"
READ, WRITE = "SELECT 1", f"UPDATE {BASELINE} SET n = n + 1"  # noqa: S608
"""The cheapest that the same connection can do."""


def log_in(user: AbstractBaseUser) -> LoginSession:
    """Begin a login, as a request does."""
    session = sessions.prepare(
        user, backend=BACKEND, auth_hash="0" * 64, persistent=True, user_agent=USER_AGENT
    )
    sessions.start(session)
    return session


def list_devices(session: LoginSession) -> list[LoginSession]:
    """Ask what the list of devices asks."""
    return list(sessions.active(session.user).order_by("-created_at", "pk"))


@dataclass(frozen=True)
class Step:
    """One step in the life of a login, and what to compare it with."""

    name: str
    take: Callable[[LoginSession], object]
    baseline: str


def note_as_seen(session: LoginSession) -> None:
    """Present the newest token."""
    sessions.present(session, session.generation, timezone.now())


LIFE = [
    Step("login", lambda session: log_in(session.user), WRITE),
    Step("look-up", lambda session: sessions.find(session.pk), READ),
    Step("renewal", lambda session: sessions.renew(session, session.generation), WRITE),
    Step(
        "first sight",
        lambda session: sessions.present(session, session.generation, timezone.now()),
        WRITE,
    ),
    Step("newest?", sessions.is_newest, READ),
    Step("devices", list_devices, READ),
    Step("logout", sessions.revoke, WRITE),
]


# --- Times


@dataclass(frozen=True)
class Timing:
    """How long a step took, beside the cheapest statement of its kind, in seconds."""

    step: float
    baseline: float
    server: float
    """Of `step`, what the server computed, as the mean."""

    def __str__(self) -> str:
        return f"{self.step * 1000:.2f} ms ({self.step / self.baseline:.1f})"


def time_life(count: int) -> dict[str, Timing]:
    """Take ``count`` logins through every step; the median of each.

    Each step is timed next to its baseline: others may be at work on the same machine.
    """
    run(f"CREATE TABLE IF NOT EXISTS {BASELINE} (n bigint)")
    run(f"TRUNCATE {BASELINE}")
    run(f"INSERT INTO {BASELINE} VALUES (0)")  # noqa: S608
    logins = some(count)
    return {step.name: time_step(step, logins) for step in LIFE}


def time_step(step: Step, logins: list[LoginSession]) -> Timing:
    """Take all ``logins`` through one step."""
    baselines, steps, computed = [], [], 0.0
    server = backend()
    for login in logins:
        began = time.perf_counter()
        run(step.baseline)
        between = time.perf_counter()
        baselines.append(between - began)
        computed -= computing_time(server)
        between = time.perf_counter()
        step.take(login)
        steps.append(time.perf_counter() - between)
        computed += computing_time(server)
    return Timing(median(steps), median(baselines), computed / len(logins))


def backend() -> int:
    """Return the id of the server's process for this connection."""
    [[pid]] = run("SELECT pg_backend_pid()")
    return int(pid)


def computing_time(pid: int) -> float:
    """Return for how many seconds a process of this machine has had a processor."""
    return scheduler(pid)[0]


def waiting_time(pid: int) -> float:
    """Return for how many seconds it could have gone on, and all processors were taken."""
    return scheduler(pid)[1]


def scheduler(pid: int) -> tuple[float, float]:
    """Return what Linux tells of a process."""
    computing, waiting, _ = Path(f"/proc/{pid}/schedstat").read_text().split()
    return int(computing) / 1e9, int(waiting) / 1e9


# --- Plans


@dataclass
class Plan:
    """How PostgreSQL carries out one statement."""

    verb: str
    nodes: list[tuple[str, str]] = field(default_factory=list)
    """Kind, and index or table, from the top down."""
    pages: int = 0
    """How many pages it looked at."""

    @property
    def scans_a_table(self) -> bool:
        """Tell whether it reads a table from one end to the other."""
        return any("Seq Scan" in kind for kind, _ in self.nodes)

    @property
    def indexes(self) -> list[str]:
        """Return the indexes that it goes by."""
        return [name for kind, name in self.nodes if "Index" in kind]

    def __str__(self) -> str:
        nodes = [f"{kind} `{name}`" if name else kind for kind, name in self.nodes]
        return f"{self.verb}: {' > '.join(nodes)}; {self.pages} pages"


def read(node: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the parts of a plan."""
    yield node["Node Type"], node.get("Index Name", node.get("Relation Name", ""))
    for child in node.get("Plans", []):
        yield from read(child)


def explain(sql: str, params: Any) -> Plan:
    """Carry a statement out, note how, and undo it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
        [found] = cursor.fetchone()
        transaction.set_rollback(True)
    [explained] = json.loads(found) if isinstance(found, str) else found
    top = explained["Plan"]
    pages = top["Shared Hit Blocks"] + top["Shared Read Blocks"]
    return Plan(sql.split(maxsplit=1)[0], list(read(top)), pages)


class EnoughError(Exception):
    """As many statements were explained as were asked for."""


@contextmanager
def explaining(plans: list[Plan], most: int = 100) -> Iterator[None]:
    """Add the plan of each statement to ``plans``, and undo them all in the end."""

    def note(execute: Any, sql: str, params: Any, *rest: Any) -> Any:
        if sql.split(maxsplit=1)[0] in VERBS:
            if len(plans) == most:
                raise EnoughError
            plans.append(explain(sql, params))
        return execute(sql, params, *rest)

    with suppress(EnoughError), transaction.atomic():
        with connection.execute_wrapper(note):
            yield
        transaction.set_rollback(True)


def explain_life() -> dict[str, list[Plan]]:
    """Return the plans of each step, those of a purge included."""
    [login] = some(1)
    found: dict[str, list[Plan]] = {}
    with transaction.atomic():
        for step in LIFE:
            explain_step(step, login, found.setdefault(step.name, []))
            step.take(login)
        transaction.set_rollback(True)
    return found


def explain_step(step: Step, login: LoginSession, plans: list[Plan]) -> None:
    """Add the plans of one step, which leaves ``login`` as it was."""
    before = vars(login).copy()
    with explaining(plans):
        step.take(login)
    vars(login).update(before)


def explain_purge(batch_size: int) -> list[Plan]:
    """Return the plans of a purge's first two batches: two looks, two DELETEs."""
    plans: list[Plan] = []
    with explaining(plans, most=4):
        call_command("jwt_cookie_clear", batch_size=batch_size, verbosity=0)
    return plans

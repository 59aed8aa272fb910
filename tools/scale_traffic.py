"""What renewals cost under several indexes, and what a purge beside them does to them."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path
from statistics import median, quantiles

from django.db import connection, transaction
from django.utils import timezone

from django_jwt_cookie import sessions
from django_jwt_cookie.models import LoginSession

from .scale_filling import LOGINS, bytes_per_row, fill, run, some
from .scale_measuring import WRITE, backend, waiting_time

ROOT = Path(__file__).resolve().parent.parent
UPDATES = 2
"""Of one renewal: the next generation, and its first sight."""


# --- Renewals under several indexes


@dataclass(frozen=True)
class Variant:
    """How the table might be laid out."""

    name: str
    index: str = ""
    """The columns of one more index."""
    fillfactor: int = 100


VARIANTS = [
    Variant("as shipped"),
    Variant("as shipped", fillfactor=90),
    Variant("as shipped", fillfactor=80),
    Variant("with an index on `expires_at`", index="expires_at"),
    Variant("with an index on `expires_at`", index="expires_at", fillfactor=80),
]
SPARSE = [replace(variant, fillfactor=90) for variant in VARIANTS if variant.fillfactor == 100]
"""With room on every page, as there is once the first logins of each have been renewed."""


@dataclass(frozen=True)
class Churn:
    """What every login's renewal came to."""

    hot: float
    """The share of UPDATEs that wrote into no index."""
    log: float
    """Bytes in the write-ahead log, per renewal."""
    table: float
    indexes: float
    """Bytes per record, afterwards."""


def churn(variant: Variant, rows: int, rounds: int, most: int = 1_000_000) -> list[Churn]:
    """Renew all logins of a new table, or ``most`` of them, and see their new tokens; repeat."""
    run(f"ALTER TABLE {LOGINS} SET (fillfactor = {variant.fillfactor}, autovacuum_enabled = off)")
    if variant.index:
        run(f"CREATE INDEX scale_more ON {LOGINS} ({variant.index})")
    try:
        fill(rows)
        return [churn_once(most) for _ in range(rounds)]
    finally:
        run("DROP INDEX IF EXISTS scale_more")
        run(f"ALTER TABLE {LOGINS} RESET (fillfactor, autovacuum_enabled)")


def churn_once(most: int) -> Churn:
    """Renew that many logins once, in any order."""
    logins = some(most)
    (every, hot), began = updates(), written()
    for login in logins:
        sessions.renew(login, login.generation)
        sessions.present(sessions.find(login.pk), login.generation, timezone.now())
    log = (written() - began) / len(logins)
    every, hot = (after - before for after, before in zip(updates(), (every, hot), strict=True))
    if every != UPDATES * len(logins):
        raise RuntimeError(f"{every} updates were counted, of {len(logins)} logins")
    table, *indexes = bytes_per_row().values()
    return Churn(hot / every, log, table, sum(indexes))


def updates() -> tuple[int, int]:
    """Return how many rows were updated, and how many of these without touching an index."""
    settle()
    [found] = run(
        "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = %(table)s",
        {"table": LOGINS},
    )
    return found


def settle() -> None:
    """Have everything counted: a connection tells what it did when it ends, at the latest."""
    connection.close()
    while run(
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid != pg_backend_pid() AND backend_type = 'client backend'"
    ):
        time.sleep(0.01)


def written() -> float:
    """Return the position in the write-ahead log."""
    [[position]] = run("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')")
    return float(position)


# --- A purge beside renewals


@dataclass(frozen=True)
class Latencies:
    """How long statements took, in seconds."""

    count: int
    middle: float
    most: float
    longest: float

    def __str__(self) -> str:
        times = " / ".join(f"{t * 1000:.2f}" for t in (self.middle, self.most, self.longest))
        return f"{times} ms"


@dataclass(frozen=True)
class Phase:
    """Renewals for some time, and the cheapest UPDATE of another table in between."""

    renewal: Latencies
    undisturbed: Latencies
    """Of the renewals, without what client and server waited for a processor."""
    baseline: Latencies


def summarise(times: list[float]) -> Latencies:
    """Return median, 99th percentile and maximum."""
    return Latencies(len(times), median(times), quantiles(times, n=100)[98], max(times))


def renew_while(goes_on: Callable[[], bool], logins: list[LoginSession]) -> Phase:
    """Renew ``logins`` over and over, one at a time."""
    renewals, undisturbed, baselines = [], [], []
    processes = (os.getpid(), backend())
    for login in cycle(logins):
        waited = -sum(map(waiting_time, processes))
        began = time.perf_counter()
        sessions.renew(login, login.generation)
        renewals.append(time.perf_counter() - began)
        waited += sum(map(waiting_time, processes))
        undisturbed.append(max(renewals[-1] - waited, 0))
        began = time.perf_counter()
        run(WRITE)
        baselines.append(time.perf_counter() - began)
        if len(renewals) >= 2 and not goes_on():
            return Phase(*map(summarise, (renewals, undisturbed, baselines)))
    raise ValueError("no logins to renew")


@dataclass(frozen=True)
class Purge:
    """What a purge did, and what it did to renewals."""

    deleted: int
    seconds: float
    before: Phase
    during: Phase


def purge_beside_traffic(batch_size: int, seconds: float) -> Purge:
    """Run the command in a process of its own while this one renews, as it did just before."""
    logins, rows = some(1000), count()
    until = time.monotonic() + seconds
    before = renew_while(lambda: time.monotonic() < until, logins)
    began = time.monotonic()
    command = ["-m", "django", "jwt_cookie_clear", f"--batch-size={batch_size}"]
    with subprocess.Popen([sys.executable, *command], cwd=ROOT, env=environment()) as process:
        during = renew_while(lambda: process.poll() is None, logins)
    took = time.monotonic() - began
    if process.returncode:
        raise RuntimeError("the purge failed")
    return Purge(rows - count(), took, before, during)


def environment() -> dict[str, str]:
    """Return what another process needs to find the same database."""
    server, _, _ = os.environ["DATABASE_URL"].rpartition("/")
    return os.environ | {
        "DATABASE_URL": f"{server}/{connection.settings_dict['NAME']}",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "PYTHONPATH": str(ROOT),
    }


def count() -> int:
    """Return how many logins are recorded."""
    return LoginSession.objects.count()


# --- In which order to walk


@dataclass(frozen=True)
class Walk:
    """One way through all logins."""

    order: str
    pages_per_record: float


def walks() -> list[Walk]:
    """Return what looking at every record costs, in the order of each index that fits."""
    return [walk(order) for order in ("id", "created_at")]


def walk(order: str) -> Walk:
    """Look at every record by the index on one column."""
    with transaction.atomic():
        for setting in ("seqscan", "bitmapscan", "sort"):
            run(f"SET LOCAL enable_{setting} = off")
        run("SET LOCAL max_parallel_workers_per_gather = 0")
        sql = f"SELECT id FROM {LOGINS} WHERE revoked_because = 'nobody' ORDER BY {order}"  # noqa: S608
        [[[explained]]] = run(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {sql}")
    top = explained["Plan"]
    pages = top["Shared Hit Blocks"] + top["Shared Read Blocks"]
    return Walk(order, pages / count())

"""What logins cost a PostgreSQL: times, plans, and what renewals write. For `scale.py`."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple
from uuid import uuid4

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from django_jwt_cookie import sessions
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.sessions.descriptions import recognise
from django_jwt_cookie.sessions.recorded import advance, begin, find
from django_jwt_cookie.sessions.rotation import Verdict

LOGINS = LoginSession._meta.db_table
USERS = get_user_model()._meta.db_table
BACKEND = "django.contrib.auth.backends.ModelBackend"
USER_AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Safari/537.36"
)


def moment(sql: str) -> str:
    """Return a time as the table has it: microseconds since 1970."""
    return f"(extract(epoch FROM {sql}) * 1000000)::bigint"


FILL = f"""
TRUNCATE {LOGINS};
INSERT INTO {USERS} (id, password, is_superuser, username, first_name, last_name, email, is_staff,
                     is_active, date_joined)
SELECT 1000000 + n, 'pbkdf2_sha256$1200000$' || md5(n::text) || md5(n::text), false, 'user' || n,
       'Ada', 'Byron', 'user' || n || '@example.com', false, true, now()
FROM generate_series(0, %(rows)s / 2) n
ON CONFLICT DO NOTHING;
INSERT INTO {LOGINS} (id, user_id, backend, auth_hash, generation, created_at, rotated_at, seen_at,
                      expires_at, idle_seconds, persistent, user_agent, browser, system, revoked_at,
                      revoked_because)
SELECT gen_random_uuid(), 1000000 + n %% (%(rows)s / 2), %(backend)s,
       encode(sha256(n::text::bytea), 'hex'), n %% 100, {moment("now() - age")},
       {moment("rotated_at")}, {moment("rotated_at")},
       CASE WHEN is_old AND n %% 14 = 7 THEN {moment("now() - interval '8 days'")}
            ELSE {moment("now() - age + interval '30 days'")} END,
       14 * 86400, true, %(user_agent)s, %(browser)s, %(system)s,
       CASE WHEN is_old AND n %% 14 = 0 THEN {moment("now() - interval '8 days'")}
            WHEN n %% 7 = 1 THEN {moment("now() - least(age, interval '6 days') / 2")} END,
       CASE WHEN is_old AND n %% 14 = 0 OR n %% 7 = 1 THEN 'logout' ELSE '' END
FROM (
    SELECT n, age, age > interval '8 days' AND n %% 7 = 0 AS is_old,
           now() - least(age, interval '13 days') * random() AS rotated_at
    FROM (
        SELECT n, interval '29 days' * (1 - n::float8 / %(rows)s) AS age
        FROM generate_series(1, %(rows)s) n
    ) ages
) logins
"""  # noqa: S608
"""Two for each user, begun over 29 days, in that order. Every tenth ended or expired eight days
ago, for the purge to find; every seventh ended lately; three of four go on. In SQL, since a million
through the ORM take a minute."""


def run(sql: str, values: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """Run a statement; return what it finds."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


def fill(rows: int) -> None:
    """Throw all logins away, and record ``rows`` others, as a site has them after a month."""
    device = recognise(USER_AGENT)
    values = {"rows": rows, "backend": BACKEND, "user_agent": USER_AGENT, **asdict(device)}
    for statement in FILL.split(";"):
        run(statement, values)
    run(f"VACUUM (ANALYZE) {LOGINS}, {USERS}")
    run("CHECKPOINT")


def some(count: int) -> list[LoginSession]:
    """Return logins that go on, of any age, with their users."""
    alive = LoginSession.objects.alive().select_related("user")
    return list(alive.order_by("?")[:count])


# --- The life of a login


def log_in(login: LoginSession) -> None:
    """Begin another login of the same user, as a request does."""
    new = sessions.prepare(
        login.user,
        session_id=uuid4(),
        backend=BACKEND,
        auth_hash="0" * 64,
        persistent=True,
        user_agent=USER_AGENT,
    )
    begin(new)


def renew(login: LoginSession) -> None:
    """Come when it is time for the next generation."""
    login.rotated_at = timezone.now() - timedelta(days=1)
    advance(login, login.generation, Verdict.CURRENT)


def see(login: LoginSession) -> None:
    """Come with the newest token for the first time."""
    found = find(login.pk)
    advance(found, found.generation, Verdict.CURRENT)


LIFE: dict[str, Callable[[LoginSession], object]] = {
    "login": log_in,
    "look-up": lambda login: find(login.pk),
    "renewal": renew,
    "first sight": see,
    "devices": lambda login: list(sessions.active(login.user).order_by("-created_at", "pk")),
    "logout": sessions.revoke,
}


def time_life(count: int) -> dict[str, tuple[float, float]]:
    """Take ``count`` logins through every step.

    Return the milliseconds of each: the median here, and the mean that the server computed.
    """
    logins, found = some(count), {}
    for name, step in LIFE.items():
        times, computed = [], -server_seconds()
        for login in logins:
            began = time.perf_counter()
            step(login)
            times.append(time.perf_counter() - began)
        computed += server_seconds()
        found[name] = (median(times) * 1000, computed / len(logins) * 1000)
    return found


def server_seconds() -> float:
    """Return how long the server's process for this connection has had a processor (Linux)."""
    [[pid]] = run("SELECT pg_backend_pid()")
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


# --- Plans


class Plan(NamedTuple):
    """How PostgreSQL carried out one statement."""

    verb: str
    nodes: list[tuple[str, str]]
    """Kind, and index or table, from the top down."""
    pages: int

    @property
    def scans_a_table(self) -> bool:
        """Tell whether it reads a table from one end to the other."""
        return any("Seq Scan" in kind for kind, _ in self.nodes)

    @property
    def indexes(self) -> list[str]:
        """Return the indexes that it goes by."""
        return [name for kind, name in self.nodes if "Index" in kind]


def read(node: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the parts of a plan."""
    yield node["Node Type"], node.get("Index Name", node.get("Relation Name", ""))
    for child in node.get("Plans", []):
        yield from read(child)


@contextmanager
def explaining() -> Iterator[list[Plan]]:
    """Collect the plans of all statements, as PostgreSQL's own auto_explain sends them."""
    plans: list[Plan] = []

    def note(diagnostic: Any) -> None:
        _, _, text = diagnostic.message_primary.partition("plan:\n")
        found = json.loads(text)
        top = found["Plan"]
        pages = top["Shared Hit Blocks"] + top["Shared Read Blocks"]
        plans.append(Plan(found["Query Text"].split(maxsplit=1)[0], [*read(top)], pages))

    run("LOAD 'auto_explain'; SET auto_explain.log_analyze = on; SET auto_explain.log_buffers = on")
    run("SET auto_explain.log_format = json; SET auto_explain.log_min_duration = 0")
    run("SET client_min_messages = log")
    connection.connection.add_notice_handler(note)
    try:
        yield plans
    finally:
        connection.connection.remove_notice_handler(note)
        run("RESET client_min_messages; RESET auto_explain.log_min_duration")


def explain_life(batch_size: int) -> dict[str, list[Plan]]:
    """Return the plans of each step, and those of a purge's first batch; all of it happens."""
    [login] = some(1)
    found = {}
    for name, step in LIFE.items():
        with explaining() as plans:
            step(login)
        found[name] = plans
    with explaining() as plans:
        call_command("jwt_cookie_clear", batch_size=batch_size, verbosity=0)
    return found | {"purge": plans[:2]}


# --- What a record takes, and what a renewal writes


def bytes_per_row() -> dict[str, float]:
    """Return what a record takes in the table and in each index."""
    sizes = run(
        f"SELECT relname, pg_relation_size(oid) / (SELECT count(*) FROM {LOGINS})::float8"  # noqa: S608
        " FROM pg_class WHERE oid = %(table)s::regclass"
        " OR oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = %(table)s::regclass)",
        {"table": LOGINS},
    )
    return dict(sizes)


class Churn(NamedTuple):
    """What renewals came to, each with the first sight of its token."""

    hot: float
    """The share of UPDATEs that wrote into no index."""
    log: float
    """Bytes in the write-ahead log, per renewal."""


def churn(rows: int, most: int, index: str = "") -> Churn:
    """Renew ``most`` logins of a new table, perhaps with one more index.

    There is room on every page, as once the first logins of each have been renewed.
    """
    run(f"ALTER TABLE {LOGINS} SET (fillfactor = 90, autovacuum_enabled = off)")
    if index:
        run(f"CREATE INDEX scale_more ON {LOGINS} ({index})")
    try:
        fill(rows)
        logins, before = some(most), written()
        for login in logins:
            renew(login)
            see(login)
        updates, hot, log = (one - other for one, other in zip(written(), before, strict=True))
    finally:
        run("DROP INDEX IF EXISTS scale_more")
        run(f"ALTER TABLE {LOGINS} RESET (fillfactor, autovacuum_enabled)")
    if updates != 2 * len(logins):
        raise RuntimeError(f"{updates} updates were counted, of {len(logins)} logins")
    return Churn(hot / updates, log / len(logins))


def written() -> tuple[float, ...]:
    """Return the rows updated, those of them that are HOT, and the position in the log."""
    # What this connection did is told when it is idle next.
    run("SELECT pg_stat_force_next_flush()")
    [found] = run(
        "SELECT n_tup_upd, n_tup_hot_upd,"
        " pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8"
        " FROM pg_stat_user_tables WHERE relname = %(table)s",
        {"table": LOGINS},
    )
    return found

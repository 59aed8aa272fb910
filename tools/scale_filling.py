"""Fills the table of logins as a site that has been running for a month has filled it.

In SQL, since a million records through the ORM take a minute. For PostgreSQL.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection
from django.utils import timezone

from django_jwt_cookie.models import LoginSession

LOGINS = LoginSession._meta.db_table
USERS = get_user_model()._meta.db_table
FIRST_USER = 1_000_000
LOGINS_PER_USER = 2
BACKEND = "django.contrib.auth.backends.ModelBackend"
USER_AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Safari/537.36"
)

ADD_USERS = f"""
INSERT INTO {USERS} (id, password, is_superuser, username, first_name, last_name, email, is_staff,
                     is_active, date_joined)
SELECT n, 'pbkdf2_sha256$1200000$' || md5(n::text) || md5(n::text), false, 'user' || n, 'Ada',
       'Byron', 'user' || n || '@example.com', false, true, now()
FROM generate_series(%(first)s, %(last)s) n
ON CONFLICT DO NOTHING
"""  # noqa: S608

ADD_LOGINS = f"""
INSERT INTO {LOGINS} (id, user_id, backend, auth_hash, generation, created_at, rotated_at, seen_at,
                      expires_at, persistent, user_agent, revoked_at, revoked_because)
SELECT gen_random_uuid(), %(first)s + n %% %(users)s, %(backend)s,
       encode(sha256(n::text::bytea), 'hex'), n %% 100, now() - age, rotated_at, rotated_at,
       CASE WHEN is_old AND n %% 14 = 7 THEN now() - interval '8 days'
            ELSE least(rotated_at + interval '14 days', now() - age + interval '30 days') END,
       true, %(user_agent)s,
       CASE WHEN is_old AND n %% 14 = 0 THEN now() - interval '8 days'
            WHEN n %% 7 = 1 THEN now() - least(age, interval '6 days') / 2 END,
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
"""Begun over 29 days, in that order. Every tenth ended or expired eight days ago, for the purge to
find; every seventh ended lately; three of four go on."""


ADD_A_DAY = f"""
INSERT INTO {LOGINS} (id, user_id, backend, auth_hash, generation, created_at, rotated_at, seen_at,
                      expires_at, persistent, user_agent, revoked_because)
SELECT gen_random_uuid(), %(user)s, %(backend)s, encode(sha256(n::text::bytea), 'hex'), 0, begun,
       begun, begun, begun + interval '30 days' * random(), true, %(user_agent)s, ''
FROM (
    SELECT n, %(day)s + interval '1 day' * n / %(rows)s AS begun
    FROM generate_series(1, %(rows)s) n
) logins
"""  # noqa: S608
MEAN_DAYS = 15
"""How long such a login lasts, in the mean."""


def fill(rows: int) -> None:
    """Throw all logins away, and record ``rows`` others."""
    users = max(rows // LOGINS_PER_USER, 1)
    values = {"rows": rows, "users": users, "first": FIRST_USER, "last": FIRST_USER + users - 1}
    run(f"TRUNCATE {LOGINS}")
    run(ADD_USERS, values)
    run(ADD_LOGINS, values | {"backend": BACKEND, "user_agent": USER_AGENT})
    run(f"VACUUM (ANALYZE) {LOGINS}")
    run(f"VACUUM (ANALYZE) {USERS}")
    run("CHECKPOINT")


def age(rows: int, days: int) -> None:
    """Throw all logins away, and live through ``days`` of logins and purges instead.

    About ``rows`` are left. New records take the places of old ones, wherever these were.
    """
    run(f"TRUNCATE {LOGINS}")
    run(ADD_USERS, {"first": FIRST_USER, "last": FIRST_USER})
    values = {"user": FIRST_USER, "backend": BACKEND, "user_agent": USER_AGENT}
    for ago in range(days, 0, -1):
        day = timezone.now() - timedelta(days=ago)
        run(ADD_A_DAY, values | {"day": day, "rows": rows // MEAN_DAYS})
        run(f"DELETE FROM {LOGINS} WHERE expires_at < %(day)s", {"day": day})  # noqa: S608
        run(f"VACUUM (ANALYZE) {LOGINS}")


def run(sql: str, values: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """Run a statement; return what it finds."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


def some(count: int) -> list[LoginSession]:
    """Return logins that go on, of any age, with their users."""
    alive = LoginSession.objects.alive().select_related("user")
    return list(alive.order_by("?")[:count])


def bytes_per_row() -> dict[str, float]:
    """Return what a record takes in the table and in each index."""
    sizes = run(
        "SELECT relname, pg_relation_size(oid) / greatest(reltuples, 1) FROM pg_class"
        " WHERE oid = %(table)s::regclass",
        {"table": LOGINS},
    )
    sizes += run(
        "SELECT i.indexrelid::regclass::text,"
        " pg_relation_size(i.indexrelid) / greatest(c.reltuples, 1)"
        " FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid"
        " WHERE i.indrelid = %(table)s::regclass ORDER BY 1",
        {"table": LOGINS},
    )
    return {name: float(size) for name, size in sizes}

"""Users with values of every kind, the extreme ones too, and what is compared of an instance."""

import uuid
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connections, models

from django_jwt_cookie import sessions
from tests.support.accounts import BACKEND

from .models import Place

User: Any = get_user_model()

ODD = "\U0001f9c2 zażółć e\u0301 \u202e \x01 %s %(a)s 'quoted' \"\\ \r\n"
"""More than a byte, composed, from right to left, a control character, and what SQL is made of."""

MOST = timedelta(days=106_751_990, microseconds=999_999)
"""As many microseconds as fit into 64 bits, in whole days; not every database has an interval."""

ROWS: dict[str, dict[str, Any]] = {
    "nulls": {},
    "empty": {
        "binary": b"",
        "truth": False,
        "char": "",
        "amount": Decimal(0),
        "duration": timedelta(0),
        "email": "",
        "ratio": 0.0,
        "document": {},
        "kept": [],
        "text": "",
        "words": [],
        "twice": "",
    },
    "usual": {
        "last_login": datetime(2026, 3, 29, 1, 59, 59, 123456, UTC),
        "big": 1,
        "binary": bytes(range(256)),
        "truth": True,
        "char": "Ada",
        "date": date(2026, 2, 28),
        "datetime": datetime(2026, 10, 25, 1, 30, tzinfo=timezone(timedelta(hours=2))),
        "amount": Decimal("1250.5000"),
        "duration": timedelta(days=-1, microseconds=1),
        "email": "ada@example.com",
        "path": "/tmp/x.txt",  # noqa: S108
        "ratio": 0.1,
        "address": "2001:db8::1",
        "number": 41,
        "document": {"theme": "dark", "list": [1, 2.5, None, True, {"": "ł"}]},
        "kept": {"roles": {"a", "b"}},
        "positive_big": 1,
        "positive": 1,
        "positive_small": 1,
        "slug": "ada-l",
        "small": -1,
        "text": ODD,
        "time": time(23, 59, 59, 999999),
        "url": "https://example.com/?a=%20&b",
        "uuid": uuid.UUID("c5b0ff59-4f1f-4a5b-8a52-0a3f2d2b6f11"),
        "words": ["one", "two"],
        "twice": "abc",
        "file": "uploads/a file.txt",
        "loud": "quiet",
        "masked": "seen",
        "number_of_member": 3,
    },
    "least": {
        "last_login": datetime(1000, 1, 2, tzinfo=UTC),
        "date": date(1000, 1, 1),
        "datetime": datetime(1000, 1, 2, tzinfo=UTC),
        "amount": Decimal("-99999999999.9999"),
        "duration": -MOST,
        "ratio": -1.5e300,
        "address": "0.0.0.0",  # noqa: S104
        "document": [],
        "kept": {},
        "time": time.min,
        "uuid": uuid.UUID(int=0),
    },
    "most": {
        "binary": b"\xff" * 70_000,
        "char": "\U0001f9c2" * 100,
        "date": date.max,
        "datetime": datetime(9999, 12, 31, 23, 59, 59, 999999, UTC),
        "amount": Decimal("99999999999.9999"),
        "duration": MOST,
        "ratio": 1.5e300,
        "address": "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "document": "a text",
        "kept": 7,
        "text": ODD * 1000,
        "time": time.max,
        "url": "https://example.com/" + "a" * 180,
        "uuid": uuid.UUID(int=2**128 - 1),
    },
}
"""By what they are about: the values of the fields that the user model has of these."""


def numbers(using: str, end: int) -> dict[str, int]:
    """Return the least or the greatest number of each field of numbers."""
    found = {}
    for field in User._meta.concrete_fields:
        if isinstance(field, models.IntegerField) and not field.primary_key:
            ends = connections[using].ops.integer_field_range(field.get_internal_type())
            found[field.attname] = (-(2**63), 2**63 - 1)[end] if ends[end] is None else ends[end]
    # Of which the next is to be in the database, too; and a friend is no number.
    return found | ({"number": 2**31 - 2} if end else {})


def make_user(row: str, using: str = "default", **more: Any) -> Any:
    """Record a user with the values of that row, who has a home, a place of work and a friend."""
    names = {field.attname for field in User._meta.concrete_fields}
    values = {name: value for name, value in ROWS[row].items() if name in names}
    if row in ("least", "most"):
        values = numbers(using, row == "most") | values
    if row != "nulls":
        here, there = (
            Place._default_manager.using(using).create(
                id=uuid.uuid4(), name=f"{name} of {row} {ODD}"[:50]
            )
            for name in ("home", "work")
        )
        values |= {"home": here, "work": there}
        values["friend"] = User.objects.using(using).create(name=f"friend of {row}", password="!")
    user = User(**{"name": f"{row} 100%", **values, **more})
    user.set_password("Wieliczka-1044-salt")
    user.save(using=using)
    return User.objects.using(using).get(pk=user.pk)


def start_session(user: Any) -> Any:
    """Record a login of ``user``."""
    session = sessions.prepare(
        user,
        session_id=uuid.uuid4(),
        backend=BACKEND,
        auth_hash=user.get_session_auth_hash(),
        persistent=True,
    )
    session.save(using=user._state.db)
    return session


def seen_of(instance: Any) -> dict[str, Any]:
    """Return what can be told of ``instance`` without touching it, with types and in order."""
    state = instance._state
    return {
        "type": type(instance),
        "values": [
            (name, type(value), value) for name, value in vars(instance).items() if name != "_state"
        ],
        "deferred": instance.get_deferred_fields(),
        "state": (type(state), state.db, state.adding, sorted(state.fields_cache)),
        "fetch mode": getattr(state, "fetch_mode", None),
    }

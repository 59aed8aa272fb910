"""What a token takes to verify, beside PyJWT alone, and to remember.

PyJWT does what anybody would have it do: ``jwt.decode(token, key, algorithms=[...])``, with the key
as an object that is loaded already.
"""

import gc
import time
import tracemalloc
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from timeit import Timer
from typing import Any

import django
import jwt
from django.core.management.utils import get_random_secret_key
from django.test import override_settings
from django.utils.module_loading import import_string

from django_jwt_cookie.conf import ALGORITHMS
from django_jwt_cookie.keys.pairs import generate, to_pem
from django_jwt_cookie.tokens import Claims, decode, encode

from .cpu import process

Rows = list[dict[str, Any]]

HOUR = 3600
CALLS = 100
SAMPLES: dict[str, dict[str, Any]] = {
    "default claims": {},
    "name and roles": {"username": "ada.byron", "roles": ["editor", "author", "eu"]},
    "3 kB": {"username": "ada.byron", "about": "x" * 2000},
}


def measure(folder: Path, rounds: int, *, quick: bool) -> dict[str, Rows]:
    """Return a row for each algorithm, and one for each kind of token."""
    with process("database", folder) as pool:
        return {
            "verification": pool.submit(verify_all, rounds).result(),
            "memory": pool.submit(remember_all, 1_000 if quick else 10_000).result(),
        }


def make_token(extra: dict[str, Any]) -> str:
    """Return a token as a login gets it."""
    now = int(time.time())
    claims = Claims(
        sub="1", sid=uuid.uuid4(), gen=0, iat=now, exp=now + HOUR, auth_time=now, extra=extra
    )
    return encode(claims)


# --- Time


def verify_all(rounds: int) -> Rows:
    """Return a row for each algorithm."""
    django.setup()
    return [verify(algorithm, rounds) for algorithm in ALGORITHMS]


def verify(algorithm: str, rounds: int) -> dict[str, Any]:
    """Time PyJWT, the package with nothing remembered, and with the token remembered, in turn."""
    key, stated = make_key(algorithm)
    with override_settings(JWT_COOKIE=stated):
        token = make_token({"username": "ada.byron"})
    with_pyjwt = partial(jwt.decode, token, key, algorithms=[algorithm])
    ways: dict[str, tuple[Callable[[], object], dict[str, Any]]] = {
        "PyJWT": (with_pyjwt, stated),
        "first sight": (partial(decode, token), stated | {"VERIFIED_CACHE_SIZE": 0}),
        "known token": (partial(decode, token), stated),
    }
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, (call, settings) in ways.items():
            with override_settings(JWT_COOKIE=settings):
                call()
                seconds = Timer(call, timer=time.process_time).timeit(CALLS)
            found[name].append(seconds / CALLS * 1e6)
    row: dict[str, Any] = {"algorithm": algorithm}
    row |= {f"{name} µs": float(f"{median(values):.3g}") for name, values in found.items()}
    pairs = zip(found["first sight"], found["PyJWT"], strict=True)
    return row | {"first sight / PyJWT": round(median(one / other for one, other in pairs), 3)}


def make_key(algorithm: str) -> tuple[Any, dict[str, Any]]:
    """Return what PyJWT verifies with, and the settings of the same key."""
    if algorithm.startswith("HS"):
        secret = get_random_secret_key() * 2
        return secret, {"KEYS": [secret], "ALGORITHM": algorithm}
    private = generate(algorithm)
    return private.public_key(), {"KEYS": [to_pem(private)], "ALGORITHM": algorithm}


# --- Memory


def remember_all(count: int) -> Rows:
    """Return a row for each kind of token: bytes that Python has allocated for one, of many."""
    django.setup()
    return [
        {
            "token": name,
            "bytes of a token": len(make_token(extra)),
            "remembered, bytes": bytes_of_one(decode, extra, count),
            "with its user, bytes": bytes_of_one(decode_all, extra, count),
        }
        for name, extra in SAMPLES.items()
    ]


def bytes_of_one(remember: Callable[[str], object], extra: dict[str, Any], count: int) -> int:
    """Let the process see so many tokens, with room for all."""
    with override_settings(JWT_COOKIE={"VERIFIED_CACHE_SIZE": count}):
        remember(make_token(extra))
        gc.collect()
        tracemalloc.start()
        for _ in range(count - 1):
            remember(make_token(extra))
        gc.collect()
        grown, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return round(grown / (count - 1))


def decode_all(token: str) -> None:
    """Do what a process does with ``USER_SOURCE = "token"``."""
    import_string("django_jwt_cookie.users.from_token.from_claims")(decode(token))

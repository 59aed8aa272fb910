"""Fills one memory in this process, for `benchmarks.memory`, and says by how much that grew."""

import base64
import gc
import json
import os
import secrets
import tracemalloc
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from django_jwt_cookie.exceptions import TokenInvalid
from django_jwt_cookie.sightings import sighting_of
from django_jwt_cookie.users.from_token import from_claims
from django_jwt_cookie.tokens import Claims, decode, encode

from .samples import SECRET, claims, fresh, under

WARM = 100
"""Tokens that are seen before, so that what is loaded and grown once does not count."""


def grown(what: str, sample: str, way: str, seen: int, size: int) -> int:
    """Return by how many bytes this process grows when it sees so many tokens."""
    fill, make = FILLINGS[what], SAMPLES[sample]
    with under(SECRET=SECRET, VERIFIED_CACHE_SIZE=size)():
        fill(make(range(WARM)))
    with under(SECRET=SECRET, VERIFIED_CACHE_SIZE=size)():
        fill(make(range(1)))
        measure = WAYS[way]
        before = measure()
        # Kept until it is measured.
        kept = fill(make(range(seen)))
        after = measure()
        del kept
    return after - before


def lengths() -> dict[str, int]:
    """Return how long a token of each kind is."""
    with under(SECRET=SECRET)():
        return {name: len(next(make([1]))) for name, make in SAMPLES.items()}


# --- Two ways to measure


def traced() -> int:
    """Return how many bytes Python has allocated since it was first asked."""
    gc.collect()
    if not tracemalloc.is_tracing():
        tracemalloc.start()
    return tracemalloc.get_traced_memory()[0]


def resident() -> int:
    """Return how much of the machine's memory this process has."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


WAYS = {"traced": traced, "resident": resident}


# --- Tokens, made when they are needed and not before


def default_claims(number: int) -> str:
    """Return a token as the default settings make it."""
    return encode(claims(number))


def name_and_roles(number: int) -> str:
    """Return one with the user's name and a few roles."""
    return encode(claims(number, username=f"ada.byron{number}", roles=["editor", "author", "eu"]))


def three_kilobytes(number: int) -> str:
    """Return one of about the size that browsers store at most, with a text in it."""
    return encode(claims(number, username=f"ada.byron{number}", about=f"{number:010}" * 200))


def garbage(number: int) -> str:
    """Return what anybody can send: nonsense, a forged signature, a key that we do not have."""
    genuine = default_claims(number)
    header, payload, _ = genuine.split(".")
    made_up = json.dumps({"alg": "HS256", "kid": secrets.token_hex(6), "typ": "login+jwt"})
    name = base64.urlsafe_b64encode(made_up.encode()).rstrip(b"=").decode()
    forged = (
        f"{header}.{payload}.{secrets.token_urlsafe(32)}",
        f"{name}.{payload}.{secrets.token_urlsafe(32)}",
        secrets.token_urlsafe(200),
    )
    return forged[number % len(forged)]


def each(make: Callable[[int], str]) -> Callable[[Iterable[int]], Iterator[str]]:
    """Return what makes a token of each number, as a string of its own."""
    return lambda numbers: (fresh([make(number)])[0] for number in numbers)


SAMPLES = {
    "default claims": each(default_claims),
    "name and roles": each(name_and_roles),
    "3 kB": each(three_kilobytes),
    "garbage": each(garbage),
}


# --- What is filled


def verified(tokens: Iterable[str]) -> None:
    """Verify each; what is remembered of it hangs on the settings."""
    for token in tokens:
        decode(token)


def sighted(tokens: Iterable[str]) -> None:
    """Note each login as one that the database was asked about."""
    for number, _ in enumerate(tokens):
        note(claims(number))


def both(tokens: Iterable[str]) -> None:
    """Do what a process does with ``USER_SOURCE = "token"``."""
    for token in tokens:
        seen = decode(token)
        note(seen)
        from_claims(seen)


def note(seen: Claims) -> None:
    """Remember a login as one that goes on."""
    sighting_of(seen.sid).token = (seen.sub, seen.gen)


def refused(tokens: Iterable[str]) -> None:
    """Refuse each."""
    for token in tokens:
        with suppress(TokenInvalid):
            decode(token)
            raise RuntimeError("garbage was taken for a token")


def payloads(tokens: Iterable[str]) -> dict[str, Any]:
    """Return a dict of the payloads."""
    return {token: payload_of(token) for token in tokens}


def payload_of(token: str) -> Any:
    """Return what a token says, unverified."""
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))


def pairs(tokens: Iterable[str]) -> dict[uuid.UUID, tuple[str, int]]:
    """Return a dict with user and generation of each login."""
    said = (claims(number) for number, _ in enumerate(tokens))
    return {each.sid: (each.sub, each.gen) for each in said}


def refusals(tokens: Iterable[str]) -> dict[str, str]:
    """Return a dict with the same answer for each."""
    return dict.fromkeys(tokens, "invalid")


FILLINGS: dict[str, Callable[[Iterable[str]], Any]] = {
    function.__name__: function
    for function in (verified, sighted, both, refused, payloads, pairs, refusals)
}

"""The ring of keys grows: the part of `benchmarks.growth` about it.

A ring has two keys while one is replaced. One that nobody ever cleans has more, and one that is
fetched has as many as another site likes.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import partial

from django_jwt_cookie.exceptions import TokenInvalid
from django_jwt_cookie.tokens import decode

from . import child
from .growth import against_smallest
from .in_turn import Contender, time_in_turn
from .samples import SECRET, decode_all, fresh, signed, under, with_username

SIZES = (1, 10, 100)


def measure_here(quick: bool) -> child.Rows:
    """Return a row for each size and step."""
    tokens, rounds = (20, 7) if quick else (100, 100)
    rows = []
    for step, contend in STEPS.items():
        timings = time_in_turn((contend(size, tokens) for size in SIZES), rounds)
        rows += against_smallest("keys in the ring", step, timings)
    return rows


def ring(size: int) -> list[str]:
    """Return ``KEYS`` with that many secrets."""
    return [f"{SECRET}-{number}" for number in range(size)]


def tokens_of(keys: list[str], count: int) -> list[str]:
    """Return that many tokens, signed by each of ``keys`` in turn."""
    said = [with_username(number) for number in range(count)]
    turns = range(min(len(keys), count))
    found = {turn: signed(said[turn :: len(keys)], KEYS=[keys[turn]]) for turn in turns}
    return [found[number % len(keys)][number // len(keys)] for number in range(count)]


def contender(size: int, tokens: list[str], other: str) -> Contender:
    """Return how tokens are verified under a ring, the first time that each comes."""
    in_force = under(KEYS=ring(size))
    return Contender(f"{size:,}", decode, partial(fresh, tokens), in_force, partial(decode, other))


def first_sight(size: int, count: int) -> Contender:
    """Take tokens of the last key."""
    other, *tokens = tokens_of(ring(size)[-1:], count + 1)
    return contender(size, tokens, other)


def in_rotation(size: int, count: int) -> Contender:
    """Take tokens of all keys; every header has been seen before."""
    keys = ring(size)
    others, tokens = tokens_of(keys, size), tokens_of(keys, max(count, size))
    found = contender(size, tokens, "")
    return Contender(found.name, decode, found.batch, found.under, partial(decode_all, others))


def known(size: int, count: int) -> Contender:
    """Take tokens of the last key that have come before."""
    tokens = tokens_of(ring(size)[-1:], count)
    found = contender(size, tokens, "")
    return Contender(found.name, decode, found.batch, found.under, partial(decode_all, tokens))


def refused(size: int, count: int) -> Contender:
    """Take tokens of a key that is not in the ring, as anybody can send them."""
    other, *tokens = tokens_of([f"{SECRET}-of-somebody-else"], count + 1)
    found = contender(size, tokens, "")
    return Contender(found.name, refuse, found.batch, found.under, partial(refuse, other))


def refuse(token: str) -> None:
    """Find out that ``token`` is not ours."""
    with suppress(TokenInvalid):
        decode(token)
        raise RuntimeError("a token of another key was taken")


STEPS: dict[str, Callable[[int, int], Contender]] = {
    "first sight, signed by the last key": first_sight,
    "first sight, signed by each key in turn": in_rotation,
    "known token, signed by the last key": known,
    "refusal of a key that is not there": refused,
}

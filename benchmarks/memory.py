"""What a process remembers of tokens, in bytes: what ``VERIFIED_CACHE_SIZE`` costs.

    python -m benchmarks.memory --quick

Filled with genuine tokens, each verified once, and measured in two ways, each in a process of its
own: what Python has allocated since (``tracemalloc``), and by how much the process has grown for
the operating system (its resident set, as Linux tells). Beside it, measured the same way, is what
anybody would write: a dict of the same tokens, each with its payload as ``json`` reads it; of
logins, a dict with a tuple for each; of garbage, a dict that remembers each refusal.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from django_jwt_cookie.conf import Settings

from . import child

SEEN = 100_000
FEW = 1_500
DEFAULT_SIZE: int = Settings.verified_cache_size
WAYS = ("traced", "resident")


@dataclass(frozen=True)
class Memory:
    """What is filled, with what, and what to compare it with: names in `memory_filling`."""

    title: str
    ours: str
    plain: str
    sample: str
    size: int | None = None
    """``VERIFIED_CACHE_SIZE``; none: room for all."""


MEMORIES = [
    Memory("verified tokens", "verified", "payloads", "default claims"),
    Memory("verified tokens", "verified", "payloads", "name and roles"),
    Memory("verified tokens", "verified", "payloads", "3 kB"),
    Memory("sightings of logins", "sighted", "pairs", "default claims"),
    Memory("all of it, with the users", "both", "payloads", "name and roles"),
    Memory("verified tokens, default size", "verified", "payloads", "default claims", DEFAULT_SIZE),
    Memory("verified tokens, default size", "verified", "payloads", "3 kB", DEFAULT_SIZE),
    Memory("garbage", "refused", "refusals", "garbage"),
]


def measure(quick: bool) -> child.Rows:
    """Return a row for each memory and each kind of token."""
    lengths = child.call("benchmarks.memory_filling", "lengths")
    seen = FEW if quick else SEEN
    return [row(memory, lengths[memory.sample], seen) for memory in MEMORIES]


def row(memory: Memory, length: int, seen: int) -> dict[str, Any]:
    """Fill one memory and its counterpart, in both ways."""
    kept = min(memory.size or seen, seen)
    found: dict[str, Any] = {
        "memory of": memory.title,
        "token": memory.sample,
        "bytes of a token": length,
        "seen": f"{seen:,}",
        "room for": f"{memory.size or seen:,}",
    }
    for way in WAYS:
        ours = grown(memory.ours, memory.sample, way, seen, memory.size or seen)
        plain = grown(memory.plain, memory.sample, way, kept, kept)
        found |= {
            f"MB {way}": round(ours / 1e6, 2),
            f"bytes per token {way}": round(ours / kept),
            f"plain dict {way}": round(plain / kept),
            f"times the dict {way}": float(f"{ours / plain:.3g}"),
        }
    return found


@cache
def grown(what: str, sample: str, way: str, seen: int, size: int) -> int:
    """Return by how many bytes a process grows that sees so many tokens."""
    found: int = child.call("benchmarks.memory_filling", "grown", what, sample, way, seen, size)
    return found


if __name__ == "__main__":
    child.main(measure, __doc__)

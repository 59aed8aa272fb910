"""How the cost of a request grows: with the table of logins, with the ring of keys, with the token.

    python -m benchmarks.growth --quick

Every figure stands beside that of the smallest, which had its turn in the same rounds. What is in
brackets is not the package's, and there to compare: how much of the growth is its own?
"""

from typing import Any

from . import child
from .in_turn import Timing

PARTS = ("benchmarks.growth_rows", "benchmarks.growth_keys", "benchmarks.growth_tokens")


def measure(quick: bool) -> child.Rows:
    """Return a row for each size and step of what grows."""
    return [row for part in PARTS for row in child.call(part, "measure_here", quick)]


def against_smallest(what: str, step: str, timings: dict[str, Timing]) -> list[dict[str, Any]]:
    """Return the rows of one step; ``timings`` are by size, the smallest first."""
    smallest = next(iter(timings.values()))
    return [
        {
            "what grows": what,
            "step": step,
            "size": size,
            "CPU µs": timing.median,
            "smallest µs": smallest.median,
            "times the smallest": timing.times(smallest),
        }
        for size, timing in timings.items()
    ]


if __name__ == "__main__":
    child.main(measure, __doc__)

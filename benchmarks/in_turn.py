"""Several things timed in turn: a neighbour on the machine slows all of them, or none.

What counts is CPU time of this process, in many small batches. Each contender has its turn in each
round; of the rounds the median is taken, of figures as of ratios.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from .figures import shares


def nothing() -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Contender:
    """What is timed: ``call``, for each item of a batch."""

    name: str
    call: Callable[[Any], object]
    batch: Callable[[], Sequence[Any]]
    """Makes the arguments, off the clock."""

    under: Callable[[], AbstractContextManager[object]] = nullcontext
    """What is in force during its turn, such as settings."""

    warm: Callable[[], object] = nothing
    """What happens at the beginning of its turn, off the clock."""

    batches: int = 1
    """How many make a turn: several small ones, if each needs preparation."""


@dataclass(frozen=True)
class Timing:
    """What one call took, in microseconds, in each round."""

    rounds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """The figure for a table."""
        return float(f"{median(self.rounds):.3g}")

    def times(self, other: "Timing") -> float:
        """Return how many times ``other`` this took, as the median over the rounds."""
        return float(f"{median(shares(self.rounds, other.rounds)):.3g}")


def time_in_turn(contenders: Iterable[Contender], rounds: int) -> dict[str, Timing]:
    """Return the timing of each by its name; every other round goes backwards."""
    order = list(contenders)
    timings = {each.name: Timing() for each in order}
    for _ in range(rounds):
        for each in order:
            timings[each.name].rounds.append(_turn(each))
        order.reverse()
    return timings


def _turn(contender: Contender) -> float:
    call, seconds, count = contender.call, 0.0, 0
    with contender.under():
        contender.warm()
        for _ in range(contender.batches):
            items = contender.batch()
            began = time.process_time()
            for item in items:
                call(item)
            seconds += time.process_time() - began
            count += len(items)
    return seconds / count * 1_000_000

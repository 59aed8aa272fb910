"""Which cases of a rule every run tries, and which are left to the runs that try all."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, Protocol

import pytest

MOST = 4
"""So many cases of one test every run tries, WSGI and ASGI taken together."""

FEW = 16
"""So many cases of one test are tried with each other where branches are counted, too."""


class Case(Protocol):
    """What this asks of a test, as pytest has collected it."""

    @property
    def nodeid(self) -> str:
        """The test and, in brackets, its values."""

    def get_closest_marker(self, name: str) -> Any:
        """Return the marker of that name, if the test has it."""

    def add_marker(self, marker: pytest.MarkDecorator) -> None:
        """Mark the test."""


def mark_many(items: Iterable[Case]) -> None:
    """Mark as "many" what each test has of cases beyond `MOST`; always the same ones.

    ``items`` come as they were collected, the cases of one test side by side.
    """
    quick = [item for item in items if item.get_closest_marker("many") is None]
    for _, group in groupby(quick, key=lambda item: item.nodeid.partition("[")[0]):
        cases = list(group)
        chosen = evenly(cases, MOST)
        for number, case in enumerate(cases):
            if number not in chosen:
                case.add_marker(pytest.mark.many)


def mark_repeated(items: Iterable[Case]) -> None:
    """Mark as "repeated" each case whose every value, by its name, some case before it has.

    What is left tries each value of each parameter once, and so reaches each branch: what the
    others try is how the values get on with each other. Of a test with `FEW` all are left.
    ``items`` as for `mark_many`.
    """
    for _, group in groupby(items, key=lambda item: item.nodeid.partition("[")[0]):
        seen: set[str] = set()
        cases = list(group)
        for item in cases if len(cases) > FEW else ():
            values = set(item.nodeid.partition("[")[2].removesuffix("]").split("-"))
            if values <= seen:
                item.add_marker(pytest.mark.repeated)
            seen |= values


def evenly(cases: Sequence[object], count: int) -> set[int]:
    """Return the numbers of ``count`` cases: the first, the last, and what lies evenly between."""
    return {round(number * (len(cases) - 1) / max(1, count - 1)) for number in range(count)}


def spread(cases: Iterable[Any], quick: int) -> list[Any]:
    """Return the cases for ``parametrize``, all but ``quick`` of them marked as "many"."""
    every = list(cases)
    chosen = evenly(every, quick)
    return [
        case if number in chosen else pytest.param(*as_values(case), marks=pytest.mark.many)
        for number, case in enumerate(every)
    ]


def as_values(case: Any) -> tuple[Any, ...]:
    """Return the values of one case, which may be one of several or of one parameter."""
    return case if isinstance(case, tuple) else (case,)

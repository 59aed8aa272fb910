"""Which cases of a rule every run tries, and which are left to the runs that try all."""

from collections.abc import Iterable
from typing import Any

import pytest


def spread(cases: Iterable[Any], quick: int) -> list[Any]:
    """Return the cases for ``parametrize``, all but ``quick`` of them marked as slow.

    Those are the same in each run: the first, the last, and what lies evenly between.
    """
    every = list(cases)
    chosen = {round(number * (len(every) - 1) / max(1, quick - 1)) for number in range(quick)}
    return [
        case if number in chosen else pytest.param(*as_values(case), marks=pytest.mark.slow)
        for number, case in enumerate(every)
    ]


def as_values(case: Any) -> tuple[Any, ...]:
    """Return the values of one case, which may be one of several or of one parameter."""
    return case if isinstance(case, tuple) else (case,)

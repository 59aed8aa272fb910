"""The process of one site: reads what to measure from stdin, a line of JSON each, and answers.

    {"measure": "pk", "of": "seconds", "interface": "wsgi", "visitor": "user", "n": 100}

Nothing runs between two questions, so that one process at a time is at work.
"""

import json
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from .contender import Contender
from .parts import left_out

STEPS = ("login", "renewal", "sight")


def main() -> None:
    """Answer until stdin is closed."""
    stay_on_one_core()
    contender = Contender(os.environ["BENCH_SITE"])
    say({"ready": True})
    for line in sys.stdin:
        say({"value": answer(contender, **json.loads(line))})


def stay_on_one_core() -> None:
    """Keep threads from wandering: that costs more than what is measured, and differs each time."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def answer(
    contender: Contender,
    *,
    measure: str,
    of: str = "seconds",
    interface: str = "wsgi",
    visitor: str = "user",
    n: int = 1,
    without: Sequence[str] = (),
) -> float | int:
    """Return what was asked for."""
    if measure in STEPS:
        return (
            contender.count_step(measure) if of == "queries" else contender.time_steps(measure, n)
        )
    if of == "queries":
        return contender.count_page(measure, visitor)
    with ExitStack() as stack:
        for function in without:
            stack.enter_context(left_out(function))
        return contender.time_page(measure, visitor, interface, n)


def say(words: dict[str, Any]) -> None:
    """Write one line."""
    print(json.dumps(words), flush=True)


if __name__ == "__main__":
    main()

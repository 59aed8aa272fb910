"""What requests cost: all sites in turn, many times over, each measured under what the others were.

Each site has a process of its own, and only one of them is at work at a time. pyperf, which begins
several processes for each benchmark, gives ratios that are as steady, and takes five times as long.
"""

import os
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from . import contender
from .figures import summarize
from .sites import BARE, SITES, Site

PAGES = ("untouched", "anonymous", "pk", "username")
KINDS = {
    **{("wsgi", page): 1.0 for page in PAGES},
    **{("asgi", page): 0.3 for page in PAGES},
    ("wsgi", "login"): 0.08,
}
"""Interface and kind, and how many requests a batch has, of what the run is asked for."""

Results = dict[str, dict[str, dict[str, Any]]]
"""By interface, kind and site."""


def environment(site: str, folder: Path) -> dict[str, str]:
    """Return the variables that make a process one of ``site``."""
    return {
        "BENCH_SITE": site,
        "BENCH_FOLDER": str(folder),
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
        "PYTHONHASHSEED": "0",
    }


@contextmanager
def process(site: str, folder: Path) -> Iterator[ProcessPoolExecutor]:
    """Have a process with a Django of its own."""
    os.environ["PYTHONHASHSEED"] = "0"
    arguments = (environment(site, folder),)
    with ProcessPoolExecutor(1, get_context("spawn"), set_up, arguments) as pool:
        yield pool


def set_up(variables: dict[str, str]) -> None:
    """Be that process. On one core: threads that wander cost more than what is measured."""
    os.environ.update(variables)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def measure(folder: Path, rounds: int, count: int) -> Results:
    """Return what each kind of request costs each site beyond the bare site's, in microseconds."""
    found: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    with ExitStack() as stack:
        pools = {site.name: stack.enter_context(process(site.name, folder)) for site in SITES}
        # All are set up at once.
        for began in [pool.submit(contender.ready) for pool in pools.values()]:
            began.result()
        for number in range(rounds):
            print(f"\rRequests: round {number + 1} of {rounds}", end="", flush=True)
            for interface, kind in shuffled(KINDS):
                for site in shuffled(taking_part(kind)):
                    size = max(1, round(count * KINDS[interface, kind]))
                    asked = pools[site.name].submit(contender.seconds, interface, kind, size)
                    found[interface, kind, site.name].append(asked.result() * 1e6)
        print()
        results: Results = {}
        for interface, kind in KINDS:
            bare = found[interface, kind, BARE]
            results.setdefault(interface, {})[kind] = {
                site.name: describe(found[interface, kind, site.name], bare)
                | ({"queries": ask_queries(pools[site.name], kind)} if site.middleware else {})
                for site in taking_part(kind)
            }
    return results


def ask_queries(pool: ProcessPoolExecutor, kind: str) -> int:
    """Return how many statements such a request makes."""
    return pool.submit(contender.queries, kind).result()


def describe(values: list[float], bare: list[float]) -> dict[str, Any]:
    """Return the figures of one site and kind."""
    return {"over_bare": summarize([one - other for one, other in zip(values, bare, strict=True)])}


def taking_part(kind: str) -> list[Site]:
    """Return the sites that have such requests, and always the bare one."""
    return [site for site in SITES if kind != "login" or site.login or site.name == BARE]


def shuffled(values: Iterable[Any]) -> list[Any]:
    """Return ``values`` in another order each time: nobody always comes after the same."""
    values = list(values)
    random.shuffle(values)
    return values

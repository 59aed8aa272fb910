"""Asks all sites in turn, many times over, so that each is measured under what the others were."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .figures import differences, summarize
from .process import Process
from .sites import BARE, BY_NAME, Site

BOTH_BARE = (BARE, "control")
"""Two processes of the same: what lies between them is noise."""

MICROSECONDS = 1e6


@dataclass(frozen=True)
class Kind:
    """One kind of request."""

    name: str
    measure: str
    interface: str = "wsgi"
    visitor: str = "user"
    weight: float = 1
    """How many requests a batch has, of what the run is asked for."""

    def includes(self, site: Site) -> bool:
        """Tell whether ``site`` has such requests."""
        if site.name in BOTH_BARE:
            return self.name in PAGES or site.name == BARE
        if self.measure == "login":
            return site.login is not None
        if self.measure == "renewal":
            return site.renews
        return self.measure != "sight" or site.is_ours


PAGES = {
    "untouched": ("untouched", "user"),
    "anonymous": ("pk", "nobody"),
    "pk": ("pk", "user"),
    "username": ("username", "user"),
}
"""What is asked for, and by whom."""

KINDS = (
    *(Kind(name, measure, "wsgi", visitor) for name, (measure, visitor) in PAGES.items()),
    *(Kind(name, measure, "asgi", visitor, 0.3) for name, (measure, visitor) in PAGES.items()),
    *(Kind(name, name, weight=0.08) for name in ("login", "renewal", "sight")),
)

Results = dict[str, dict[str, dict[str, Any]]]
"""By interface, kind and site."""


def measure(processes: Mapping[str, Process], rounds: int, count: int) -> Results:
    """Return what each kind of request costs each site beyond the bare site's request."""
    found: dict[tuple[Kind, str], list[float]] = {}
    for number in range(rounds):
        print(f"\rRequests: round {number + 1} of {rounds}", end="", flush=True)
        for kind in shuffled(KINDS):
            for process in shuffled(taking_part(kind, processes)):
                seconds = ask(process, kind, max(1, round(count * kind.weight)))
                found.setdefault((kind, process.site), []).append(seconds * MICROSECONDS)
    print()
    results: Results = {}
    for kind in KINDS:
        bare = found[kind, BARE]
        results.setdefault(kind.interface, {})[kind.name] = {
            process.site: describe(process, kind, found[kind, process.site], bare)
            for process in taking_part(kind, processes)
        }
    return results


def describe(
    process: Process, kind: Kind, values: Sequence[float], bare: Sequence[float]
) -> dict[str, Any]:
    """Return the figures of one site and kind, in microseconds, and the number of statements."""
    described: dict[str, Any] = {
        "microseconds": summarize(values),
        "over_bare": summarize(differences(values, bare)),
    }
    if process.site not in BOTH_BARE:
        described["queries"] = int(process.ask(kind.measure, of="queries", visitor=kind.visitor))
    return described


def taking_part(kind: Kind, processes: Mapping[str, Process]) -> list[Process]:
    """Return the processes of the sites that have such requests."""
    return [process for name, process in processes.items() if kind.includes(BY_NAME[name])]


def ask(process: Process, kind: Kind, count: int) -> float:
    """Have a batch of requests measured; of the bare site always the one that it has."""
    if process.site in BOTH_BARE:
        count = max(count, 10)
        return process.ask("untouched", interface=kind.interface, visitor=kind.visitor, n=count)
    return process.ask(kind.measure, interface=kind.interface, visitor=kind.visitor, n=count)


def shuffled(values: Iterable[Any]) -> list[Any]:
    """Return ``values`` in another order each time: nobody always comes after the same."""
    values = list(values)
    random.shuffle(values)
    return values

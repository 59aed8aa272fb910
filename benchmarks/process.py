"""The parent's end of a site's process."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


class Failed(Exception):
    """A process has ended, and said why."""


def environment(site: str, folder: Path) -> dict[str, str]:
    """Return the variables that make a process one of ``site``."""
    return os.environ | {
        "BENCH_SITE": site,
        "BENCH_FOLDER": str(folder),
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
        "PYTHONHASHSEED": "0",
    }


class Process:
    """One site, waiting for questions."""

    def __init__(self, site: str, folder: Path) -> None:
        self.site = site
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker"],
            cwd=ROOT,
            env=environment(site, folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def wait(self) -> None:
        """Return once the site is up."""
        self._hear()

    def ask(self, measure: str, **how: Any) -> float:
        """Return what the site measures."""
        assert self._process.stdin is not None
        print(json.dumps({"measure": measure, **how}), file=self._process.stdin, flush=True)
        return float(self._hear()["value"])

    def _hear(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise Failed(f"The site {self.site} has stopped; what it said is above.")
        return json.loads(line)

    def stop(self) -> None:
        """End the process, if it has not ended, by having nothing more to ask."""
        self._process.communicate(timeout=10)


@contextmanager
def running(sites: Iterable[str], folder: Path) -> Iterator[dict[str, Process]]:
    """Have a process of each of ``sites`` up, all begun at once, by their names."""
    processes = {site: Process(site, folder) for site in sites}
    try:
        for process in processes.values():
            process.wait()
        yield processes
    finally:
        for process in processes.values():
            process.stop()

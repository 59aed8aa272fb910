"""Compares this package with Django's sessions and other packages, and says by how much.

    make bench
    make bench ARGS=--quick

The full run takes some minutes, and writes benchmarks/results.json, the tables of
docs/performance.md and docs/images/benchmark.png. A quick one tries everything, prints the tables,
and writes nothing, unless it is told to.
"""

import argparse
import json
import os
import platform
import sqlite3
import sys
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from . import extras, picture, report, rounds, server
from .process import ROOT, Process
from .sites import SITES

RESULTS = ROOT / "benchmarks" / "results.json"
PAGE = ROOT / "docs" / "performance.md"
PICTURE = ROOT / "docs" / "images" / "benchmark.png"

PACKAGES = (
    "Django",
    "PyJWT",
    "djangorestframework",
    "djangorestframework-simplejwt",
    "dj-rest-auth",
    "django-allauth",
    "granian",
)
FULL = {"rounds": 40, "count": 60, "server_rounds": 4}
QUICK = {"rounds": 2, "count": 12, "server_rounds": 1}


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="tiny counts, to try everything")
    parser.add_argument("--write", action="store_true", help="write the results of a quick run too")
    parser.add_argument("--render", action="store_true", help="measure nothing; tables and picture")
    options = parser.parse_args()
    if options.render:
        write(json.loads(RESULTS.read_text(encoding="utf-8")))
        return
    results = measure(quick=options.quick)
    for name, table in report.sections(results).items():
        print(f"\n## {name}\n\n{table}")
    if options.write or not options.quick:
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        write(results)


def measure(*, quick: bool) -> dict[str, Any]:
    """Return all results of one run."""
    size = QUICK if quick else FULL
    with TemporaryDirectory() as name:
        folder = Path(name)
        processes = {site.name: Process(site.name, folder) for site in SITES}
        try:
            for process in processes.values():
                process.wait()
            requests = rounds.measure(processes, size["rounds"], size["count"])
        finally:
            for process in processes.values():
                process.stop()
        served: rounds.Results = {}
        if lacking := server.missing():
            print(lacking, file=sys.stderr)
        else:
            served = server.measure(folder, size["server_rounds"], quick=quick)
    return {
        "versions": versions(),
        "cores": os.cpu_count(),
        "rounds": size["rounds"],
        "requests": requests,
        "server": served,
        **extras.measure(quick=quick),
    }


def versions() -> dict[str, str]:
    """Return what took part."""
    return {
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        **{name: version(name) for name in PACKAGES},
    }


def write(results: dict[str, Any]) -> None:
    """Write the tables into the page, and draw the picture."""
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(report.fill(page, results), encoding="utf-8")
    picture.draw(results, PICTURE)


if __name__ == "__main__":
    main()

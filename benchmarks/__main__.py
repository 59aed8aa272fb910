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

from . import cpu, picture, report, server, tokens

ROOT = Path(__file__).resolve().parent.parent
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
ROUNDS, QUICK_ROUNDS = 40, 2
COUNT, QUICK_COUNT = 60, 12
"""Requests in a batch."""

ROUNDS_PER_SERVER_ROUND = 10
"""A server is up for a second where a batch takes some milliseconds."""


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="tiny counts, to try everything")
    parser.add_argument("--rounds", type=int, help=f"how often each has its turn, {ROUNDS} times")
    parser.add_argument("--write", action="store_true", help="write the results of a quick run too")
    parser.add_argument("--render", action="store_true", help="measure nothing; tables and picture")
    options = parser.parse_args()
    if options.render:
        write(json.loads(RESULTS.read_text(encoding="utf-8")))
        return
    rounds_ = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)
    results = measure(rounds_, quick=options.quick)
    for name, table in report.sections(results).items():
        print(f"\n## {name}\n\n{table}")
    if options.write or not options.quick:
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        write(results)


def measure(count: int, *, quick: bool) -> dict[str, Any]:
    """Return all results of one run of ``count`` rounds."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        found = {
            "requests": cpu.measure(folder, count, QUICK_COUNT if quick else COUNT),
            **tokens.measure(folder, count, quick=quick),
        }
        if lacking := server.missing():
            print(lacking, file=sys.stderr)
        else:
            server_rounds = max(1, count // ROUNDS_PER_SERVER_ROUND)
            found["server"] = server.measure(folder, server_rounds, quick=quick)
    return {"versions": versions(), "cores": os.cpu_count(), "rounds": count, **found}


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

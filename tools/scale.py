"""Measures what logins cost a PostgreSQL of some size, and prints the tables of docs/scaling.md.

    python tools/services.py -- .venv/bin/python tools/scale.py --rows 1000000

Makes a database of its own on the server that POSTGRESQL_URL names, and drops it in the end. The
server has to run on this machine. `scale_paper.py` has the formulas.
"""

import argparse
import os
import sys
from pathlib import Path

import django
from django.db import connection

SIZES = (1_000, 100_000)
BATCH = 1000


def report(rows: int, count: int) -> None:
    """Print everything."""
    # It needs the settings.
    from tools import scale_measuring as measuring

    timings = {}
    for size in sorted({*(size for size in SIZES if size < rows), rows}):
        measuring.fill(size)
        timings[size] = measuring.time_life(min(count, size // 4))
    print("\n## Steps: median, and what the server computed, in ms, of", *timings, end="\n\n")
    for step in measuring.LIFE:
        print(step, *("{:.2f} ({:.3f})".format(*times[step]) for times in timings.values()))
    measuring.fill(rows)
    print("\n## Bytes per record, freshly filled\n")
    print(*map(str, measuring.bytes_per_row().items()), sep="\n")
    print("\n## Plans\n")
    for step, plans in measuring.explain_life(BATCH).items():
        print(step, *plans, sep="\n    ")
    print(f"\n## One login in {rows // count} renewed, and its new token seen\n")
    print("as shipped:", measuring.churn(rows, count))
    print("with an index on rotated_at:", measuring.churn(rows, count, "rotated_at"))


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=100_000, help="records in the largest table")
    parser.add_argument("--count", type=int, default=1000, help="logins to time each step with")
    options = parser.parse_args()
    if "POSTGRESQL_URL" not in os.environ:
        parser.error("POSTGRESQL_URL is not set; `make services` starts a server and prints it")
    server, _, _ = os.environ["POSTGRESQL_URL"].rpartition("/")
    os.environ |= {"DATABASE_URL": f"{server}/scale", "DJANGO_SETTINGS_MODULE": "tests.settings"}
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    django.setup()
    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0)
    try:
        report(options.rows, options.count)
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


if __name__ == "__main__":
    main()

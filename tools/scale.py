"""Measures what logins cost a PostgreSQL of some size, and prints the tables of docs/scaling.md.

    python tools/services.py -- .venv/bin/python tools/scale.py --rows 1000000

Makes a database of its own on the server that POSTGRESQL_URL names, and drops it in the end. The
server has to run on this machine. A million rows take about three minutes. `scale_paper.py` has the
formulas.
"""

import argparse
import os
import sys
from pathlib import Path

import django
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent


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
    os.environ |= {
        "DATABASE_URL": f"{server}/scale",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }
    sys.path.insert(0, str(ROOT))
    django.setup()
    # These need the settings.
    from tools import scale_report

    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0)
    try:
        scale_report.write(options.rows, options.count)
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


if __name__ == "__main__":
    main()

#!/usr/bin/env python
"""Django's command line for the example, usable from any folder."""

import os
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent


def importable_from_the_root() -> None:
    """Put the repository root on the import path in place of this folder.

    Python puts the folder of the script there. With it, every module of the example could be
    imported under two names (`settings` and `example_project.settings`).
    """
    sys.path[:] = [entry for entry in sys.path if not entry or Path(entry).resolve() != PROJECT]
    sys.path.insert(0, str(PROJECT.parent))


def main() -> None:
    """Run the command given on the command line."""
    importable_from_the_root()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "example_project.settings")
    try:
        import environ  # noqa: F401
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
    except ImportError as error:
        sys.exit(
            f"{error}: this Python ({sys.executable}) lacks what the example needs. `make demo` "
            "installs it into .venv and starts the example; after that, .venv/bin/python has it."
        )
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        # It names the setting and the remedy; where Python was by then helps nobody.
        sys.exit(f"The settings can't be used: {error}")


if __name__ == "__main__":
    main()

"""What other modules here measure, each in rows of its own: parts, growth, and so on."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

NAMES = ("parts", "growth", "verification", "memory")


def measure(*, quick: bool) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of each module that is there."""
    found = {}
    for name in NAMES:
        module = f"benchmarks.{name}"
        if find_spec(module) is not None:
            print(f"{name.capitalize()} ...", flush=True)
            found[name] = list(import_module(module).measure(quick))
    return found

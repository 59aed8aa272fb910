"""Makes `.venv`, or adds to it, so that it has what the package and the named groups depend on.

    python3 tools/environment.py test lint

The groups are the dependency groups of pyproject.toml. The package itself is not installed: all of
the project runs from the folder that it is in.

A `.venv` that isn't what an earlier run left (no record, moved, broken, half installed, of another
Python or of other requirements) is thrown away and made anew; a good one costs a quarter second.
"""

# This file must parse on the oldest Python that somebody may call it with, to say what is needed.
from __future__ import annotations

import configparser
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

MINIMUM = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
RECORD = VENV / "made-by-make.json"

# Lists what is installed, once each file of it (bytecode aside) was found in its full length.
INVENTORY = """
import importlib.metadata, json, sysconfig
found = {}
for distribution in importlib.metadata.distributions(path=[sysconfig.get_path("purelib")]):
    for file in distribution.files:
        if file.suffix != ".pyc" and file.locate().stat().st_size != file.size is not None:
            raise SystemExit(f"{file} is damaged")
    found[distribution.name] = distribution.version
print(json.dumps(found))
"""


def main(groups: set[str]) -> None:
    """Bring `.venv` into the state asked for."""
    if sys.version_info < MINIMUM:
        needed, found = (".".join(map(str, version[:2])) for version in (MINIMUM, sys.version_info))
        sys.exit(f"Python {needed} or later is needed, this is {found}: make ... PYTHON=python3.12")
    record = read_record()
    if record.get("identity") != identity() or not record["packages"].items() <= inventory():
        record = {"groups": []}
        make()
    if not groups <= set(record["groups"]):
        install(sorted(groups.union(record["groups"])))


def identity() -> dict[str, Any]:
    """Tell what makes one environment differ from another: place, Python, requirements."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {
        "place": str(VENV),
        "python": sys.version,
        "requirements": requirements(),
        "groups": project["dependency-groups"],
    }


def requirements() -> list[str]:
    """Return what the package itself depends on."""
    setup = configparser.ConfigParser(interpolation=None)
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    return setup["options"]["install_requires"].split()


def read_record() -> dict[str, Any]:
    """Return what the last complete run wrote, if anything."""
    try:
        record = json.loads(RECORD.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def inventory() -> Any:
    """Return the packages in `.venv` with their versions; none, if anything is broken."""
    command = [str(PYTHON), "-I", "-c", INVENTORY]
    try:
        found = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return {}.items()
    return json.loads(found).items()


def make() -> None:
    """Make an empty environment in place of whatever is there."""
    print(f"Making .venv with Python {sys.version.split()[0]}", flush=True)
    if VENV.is_symlink() or VENV.is_file():
        VENV.unlink()
    elif VENV.exists():
        shutil.rmtree(VENV)
    # `sys.executable` may be the one just deleted, if `.venv` is active in this shell.
    run(getattr(sys, "_base_executable", sys.executable), "-m", "venv", VENV)
    pip("pip>=25.1")


def install(groups: list[str]) -> None:
    """Install what the package and the groups need; the record is written last."""
    print(f"Installing into .venv: {', '.join(groups)}", flush=True)
    RECORD.unlink(missing_ok=True)
    pip(*requirements(), *(option for group in groups for option in ("--group", group)))
    record = {"identity": identity(), "groups": groups, "packages": dict(inventory())}
    RECORD.write_text(json.dumps(record, indent=1), encoding="utf-8")


def pip(*arguments: str) -> None:
    """Let pip install something."""
    run(PYTHON, "-m", "pip", "install", "--quiet", "--upgrade", *arguments)


def run(*command: str | Path) -> None:
    """Run a command, or stop here: it has said why."""
    status = subprocess.run(command, cwd=ROOT, check=False).returncode
    if status:
        sys.exit(status)


if __name__ == "__main__":
    main(set(sys.argv[1:]))

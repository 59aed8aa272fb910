"""Suites with settings of their own: another process, since Django reads some of them once."""

import os
import subprocess
import sys
from pathlib import Path


def run_suite(name: str, **variables: str) -> None:
    """Have the suite in the folder ``name``, with dots for slashes, pass under its own settings."""
    folder = Path(__file__).parents[1]
    command = [
        *(sys.executable, "-X", "dev", "-W", "error", "-m", "pytest", "--quiet", "--no-cov"),
        *(f"--ds=tests.{name}.settings", str(folder.joinpath(*name.split(".")))),
    ]
    run = subprocess.run(  # noqa: S603
        command,
        cwd=folder.parent,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "passed" in run.stdout

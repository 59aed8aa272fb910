"""Builds what is published, looks into it, and runs the tests of the sdist against the wheel.

    python tools/package.py FOLDER [ARGUMENTS OF PYTEST]

Run by tox in an environment that has the test dependencies but not the project.
"""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "django_jwt_cookie"

NOT_SHIPPED = {".ci", ".gitignore", ".pre-commit-config.yaml"}
"""Files and folders of the repository that are in no archive."""

GENERATED = {"PKG-INFO", "django_jwt_cookie.egg-info"}
"""What the build adds to the sdist."""


def main(folder: Path, *arguments: str) -> None:
    """Build, compare, test; stop at the first thing that is wrong."""
    shutil.rmtree(folder, ignore_errors=True)
    run("-m", "build", "--outdir", folder, ROOT, cwd=ROOT)
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    tracked = files_of_the_repository()
    compare(sdist, files_of_the_sdist(sdist), {f for f in tracked if top(f) not in NOT_SHIPPED})
    compare(wheel, files_of_the_wheel(wheel), {f for f in tracked if top(f) == PACKAGE})

    run("-m", "pip", "install", "--quiet", "--force-reinstall", "--no-deps", wheel, cwd=folder)
    run("-m", "pip", "install", "--quiet", wheel, cwd=folder)
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    source = folder / sdist.name.removesuffix(".tar.gz")
    shutil.rmtree(source / PACKAGE)
    run("-X", "dev", "-m", "pytest", *arguments, cwd=source)


def run(*command: str | Path, cwd: Path) -> None:
    """Run a module or script, or stop here: it has said why."""
    if status := subprocess.run([sys.executable, *command], cwd=cwd, check=False).returncode:
        sys.exit(status)


def top(name: str) -> str:
    """Return the first part of a path."""
    return name.partition("/")[0]


def files_of_the_repository() -> set[str]:
    """List what is, or is about to be, under version control."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return {name for name in output.split("\0") if name and (ROOT / name).exists()}


def files_of_the_sdist(sdist: Path) -> set[str]:
    """List the files that somebody wrote."""
    with tarfile.open(sdist) as archive:
        names = [member.name.partition("/")[2] for member in archive if member.isfile()]
    return {name for name in names if top(name) not in GENERATED}


def files_of_the_wheel(wheel: Path) -> set[str]:
    """List the files of the package."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def compare(archive: Path, found: set[str], expected: set[str]) -> None:
    """Stop if an archive has not the files that it should have."""
    if found != expected:
        print(f"{archive.name} lacks {sorted(expected - found)}", file=sys.stderr)
        print(f"{archive.name} should not have {sorted(found - expected)}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])

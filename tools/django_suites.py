"""Runs Django's own test suites with only the middleware line changed.

    python tools/django_suites.py                     the Django that is installed
    python tools/django_suites.py --django 5.2.19     another one, of the same Python
    python tools/django_suites.py --group logins      the first group only

Each group runs twice: as Django ships it, and with `JWTCookieMiddleware` in the place of
``AuthenticationMiddleware``. What passes the first time and not the second is a difference that a
site could notice. ``django_suites_expected.toml`` names each that is meant, and why; any other, and
any that is gone, fails the run.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
EXPECTED = ROOT / "tools" / "django_suites_expected.toml"

GROUPS = {
    "logins": [
        "auth_tests.test_views",
        "auth_tests.test_decorators",
        "auth_tests.test_middleware",
        "auth_tests.test_login",
        "auth_tests.test_signals",
        "test_client",
    ],
    "users of logins": [
        "admin_views",
        "admin_changelist",
        "admin_checks",
        "admin_custom_urls",
        "admin_docs",
        "admin_inlines",
        "admin_utils",
        "admin_widgets",
        "async",
        "auth_tests",
        "csrf_tests",
        "flatpages_tests",
        "generic_inline_admin",
        "messages_tests",
        "middleware",
        "proxy_models",
        "sessions_tests",
        "test_client_regress",
        "timezones",
        "urlpatterns_reverse",
        "view_tests",
    ],
}

DJANGOS_LINE = re.compile(
    r'^( *)"django\.contrib\.auth\.middleware\.AuthenticationMiddleware",$', re.MULTILINE
)
"""An entry of ``MIDDLEWARE``; the same words in a message have something before or after them."""

OUR_LINE = '"django_jwt_cookie.middleware.JWTCookieMiddleware",'
INSTALLED_APPS = "ALWAYS_INSTALLED_APPS = [\n"


@dataclass(frozen=True)
class Outcomes:
    """What one run of a group came to, by test id."""

    run: frozenset[str]
    passed: frozenset[str]
    complaints: dict[str, str]
    """The tracebacks."""

    def explain(self, test: str) -> str:
        """Return the traceback of a test."""
        return self.complaints.get(test, "It did not run.")

    def __str__(self) -> str:
        """Say it in numbers."""
        return (
            f"{len(self.run)} run, {len(self.passed)} passed, {len(self.run - self.passed)} failed"
        )


def main() -> int:
    """Do what the command line says; return 1 for any surprise."""
    options = parse_arguments()
    with tempfile.TemporaryDirectory(prefix="django-suites-") as folder:
        sdist = download(options.django, Path(folder))
        plain = unpack(sdist, Path(folder) / "plain", "tools.django_suites_runner.NotingRunner")
        changed = unpack(
            sdist, Path(folder) / "changed", "tools.django_suites_client.JWTCookieRunner"
        )
        change_middleware(changed)
        surprises = sum(
            compare(group, run(plain, GROUPS[group]), run(changed, GROUPS[group]))
            for group in options.group or GROUPS
        )
    return 1 if surprises else 0


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--django",
        default=django.get_version(),
        metavar="VERSION",
        help="the version to test (default: the installed one, %(default)s)",
    )
    parser.add_argument("--group", action="append", choices=list(GROUPS), help="only this group")
    return parser.parse_args()


def download(version: str, folder: Path) -> Path:
    """Fetch the sdist of Django: a wheel has no tests."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    what = ["--no-deps", "--no-binary", "django", "--dest", str(folder), f"django=={version}"]
    subprocess.run([*pip, *what], check=True)
    [sdist] = folder.glob("[dD]jango-*.tar.gz")
    return sdist


def unpack(sdist: Path, folder: Path, runner: str) -> Path:
    """Unpack the sdist and have its tests run by ``runner``; return its folder."""
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    [root] = folder.iterdir()
    with (root / "tests" / "test_sqlite.py").open("a", encoding="utf-8") as settings:
        settings.write(f'\nTEST_RUNNER = "{runner}"\n')
    return root


def change_middleware(root: Path) -> None:
    """Change the one line, wherever the suites' settings have it, and install the app."""
    for file in (root / "tests").rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        if DJANGOS_LINE.search(text):
            file.write_text(DJANGOS_LINE.sub(rf"\1{OUR_LINE}", text), encoding="utf-8")
    runtests = root / "tests" / "runtests.py"
    text = runtests.read_text(encoding="utf-8")
    if OUR_LINE not in text or INSTALLED_APPS not in text:
        sys.exit(f"{runtests.name} of this Django has another form than this script knows.")
    ours = f'{INSTALLED_APPS}    "django_jwt_cookie",\n'
    runtests.write_text(text.replace(INSTALLED_APPS, ours), encoding="utf-8")


def run(root: Path, labels: list[str]) -> Outcomes:
    """Run the suites named by ``labels`` with the Django of the sdist itself."""
    outcomes, log = root / "outcomes.json", root / "log"
    path = os.pathsep.join(map(str, (root, ROOT)))
    with log.open("w", encoding="utf-8") as output:
        subprocess.run(
            [sys.executable, "runtests.py", "--settings=test_sqlite", "--parallel=1", *labels],
            cwd=root / "tests",
            env=os.environ | {"PYTHONPATH": path, "DJANGO_SUITES_OUTCOMES": str(outcomes)},
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,  # A failed test is for `compare` to judge.
        )
    if not outcomes.exists():
        sys.exit(f"The suites did not run:\n{log.read_text(encoding='utf-8')}")
    found = json.loads(outcomes.read_text(encoding="utf-8"))
    outcomes.unlink()
    return Outcomes(frozenset(found["run"]), frozenset(found["passed"]), found["complaints"])


def compare(group: str, plain: Outcomes, changed: Outcomes) -> int:
    """Print how the two runs differ; return the number of surprises."""
    print(f"\n{group}\n  as shipped: {plain}\n  changed:    {changed}")
    expected = read_expected()
    lost = plain.passed - changed.passed
    for test in sorted(lost & expected.keys()):
        print(f"  expected: {test}\n            {expected[test]}")
    surprises = [
        # They would hide what the change does to them.
        *(f"FAILS AS SHIPPED: {each}" for each in sorted(plain.run - plain.passed)),
        *(f"FAILS: {each}\n{changed.explain(each)}" for each in sorted(lost - expected.keys())),
        *(
            f"PASSES, though {EXPECTED.name} has: {each}"
            for each in changed.passed & expected.keys()
        ),
    ]
    if not plain.run:
        surprises.append("No test was run.")
    print(*(f"  {surprise}" for surprise in surprises), sep="\n", flush=True)
    return len(surprises)


def read_expected() -> dict[str, str]:
    """Return the reason of each test that is meant to fail."""
    expected: dict[str, str] = tomllib.loads(EXPECTED.read_text(encoding="utf-8"))
    return expected


if __name__ == "__main__":
    sys.exit(main())

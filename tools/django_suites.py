"""Runs Django's own test suites with only the middleware line changed.

    python tools/django_suites.py                     the Django that is installed
    python tools/django_suites.py --django 5.2.19     another one, of the same Python
    python tools/django_suites.py --group logins      the first group only

Each group runs with `JWTCookieMiddleware` in the place of ``AuthenticationMiddleware``. A test that
fails is a difference that a site could notice. ``django_suites_expected.toml`` names each that is
meant, and why; any other, and any that is gone, fails the run.
"""

import argparse
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent

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
        "signals",
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


def main() -> int:
    """Do what the command line says; return 1 for any surprise."""
    options = parse_arguments()
    with tempfile.TemporaryDirectory(prefix="django-suites-") as folder:
        root = unpack(download(options.django, Path(folder)), Path(folder) / "changed")
        change(root)
        return max(run(root, group) for group in options.group or GROUPS)


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


def unpack(sdist: Path, folder: Path) -> Path:
    """Unpack the sdist; return its folder."""
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    [root] = folder.iterdir()
    return root


def change(root: Path) -> None:
    """Change the one line, wherever the settings have it; install the app, and name our runner."""
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
    with (root / "tests" / "test_sqlite.py").open("a", encoding="utf-8") as settings:
        settings.write('\nTEST_RUNNER = "tools.django_suites_runner.JWTCookieRunner"\n')


def run(root: Path, group: str) -> int:
    """Run the suites of a group with the Django of the sdist itself; our runner judges them."""
    print(f"\n{group}", flush=True)
    command = [sys.executable, "runtests.py", "--settings=test_sqlite", "--parallel=1"]
    path = os.pathsep.join(map(str, (root, ROOT)))
    done = subprocess.run(
        [*command, *GROUPS[group]],
        cwd=root / "tests",
        env=os.environ | {"PYTHONPATH": path},
        check=False,
    )
    return 1 if done.returncode else 0


if __name__ == "__main__":
    sys.exit(main())

"""There and back by the steps of docs/moving.md: a project of `startproject`, two servers."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.cookiejar import CookieJar
from pathlib import Path
from textwrap import dedent
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, build_opener

import pytest

from django_jwt_cookie.checks.chain import DJANGOS, OURS
from tests.support.accounts import NAME, PASSWORD
from tests.support.documents import ROOT

from ..services.servers import PATIENCE, free_port, gunicorn, running

PAGE = (ROOT / "docs" / "moving.md").read_text(encoding="utf-8")
OTHER = "grace"
ADMIN = '"django.contrib.admin",'
MAKE_USERS = f"""
from django.contrib.auth.models import User
for name in ({NAME!r}, {OTHER!r}):
    User.objects.create_superuser(name, password={PASSWORD!r})
"""
REVOKE = """
from django.core.management import call_command
call_command("jwt_cookie_revoke", "--all", "--yes")
call_command("jwt_cookie_clear", "--keep-days", "0")
"""
DELETE_USER = f"""
from django.contrib.auth.models import User
User.objects.get(username={OTHER!r}).delete()
User.objects.create_superuser({OTHER!r}, password={PASSWORD!r})
"""
DROP = """
from django.core.management import call_command
call_command("migrate", "django_jwt_cookie", "zero", verbosity=0)
call_command("migrate", verbosity=0)
"""
QUICK = 'PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]\n'

pytestmark = pytest.mark.slow


def documented(moment: datetime) -> str:
    """Return the settings of step 2, with another date."""
    (block,) = re.findall(
        r"^   ```python\n(   # fleet/settings.py\n.*?)^   ```$", PAGE, re.MULTILINE | re.DOTALL
    )
    text, count = re.subn(r"datetime\(2.*?\)", repr(moment).replace("datetime.", "", 1), block)
    assert count == 1
    return dedent(text).replace("datetime.timezone.utc", "UTC")


STATES: dict[str, Callable[[str], str]] = {
    "before": lambda text: text,
    "app": lambda text: text.replace(ADMIN, f'{ADMIN}\n    "django_jwt_cookie",', 1),
    "line": lambda text: swapped(text) + documented(datetime.now(UTC) + timedelta(days=1)),
    "moment": lambda text: swapped(text) + documented(datetime.now(UTC) - timedelta(days=1)),
    "after": lambda text: swapped(text),  # noqa: PLW0108 - it stands below
}
"""What each state makes of the settings of `startproject`."""


def swapped(text: str) -> str:
    """Return settings with the app and the line."""
    text = STATES["app"](text)
    assert text.count(DJANGOS) == 1
    return text.replace(DJANGOS, OURS)


@dataclass
class Project:
    """A project whose servers may each be in another state, with one database."""

    folder: Path
    stack: ExitStack
    ports: dict[str, int] = field(default_factory=dict)

    def manage(self, state: str, *arguments: str) -> str:
        """Run a command as a server in that state would; return what it says."""
        run = subprocess.run(  # noqa: S603
            [sys.executable, "manage.py", *arguments],
            cwd=self.folder,
            env=self.environment(state),
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        return run.stdout + run.stderr

    def environment(self, state: str) -> dict[str, str]:
        """Have Python find the project, and Django its settings of that state."""
        path = os.pathsep.join([str(self.folder), *filter(None, sys.path)])
        return os.environ | {"DJANGO_SETTINGS_MODULE": f"shop.{state}", "PYTHONPATH": path}

    def server(self, state: str) -> str:
        """Return the address of a server in that state."""
        if state not in self.ports:
            self.ports[state] = port = free_port()
            log = self.folder / f"{state}.log"
            serving = running(gunicorn(port), port, log, **self.environment(state))
            self.stack.enter_context(serving)
        return f"http://127.0.0.1:{self.ports[state]}"


class Browser:
    """Goes from server to server with its cookies, as behind a load balancer."""

    def __init__(self, project: Project) -> None:
        self.project, self.jar = project, CookieJar()
        self.opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(self.jar))

    @property
    def cookies(self) -> dict[str, str | None]:
        """The cookies by name."""
        return {cookie.name: cookie.value for cookie in self.jar}

    def ask(self, state: str, path: str, form: dict[str, Any] | None = None) -> str:
        """Return the page that a server in that state answers with, at last."""
        data = None if form is None else urlencode(form).encode()
        address = self.project.server(state) + path
        with self.opener.open(address, data, timeout=PATIENCE) as answer:
            page: str = answer.read().decode()
            return page

    def log_in(self, state: str, name: str = NAME) -> None:
        """Log in at the admin."""
        self.ask(state, "/admin/login/")
        form = {"username": name, "password": PASSWORD, "next": "/admin/"}
        csrf = {"csrfmiddlewaretoken": self.cookies["csrftoken"]}
        assert "Site administration" in self.ask(state, "/admin/login/", form | csrf)

    def is_in(self, *states: str) -> list[bool]:
        """Tell which servers know who this is."""
        return ["Site administration" in self.ask(state, "/admin/") for state in states]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Make a project with two users, and its settings in all states."""
    folder = tmp_path_factory.mktemp("shop")
    django = [sys.executable, "-m", "django", "startproject", "shop", str(folder)]
    subprocess.run(django, check=True)  # noqa: S603
    text = (folder / "shop" / "settings.py").read_text().replace("'", '"') + QUICK
    for state, change in STATES.items():
        (folder / "shop" / f"{state}.py").write_text(change(text))
    with ExitStack() as stack:
        project = Project(folder, stack)
        project.manage("before", "migrate")
        project.manage("app", "migrate")
        project.manage("before", "shell", "-c", MAKE_USERS)
        yield project


@pytest.fixture
def browser(project: Project) -> Browser:
    return Browser(project)


@pytest.mark.parametrize("state", STATES)
def test_each_state_migrates_and_is_checked(project: Project, state: str) -> None:
    """On the way there and back; where the line is still Django's, a warning says so."""
    said = project.manage(state, "migrate")
    assert "No migrations to apply" in said
    assert re.findall(r"jwt_cookie\.\w+(?=\))", said) == ["jwt_cookie.W002"] * (state == "app")


@pytest.mark.parametrize("new", ["app", "line"])
@pytest.mark.parametrize("first", [0, 1])
def test_until_the_moment_old_and_new_servers_have_one_login(
    browser: Browser, new: str, first: int
) -> None:
    """Whichever of them logs in: the app first, and then the line."""
    pair = [{"app": "before", "line": "app"}[new], new]
    browser.log_in(pair[first])
    assert browser.is_in(*pair, *pair) == [True] * 4
    assert "jwt" not in browser.cookies
    assert browser.is_in("before") == [True]


@pytest.mark.parametrize("state", ["moment", "after"])
def test_from_the_moment_on_each_login_moves(browser: Browser, state: str) -> None:
    """Nobody logs in again, and a later deployment without the moment changes nothing."""
    browser.log_in("line")
    assert browser.is_in(state) == [True]
    assert "jwt" in browser.cookies
    assert browser.is_in("moment", "after", state) == [True] * 3


def test_back_before_the_moment_costs_nothing(browser: Browser) -> None:
    """Every server has the old line again, and then no app."""
    browser.log_in("line")
    assert browser.is_in("app", "before") == [True, True]


def test_back_afterwards_costs_one_login(browser: Browser, project: Project) -> None:
    """Of whoever has come since: the others are still in their sessions."""
    absent = Browser(project)
    absent.log_in("line")
    browser.log_in("line")
    assert browser.is_in("after") == [True]
    assert browser.is_in("app") == [False]
    browser.log_in("app")
    assert browser.is_in("app", "before") == [True, True]
    assert absent.is_in("app", "before") == [True, True]


def test_back_without_the_app_users_can_be_deleted(browser: Browser, project: Project) -> None:
    """The rows of their logins are gone by then; and the table, if one wants to."""
    browser.log_in("after", OTHER)
    said = project.manage("app", "shell", "-c", REVOKE)
    assert re.findall(r"^Ended|^Deleted", said, re.MULTILINE) == ["Ended", "Deleted"]
    project.manage("before", "shell", "-c", DELETE_USER)
    project.manage("app", "shell", "-c", DROP)

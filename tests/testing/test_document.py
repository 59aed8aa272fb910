"""docs/testing.md is true, and what it has does not reach a site that serves requests."""

import os
import subprocess
import sys

import pytest

from django_jwt_cookie.test import assertions, client, fixtures, logins, tokens
from tests.support.documents import ROOT, write_files

URLS = """
from django.urls import include, path
from members import urlpatterns

urlpatterns = [path("accounts/", include("django_jwt_cookie.urls")), *urlpatterns]
"""

SETTINGS = """
from tests.settings import *

ROOT_URLCONF = "mysite.urls"
"""

BOTH = """
from django_jwt_cookie.test.client import AsyncJWTClient, JWTClient


def test_each_is_a_new_client_of_its_kind(jwt_client, async_jwt_client):
    assert type(jwt_client) is JWTClient
    assert type(async_jwt_client) is AsyncJWTClient
    assert jwt_client.cookies == async_jwt_client.cookies == {}
"""

WITHOUT_PYTEST = """
import sys

sys.modules["pytest"] = None
import django

django.setup()
from django.core.management import call_command

call_command("check")
from django.test import Client
from django_jwt_cookie import middleware, urls

assert not [name for name in sys.modules if name.startswith("django_jwt_cookie.test")]
from django_jwt_cookie.test import assertions, client, logins, tokens
"""


def run(*command, cwd, **variables):
    """Run a process with the settings of this suite, or with ``variables``; None unsets one."""
    paths = os.pathsep.join([str(cwd), *filter(None, sys.path), str(ROOT)])
    environment = {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": "sqlite://:memory:",  # Not that of this run, which it would delete.
        "PYTHONPATH": paths,
        **variables,
    }
    return subprocess.run(  # noqa: S603
        [sys.executable, "-X", "dev", "-W", "error", *command],
        cwd=cwd,
        env={
            name: value for name, value in (os.environ | environment).items() if value is not None
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_tests_of_the_document_pass(tmp_path):
    """On a site of their own, with its pages, settings and fixtures, by unittest and pytest."""
    names = write_files(ROOT / "docs" / "testing.md", tmp_path)
    assert "conftest.py" in names
    (tmp_path / "mysite").mkdir()
    (tmp_path / "mysite" / "urls.py").write_text(URLS)
    (tmp_path / "mysite" / "settings.py").write_text(SETTINGS)
    (tmp_path / "test_fixtures.py").write_text(BOTH)
    done = run(
        *("-m", "pytest", "--quiet", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)),
        cwd=tmp_path,
        DJANGO_SETTINGS_MODULE=None,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "8 passed" in done.stdout


@pytest.mark.parametrize("module", [assertions, client, fixtures, logins, tokens])
def test_every_helper_is_documented(module):
    """Under its module."""
    page = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
    names = [
        name
        for name, value in vars(module).items()
        if getattr(value, "__module__", "") == module.__name__ and not name.startswith("_")
    ]
    assert names
    assert [name for name in {*names} - {"Browser", "serve"} if f"`{name}" not in page] == []


@pytest.mark.slow
def test_without_the_fixtures_there_is_no_client_of_ours(tmp_path):
    """They are opt-in: nothing is loaded because the package is installed."""
    (tmp_path / "test_it.py").write_text("def test_it(jwt_client): pass\n")
    done = run("-m", "pytest", "-p", "no:cacheprovider", "--rootdir", ".", cwd=tmp_path)
    assert "fixture 'jwt_client' not found" in done.stdout


def test_a_site_loads_none_of_it_and_the_rest_needs_no_pytest():
    """Checks, addresses and middleware are loaded, and there is no pytest to be had."""
    done = run("-c", WITHOUT_PYTEST, cwd=ROOT)
    assert done.returncode == 0, done.stderr

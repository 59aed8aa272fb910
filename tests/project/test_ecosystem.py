"""Other packages as their users use them, each on a site and in a process of its own."""

import re
from importlib.metadata import version

import pytest

from tests.conftest import ecosystem
from tests.support.documents import ROOT
from tests.support.suites import run_suite

from .test_packaging import GROUPS, versions_of

ROW = re.compile(r"^\| `([\w.-]+)` \| ([\d.]+) \|.*\| `tests/ecosystem/(\w+)` \|$", re.MULTILINE)
ROWS = ROW.findall((ROOT / "docs" / "ecosystem.md").read_text(encoding="utf-8"))
"""Package, version and folder, as the page says."""


@pytest.mark.needs_ecosystem
@pytest.mark.parametrize("package", ecosystem())
def test_nothing_else_changes(package):
    """The tests of that folder pass under the settings of that folder."""
    run_suite(f"ecosystem.{package}")


def test_the_page_has_what_is_tried():
    """A row for each folder, in the order of the alphabet."""
    names = [name for name, _, _ in ROWS]
    assert names == sorted(names, key=str.lower)
    assert sorted({folder for _, _, folder in ROWS}) == ecosystem()


def test_the_page_has_the_oldest_version_that_is_tried():
    """As `pyproject.toml` demands it, and for Django the newest of the lock."""
    minimum = dict(re.findall(r"^([\w.-]+).*>=(.+)$", line)[0] for line in GROUPS["ecosystem"])
    minimum["Django"] = max(versions_of("django.txt")["django"]).rpartition(".")[0]
    assert [(name, minimum[name]) for name, _, _ in ROWS] == [(name, old) for name, old, _ in ROWS]


@pytest.mark.needs_ecosystem
@pytest.mark.parametrize(("name", "oldest"), [row[:2] for row in ROWS])
def test_no_older_version_is_installed(name, oldest):
    """What the page says was tried is what is tried here."""
    installed, said = (re.findall(r"\d+", release) for release in (version(name), oldest))
    assert [*map(int, installed)] >= [*map(int, said)]

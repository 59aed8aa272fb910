"""Sites with tenants, each kind in a process of its own, by settings that Django reads once."""

from pathlib import Path

import pytest

from tests.support.documents import ROOT, files
from tests.support.suites import run_suite

DOCUMENTED = files(ROOT / "docs" / "tenants.md")


@pytest.mark.parametrize("name", ["by_host.py", "by_schema.py"])
def test_the_page_has_the_functions_that_are_tried(name):
    """Word for word."""
    _, _, code = DOCUMENTED[name].partition("\n")
    assert code in (Path(__file__).parent / name).read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_database_for_each_tenant(tmp_path):
    """Chosen by the host's name."""
    run_suite("tenants", TENANTS_BY="host", TENANTS_FOLDER=str(tmp_path))


@pytest.mark.needs_postgresql
@pytest.mark.needs_tenants
@pytest.mark.slow
def test_a_schema_for_each_tenant(tmp_path):
    """With django-tenants."""
    run_suite("tenants", TENANTS_BY="schema", TENANTS_FOLDER=str(tmp_path))

"""Other packages as their users use them, each on a site and in a process of its own."""

import pytest

from .conftest import ecosystem
from .suites import run_suite


@pytest.mark.needs_ecosystem
@pytest.mark.parametrize("package", ecosystem())
def test_nothing_else_changes(package):
    """The tests of that folder pass under the settings of that folder."""
    run_suite(f"ecosystem.{package}")

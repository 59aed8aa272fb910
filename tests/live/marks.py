"""Which servers a test runs on, and what it needs."""

import pytest

from tests.live.conftest import ASYNCHRONOUS, COMMANDS

from .site import PROC

on_asynchronous = pytest.mark.parametrize("site", ASYNCHRONOUS, indirect=True)
"""For tests that are marked as needing these servers."""

on_each = pytest.mark.parametrize(
    "site",
    [
        pytest.param(name, marks=[] if name == "gunicorn" else pytest.mark.needs_servers)
        for name in COMMANDS
    ],
    indirect=True,
)
from_both = pytest.mark.parametrize("source", ["database", "token"], indirect=True)

linux_tells = pytest.mark.skipif(not PROC.exists(), reason="only Linux tells what it looks for")

"""These tests need the settings of their sites: `tests/project/test_ecosystem.py` has them."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from time_machine import TimeMachineFixture

from tests.support.accounts import sign_up

from .sessions import left_in_sessions

SITE = os.environ["DJANGO_SETTINGS_MODULE"].split(".")[-2]
collect_ignore_glob = [
    f"{folder.name}/*"
    for folder in Path(__file__).parent.iterdir()
    if folder.is_dir() and folder.name != SITE
]


@pytest.fixture(autouse=True)
def nothing_else_in_sessions() -> Iterator[None]:
    """No response carries a session cookie, unless the package at hand keeps something there."""
    left_in_sessions.clear()
    yield
    assert left_in_sessions <= settings.KEPT_IN_SESSIONS  # type: ignore[misc]


@pytest.fixture
def clock(time_machine: TimeMachineFixture) -> TimeMachineFixture:
    """Stop the clock; ``clock.shift(delta)`` lets time pass."""
    time_machine.move_to(datetime.now(UTC), tick=False)
    return time_machine


@pytest.fixture
def attacked(new_client: type[Client]) -> Client:
    """Return the browser of somebody who is logged in, and visits a page that attacks by CSRF."""
    client = new_client(enforce_csrf_checks=False)
    sign_up(client)
    attacked = new_client(enforce_csrf_checks=True)
    attacked.cookies = client.cookies
    return attacked

"""allauth notes in the cache which code was used; each test begins without."""

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def code_stays_good(clock):
    """Stop the clock, or the code of an app may be over before it is checked."""


@pytest.fixture(autouse=True)
def no_code_is_used():
    """Forget the codes of the test before, which had the same users."""
    cache.clear()

"""allauth notes in the cache which code was used; each test begins without."""

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def clock(time_machine):
    """Stand still, or the code of an app is over before it is checked."""
    time_machine.move_to(1_800_000_000, tick=False)


@pytest.fixture(autouse=True)
def no_code_is_used():
    """Forget the codes of the test before, which had the same users."""
    cache.clear()

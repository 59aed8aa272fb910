"""Another user model: another process, since Django takes the model from the settings once."""

import pytest

from tests.support.suites import run_suite


@pytest.mark.slow
def test_the_story_holds_for_users_with_an_address_and_a_uuid():
    """`tests/custom_user` passes under its own settings."""
    run_suite("custom_user")

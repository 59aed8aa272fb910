"""User models with a field of every kind, each of them in a process of its own."""

import pytest

from tests.support.suites import run_suite


@pytest.mark.slow
@pytest.mark.parametrize("model", ["User", "Described", "Masked", "Member", "Alias"])
def test_logins_and_tokens_give_the_same_user_as_django(model):
    """`tests/every_field` passes with that user model."""
    run_suite("every_field", USER_MODEL=model)

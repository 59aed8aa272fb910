"""Many who sign up at the same moment, by names that differ in case alone."""

from functools import partial

import pytest
from django.contrib.auth.models import User

from tests.support.accounts import JSON, PASSWORD

from .crowd import rounds

pytestmark = pytest.mark.slow

NAMES = ["grace", "Grace", "gRace", "grAce", "graCe", "gracE", "GRACE", "GRAce"]


def sign_up(client, name):
    """Return the status of the answer, and what is wrong."""
    form = {"username": name, "password1": PASSWORD, "password2": PASSWORD}
    response = client.post("/accounts/signup/", form, headers=JSON)
    return response.status_code, [*response.json().get("errors", {})]


def test_of_many_who_take_a_name_in_another_case_one_gets_it(ada, crowd, new_client):
    """On every database: none has a constraint for that."""
    for _ in range(rounds(50)):
        answers = crowd.do(*[partial(sign_up, new_client(), name) for name in NAMES])
        assert sorted(answers) == [(201, []), *[(400, ["username"])] * (len(NAMES) - 1)]
        (user,) = User.objects.exclude(pk=ada.pk)
        user.delete()

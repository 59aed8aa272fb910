"""The example's own claim."""

import pytest
from django.contrib.auth.models import Group, User
from django.http import HttpRequest

from example_project.claims import roles

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({}, []),
        ({"is_staff": True}, ["staff"]),
        ({"is_superuser": True}, ["superuser"]),
        ({"is_staff": True, "is_superuser": True}, ["staff", "superuser"]),
    ],
)
def test_staff_and_superusers_are_named(flags: dict[str, bool], expected: list[str]) -> None:
    """By what they may do, not by who they are."""
    user = User.objects.create(username="ada", **flags)
    assert roles(user, HttpRequest()) == {"roles": expected}


def test_groups_are_named_in_order() -> None:
    """The same user has the same token, whatever order the database gives."""
    user = User.objects.create_user("ada", is_staff=True)
    user.groups.set([Group.objects.create(name=name) for name in ("writers", "editors")])
    assert roles(user, HttpRequest()) == {"roles": ["editors", "writers", "staff"]}

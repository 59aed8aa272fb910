"""What the example writes into the token beside the claims that every login token has."""

from typing import Any

from django.contrib.auth.models import AbstractUser
from django.http import HttpRequest


def roles(user: AbstractUser, request: HttpRequest) -> dict[str, Any]:  # noqa: ARG001
    """Name the user's roles: the `CLAIMS` hook, asked at login and again at every renewal.

    Whoever holds the cookie can read it, so this is the place for a role and not for an address.
    A role that was taken away is gone from the token at the next renewal.
    """
    names = list(user.groups.order_by("name").values_list("name", flat=True))
    if user.is_staff:
        names.append("staff")
    if user.is_superuser:
        names.append("superuser")
    return {"roles": names}

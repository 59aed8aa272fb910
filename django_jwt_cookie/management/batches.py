"""Walking through many logins without holding them all, or any lock."""

import uuid
from collections.abc import Iterator

from ..models import LoginSessionQuerySet


def batches(logins: LoginSessionQuerySet, size: int) -> Iterator[LoginSessionQuerySet]:
    """Yield ``logins`` in parts of at most ``size``, each login once.

    A part is a queryset that keeps the conditions of ``logins``: one that does not fulfil them any
    more when the caller acts, such as a login that was renewed meanwhile, is not in it.
    """
    last = uuid.UUID(int=0)
    while ids := list(
        logins.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:size]
    ):
        yield logins.filter(pk__in=ids)
        last = ids[-1]

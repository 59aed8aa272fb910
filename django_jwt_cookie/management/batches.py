"""Walking through many logins without holding them all, or any lock."""

from collections.abc import Iterator

from ..models import LoginSessionQuerySet


def batches(logins: LoginSessionQuerySet, size: int) -> Iterator[LoginSessionQuerySet]:
    """Yield ``logins`` in parts of at most ``size``, each login once, the oldest first.

    A part is a queryset that keeps the conditions of ``logins``: one that does not fulfil them any
    more when the caller acts, such as a login that was renewed meanwhile, is not in it.
    """
    # By age, which is about the order in which a table is written: by the random primary key each
    # record is on another page than the one before.
    rest = logins
    while found := list(rest.order_by("created_at", "pk").values_list("created_at", "pk")[:size]):
        yield logins.filter(pk__in=[pk for _, pk in found])
        created_at, pk = found[-1]
        rest = logins.filter(created_at__gte=created_at)
        rest = rest.exclude(created_at=created_at, pk__lte=pk)

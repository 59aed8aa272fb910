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
    ordered = logins.order_by("created_at", "pk").values_list("created_at", "pk")
    parts = [ordered]
    while parts:
        if found := list(parts.pop()[:size]):
            yield logins.filter(pk__in=[pk for _, pk in found])
            created_at, pk = found[-1]
            # Two, each a range of an index: with "or" between them, a database reads all logins of
            # that moment for each part of them.
            parts = [
                ordered.filter(created_at__gt=created_at),
                ordered.filter(created_at=created_at, pk__gt=pk),
            ]

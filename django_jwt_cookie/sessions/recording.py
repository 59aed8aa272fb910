"""The records: where they are, and whether they still say what somebody has read."""

from typing import Any

from django.db import router, transaction
from django.db.models import QuerySet

from ..conf import get_settings
from ..keys import get_key_ring
from ..models import LoginSession, LoginSessionQuerySet

EndReason = LoginSession.EndReason


def are_recorded() -> bool:
    """Tell whether logins have records here: neither without, nor on a site that only verifies."""
    return get_settings().track_sessions and get_key_ring().can_sign


def records() -> LoginSessionQuerySet:
    """Return the records, from where they are written to.

    A replica that is behind does not know of a login yet, or not yet that it has ended.
    """
    found: LoginSessionQuerySet = LoginSession.objects.using(router.db_for_write(LoginSession))
    return found


def in_transaction() -> bool:
    """Tell whether what is done now may be undone."""
    return bool(transaction.get_connection(router.db_for_write(LoginSession)).in_atomic_block)


def goes_on(session: LoginSession) -> bool:
    """Tell whether nobody has ended ``session`` since it was looked up."""
    return unended(session).exists()


def is_newest(session: LoginSession) -> bool:
    """Tell whether ``session`` goes on, and nobody has renewed it since either."""
    return unended(session).filter(generation=session.generation).exists()


def unended(session: LoginSession) -> QuerySet[LoginSession]:
    """Return the record of ``session``, unless the login was ended."""
    return records().filter(pk=session.pk, revoked_at=None)


def change(session: LoginSession, changes: dict[str, Any], **condition: Any) -> bool:
    """Write ``changes`` if the login goes on and ``condition`` still holds; tell whether it did."""
    if not unended(session).filter(**condition).update(**changes):
        return False
    for name, value in changes.items():
        setattr(session, name, value)
    return True

"""django-cas-ng: who logs out at the CAS server, or of another of its services, is logged out here.

That package names a login by the key of its session, and ends it by deleting what is stored under
that. Here is no login; but what is stored says of which login it is.
"""

from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.dispatch import receiver
from django.http import HttpRequest
from django_cas_ng.signals import cas_user_authenticated, cas_user_logout

from .. import sessions
from ..authentication.django_session import MARK


@receiver(cas_user_authenticated, dispatch_uid=f"{__name__}.keep")
def keep_session(request: HttpRequest, ticket: str, **_: Any) -> None:
    """Have something stored for the login that is about to begin."""
    request.session["cas_ticket"] = ticket


@receiver(cas_user_logout, dispatch_uid=f"{__name__}.end")
def end_login(session: SessionBase, **_: Any) -> None:
    """End the login of a session that the server says is over; it is opened by its key alone.

    The session of a request, of whoever logs out here, does not show its mark; that logout is
    heard of otherwise.
    """
    if (sid := session.get(MARK)) is not None:
        logins = sessions.records().filter(pk=sid)
        sessions.end_all(logins, sessions.EndReason.LOGOUT)

"""An older scheme of a site's own, a signed cookie; and the function that knows its logins."""

from datetime import UTC, datetime

from django.contrib.auth.models import User
from django.core import signing
from django.http import HttpRequest

from django_jwt_cookie.authentication.migrating import OlderCookie


def move(request: HttpRequest) -> tuple[User, str, datetime] | None:
    """Return the user, the credential and its end, if the ticket is genuine."""
    try:
        ticket = signing.loads(request.COOKIES.get("ticket", ""), salt="tickets")
        user = User.objects.get(pk=ticket["user"], is_active=True)
    except (signing.BadSignature, User.DoesNotExist):
        return None
    return user, ticket["number"], datetime.fromtimestamp(ticket["expires"], UTC)


move.cookies = lambda: [OlderCookie("ticket", samesite="Lax")]  # type: ignore[attr-defined]

"""An older scheme of a site's own, which knew of nothing but a signed cookie; and who adopts it."""

from collections.abc import Iterable
from datetime import UTC, datetime

from django.contrib.auth.models import User
from django.core import signing
from django.http import HttpRequest

from django_jwt_cookie.authentication.migrating import OlderCookie


class Tickets(Adopter):
    """Takes over logins from the signed cookie ``ticket``."""

    def find(self, request: HttpRequest) -> OldLogin | None:
        """Return the login of the ticket, if it is genuine and its user may still log in."""
        try:
            ticket = signing.loads(self.read(request), salt="tickets")
            user = User.objects.get(pk=ticket["user"], is_active=True)
        except (signing.BadSignature, User.DoesNotExist):
            return None
        ends = datetime.fromtimestamp(ticket["expires"], UTC)
        return OldLogin(user=user, credential=ticket["number"], expires_at=ends)

    def read(self, request: HttpRequest) -> str:
        """Return what the browser has sent."""
        return request.COOKIES.get("ticket", "")

    def cookies(self) -> Iterable[OldCookie]:
        """Name the cookie, as it was set."""
        return [OldCookie("ticket", samesite="Lax")]

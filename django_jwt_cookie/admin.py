"""Logins in the admin: to look at, and to end by deleting, never to write."""

from django.contrib import admin
from django.http import HttpRequest

from .models import LoginSession


@admin.register(LoginSession)
class LoginSessionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Lists logins. Deleting one ends it: no row, no login."""

    list_display = ("user", "created_at", "expires_at", "revoked_at", "revoked_because")
    list_select_related = ("user",)
    date_hierarchy = "created_at"
    exclude = ("auth_hash",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: a login begins with a password."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: LoginSession | None = None) -> bool:
        """Refuse: what the record says is what happened."""
        return False

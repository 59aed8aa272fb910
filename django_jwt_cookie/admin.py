"""Logins in the admin: to look at and to end, never to write."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import get_permission_codename, get_user_model
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from . import sessions
from .forms import USERNAME
from .models import LoginSession, LoginSessionQuerySet
from .sessions.descriptions import Description

User = get_user_model()

OWN_PAGES = f"{LoginSession._meta.app_label}_{LoginSession._meta.model_name}_"
"""What the names of the pages of `LoginSessionAdmin` begin with."""


class StateFilter(admin.SimpleListFilter):
    """Tells the logins that go on from those that are over."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return what to choose from."""
        return [("alive", _("Alive")), ("ended", _("Ended")), ("expired", _("Expired"))]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[LoginSession]
    ) -> QuerySet[LoginSession]:
        """Return the logins of the state that was chosen."""
        alive = LoginSession.objects.alive().values("pk")
        conditions = {
            "alive": Q(pk__in=alive),
            "ended": Q(revoked_at__isnull=False),
            "expired": Q(revoked_at=None) & ~Q(pk__in=alive),
        }
        return queryset.filter(conditions.get(self.value() or "", Q()))


@admin.register(LoginSession)
class LoginSessionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Lists logins. Whoever may delete one may end it: no row, no login."""

    list_display = ("user", "state", "device", "last_seen_at", "created_at", "ends_at")
    list_filter = (StateFilter, "revoked_because", "persistent", "created_at")
    list_select_related = ("user",)
    search_fields = (f"user__{USERNAME}",)
    ordering = ("-created_at",)
    # Counting a large table takes longer than all else on the page, and one number is enough.
    show_full_result_count = False
    exclude = ("auth_hash", "expires_at", "idle_seconds", "browser", "system")
    readonly_fields = ("device", "ends_at")
    actions = ("revoke",)

    @admin.display(description=_("device"))
    def device(self, session: LoginSession) -> str:
        """Name the browser and its system."""
        return Description(session).name

    @admin.display(description=_("last seen"), ordering="rotated_at")
    def last_seen_at(self, session: LoginSession) -> Any:
        """Tell when the login was last used."""
        return Description(session).last_seen_at

    @admin.display(description=_("expires at"))
    def ends_at(self, session: LoginSession) -> Any:
        """Tell when the login ends if it is not used again."""
        return session.ends_at

    @admin.display(description=_("state"))
    def state(self, session: LoginSession) -> str:
        """Tell whether the login goes on, or why not."""
        if session.revoked_at is not None:
            return session.get_revoked_because_display() or str(_("Ended"))
        is_over = Description(session).expires_at <= timezone.now()
        return str(_("Expired")) if is_over else str(_("Alive"))

    @admin.action(description=_("End selected logins"), permissions=["delete"])
    def revoke(self, request: HttpRequest, queryset: LoginSessionQuerySet) -> None:
        """End the logins that go on."""
        ended = sessions.end_all(queryset.alive(), sessions.EndReason.REVOKED)
        message = ngettext("%(count)d login was ended.", "%(count)d logins were ended.", ended)
        self.message_user(request, message % {"count": ended}, messages.SUCCESS)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: a login begins with a password."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: LoginSession | None = None) -> bool:
        """Refuse: what the record says is what happened."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: LoginSession | None = None) -> bool:
        """Let whoever may delete a user delete the user's logins with it, though not others."""
        if super().has_delete_permission(request, obj):
            return True
        match = request.resolver_match
        is_own_page = match is None or (match.url_name or "").startswith(OWN_PAGES)
        user = f"{User._meta.app_label}.{get_permission_codename('delete', User._meta)}"
        return not is_own_page and request.user.has_perm(user)

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        """Refuse a filter by the hash that is not shown: it would be found out bit by bit."""
        is_hidden = lookup.startswith("auth_hash")
        return not is_hidden and super().lookup_allowed(lookup, value, request)

    def delete_model(self, request: HttpRequest, obj: LoginSession) -> None:
        """End the login before its record goes, so that whoever listens hears of it."""
        self.delete_queryset(request, LoginSession.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """End the logins before their records go."""
        sessions.end_all(queryset.alive(), sessions.EndReason.REVOKED)
        super().delete_queryset(request, queryset)

"""The record of a login: what a plain JWT lacks, so that a logout holds."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class LoginSessionQuerySet(models.QuerySet["LoginSession"]):
    """Logins."""

    def alive(self) -> "LoginSessionQuerySet":
        """Leave out logins that were ended or have reached their end."""
        return self.filter(revoked_at=None, expires_at__gt=timezone.now())


class LoginSession(models.Model):
    """One login of one user in one browser. No row, no login.

    There is one row per login, not per token, and nothing in it can be replayed: it holds neither
    a token nor a key.
    """

    class EndReason(models.TextChoices):
        """Why a login was ended before its time."""

        LOGOUT = "logout", _("Logged out")
        REPLACED = "replaced", _("Replaced by a new login")
        REVOKED = "revoked", _("Revoked")
        PASSWORD_CHANGED = "password_changed", _("Password changed")
        USER_INACTIVE = "user_inactive", _("User deactivated")
        USER_DELETED = "user_deleted", _("User deleted")
        TOKEN_REUSED = "token_reused", _("Token reused")

    id = models.UUIDField(_("ID"), primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        on_delete=models.CASCADE,
        related_name="jwt_login_sessions",
    )
    backend = models.CharField(_("backend"), max_length=255)
    auth_hash = models.CharField(_("session auth hash"), max_length=128, blank=True)
    generation = models.PositiveBigIntegerField(_("generation"), default=0)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, db_index=True)
    # No index on what a renewal writes: PostgreSQL would write into every index of the table.
    rotated_at = models.DateTimeField(_("rotated at"), default=timezone.now)
    seen_at = models.DateTimeField(_("seen at"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires at"))
    # Of a login that was taken over from another scheme: not later than there.
    ends_at = models.DateTimeField(_("ends at"), null=True, blank=True)
    persistent = models.BooleanField(_("remember me"), default=True)
    user_agent = models.CharField(_("user agent"), max_length=512, blank=True)
    ip_address = models.GenericIPAddressField(_("IP address"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)
    revoked_because = models.CharField(
        _("revoked because"), max_length=32, blank=True, choices=EndReason
    )

    objects = LoginSessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("login session")
        verbose_name_plural = _("login sessions")
        default_permissions = ("delete", "view")

    def __str__(self) -> str:
        """Name the login by its time; the id is in every token and does not belong into logs."""
        return f"{self._meta.verbose_name} {self.created_at:%Y-%m-%d %H:%M}"

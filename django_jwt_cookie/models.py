"""The record of a login: what a plain JWT lacks, so that a logout holds."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from django.conf import settings as django_settings
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import ExpressionWrapper, F, Q
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .conf import get_settings

SECOND = 1_000_000
"""What a second is in the database: microseconds."""


def moment(seconds: float) -> datetime:
    """Return that time, in seconds since 1970, as this site has times (``USE_TZ``)."""
    return datetime.fromtimestamp(seconds, UTC if django_settings.USE_TZ else None)


class InstantField(models.DateTimeField):  # type: ignore[type-arg]
    """A moment, which the database has as microseconds since 1970.

    In Python it is a ``datetime`` as everywhere on the site. A local time without a zone
    (``USE_TZ = False``) exists twice in the night in which clocks are put back, and a token could
    then look as if it had been used up an hour ago; a number exists once.
    """

    def get_internal_type(self) -> str:
        """Name the type of the column."""
        return "BigIntegerField"

    def get_db_prep_value(
        self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False
    ) -> int | None:
        """Return the number for a ``datetime``."""
        value = value if prepared else self.get_prep_value(value)
        return None if value is None else round(value.timestamp() * SECOND)

    def from_db_value(self, value: int | None, *_: Any) -> datetime | None:
        """Return the ``datetime`` for a number."""
        if value is None:
            return None
        # As `moment`, without a call for each of the times of each login.
        return datetime.fromtimestamp(value / SECOND, UTC if django_settings.USE_TZ else None)


# As a bigint: to PostgreSQL, the product of two integers is an integer, and too large for one.
IDLE_TIME = Cast("idle_seconds", models.BigIntegerField()) * SECOND
IDLE_END = ExpressionWrapper(F("rotated_at") + IDLE_TIME, InstantField())
"""When a login ends that is not used again, by its own limit alone."""


Moment: TypeAlias = "models.DateTimeField[datetime, datetime]"
OptionalMoment: TypeAlias = "models.DateTimeField[datetime | None, datetime | None]"


class LoginSessionQuerySet(models.QuerySet["LoginSession"]):
    """Logins."""

    def alive(self) -> "LoginSessionQuerySet":
        """Leave out logins that were ended or have reached their end, as `LoginSession.ends_at`."""
        settings, now = get_settings(), timezone.now()
        return self.alias(idle_end=IDLE_END).filter(
            Q(persistent=True, rotated_at__gt=now - settings.idle_timeout)
            | Q(persistent=False, rotated_at__gt=now - settings.browser_session_timeout),
            revoked_at=None,
            expires_at__gt=now,
            created_at__gt=now - settings.absolute_timeout,
            idle_end__gt=now,
        )

    def over_since(self, moment: datetime) -> "LoginSessionQuerySet":
        """Return logins that were ended, or reached their end, at ``moment`` or before."""
        over = Q(revoked_at__lte=moment) | Q(expires_at__lte=moment) | Q(idle_end__lte=moment)
        return self.alias(idle_end=IDLE_END).filter(over)


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
        django_settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        on_delete=models.CASCADE,
        related_name="jwt_login_sessions",
    )
    backend = models.CharField(_("backend"), max_length=255)
    auth_hash = models.CharField(_("session auth hash"), max_length=128, blank=True)
    generation = models.PositiveBigIntegerField(_("generation"), default=0)
    created_at: Moment = InstantField(_("created at"), default=timezone.now, db_index=True)
    # No index on what a rotation writes: PostgreSQL would write into every index of the table.
    rotated_at: Moment = InstantField(_("rotated at"), default=timezone.now)
    seen_at: OptionalMoment = InstantField(_("seen at"), null=True, blank=True)
    expires_at: Moment = InstantField(_("expires at"))
    idle_seconds = models.PositiveIntegerField(_("idle timeout"))
    persistent = models.BooleanField(_("remember me"), default=True)
    user_agent = models.CharField(_("user agent"), max_length=512, blank=True)
    browser = models.CharField(_("browser"), max_length=80, blank=True)
    system = models.CharField(_("system"), max_length=80, blank=True)
    ip_address = models.GenericIPAddressField(_("IP address"), null=True, blank=True)
    revoked_at: OptionalMoment = InstantField(_("revoked at"), null=True, blank=True)
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

    @property
    def idle_timeout(self) -> timedelta:
        """How long it may be unused, by its own limit and the settings of now."""
        settings = get_settings()
        allowed = settings.idle_timeout if self.persistent else settings.browser_session_timeout
        return min(timedelta(seconds=self.idle_seconds), allowed)

    @property
    def ends_at(self) -> datetime:
        """When it ends if it is not used again; shorter settings hold for all logins.

        ``expires_at`` is its end however busy it is, as that was settled when it began.
        """
        idle = self.rotated_at.timestamp() + self.idle_timeout.total_seconds()
        absolute = self.created_at.timestamp() + get_settings().absolute_timeout.total_seconds()
        return moment(min(idle, absolute, self.expires_at.timestamp()))

"""The app's entry in ``INSTALLED_APPS``."""

from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _


class JWTCookieConfig(AppConfig):
    """Names the app, and connects it to Django's signals and checks."""

    name = "django_jwt_cookie"
    verbose_name = _("Logins")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the receivers and register the checks, which need the models."""
        from . import receivers  # noqa: F401
        from .checks import ALWAYS, DEPLOY

        for check in ALWAYS:
            checks.register(check, checks.Tags.security)
        for check in DEPLOY:
            checks.register(check, checks.Tags.security, deploy=True)

"""The app's entry in ``INSTALLED_APPS``."""

from django.apps import AppConfig, apps
from django.conf import settings
from django.core import checks
from django.utils.translation import gettext_lazy as _


class JWTCookieConfig(AppConfig):
    """Names the app, and connects it to Django's signals and checks."""

    name = "django_jwt_cookie"
    verbose_name = _("Logins")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the receivers and register the checks, which need the models."""
        from .checks import ALWAYS, DEPLOY
        from .receivers import CONNECTIONS

        for signal, sender, receiver in CONNECTIONS:
            signal.connect(receiver, sender, dispatch_uid=f"{self.name}.{receiver.__name__}")
        for check in ALWAYS:
            checks.register(check, checks.Tags.security)
        for check in DEPLOY:
            checks.register(check, checks.Tags.security, deploy=True)
        if apps.is_installed("allauth.account"):  # pragma: no cover - in tests/ecosystem
            from .contrib import allauth  # noqa: F401 - it connects itself
        if apps.is_installed("django_cas_ng"):  # pragma: no cover - in tests/ecosystem
            from .contrib import cas_ng  # noqa: F401 - it connects itself
        if apps.is_installed("drf_spectacular"):  # pragma: no cover - in tests/ecosystem
            from .contrib import spectacular  # noqa: F401 - it registers itself
        if getattr(settings, "CHANNEL_LAYERS", None):  # pragma: no cover - as above
            from .contrib import channels  # noqa: F401 - any process may end a login

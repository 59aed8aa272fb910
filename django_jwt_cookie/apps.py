"""The app's entry in ``INSTALLED_APPS``."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JWTCookieConfig(AppConfig):
    """Names the app."""

    name = "django_jwt_cookie"
    verbose_name = _("Logins")
    default_auto_field = "django.db.models.BigAutoField"

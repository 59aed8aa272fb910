"""The one setting, ``JWT_COOKIE``: a dict, read late, checked, and frozen.

``get_settings()`` builds the `Settings` when first asked and again after a setting has changed, so
that ``override_settings`` reaches everything. What is costly to build from settings (the key ring,
the cookie's attributes) is kept on the settings object itself, by `Settings.derive`, and so can't
outlive it.
"""

import difflib
from collections.abc import Mapping
from dataclasses import fields
from functools import lru_cache
from typing import Any

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.views.decorators.debug import sensitive_variables

from .complaints import ALGORITHMS, find_complaints
from .settings import Settings

__all__ = ["ALGORITHMS", "KEYS", "Settings", "get_settings"]

KEYS = tuple(each.name.upper() for each in fields(Settings) if each.init)
"""Every key that ``JWT_COOKIE`` may have."""


@lru_cache(maxsize=1)
@sensitive_variables()
def get_settings() -> Settings:
    """Return the settings in force.

    Raises ``ImproperlyConfigured`` for an unknown key or a value that can't work, with the remedy.
    """
    given = getattr(django_settings, "JWT_COOKIE", {})
    if not isinstance(given, Mapping):
        raise ImproperlyConfigured("JWT_COOKIE must be a dict, for example {'ISSUER': 'shop'}.")
    for key in given:
        if key not in KEYS:
            raise ImproperlyConfigured(f"JWT_COOKIE: unknown key {key!r}.{_did_you_mean(key)}")
    if given.get("KEYS") in ([], ()):
        # The ring would silently be that of SECRET_KEY.
        raise ImproperlyConfigured("JWT_COOKIE: KEYS is empty: leave it out, or give it a key.")
    if "SECRET" in given and given["SECRET"] is None:
        # Of a variable that is not set: the ring would silently be that of SECRET_KEY.
        raise ImproperlyConfigured("JWT_COOKIE: SECRET is None: leave it out, or give it a key.")
    values: dict[str, Any] = {"cookie_secure": not django_settings.DEBUG}
    values.update((key.lower(), value) for key, value in given.items())
    for name in ("keys", "token_fields", "adopters"):
        if isinstance(values.get(name), list):
            values[name] = tuple(values[name])
    settings = Settings(**values)
    if complaints := find_complaints(settings):
        raise ImproperlyConfigured(f"JWT_COOKIE: {' '.join(complaints)}")
    return settings


def _did_you_mean(key: object) -> str:
    close = difflib.get_close_matches(str(key).upper(), KEYS, n=1)
    return f" Did you mean {close[0]!r}?" if close else f" Known keys: {', '.join(KEYS)}."


DEPENDS_ON = {
    "JWT_COOKIE",
    "SECRET_KEY",
    "SECRET_KEY_FALLBACKS",
    "DEBUG",
    "SESSION_COOKIE_NAME",
    "CSRF_COOKIE_NAME",
    "AUTH_USER_MODEL",
    "USE_TZ",
    "TIME_ZONE",
}
"""The Django settings that `Settings`, or what is derived from it, are made of."""


def forget_settings(*, setting: str, **_: object) -> None:
    """Build the settings anew when next asked: tests have changed one of them."""
    if setting in DEPENDS_ON:
        get_settings.cache_clear()


setting_changed.connect(forget_settings, dispatch_uid="django_jwt_cookie.forget_settings")

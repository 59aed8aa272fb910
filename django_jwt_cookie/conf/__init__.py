"""The one setting, ``JWT_COOKIE``: a dict, read late, checked, and frozen.

``get_settings()`` builds the `Settings` when first asked and again after a setting has changed, so
that ``override_settings`` reaches everything. What is costly to build from settings (the key ring,
the cookie's attributes) is kept on the settings object itself, by `Settings.derive`, and so can't
outlive it.
"""

import difflib
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import lru_cache
from importlib.util import find_spec

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.http import HttpRequest
from django.utils.module_loading import import_string
from django.views.decorators.debug import sensitive_variables

from .settings import Settings
from .validation import ALGORITHMS, find_complaints

__all__ = [
    "ALGORITHMS",
    "KEYS",
    "Settings",
    "find_audience",
    "get_audience",
    "get_settings",
    "may_mix_tenants",
]

KEYS = tuple(each.name.upper() for each in fields(Settings) if each.init)
"""Every key that ``JWT_COOKIE`` may have."""

DOTTED_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")


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
    values = {key.lower(): value for key, value in given.items()}
    for name in ("keys", "token_fields", "move_from"):
        if isinstance(values.get(name), list):
            values[name] = tuple(values[name])
    settings = Settings(**values)
    if complaints := find_complaints(settings):
        raise ImproperlyConfigured(f"JWT_COOKIE: {' '.join(complaints)}")
    return settings


def _did_you_mean(key: object) -> str:
    close = difflib.get_close_matches(str(key).upper(), KEYS, n=1)
    return f" Did you mean {close[0]!r}?" if close else f" Known keys: {', '.join(KEYS)}."


def get_audience(request: HttpRequest | None) -> str | None:
    """Return for whom the tokens are that ``request`` brings and gets; None for no ``AUDIENCE``.

    Raises ``ImproperlyConfigured`` if the site's function returns anything else.
    """
    settings = get_settings()
    if settings.audience is None:
        return None
    find = settings.derive(find_audience)
    if find is None:
        return settings.audience
    if request is None:
        raise TypeError("JWT_COOKIE['AUDIENCE'] depends on the request: it has to be passed.")
    audience: object = find(request)
    if audience is not None and not isinstance(audience, str):
        raise ImproperlyConfigured(
            f"JWT_COOKIE: AUDIENCE: {settings.audience} has to return a string, or None; it "
            f"returned {audience!r}."
        )
    return audience


def find_audience(settings: Settings) -> Callable[[HttpRequest], object] | None:
    """Return the function that ``AUDIENCE`` names; None if it is the audience itself.

    What begins with the name of a module has to be a function: one that was mistyped would make
    the tokens of all tenants alike.
    """
    path = settings.audience or ""
    first = path.partition(".")[0]
    if not DOTTED_PATH.fullmatch(path) or not (first in sys.modules or find_spec(first)):
        return None
    try:
        found: Callable[[HttpRequest], object] = import_string(path)
        if not callable(found):
            raise ImportError("it is no function")
    except ImportError as error:
        raise ImproperlyConfigured(
            f"JWT_COOKIE: AUDIENCE {path!r} begins like the path of a function, and can't be "
            f"imported: {error}. If it is meant as text, write a URL, such as https://{path}."
        ) from error
    return found


def may_mix_tenants(settings: Settings) -> bool:
    """Tell whether a token of one tenant could be believed at another.

    So where requests go to different databases, or to different schemas of one, and no function
    says which tenant a request is of: user 1 is somebody else there.
    """
    engines = (each.get("ENGINE", "") for each in django_settings.DATABASES.values())
    has_tenants = django_settings.DATABASE_ROUTERS or any(
        engine.partition(".")[0] in TENANT_ENGINES for engine in engines
    )
    return bool(has_tenants) and find_audience(settings) is None


TENANT_ENGINES = {"django_tenants", "tenant_schemas", "django_pgschemas"}
"""Packages with a database engine that gives each tenant a schema."""

DEPENDS_ON = {
    "JWT_COOKIE",
    "SECRET_KEY",
    "SECRET_KEY_FALLBACKS",
    "SESSION_COOKIE_NAME",
    "CSRF_COOKIE_NAME",
    "AUTH_USER_MODEL",
    "DATABASES",
    "DATABASE_ROUTERS",
    "USE_TZ",
    "TIME_ZONE",
}
"""The Django settings that `Settings`, or what is derived from it, are made of."""


def forget_settings(*, setting: str, **_: object) -> None:
    """Build the settings anew when next asked: tests have changed one of them."""
    if setting in DEPENDS_ON:
        get_settings.cache_clear()


setting_changed.connect(forget_settings, dispatch_uid="django_jwt_cookie.forget_settings")

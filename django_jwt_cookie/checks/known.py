"""What the checks look at, where `check_settings` and `check_keys` have nothing against it."""

from collections.abc import Iterable

from django.core.cache import BaseCache, caches
from django.core.exceptions import ImproperlyConfigured

from ..conf import Settings, get_settings
from ..keys import Key, get_key_ring


def known_settings() -> Settings | None:
    """Return the settings, if there are any."""
    try:
        return get_settings()
    except ImproperlyConfigured:
        return None


def known_keys() -> Iterable[Key]:
    """Return the keys of the ring."""
    try:
        return get_key_ring().keys
    except ImproperlyConfigured:
        return ()


def revocation_cache() -> BaseCache | None:
    """Return the cache; raises ``InvalidCacheBackendError`` if it is not there."""
    settings = known_settings()
    alias = settings.revocation_cache if settings is not None else None
    return caches[alias] if alias is not None else None

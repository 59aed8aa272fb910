"""What works and is not safe: for ``check --deploy``."""

import stat
from contextlib import suppress
from typing import Any

from django.conf import settings as django_settings
from django.core.cache import InvalidCacheBackendError
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.checks import CheckMessage, Warning

from .known import known_keys, known_settings, revocation_cache

HOW_TO_MAKE_ONE = "python manage.py jwt_cookie_key"
FEW_CHARACTERS = 5
"""So few different characters are no random secret. Django judges SECRET_KEY alike."""

OTHERS = stat.S_IRWXG | stat.S_IRWXO
"""What group and others may do with a file."""

W003 = Warning(
    "Where a request comes over plain http, the login cookie is not Secure: everybody on the way "
    "can copy it.",
    hint="Set JWT_COOKIE = {'COOKIE_SECURE': True}.",
    id="jwt_cookie.W003",
)
W004 = Warning(
    "A secret in JWT_COOKIE is SECRET_KEY itself: a leak of one is a leak of both.",
    hint=f"Give JWT_COOKIE a secret of its own: {HOW_TO_MAKE_ONE}",
    id="jwt_cookie.W004",
)
W005 = Warning(
    "A secret of the login tokens is not random: it has hardly any different characters, or was "
    "made by startproject for development (django-insecure-).",
    hint=f"Make a random one, and keep it out of the repository: {HOW_TO_MAKE_ONE}",
    id="jwt_cookie.W005",
)
W006 = "jwt_cookie.W006"
W007 = Warning(
    "JWT_COOKIE['REVOCATION_CACHE'] names a cache that each process has for itself, or that keeps "
    "nothing: what ends in one process goes on in the others until the token is over.",
    hint="Use a cache that all processes share, such as Redis.",
    id="jwt_cookie.W007",
)


def check_cookie_is_secure(**kwargs: Any) -> list[CheckMessage]:
    """Report a cookie that plain http carries."""
    settings = known_settings()
    return [W003] if settings is not None and settings.cookie_secure is not True else []


def check_secrets(**kwargs: Any) -> list[CheckMessage]:
    """Report secrets that work and are not safe."""
    given = [key.secret for key in known_keys() if isinstance(key.secret, bytes)]
    secret_keys = [
        secret_key.encode() if isinstance(secret_key, str) else secret_key
        for secret_key in (django_settings.SECRET_KEY, *django_settings.SECRET_KEY_FALLBACKS)
    ]
    settings = known_settings()
    used = secret_keys if settings is not None and settings.derives_key else given
    found = [
        (W004, any(secret in secret_keys for secret in given)),
        (W005, any(_is_weak(secret) for secret in used)),
    ]
    return [message for message, is_so in found if is_so]


def check_key_files(**kwargs: Any) -> list[CheckMessage]:
    """Report files with a private key or secret that other users of the machine can open."""
    return [
        Warning(
            f"{key.path} holds a key that signs logins, and not only its owner may open it.",
            hint=f"chmod 600 {key.path}",
            id=W006,
        )
        for key in known_keys()
        if key.path is not None and key.can_sign and key.path.stat().st_mode & OTHERS
    ]


def check_revocation_cache_is_shared(**kwargs: Any) -> list[CheckMessage]:
    """Report a cache that tells the other processes nothing."""
    with suppress(InvalidCacheBackendError):
        return [W007] if isinstance(revocation_cache(), LocMemCache | DummyCache) else []
    return []


def _is_weak(secret: bytes) -> bool:
    return len(set(secret)) < FEW_CHARACTERS or secret.startswith(b"django-insecure-")

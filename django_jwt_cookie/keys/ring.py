"""The ring of keys: what signs tokens and what verifies them."""

from collections.abc import Iterator
from typing import Any, TypeAlias

from django.conf import settings as django_settings
from django.utils.crypto import salted_hmac
from django.views.decorators.debug import sensitive_variables

from ..conf import Settings, get_settings
from ..exceptions import KeyRingError
from .fetched import FetchedKeyRing
from .key import Key, KeyRing
from .material import read

AnyKeyRing: TypeAlias = KeyRing | FetchedKeyRing


def _entries(settings: Settings) -> Iterator[tuple[str, Any]]:
    """Yield what ``settings`` make keys of, each with the name of its place."""
    if settings.keys:
        yield from ((f"KEYS[{index}]", entry) for index, entry in enumerate(settings.keys))
    elif not settings.derives_key:
        yield "SECRET", settings.secret
    else:
        # Some sites list the key of now among the fallbacks, too.
        ring = (django_settings.SECRET_KEY, *django_settings.SECRET_KEY_FALLBACKS)
        for secret_key in dict.fromkeys(ring):
            digest = salted_hmac(
                "django_jwt_cookie.keys", "HMAC", secret=secret_key, algorithm="sha512"
            )
            yield "SECRET_KEY", digest.digest()


@sensitive_variables()
def build_key_ring(settings: Settings) -> AnyKeyRing:
    """Make the ring that ``settings`` describe; nothing is fetched yet.

    Raises `KeyRingError` for a key that can't be used, or not in its place.
    """
    if settings.jwks_url is None:
        ring: AnyKeyRing = _ring_of_entries(settings)
    else:
        ring = FetchedKeyRing(settings.jwks_url, settings.algorithm)
    if not ring.can_sign and settings.user_source != "token":
        raise KeyRingError(
            "JWT_COOKIE: with public keys alone no login can begin or be renewed here. Put the "
            "private key first in KEYS; or, on a site that takes the logins of another, set "
            "USER_SOURCE to 'token'."
        )
    return ring


def _ring_of_entries(settings: Settings) -> KeyRing:
    places: dict[str, str] = {}
    keys = []
    for place, entry in _entries(settings):
        try:
            key = Key.of(read(entry), settings.algorithm)
        except KeyRingError as error:
            raise KeyRingError(f"JWT_COOKIE: {place}: {error}") from None
        if key.kid in places:
            raise KeyRingError(f"JWT_COOKIE: {places[key.kid]} and {place} are the same key.")
        places[key.kid] = place
        keys.append(key)
    ring = KeyRing(tuple(keys))
    _refuse_misplaced(ring, settings)
    return ring


def _refuse_misplaced(ring: KeyRing, settings: Settings) -> None:
    """Refuse a ring whose first key can't do what the first key is for."""
    first, place = ring.keys[0], next(_entries(settings))[0]
    if first.can_sign and first.algorithm != settings.algorithm:
        raise KeyRingError(
            f"JWT_COOKIE: {place} signs, and is a key for {first.algorithm}; ALGORITHM is "
            f"{settings.algorithm!r}. Set ALGORITHM to {first.algorithm!r}, or make another key "
            f"with: python manage.py jwt_cookie_key --algorithm {settings.algorithm}"
        )
    if not first.can_sign and any(key.can_sign for key in ring.keys):
        raise KeyRingError(
            f"JWT_COOKIE: {place} is a public key, and the first key has to sign: put the private "
            "key or secret that signs before it."
        )


def get_key_ring() -> AnyKeyRing:
    """Return the ring of the settings in force."""
    return get_settings().derive(build_key_ring)

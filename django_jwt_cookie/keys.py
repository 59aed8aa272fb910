"""Keys: what signs tokens and what verifies them."""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import jwt
from django.conf import settings as django_settings
from django.utils.crypto import salted_hmac

from .conf import Settings, get_settings
from .exceptions import KeyRingError

MINIMUM_BYTES = {"HS256": 32, "HS384": 48, "HS512": 64}
"""RFC 7518, section 3.2: a key has at least the size of the hash output."""


@dataclass(frozen=True)
class Key:
    """One secret, the one algorithm it is used with, and the name that tokens call it by.

    A key has exactly one algorithm because a key that takes the algorithm from the token's header
    lets the attacker choose it (RFC 8725, sections 2.1 and 3.1).
    """

    algorithm: str
    secret: bytes = field(repr=False)
    kid: str = field(init=False)

    def __post_init__(self) -> None:
        minimum = MINIMUM_BYTES[self.algorithm]
        if len(self.secret) < minimum:
            raise KeyRingError(
                f"a secret of {len(self.secret)} bytes is too short: {self.algorithm} needs at "
                f"least {minimum} (RFC 7518, section 3.2). Make one with: python -c "
                '"import secrets; print(secrets.token_urlsafe(64))"'
            )
        try:
            jwt.get_algorithm_by_name(self.algorithm).prepare_key(self.secret)
        except jwt.InvalidKeyError as error:
            # A public key handed to HMAC is a secret that everybody knows.
            raise KeyRingError(
                f"a PEM or SSH key can't be a secret of {self.algorithm}: whoever has the public "
                "half could sign. Use a random secret."
            ) from error
        object.__setattr__(self, "kid", _derive_kid(self.algorithm, self.secret))

    def sign(self, payload: dict[str, Any], headers: dict[str, Any]) -> str:
        """Return the compact JWS of ``payload``, with this key named in the header."""
        # Made into JSON here: a claim that can't be, such as a date, would otherwise fail where the
        # secret is a local variable, and error reports list those.
        body = json.dumps(payload, separators=(",", ":")).encode()
        return jwt.PyJWS().encode(
            body, self.secret, algorithm=self.algorithm, headers={**headers, "kid": self.kid}
        )

    def verify(self, token: str, **checks: Any) -> dict[str, Any]:
        """Return the payload of ``token``; ``checks`` are those of ``jwt.decode``.

        Raises ``jwt.InvalidTokenError``.
        """
        return jwt.decode(token, self.secret, algorithms=[self.algorithm], **checks)


@dataclass(frozen=True)
class KeyRing:
    """All keys of a site: the first signs, every one verifies."""

    keys: tuple[Key, ...]

    @property
    def signing_key(self) -> Key:
        """The key that new tokens are signed with."""
        return self.keys[0]

    def find(self, kid: object) -> Key | None:
        """Return the key that a token's header names, if it is in the ring."""
        return next((key for key in self.keys if key.kid == kid), None)


def _derive_kid(algorithm: str, secret: bytes) -> str:
    """Name a key by a keyed hash of a constant.

    Everybody can read a ``kid``. An HMAC tells no more of the secret than a token's signature does;
    the algorithm is part of it, so that one secret under two algorithms is two keys.
    """
    digest = hmac.digest(secret, f"django_jwt_cookie.kid.{algorithm}".encode(), "sha256")
    return urlsafe_b64encode(digest[:9]).decode()


def _secrets(settings: Settings) -> Iterator[tuple[str, str | bytes]]:
    """Yield the secrets that ``settings`` ask for, each with the name of its place."""
    if settings.keys:
        yield from ((f"KEYS[{index}]", secret) for index, secret in enumerate(settings.keys))
    elif settings.secret is not None:
        yield "SECRET", settings.secret
    else:
        for secret_key in (django_settings.SECRET_KEY, *django_settings.SECRET_KEY_FALLBACKS):
            digest = salted_hmac(
                "django_jwt_cookie.keys", "HMAC", secret=secret_key, algorithm="sha512"
            )
            yield "SECRET_KEY", digest.digest()


def build_key_ring(settings: Settings) -> KeyRing:
    """Make the ring that ``settings`` describe.

    Raises `KeyRingError` for a secret that can't be used.
    """
    keys = []
    for place, secret in _secrets(settings):
        if not isinstance(secret, str | bytes):
            raise KeyRingError(f"JWT_COOKIE: {place} must be a string, or bytes.")
        try:
            keys.append(
                Key(settings.algorithm, secret.encode() if isinstance(secret, str) else secret)
            )
        except KeyRingError as error:
            raise KeyRingError(f"JWT_COOKIE: {place}: {error}") from error
    return KeyRing(tuple(keys))


def get_key_ring() -> KeyRing:
    """Return the ring of the settings in force."""
    return get_settings().derive(build_key_ring)

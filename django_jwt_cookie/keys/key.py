"""A key with its one algorithm and the name that tokens call it by, and a ring of keys."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import jwt
from django.views.decorators.debug import sensitive_variables

from ..exceptions import KeyRingError
from . import pairs
from .material import ALGORITHMS_OF, Material

MINIMUM_BYTES = {"HS256": 32, "HS384": 48, "HS512": 64}
"""RFC 7518, section 3.2: a secret has at least the size of the hash output."""

MINIMUM_BITS = 2048
"""RFC 7518, sections 3.3 and 3.5: an RSA key has at least so many."""

TYPE = "login+jwt"
"""Explicit type (RFC 8725, section 3.11): no other JWT of the same site passes for a login."""


@dataclass(frozen=True)
class Key:
    """A secret, or a key pair of which the private half may be missing.

    A key has exactly one algorithm because a key that takes the algorithm from the token's header
    lets the attacker choose it (RFC 8725, sections 2.1 and 3.1).
    """

    algorithm: str

    secret: Any = field(default=None, repr=False, compare=False)
    """What signs: bytes, or a private key of ``cryptography``; none: this key only verifies."""

    public: Any = field(default=None, repr=False, compare=False)
    """What verifies, of a key pair."""

    path: Path | None = field(default=None, compare=False)
    """The file that it came from."""

    kid: str = field(init=False)

    public_jwk: Mapping[str, str] | None = field(init=False, repr=False, compare=False)
    """The public half as a JWK, without ``alg`` and ``kid``; none of a secret."""

    _algorithm: jwt.algorithms.Algorithm = field(init=False, repr=False, compare=False)
    _verifier: Any = field(init=False, repr=False, compare=False)
    """What ``_algorithm`` verifies with. ``jwt.decode`` would prepare the key with each token."""

    def __post_init__(self) -> None:
        if isinstance(self.secret, bytes):
            jwk, kid = None, _name_secret(self.algorithm, self.secret)
        else:
            public = self.public or self.secret.public_key()
            object.__setattr__(self, "public", public)
            jwk = pairs.public_jwk(public)
            kid = _thumbprint(jwk)
        object.__setattr__(self, "public_jwk", jwk)
        object.__setattr__(self, "kid", kid)
        self._refuse_short()
        algorithm = jwt.get_algorithm_by_name(self.algorithm)
        object.__setattr__(self, "_algorithm", algorithm)
        object.__setattr__(self, "_verifier", algorithm.prepare_key(self.public or self.secret))

    @classmethod
    def of(cls, material: Material, preferred: str) -> "Key":
        """Settle on the algorithm: what a JWK says, else ``preferred`` if the key fits it.

        Else what its kind implies, so that a ring may hold the old and the new algorithm at once.
        """
        fitting = ALGORITHMS_OF[material.kind]
        implied = preferred if preferred in fitting else fitting[0]
        is_public = not isinstance(material.key, bytes) and not hasattr(material.key, "public_key")
        half = {"public": material.key} if is_public else {"secret": material.key}
        return cls(material.algorithm or implied, **half, path=material.path)

    @property
    def can_sign(self) -> bool:
        """Tell whether this is more than the public half of a pair."""
        return self.secret is not None

    @cached_property
    def header(self) -> str:
        """The one JOSE header of each token that this key signs, in base64url.

        A token is looked up by it, and a header that came with a token is never parsed: whatever
        else it might say (``jwk``, ``jku``, ``x5u``, ``crit``, another algorithm) can't be heard
        (RFC 8725, sections 3.1 and 3.10).
        """
        header = {"typ": TYPE, "alg": self.algorithm, "kid": self.kid}
        return _to_base64url(json.dumps(header, separators=(",", ":")).encode())

    def sign(self, payload: dict[str, Any]) -> str:
        """Return the compact JWS of ``payload`` (RFC 7515, section 3.1)."""
        # Made into JSON here: a claim that can't be, such as a date, would otherwise fail where the
        # secret is a local variable, and error reports list those.
        body = _to_base64url(json.dumps(payload, separators=(",", ":")).encode())
        signing_input = f"{self.header}.{body}"
        return f"{signing_input}.{_to_base64url(self._signature_of(signing_input.encode()))}"

    def has_signed(self, signing_input: bytes, signature: bytes) -> bool:
        """Tell whether ``signature`` is this key's, by its one algorithm, over ``signing_input``.

        That is ``header.payload`` (RFC 7515, section 2), as it came.
        """
        return self._algorithm.verify(signing_input, self._verifier, signature)

    def verify(self, token: str, **checks: Any) -> dict[str, Any]:
        """Return the payload of ``token``; ``checks`` are those of ``jwt.decode``.

        Raises ``jwt.InvalidTokenError``.
        """
        return jwt.decode(token, self.public or self.secret, algorithms=[self.algorithm], **checks)

    @sensitive_variables()
    def _signature_of(self, signing_input: bytes) -> bytes:
        return self._algorithm.sign(signing_input, self._algorithm.prepare_key(self.secret))

    def _refuse_short(self) -> None:
        if self.public is None:
            size, minimum, unit = len(self.secret), MINIMUM_BYTES[self.algorithm], "bytes"
        elif self.algorithm in ALGORITHMS_OF["RSA"]:
            size, minimum, unit = self.public.key_size, MINIMUM_BITS, "bits"
        else:
            return
        if size < minimum:
            raise KeyRingError(
                f"a key of {size} {unit} is too short: {self.algorithm} needs at least {minimum} "
                "(RFC 7518, section 3). Make one with: python manage.py jwt_cookie_key "
                f"--algorithm {self.algorithm}"
            )


@dataclass(frozen=True)
class KeyRing:
    """All keys of a site: the first signs, every one verifies."""

    keys: tuple[Key, ...]

    may_block: ClassVar[bool] = False
    """Whether `find` may wait for the network."""

    version: ClassVar[int] = 0
    """Counts changes; what is in the settings does not change."""

    @cached_property
    def can_sign(self) -> bool:
        """Tell whether logins can begin here; on a verify-only site they can't."""
        return bool(self.keys) and self.keys[0].can_sign

    @cached_property
    def _by_header(self) -> Mapping[str, Key]:
        return {key.header: key for key in self.keys}

    @property
    def signing_key(self) -> Key:
        """The key that new tokens are signed with.

        Raises `KeyRingError` on a site that has only public keys.
        """
        if not self.can_sign:
            raise KeyRingError(
                "This site only verifies tokens: it has no key to sign with. Log in at the site "
                "that has, or put a private key first in JWT_COOKIE['KEYS']."
            )
        return self.keys[0]

    def find(self, header: str) -> Key | None:
        """Return the key that writes this header, in base64url, if it is in the ring."""
        return self._by_header.get(header)


def _name_secret(algorithm: str, secret: bytes) -> str:
    """Name a secret by a keyed hash of a constant.

    Everybody can read a ``kid``. A thumbprint (RFC 7638) of a secret would be a hash of it, to try
    guesses against without any token (section 7 there); an HMAC tells no more than a signature
    does. The algorithm is part of it, so that one secret under two algorithms is two keys.
    """
    digest = hmac.digest(secret, f"django_jwt_cookie.kid.{algorithm}".encode(), "sha256")
    return urlsafe_b64encode(digest[:9]).decode()


def _thumbprint(public_jwk: Mapping[str, str]) -> str:
    """Name a key pair as RFC 7638 does, so that both halves have one name, here and elsewhere."""
    canonical = json.dumps(public_jwk, sort_keys=True, separators=(",", ":")).encode()
    return _to_base64url(hashlib.sha256(canonical).digest())


def _to_base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()

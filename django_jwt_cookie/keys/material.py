"""What an entry of the ring holds: a secret, PEM text, a JWK, or a file with one of them."""

import base64
import binascii
import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import jwt

from ..exceptions import KeyRingError
from . import pairs

ALGORITHMS_OF = {"oct": ("HS256", "HS384", "HS512"), **pairs.ALGORITHMS_OF}
"""What each kind of key, as a JWK calls it, can be used with; the first, if nobody says otherwise.

A secret and the public half of a pair have no algorithm in common, so that none is ever taken for
the other (RFC 8725, section 2.1).
"""

FILE = b"file:"
PEM = b"-----BEGIN "
NAME_OF_A_SECRET = re.compile(
    rb"file:|\$\{?\w+\}?$|\{\{.*\}\}$|(~|\.{1,2})/|/\S*\.(pem|key|jwk|json|txt)$"
    rb"|/(app|data|etc|home|mnt|opt|root|run|secrets|srv|tmp|usr|var)/",
    re.IGNORECASE,
)
"""What is meant to be replaced by a secret: anybody could guess it."""

AROUND_A_KEY = re.compile(rb"""^data:[^,]*,|^0x|[\s:'"]""")
"""What people put around a key, and between its digits."""

BASE64URL = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Material:
    """A key, before it is settled which algorithm it is used with."""

    key: Any = field(repr=False)
    """The bytes of a secret, or a private or public key of ``cryptography``."""

    algorithm: str | None = None
    """``alg`` of a JWK."""

    path: Path | None = None
    """The file that it came from."""

    @property
    def kind(self) -> str:
        """What a JWK calls its kind: ``oct`` or ``RSA``, or the name of its curve."""
        if isinstance(self.key, bytes):
            return "oct"
        jwk = pairs.public_jwk(pairs.public_half(self.key))
        return jwk.get("crv", jwk["kty"])


def read(entry: object) -> Material:
    """Return what ``entry`` holds, or what is in the file that it names.

    Raises `KeyRingError` with the remedy, and with nothing of a key in it.
    """
    if isinstance(entry, Mapping):
        return from_jwk(entry)
    if not isinstance(entry, str | bytes):
        raise KeyRingError("a key must be a string, bytes, or a JWK (a dict).")
    data = entry.encode() if isinstance(entry, str) else entry
    if not data.startswith(FILE):
        return _parse(data)
    path = Path(os.fsdecode(data.removeprefix(FILE)))
    return replace(_parse(_content(path)), path=path)


def from_jwk(jwk: Mapping[str, Any]) -> Material:
    """Return the key in ``jwk`` (RFC 7517). Its ``kid`` does not count: we name keys ourselves."""
    key = _secret_in(jwk) if jwk.get("kty") == "oct" else pairs.load_jwk(jwk)
    algorithm = jwk.get("alg")
    # RFC 9864 has a name for EdDSA with each of its curves, and JWKs that say so.
    material = Material(key, algorithm="EdDSA" if algorithm == "Ed25519" else algorithm)
    if material.algorithm not in (None, *ALGORITHMS_OF[material.kind]):
        raise KeyRingError(
            f"a JWK of kind {material.kind} whose alg is none of "
            f"{', '.join(ALGORITHMS_OF[material.kind])}."
        )
    _refuse_other_use(jwk, key)
    return material


def _parse(data: bytes) -> Material:
    if PEM in data:
        # Never a secret: whoever has the public half could sign.
        return Material(pairs.load_pem(data))
    jwk = _json_object(data)
    return from_jwk(jwk) if jwk is not None else Material(_secret(data))


def _content(path: Path) -> bytes:
    """Read a file; a secret in it ends before the line does, as whatever wrote it adds an end."""
    if not path.is_absolute():
        raise KeyRingError(f"file:{path} has to name the whole path, from the root.")
    try:
        return path.read_bytes().rstrip(b"\r\n")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", error)
        raise KeyRingError(f"the file {path} can't be read: {reason}.") from None


def _json_object(data: bytes) -> dict[str, Any] | None:
    if not data.lstrip().startswith(b"{"):
        return None
    try:
        found: dict[str, Any] = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return found


def _secret(data: bytes) -> bytes:
    """Return ``data``, unless it is a name of a secret, or in truth a key that everybody has."""
    if NAME_OF_A_SECRET.match(data):
        raise KeyRingError(
            "the name of a file or variable in place of what is in it. A file is named as "
            "file:/run/secrets/key; a variable is read with os.environ or django-environ."
        )
    if _is_encoded_key(data):
        raise KeyRingError(
            "a key in base64 or hex, without the lines that PEM has around it, or a JWK that is no "
            "JSON: if it were a secret, whoever has it could sign. Give it as PEM or JSON."
        )
    try:
        jwt.get_algorithm_by_name("HS256").prepare_key(data)
    except (jwt.InvalidKeyError, RecursionError):
        if data:
            raise KeyRingError(
                "a public key or certificate in a form that is not PEM can't be a secret: whoever "
                "has it could sign. Use a random secret, or a private key as PEM."
            ) from None
    return data


def _is_encoded_key(data: bytes, layers: int = 2) -> bool:
    """Tell whether ``data`` is a public key, or a private one, in a form that we do not take."""
    text = AROUND_A_KEY.sub(b"", data)
    if _is_key(text):
        return True
    padded = text.rstrip(b"=") + b"=" * (-len(text.rstrip(b"=")) % 4)
    for decode in (
        partial(base64.b64decode, padded, validate=True),
        partial(base64.urlsafe_b64decode, padded),
        partial(binascii.unhexlify, text),
    ):
        with suppress(ValueError):
            decoded = decode()
            is_text = decoded.isascii() and layers > 1
            if _is_key(decoded) or (is_text and _is_encoded_key(decoded, layers - 1)):
                return True
    return False


def _is_key(data: bytes) -> bool:
    """Tell whether ``data`` is PEM, something like a JWK, or DER: a sequence and nothing else.

    That is as long as it says (X.690, 8.1.3), and begins with a sequence or a number.
    """
    if PEM in data or (data.lstrip()[:1] in (b"{", b"[") and b"kty" in data):
        return True
    if len(data) < 3 or data[0] != 0x30:
        return False
    size = data[1] & 0x7F if data[1] >= 0x80 else 0
    length = int.from_bytes(data[2 : 2 + size]) if size else data[1]
    return len(data) == 2 + size + length and data[2 + size] in (0x30, 0x02)


def _secret_in(jwk: Mapping[str, Any]) -> bytes:
    value = jwk.get("k")
    if not isinstance(value, str) or not BASE64URL.fullmatch(value) or len(value) % 4 == 1:
        raise KeyRingError("a JWK whose k is not base64url without padding (RFC 7518, 6.4.1).")
    return _secret(jwt.utils.base64url_decode(value))


def _refuse_other_use(jwk: Mapping[str, Any], key: Any) -> None:
    """Refuse a key that is for encryption, or not for what we would do with it."""
    if jwk.get("use", "sig") != "sig":
        raise KeyRingError("a JWK whose use is not sig (RFC 7517, section 4.2).")
    is_secret = isinstance(key, bytes)
    needed = {"sign"} if is_secret or hasattr(key, "public_key") else {"verify"}
    needed |= {"verify"} if is_secret else set()
    allowed = jwk.get("key_ops", [*needed])
    if not isinstance(allowed, list | tuple) or not needed <= {*map(str, allowed)}:
        raise KeyRingError(
            f"a JWK whose key_ops lack {' and '.join(sorted(needed))} (RFC 7517, section 4.3)."
        )

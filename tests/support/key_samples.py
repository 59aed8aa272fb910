"""A key of every kind, made once per process, as the forms in which a setting may hold it."""

from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from django_jwt_cookie.conf import ALGORITHMS
from django_jwt_cookie.keys import pairs

HMAC = ("HS256", "HS384", "HS512")
PAIRS = tuple(algorithm for algorithm in ALGORITHMS if algorithm not in HMAC)
PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
"""RFC 7518, sections 6.2.2, 6.3.2 and 6.4: whoever knows one of them can sign."""


@cache
def private_key(algorithm: str, number: int = 0) -> Any:
    """Make a key pair; another ``number`` is another pair."""
    if algorithm in ("RS256", "PS256"):
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return pairs.generate(algorithm)


def secret(algorithm: str, number: int = 0) -> str:
    """Return a secret; another ``number`` is another secret."""
    return f"only-for-tests-{algorithm}-{number}-".ljust(64, "x")


def oct_jwk(value: str) -> dict[str, str]:
    """Return a secret as a JWK that does not say what it is for."""
    return {"kty": "oct", "k": jwt.utils.base64url_encode(value.encode()).decode()}


def pem(algorithm: str, number: int = 0) -> str:
    """Return a private key as PEM."""
    return private_pem(private_key(algorithm, number))


def private_pem(key: Any, password: bytes | None = None) -> str:
    encryption = (
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption()
    )
    form = serialization.PrivateFormat.PKCS8
    text: str = key.private_bytes(serialization.Encoding.PEM, form, encryption).decode()
    return text


def public_bytes(algorithm: str, encoding: str = "PEM", number: int = 0) -> bytes:
    """Return what everybody may have, as PEM, DER or OpenSSH."""
    form = (
        serialization.PublicFormat.OpenSSH
        if encoding == "OpenSSH"
        else serialization.PublicFormat.SubjectPublicKeyInfo
    )
    public = private_key(algorithm, number).public_key()
    data: bytes = public.public_bytes(getattr(serialization.Encoding, encoding), form)
    return data


def public_pem(algorithm: str, number: int = 0) -> str:
    """Return the public half as PEM."""
    return public_bytes(algorithm, number=number).decode()


def entry(algorithm: str, number: int = 0) -> str:
    """Return what one writes into ``KEYS`` to sign with ``algorithm``."""
    return secret(algorithm, number) if algorithm in HMAC else pem(algorithm, number)


def jwk(algorithm: str, number: int = 0, *, public: bool = False, **more: Any) -> dict[str, Any]:
    """Return the key as a JWK that says what it is for."""
    key: Any = secret(algorithm, number)
    if algorithm not in HMAC:
        key = private_key(algorithm, number)
        key = key.public_key() if public else key
    members = jwt.get_algorithm_by_name(algorithm).to_jwk(key, as_dict=True)
    return {**members, "alg": algorithm, **more}

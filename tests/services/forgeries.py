"""Tokens that are not what they say, one per way to make one."""

import hashlib
import hmac
import json
import sqlite3
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from contextlib import closing
from typing import Any

import jwt
from jwt.utils import base64url_decode

from tests.support.key_samples import jwk as jwk_of
from tests.support.key_samples import pem, public_bytes, public_pem

from .sites import KEY, Project

STRANGER = pem("EdDSA", 1)
"""A key of somebody else."""


ABSENT = "absent"
"""In place of a header: there is none."""


def encoded(part: Any) -> str:
    """Return a part of a token."""
    data = part if isinstance(part, bytes) else json.dumps(part, separators=(",", ":")).encode()
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what a token says of itself, and of the login."""
    found = jwt.decode_complete(token, options={"verify_signature": False})
    return found["header"], found["payload"]


def signed(token: str, key: str = KEY, header: Any = (), **claims: Any) -> str:
    """Return ``token`` with these headers and claims, signed with ``key``; None leaves one out.

    A header that says the same is the same to the letter, as the package wants it.
    """
    old_header, old_claims = parts(token)
    new = {name: value for name, value in (old_claims | claims).items() if value is not None}
    headers = {
        name: value for name, value in (old_header | dict(header)).items() if value != ABSENT
    }
    message = f"{encoded(headers)}.{encoded(new)}"
    algorithm = jwt.get_algorithm_by_name("EdDSA")
    signature = algorithm.sign(message.encode(), algorithm.prepare_key(key))
    return f"{message}.{encoded(signature)}"


def by_hand(token: str, algorithm: str, secret: bytes | None = None) -> str:
    """Return ``token`` with another algorithm, as no library would sign it."""
    header, claims = parts(token)
    message = f"{encoded(header | {'alg': algorithm})}.{encoded(claims)}"
    signature = b"" if secret is None else hmac.digest(secret, message.encode(), hashlib.sha256)
    return f"{message}.{encoded(signature)}"


def with_header(token: str, **header: Any) -> str:
    """Return ``token`` with these headers and the old signature."""
    return f"{encoded(parts(token)[0] | header)}.{token.partition('.')[2]}"


def changed(token: str) -> str:
    """Return ``token`` with another user and the old signature."""
    header, claims = parts(token)
    return f"{encoded(header)}.{encoded(claims | {'sub': '2'})}.{token.split('.')[2]}"


def public_x() -> bytes:
    """Return the bytes of the public key alone."""
    return jwt.utils.base64url_decode(jwk_of("EdDSA", public=True)["x"])


FORGERIES: dict[str, Callable[[str], str]] = {
    "garbage": lambda _: "garbage",
    "nested": lambda _: f"{encoded(b'[' * 2900)}.e30.e30",
    "not an object": lambda _: f"{encoded([])}.{encoded([])}.e30",
    "not ASCII": lambda token: f"\xe9{token}",
    "a list as the algorithm": lambda token: with_header(token, alg=["EdDSA"]),
    "a list as the key's name": lambda token: with_header(token, kid=["A"]),
    "changed": changed,
    "no signature": lambda token: f"{token.rpartition('.')[0]}.",
    "another signature": lambda token: f"{token.rpartition('.')[0]}.{encoded(bytes(64))}",
    "alg none": lambda token: by_hand(token, "none"),
    "alg None": lambda token: by_hand(token, "None"),
    "the public key as a secret": lambda token: by_hand(
        token, "HS256", public_pem("EdDSA").encode()
    ),
    "its DER as a secret": lambda token: by_hand(token, "HS256", public_bytes("EdDSA", "DER")),
    "its bytes as a secret": lambda token: by_hand(token, "HS256", public_x()),
    "signed by a stranger": lambda token: signed(token, STRANGER),
    "brings its key": lambda token: signed(
        token, STRANGER, {"jwk": jwk_of("EdDSA", 1, public=True)}
    ),
    "says where its key is": lambda token: signed(token, STRANGER, {"jku": "http://127.0.0.1:9/"}),
    "critical": lambda token: signed(token, header={"crit": ["exp2"], "exp2": 1}),
    "another type": lambda token: signed(token, header={"typ": "JWT"}),
    "an access token": lambda token: signed(token, header={"typ": "at+jwt"}),
    "another issuer": lambda token: signed(token, iss="https://accounts.example.net"),
    "no issuer": lambda token: signed(token, iss=None),
    "another audience": lambda token: signed(token, aud="example.net"),
    "several audiences": lambda token: signed(token, aud=["example.com", "example.net"]),
    "no audience": lambda token: signed(token, aud=None),
    "no name of its key": lambda token: signed(token, header={"kid": ABSENT}),
    "no time at all": lambda token: signed(token, iat=None),
    "a time in words": lambda token: signed(token, iat="yesterday"),
    "a time that is text": lambda token: signed(token, iat=str(int(time.time()))),
    "a time that is no whole number": lambda token: signed(token, iat=time.time() + 0.5),
    "a user that is a number": lambda token: signed(token, sub=1),
    "no user": lambda token: signed(token, sub=None),
    "no login": lambda token: signed(token, sid=None),
    "never ends": lambda token: signed(token, exp=None),
}


def half_over(project: Project, token: str) -> str:  # pragma: no cover - where there is nginx
    """Return ``token`` as if its login had been renewed six minutes ago."""
    claims = parts(token)[1]
    sid = base64url_decode(claims["sid"]).hex()
    with closing(sqlite3.connect(project.folder / "accounts.sqlite3")) as database, database:
        database.execute(
            "UPDATE django_jwt_cookie_loginsession "
            "SET rotated_at = rotated_at - 360000000 WHERE id = ?",
            [sid],
        )
    issued = claims["iat"] - 360
    return signed(token, iat=issued, exp=issued + 600)

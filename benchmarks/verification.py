"""What a signature costs: verified and made by the package, and by PyJWT alone.

    python -m benchmarks.verification --quick

PyJWT does what anybody would have it do: ``jwt.decode(token, key, algorithms=[...])`` with the key
as an object that is loaded already, and ``jwt.encode`` with a payload that is a dict already.

- *first sight*: `django_jwt_cookie.tokens.decode` with ``VERIFIED_CACHE_SIZE = 0``;
- *new token*: one that is not in the memory yet, with the memory on;
- *known token*: from the memory.
"""

from collections.abc import Iterator
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from django_jwt_cookie.conf import ALGORITHMS
from django_jwt_cookie.tokens import Claims, decode, encode

from . import child
from .in_turn import Contender, Timing, time_in_turn
from .samples import SECRET, decode_all, fresh, signed, under, with_username


def measure(quick: bool) -> child.Rows:
    """Return a row for each algorithm."""
    rows: child.Rows = child.call("benchmarks.verification", "measure_here", quick)
    return rows


def measure_here(quick: bool) -> child.Rows:
    """Do the same in this process."""
    tokens, rounds = (10, 5) if quick else (40, 50)
    return [measure_one(algorithm, tokens, rounds) for algorithm in ALGORITHMS]


def measure_one(algorithm: str, tokens: int, rounds: int) -> dict[str, Any]:
    """Time one algorithm, with that many tokens in a batch."""
    private = make_private(algorithm)
    key = private.encode() if isinstance(private, str) else private
    stated = {"KEYS": [as_setting(private)], "ALGORITHM": algorithm}
    said = [with_username(number) for number in range(tokens)]
    contenders = [*verifying(algorithm, key, said, stated), *signing(algorithm, key, said, stated)]
    return row(algorithm, time_in_turn(contenders, rounds))


def make_private(algorithm: str) -> Any:
    """Make a secret, or the private half of a pair."""
    if algorithm.startswith("HS"):
        return SECRET
    if algorithm.startswith(("RS", "PS")):
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    curves = {"ES256": ec.SECP256R1, "ES384": ec.SECP384R1}
    if algorithm in curves:
        return ec.generate_private_key(curves[algorithm]())
    return ed25519.Ed25519PrivateKey.generate()


def as_setting(private: Any) -> str:
    """Return what one writes into ``KEYS``."""
    if isinstance(private, str):
        return private
    pem: bytes = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem.decode()


def verifying(
    algorithm: str, key: Any, said: list[Claims], stated: dict[str, Any]
) -> Iterator[Contender]:
    """Yield the ways to verify the same tokens."""
    other, *tokens = signed([said[0], *said], **stated)
    public = key if isinstance(key, bytes) else key.public_key()
    algorithms = [algorithm]
    forgetful = under(**stated, VERIFIED_CACHE_SIZE=0)
    mindful = under(**stated, VERIFIED_CACHE_SIZE=4096)

    def make() -> list[str]:
        return fresh(tokens)

    def with_pyjwt(token: str) -> object:
        return jwt.decode(token, public, algorithms=algorithms)

    if [decode_under(stated, token).to_payload() for token in tokens] != [*map(with_pyjwt, tokens)]:
        raise RuntimeError(f"{algorithm}: PyJWT reads something else than was written")
    yield Contender("PyJWT", with_pyjwt, make)
    yield Contender("first sight", decode, make, forgetful, lambda: decode(other))
    yield Contender("new token", decode, make, mindful, lambda: decode(other))
    yield Contender("known token", decode, make, mindful, lambda: decode_all(tokens))


def decode_under(stated: dict[str, Any], token: str) -> Claims:
    """Verify one token under these settings."""
    with under(**stated)():
        return decode(token)


def signing(
    algorithm: str, key: Any, said: list[Claims], stated: dict[str, Any]
) -> Iterator[Contender]:
    """Yield the ways to sign the same claims, with the same header."""
    [example] = signed(said[:1], **stated)
    header = jwt.get_unverified_header(example)
    payloads = [each.to_payload() for each in said]

    def with_pyjwt(payload: dict[str, Any]) -> object:
        return jwt.encode(payload, key, algorithm=algorithm, headers=header)

    yield Contender("PyJWT signs", with_pyjwt, lambda: payloads)
    yield Contender("signs", encode, lambda: said, under(**stated), lambda: encode(said[0]))


def row(algorithm: str, timings: dict[str, Timing]) -> dict[str, Any]:
    """Return the figures of one algorithm, each ratio after its figure."""
    found: dict[str, Any] = {"algorithm": algorithm, "PyJWT µs": timings["PyJWT"].median}
    for name in ("first sight", "new token", "known token"):
        found[f"{name} µs"] = timings[name].median
        found[f"{name} / PyJWT"] = timings[name].times(timings["PyJWT"])
    found["PyJWT signs µs"] = timings["PyJWT signs"].median
    found["signs µs"] = timings["signs"].median
    found["signs / PyJWT"] = timings["signs"].times(timings["PyJWT signs"])
    return found


if __name__ == "__main__":
    child.main(measure, __doc__)

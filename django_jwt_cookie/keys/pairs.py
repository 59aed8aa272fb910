"""Key pairs: read from PEM text or a JWK, and made; the only module that needs ``cryptography``.

That package is optional, as it is for PyJWT: a site whose keys are secrets does without it.
"""

from collections.abc import Mapping
from typing import Any

import jwt

from ..exceptions import KeyRingError

try:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
except ModuleNotFoundError:
    HAS_CRYPTOGRAPHY = False
else:
    HAS_CRYPTOGRAPHY = True

ALGORITHMS_OF = {
    "RSA": ("RS256", "PS256"),
    "P-256": ("ES256",),
    "P-384": ("ES384",),
    "Ed25519": ("EdDSA",),
}
"""What each kind of key pair can be used with; the first, if nobody says otherwise."""

THUMBPRINT_MEMBERS = ("crv", "e", "kty", "n", "x", "y")
"""RFC 7638, section 3.2, and RFC 8037, section 2: they are the public key, and nothing else."""


def load_pem(text: bytes) -> Any:
    """Return the private or public key in ``text``.

    Raises `KeyRingError`, with nothing of ``text`` in it.
    """
    _require_cryptography()
    if b"ENCRYPTED PRIVATE KEY-----" in text or b"4,ENCRYPTED" in text:
        raise KeyRingError(
            "an encrypted PEM: nobody is there to type its password when the site starts. "
            "Decrypt it: openssl pkey -in ENCRYPTED -out KEY"
        )
    try:
        if b"PRIVATE KEY-----" in text:
            return serialization.load_pem_private_key(text, password=None)
        if b"PUBLIC KEY-----" in text:
            return serialization.load_pem_public_key(text)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyRingError("a PEM that can't be read. Has it kept its line breaks?") from None
    raise KeyRingError(
        "a PEM that is neither a private nor a public key. Of a certificate, take the public key: "
        "openssl x509 -in CERTIFICATE -noout -pubkey"
    )


def load_jwk(jwk: Mapping[str, Any]) -> Any:
    """Return the private or public key in ``jwk``.

    Raises `KeyRingError`, and never what PyJWT says, which holds the members of the JWK.
    """
    _require_cryptography()
    # Without `alg`, PyJWT goes by the kind of key; the caller compares the two.
    members = {name: value for name, value in jwk.items() if name != "alg"}
    try:
        return jwt.PyJWK(members).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, UnsupportedAlgorithm):
        raise KeyRingError(
            "a JWK that can't be read: a member is missing or wrong, or its kind is none of "
            f"{', '.join(ALGORITHMS_OF)} (RFC 7518, section 6)."
        ) from None


def public_half(key: Any) -> Any:
    """Return the public key of a private one, or a public one as it is."""
    return key.public_key() if hasattr(key, "public_key") else key


def public_jwk(public: Any) -> dict[str, str]:
    """Return the members that are a public key, and no other.

    PyJWT tells the kinds apart, curves included. Raises `KeyRingError` for one that none of our
    algorithms is for.
    """
    for algorithms in ALGORITHMS_OF.values():
        algorithm = jwt.get_algorithm_by_name(algorithms[0])
        try:
            jwk = algorithm.to_jwk(algorithm.prepare_key(public), as_dict=True)
        except (jwt.InvalidKeyError, TypeError):
            continue
        if jwk.get("crv", jwk["kty"]) in ALGORITHMS_OF:
            return {name: jwk[name] for name in THUMBPRINT_MEMBERS if name in jwk}
    raise KeyRingError(f"a key of a kind that is none of {', '.join(ALGORITHMS_OF)}.")


def private_jwk(private: Any) -> dict[str, Any]:
    """Return a key that `generate` has made, all of it, as a JWK."""
    kind = public_jwk(private.public_key())
    algorithm = jwt.get_algorithm_by_name(ALGORITHMS_OF[kind.get("crv", kind["kty"])][0])
    return algorithm.to_jwk(private, as_dict=True)


def to_pem(private: Any) -> str:
    """Return a private key, all of it, as PEM without a password."""
    text: bytes = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return text.decode()


def generate(algorithm: str) -> Any:
    """Make a private key for ``algorithm``."""
    _require_cryptography()
    if algorithm in ALGORITHMS_OF["RSA"]:
        return rsa.generate_private_key(public_exponent=65537, key_size=3072)
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(ec.SECP256R1() if algorithm == "ES256" else ec.SECP384R1())


def _require_cryptography() -> None:
    if not HAS_CRYPTOGRAPHY:
        raise KeyRingError(
            'key pairs need the package cryptography: pip install "django-jwt-cookie[crypto]"'
        )

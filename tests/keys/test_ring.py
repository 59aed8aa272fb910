"""The ring of keys: where keys come from, which are refused, and what each is used with."""

import base64
import hashlib
import json
import subprocess
import sys

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, rsa, x25519

from django_jwt_cookie.conf import ALGORITHMS
from django_jwt_cookie.exceptions import KeyRingError
from django_jwt_cookie.keys import Key, get_key_ring
from tests.support.key_samples import (
    HMAC,
    PAIRS,
    entry,
    jwk,
    pem,
    private_pem,
    public_bytes,
    public_pem,
    secret,
)

PUBLIC_PEM = "-----BEGIN PUBLIC KEY-----\n" + "A" * 64 + "\n-----END PUBLIC KEY-----\n"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\n" + "A" * 64 + "\n-----END CERTIFICATE-----\n"
TOKEN = {"USER_SOURCE": "token"}


def ring_of(settings, *keys, **given):
    """Return the ring of these keys."""
    settings.JWT_COOKIE = {"KEYS": [*keys], **given}
    return get_key_ring()


def test_without_a_secret_the_key_is_derived_from_secret_key(settings):
    """The derived key is not ``SECRET_KEY`` itself, and changes with it."""
    first = get_key_ring().signing_key
    assert first.secret != settings.SECRET_KEY.encode()
    assert len(first.secret) == 64
    settings.SECRET_KEY = "another" * 10
    assert get_key_ring().signing_key.secret != first.secret


def test_secret_key_fallbacks_verify_and_do_not_sign(settings):
    """Rotating ``SECRET_KEY`` the Django way logs nobody out; listing it twice does no harm."""
    old = get_key_ring().signing_key
    settings.SECRET_KEY_FALLBACKS = ["another" * 10, settings.SECRET_KEY]
    settings.SECRET_KEY = "another" * 10
    assert get_key_ring().find(old.header) == old
    assert get_key_ring().signing_key != old
    assert len(get_key_ring().keys) == 2


def test_the_first_of_the_keys_signs_and_all_verify(settings):
    """``KEYS`` is a ring."""
    ring = ring_of(settings, "a" * 32, b"b" * 32)
    assert ring.signing_key.secret == b"a" * 32
    assert [ring.find(key.header) for key in ring.keys] == list(ring.keys)
    assert ring.find("unknown") is None


def test_a_given_secret_stands_alone(settings):
    """With ``SECRET``, neither ``SECRET_KEY`` nor its fallbacks verify."""
    settings.JWT_COOKIE = {"SECRET": "a" * 32}
    settings.SECRET_KEY_FALLBACKS = ["old" * 20]
    assert [key.secret for key in get_key_ring().keys] == [b"a" * 32]


# --- The forms of a key


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_form_of_a_key_is_the_same_key(settings, tmp_path, algorithm):
    """As text, as a JWK, as the text of a JWK, and in a file; the parts after the first verify."""
    text, members = entry(algorithm), jwk(algorithm)
    forms = [text, text.encode(), members, json.dumps(members)]
    for number, form in enumerate([text, json.dumps(members)]):
        (tmp_path / str(number)).write_text(f"{form}\r\n")
        forms.append(f"file:{tmp_path / str(number)}")
    keys = [ring_of(settings, form, ALGORITHM=algorithm).signing_key for form in forms]
    assert {(key.algorithm, key.kid) for key in keys} == {(algorithm, keys[0].kid)}
    tokens = [key.sign({"sub": "1"}) for key in keys]
    assert [keys[0].verify(token) for token in tokens] == [{"sub": "1"}] * len(forms)


@pytest.mark.parametrize("algorithm", PAIRS)
def test_both_halves_of_a_pair_have_one_name(settings, algorithm):
    """The public half verifies what the private one signs."""
    private = ring_of(settings, pem(algorithm), ALGORITHM=algorithm).signing_key
    for half in (public_pem(algorithm), jwk(algorithm, public=True)):
        ring = ring_of(settings, half, ALGORITHM=algorithm, **TOKEN)
        public = ring.find(private.header)
        assert not public.can_sign
        assert public.verify(private.sign({"sub": "1"})) == {"sub": "1"}


def test_a_file_is_read_once(settings, tmp_path):
    """Not for each request."""
    path = tmp_path / "key"
    path.write_text(pem("ES256"))
    ring = ring_of(settings, f"file:{path}", ALGORITHM="ES256")
    path.unlink()
    assert get_key_ring() is ring
    assert ring.signing_key.path == path


def test_a_secret_may_begin_as_json_does(settings):
    """Whatever a generator makes."""
    texts = ["{" * 40, "[" * 40, '{"a": ' * 40, "[0]".ljust(40), "file".ljust(40, "e")]
    assert [key.secret.decode() for key in ring_of(settings, *texts).keys] == texts


# --- Which algorithm


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_implies_its_algorithm(settings, algorithm):
    """So that old and new may be of different kinds; RS256 and HS256 where several would fit."""
    implied = {"PS256": "RS256", "HS384": "HS256", "HS512": "HS256"}.get(algorithm, algorithm)
    other = "EdDSA" if algorithm in ("ES256", *HMAC) else "ES256"
    ring = ring_of(settings, entry(other, 1), entry(algorithm), ALGORITHM=other)
    assert [key.algorithm for key in ring.keys] == [other, implied]


@pytest.mark.parametrize(("of", "another"), [("PS256", "RS256"), ("HS512", "HS256")])
def test_the_setting_decides_where_several_fit_and_a_jwk_where_it_says(settings, of, another):
    """A change of algorithm within one kind needs a JWK for the old key."""
    ring = ring_of(settings, entry(of), entry(of, 1), jwk(another, 2), ALGORITHM=of)
    assert [key.algorithm for key in ring.keys] == [of, of, another]


@pytest.mark.parametrize("public", [False, True])
def test_a_jwk_may_call_its_algorithm_by_the_name_of_its_curve(settings, public):
    """RFC 9864 has ``Ed25519`` for what all others call EdDSA: it is the same key."""
    given = jwk("EdDSA", public=public, alg="Ed25519")
    key = ring_of(settings, entry("HS256"), given).keys[1]
    assert key == ring_of(settings, entry("HS256"), pem("EdDSA")).keys[1]
    assert (key.algorithm, key.can_sign) == ("EdDSA", not public)


@pytest.mark.parametrize(
    ("key", "algorithm", "complaint"),
    [
        (pem("ES384"), "ES256", r"KEYS\[0\] signs, and is a key for ES384; ALGORITHM is 'ES256'"),
        (pem("EdDSA"), "RS256", "is a key for EdDSA"),
        (pem("ES256"), "HS256", "Set ALGORITHM to 'ES256', or make another key"),
        (secret("HS256"), "ES256", "is a key for HS256"),
        (jwk("HS256"), "HS512", "is a key for HS256"),
        (jwk("RS256"), "PS256", "is a key for RS256"),
    ],
)
def test_the_key_that_signs_has_to_fit_the_algorithm(settings, key, algorithm, complaint):
    """Both are named, and the remedy."""
    with pytest.raises(KeyRingError, match=complaint):
        ring_of(settings, key, ALGORITHM=algorithm)


def test_a_derived_secret_signs_with_no_other_algorithm_than_hmac(settings):
    """A key pair can't be derived."""
    settings.JWT_COOKIE = {"ALGORITHM": "ES256"}
    with pytest.raises(KeyRingError, match="SECRET_KEY signs, and is a key for HS256"):
        get_key_ring()


# --- Names


def test_kid_tells_nothing_of_the_secret():
    """It is no plain hash, by which a guessed secret could be confirmed without a token."""
    key = Key("HS256", b"a" * 32)
    assert key.kid not in hashlib.sha256(key.secret).hexdigest()
    assert key.kid != Key("HS256", b"b" * 32).kid
    assert key.kid != Key("HS384", b"a" * 48).kid


def test_the_thumbprint_is_that_of_the_standards(settings):
    """RFC 7638, section 3.1, and RFC 8037, appendix A.3."""
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJEC"
        "PebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2Qvz"
        "qY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZ"
        "u0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    )
    curve = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    given = [
        {"kty": "RSA", "n": modulus, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"},
        {"kty": "OKP", "crv": "Ed25519", "x": curve},
    ]
    assert [key.kid for key in ring_of(settings, *given, **TOKEN).keys] == [
        "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
    ]


# --- What is refused


@pytest.mark.parametrize(("algorithm", "size"), [("HS256", 32), ("HS384", 48), ("HS512", 64)])
def test_a_short_secret_is_refused(algorithm, size):
    """RFC 7518, section 3.2."""
    assert Key(algorithm, b"a" * size).algorithm == algorithm
    with pytest.raises(KeyRingError, match=f"at least {size}"):
        Key(algorithm, b"a" * (size - 1))


ENCRYPTED = private_pem(ec.generate_private_key(ec.SECP256R1()), b"password")
OLD_ENCRYPTED = ENCRYPTED.replace("ENCRYPTED ", "").replace("KEY-----\n", "KEY-----\n4,ENCRYPTED\n")
SHORT = private_pem(rsa.generate_private_key(65537, 1024))  # noqa: S505
OTHER_PAIRS = [
    private_pem(dsa.generate_private_key(1024)),  # noqa: S505
    private_pem(x25519.X25519PrivateKey.generate()),
    private_pem(ed448.Ed448PrivateKey.generate()),
    private_pem(ec.generate_private_key(ec.SECP521R1())),
    private_pem(ec.generate_private_key(ec.SECP256K1())),
    private_pem(ec.generate_private_key(ec.BrainpoolP256R1())),
]


UNUSABLE = [
    ("", "a key of 0 bytes is too short"),
    ("short", "a key of 5 bytes is too short: HS256 needs at least 32"),
    (7, r"a key must be a string, bytes, or a JWK \(a dict\)"),
    (SHORT, "a key of 1024 bits is too short: RS256 needs at least 2048"),
    (ENCRYPTED, "an encrypted PEM"),
    (OLD_ENCRYPTED, "an encrypted PEM"),
    (PUBLIC_PEM, "a PEM that can't be read. Has it kept its line breaks"),
    (pem("ES256").replace("\n", r"\n"), "a PEM that can't be read"),
    (pem("ES256").replace("PRIVATE KEY", "EC PARAMETERS"), "neither a private nor a public"),
    (CERTIFICATE, "openssl x509"),
    *((other, "a key of a kind that is none of RSA, P-256") for other in OTHER_PAIRS),
    *((public_bytes(name, "DER"), "whoever has it could sign") for name in PAIRS),
    *((public_bytes(name, "OpenSSH"), "whoever has it") for name in PAIRS if name != "ES384"),
    (json.dumps([jwk("ES256")]), "whoever has it could sign"),
    ('[{"kty": ' * 100_000, "whoever has it could sign"),
    ({}, "a JWK that can't be read"),
    ('{"keys": []}', "a JWK that can't be read"),
    ({"kty": "EC", "crv": "P-256", "x": 7, "y": []}, "a JWK that can't be read"),
    (jwk("ES256", x="AAAA"), "a JWK that can't be read"),
    (jwk("ES256", d="AAAA"), "a JWK that can't be read"),
    (jwk("ES256", crv="P-521"), "a JWK that can't be read"),
    (jwk("EdDSA", crv="Ed448"), "a JWK that can't be read"),
    (jwk("RS256", oth=[]), "a JWK that can't be read"),
    (jwk("RS256", p="AAAA"), "a JWK that can't be read"),
    (jwk("HS256", k="a b"), "whose k is not base64url"),
    (jwk("HS256", k="AAAAA"), "whose k is not base64url"),
    (jwk("HS256", k="AAAAAA=="), "whose k is not base64url"),
    (jwk("HS256", k=None), "whose k is not base64url"),
    (jwk("HS256", k="AAAA"), "a key of 3 bytes is too short"),
    (jwk("HS256", k=jwt.utils.base64url_encode(public_bytes("ES256")).decode()), "whoever"),
    (jwk("HS256", alg="ES256"), "alg is none of HS256, HS384, HS512"),
    (jwk("HS256", alg="none"), "alg is none of"),
    (jwk("ES256", alg="HS256"), "of kind P-256 whose alg is none of ES256"),
    (jwk("ES256", alg="ES384"), "of kind P-256 whose alg is none of ES256"),
    (jwk("RS256", alg="RS512"), "alg is none of RS256, PS256"),
    (jwk("EdDSA", alg=["EdDSA"]), "alg is none of EdDSA"),
    (jwk("ES256", alg="Ed25519"), "alg is none of ES256"),
    (jwk("HS256", alg="Ed25519"), "alg is none of HS256"),
    (jwk("EdDSA", alg="Ed448"), "alg is none of EdDSA"),
    (jwk("ES256", use="enc"), "whose use is not sig"),
    (jwk("ES256", key_ops=["verify"]), "whose key_ops lack sign"),
    (jwk("ES256", public=True, key_ops=["sign"]), "whose key_ops lack verify"),
    (jwk("HS256", key_ops=["sign"]), "whose key_ops lack sign and verify"),
    (jwk("HS256", key_ops="sign verify"), "whose key_ops lack"),
    ("file:key.pem", "file:key.pem has to name the whole path"),
    ("file:/no/such/file", "the file /no/such/file can't be read: No such file"),
    ("file:/tmp", "the file /tmp can't be read: Is a directory"),
    ("file:/a\0b", "can't be read: embedded null"),
]


@pytest.mark.parametrize(
    ("key", "complaint"), UNUSABLE, ids=[complaint for _, complaint in UNUSABLE]
)
def test_an_unusable_key_is_refused_by_its_place(settings, key, complaint):
    """The message names the place and the remedy, never the key."""
    for place, given in (("KEYS\\[1\\]", {"KEYS": ["a" * 32, key]}), ("SECRET", {"SECRET": key})):
        settings.JWT_COOKIE = given
        with pytest.raises(KeyRingError, match=f"^JWT_COOKIE: {place}: .*{complaint}"):
            get_key_ring()


@pytest.mark.parametrize("use", [{"use": "sig"}, {"key_ops": ["sign", "verify"]}])
def test_a_jwk_that_is_for_signing_is_taken(settings, use):
    """And verifying."""
    assert ring_of(settings, jwk("HS256", **use)).can_sign


DER = public_bytes("EdDSA", "DER")


PUBLIC = {
    "base64": base64.b64encode(DER),
    "base64 without padding": base64.b64encode(DER).rstrip(b"="),
    "base64url": base64.urlsafe_b64encode(DER),
    "hex": DER.hex(),
    "base64 of RSA": base64.b64encode(public_bytes("RS256", "DER")),
    "repr of a JWK": str(jwk("EdDSA", public=True)),
    "JWK with a comma too many": json.dumps(jwk("EdDSA", public=True))[:-1] + ",}",
    "base64 of a JWK": base64.b64encode(json.dumps(jwk("EdDSA", public=True)).encode()),
    "base64 of an indented JWK": base64.b64encode(
        json.dumps(jwk("EdDSA", public=True), indent=2).encode()
    ),
    "base64 of a PEM": base64.b64encode(public_bytes("EdDSA")),
    "base64 of base64": base64.b64encode(base64.b64encode(public_bytes("EdDSA"))),
    "hex of a PEM": public_bytes("EdDSA").hex(),
    "hex with 0x": f"0x{DER.hex()}",
    "hex with colons": DER.hex(":"),
    "data URL": f"data:;base64,{base64.b64encode(DER).decode()}",
    "repr of a JWK after a space": f" {jwk('EdDSA', public=True)}",
}


@pytest.mark.parametrize("text", PUBLIC.values(), ids=PUBLIC)
def test_attack_a_public_key_in_another_form_is_no_secret(settings, text):
    """Everybody may have it, and with it could sign."""
    with pytest.raises(KeyRingError, match="whoever has it could sign"):
        ring_of(settings, pem("ES256"), text, ALGORITHM="ES256")


def test_a_random_secret_that_is_base64_is_one(settings):
    """As most are."""
    for number in range(50):
        noise = hashlib.sha512(b"%d" % number).digest()
        for form in (base64.b64encode, base64.urlsafe_b64encode, bytes.hex):
            assert ring_of(settings, form(noise)).can_sign


@pytest.mark.parametrize(
    "name",
    [
        "/run/secrets/my_production_login_key.pem",
        "~/keys/the-key-of-this-site-for-logins",
        "./a-file-with-the-secret-in-it-for-logins.txt",
        "FILE:/run/secrets/my_production_login_key",
        "${JWT_COOKIE_SECRET_FROM_VAULT_PLEASE}",
        "$JWT_COOKIE_SECRET_FROM_THE_ENVIRONMENT",
        "{{ jwt_cookie_secret_of_this_deployment }}",
    ],
)
def test_the_name_of_a_secret_is_no_secret(settings, name):
    """Anybody could guess it, and it would work."""
    with pytest.raises(KeyRingError, match="the name of a file or variable"):
        ring_of(settings, name)


def test_a_random_secret_may_look_a_little_like_a_path(settings):
    """Base64 has slashes."""
    assert ring_of(settings, "/Zm9v+YmFy" * 4).can_sign


@pytest.mark.parametrize(
    "keys",
    [
        ["a" * 32, "b" * 32, "a" * 32],
        [secret("HS256"), "b" * 32, jwk("HS256")],
        ["b" * 32, pem("ES256"), public_pem("ES256")],
        ["b" * 32, jwk("RS256"), {**jwk("RS256"), "alg": "PS256"}],
    ],
    ids=["twice", "in two forms", "both halves", "two algorithms"],
)
def test_the_same_key_twice_is_a_mistake(settings, keys):
    """Whoever wrote that meant another; both places are named."""
    expected = r"KEYS\[[01]\] and KEYS\[2\] are the same key"
    with pytest.raises(KeyRingError, match=expected):
        ring_of(settings, *keys)


# --- Rings that only verify


def test_a_public_key_can_not_come_first(settings):
    """Unless no key can sign at all."""
    with pytest.raises(KeyRingError, match=r"KEYS\[0\] is a public key, and the first key has to"):
        ring_of(settings, public_pem("ES256"), "a" * 32, **TOKEN)
    ring = ring_of(settings, "a" * 32, public_pem("ES256"))
    assert ring.can_sign
    assert [key.can_sign for key in ring.keys] == [True, False]


def test_public_keys_alone_verify_where_users_come_from_the_token(settings):
    """A site that takes the logins of another: nothing can begin there, and it says so."""
    public = [public_pem("EdDSA"), public_pem("ES256")]
    with pytest.raises(KeyRingError, match="with public keys alone no login can begin"):
        ring_of(settings, *public)
    ring = ring_of(settings, *public, **TOKEN)
    assert not ring.can_sign
    with pytest.raises(KeyRingError, match="This site only verifies tokens"):
        _ = ring.signing_key


# --- Without cryptography

WITHOUT = """
import sys
sys.modules["cryptography"] = None
import django
from django.conf import settings
from django_jwt_cookie.exceptions import KeyRingError
from django_jwt_cookie.keys import get_key_ring
settings.configure(SECRET_KEY="x" * 50)
django.setup()
key = get_key_ring().signing_key
assert key.verify(key.sign({"sub": "1"})) == {"sub": "1"}
import json
for entry in json.loads(sys.stdin.read()):
    from django_jwt_cookie.conf import Settings
    from django_jwt_cookie.keys import build_key_ring
    try:
        build_key_ring(Settings(keys=("a" * 32, entry)))
    except KeyRingError as error:
        print(error)
"""


def test_secrets_do_without_cryptography():
    """Key pairs say what to install."""
    forms = [pem("ES256"), public_pem("RS256"), jwk("EdDSA"), jwk("HS256")]
    command = [sys.executable, "-W", "error", "-c", WITHOUT]
    run = subprocess.run(  # noqa: S603
        command, input=json.dumps(forms), capture_output=True, text=True, check=False
    )
    remedy = 'need the package cryptography: pip install "django-jwt-cookie[crypto]"'
    assert run.stderr == ""
    assert run.stdout == f"JWT_COOKIE: KEYS[1]: key pairs {remedy}\n" * 3


def test_repr_holds_no_secret(settings):
    """A ``repr`` ends up in error reports."""
    assert "sssss" not in repr(Key("HS256", b"s" * 32))

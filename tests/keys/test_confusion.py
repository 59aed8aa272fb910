"""Every way to have a token verified by another key, or by another algorithm, than its own."""

import hmac
import itertools
import json
import time
import uuid
from functools import partial
from unittest.mock import Mock

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from django.test import override_settings
from jwt.utils import base64url_decode, base64url_encode

from django_jwt_cookie.conf import ALGORITHMS
from django_jwt_cookie.exceptions import TokenInvalid
from django_jwt_cookie.keys import get_key_ring
from django_jwt_cookie.keys.key import TYPE
from django_jwt_cookie.tokens import Claims, decode, encode
from tests.support.cases import spread
from tests.support.key_samples import HMAC, PAIRS, entry, jwk, private_key, public_bytes, secret

ORDER = {
    "ES256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "ES384": int("F" * 48 + "C7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973", 16),
    "EdDSA": 2**252 + 27742317777372353535851937790883648493,
}
"""How many points there are: SEC 2, and RFC 8032, section 5.1."""


@pytest.fixture(autouse=True, scope="module")
def ring():
    """Return a ring with a key of every kind, made once: it takes a while to check an RSA key."""
    with override_settings(
        JWT_COOKIE={"KEYS": [*map(jwk, ALGORITHMS)], "ALGORITHM": ALGORITHMS[0]}
    ):
        yield {key.algorithm: key for key in get_key_ring().keys}


def claims():
    now = int(time.time())
    return Claims("1", uuid.UUID(int=7), 0, now, now + 600, now)


def craft(signer, **header):
    """Return a token that says what it likes; ``signer`` makes the signature.

    A header that says what ours say is written as ours are, to the letter.
    """
    full = {"typ": TYPE, "alg": "HS256", **header}
    contents = (full, claims().to_payload())
    parts = (json.dumps(each, separators=(",", ":")).encode() for each in contents)
    signed = b".".join(map(base64url_encode, parts))
    return f"{signed.decode()}.{base64url_encode(signer(signed)).decode()}"


def signer(algorithm, number=0, key_of=None):
    """Return what signs by ``algorithm``, with a key that may be meant for another."""
    of = key_of or algorithm
    key = secret(of, number).encode() if of in HMAC else private_key(of, number)
    return lambda signed: jwt.get_algorithm_by_name(algorithm).sign(signed, key)


def resigned(token, change):
    """Return ``token`` with its signature changed."""
    signed, _, signature = token.rpartition(".")
    return f"{signed}.{base64url_encode(change(base64url_decode(signature))).decode()}"


def zeros(raw):
    return b"\0" * len(raw)


def assert_refused(token):
    with pytest.raises(TokenInvalid):
        decode(token)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_is_tried_here_would_succeed_with_the_right_key(ring, algorithm):
    """So that a refusal below is for its own reason."""
    assert decode(craft(signer(algorithm), alg=algorithm, kid=ring[algorithm].kid)).sub == "1"


@pytest.mark.parametrize(
    "write",
    [json.dumps, lambda header: json.dumps(dict(sorted(header.items())))],
    ids=["blanks", "order"],
)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_header_counts_to_the_letter(ring, algorithm, write):
    """It is looked up, and never parsed: no reader of JSON can be led astray by one."""
    key = ring[algorithm]
    header = {"typ": TYPE, "alg": algorithm, "kid": key.kid}
    _, payload, _ = key.sign(claims().to_payload()).split(".")
    for text, is_good in (
        (json.dumps(header, separators=(",", ":")), True),
        (write(header), False),
    ):
        signed = f"{base64url_encode(text.encode()).decode()}.{payload}".encode()
        token = f"{signed.decode()}.{base64url_encode(signer(algorithm)(signed)).decode()}"
        if is_good:
            assert decode(token).sub == "1"
        else:
            assert_refused(token)


@pytest.mark.parametrize("ending", ["", '"}', "{" * 2000], ids=["cut", "closed", "nested"])
def test_attack_a_header_of_nested_json_costs_no_parsing(ring, monkeypatch, ending):
    """RFC 8725, section 3.10: nothing in a header is heard, and nothing of it is built.

    Two thousand lists in each other make a parser of JSON fail, or take its time.
    """
    fail = Mock(side_effect=AssertionError("A header was parsed."))
    nested = base64url_encode(b'{"alg":"HS256","jwk":' + b"[" * 2000 + ending.encode()).decode()
    token = f"{nested}.{base64url_encode(b'{}').decode()}.AAAA"
    found = get_key_ring()
    monkeypatch.setattr(json, "loads", fail)
    monkeypatch.setattr(jwt, "get_unverified_header", fail)
    assert found.find(nested) is None
    assert_refused(token)


@pytest.mark.parametrize(("mine", "other"), spread(itertools.permutations(ALGORITHMS, 2), 14))
def test_no_key_is_taken_for_another(ring, mine, other):
    """Signed by one, said to be of the other: algorithm, key, or both."""
    for alg, kid in ((other, mine), (mine, other), (other, other)):
        assert_refused(craft(signer(mine), alg=alg, kid=ring[kid].kid))


@pytest.mark.parametrize(
    ("algorithm", "key_of"),
    [pair for kind in (HMAC, ("RS256", "PS256")) for pair in itertools.permutations(kind, 2)],
)
def test_a_key_is_for_one_algorithm_even_where_others_fit(ring, algorithm, key_of):
    """RFC 8725, section 3.1: the signature is genuine, and the header says how it was made."""
    for alg in (algorithm, key_of):
        assert_refused(craft(signer(algorithm, key_of=key_of), alg=alg, kid=ring[key_of].kid))


def public_forms(algorithm):
    """Return what an attacker may have of a public key, as bytes."""
    public = private_key(algorithm).public_key()
    members = jwk(algorithm, public=True)
    numbers = [members.get(name, "") for name in ("x", "y", "n")]
    pem = public_bytes(algorithm)
    yield from (pem, pem.strip(), pem.replace(b"\n", b"\r\n"))
    yield from (public_bytes(algorithm, "DER"), public_bytes(algorithm, "OpenSSH"))
    yield from (json.dumps(members).encode(), get_key_ring().keys[-1].kid.encode())
    yield from (base64url_decode(number) for number in numbers)
    if algorithm == "RS256":
        old = serialization.PublicFormat.PKCS1
        yield public.public_bytes(serialization.Encoding.PEM, old)


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
@pytest.mark.parametrize("algorithm", PAIRS)
def test_a_public_key_is_no_secret(ring, algorithm, digest):
    """CVE-2016-5431 and many since: HMAC with what everybody knows, in every form it has."""
    name = f"HS{digest[3:]}"
    for form, kid, alg in itertools.product(
        public_forms(algorithm), (ring[algorithm].kid, ring[name].kid), (name, algorithm)
    ):
        sign = partial(hmac.digest, form, digest=digest)
        assert_refused(craft(sign, alg=alg, kid=kid))


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "", "HS1", None, [], {}, 0, True])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_there_is_no_other_algorithm(ring, algorithm, alg):
    """CVE-2015-9235: "none", and whatever else is none of ours."""
    for sign in (signer(algorithm), lambda _: b"0"):
        token = craft(sign, alg=alg, kid=ring[algorithm].kid)
        assert_refused(token)
        assert_refused(f"{token.rpartition('.')[0]}.")


@pytest.mark.parametrize(
    "kid",
    [
        "",
        "../../../../../../dev/null",
        "/dev/null",
        "file:/dev/null",
        "' OR '1'='1",
        "'; DROP TABLE keys; --",
        "key\0",
        "\ud800",
        "https://attacker.example/key",
        "x" * 2500,
        None,
        0,
        0.5,
        True,
        [],
        {},
        {"kid": "x"},
    ],
    ids=lambda kid: ascii(kid)[:30],
)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_name_of_a_key_is_looked_up_in_the_ring_and_nowhere_else(ring, algorithm, kid):
    """No path, no query, no address, no other type (RFC 8725, section 3.10)."""
    assert_refused(craft(signer(algorithm), alg=algorithm, kid=kid))
    assert_refused(craft(signer(algorithm), alg=algorithm, kid=[ring[algorithm].kid]))
    assert_refused(craft(signer(algorithm), alg=algorithm))


@pytest.mark.parametrize("algorithm", PAIRS)
@pytest.mark.parametrize("name", ["jwk", "jku", "x5u", "x5c", "x5t", "crit", "b64", "zip"])
def test_a_key_that_comes_with_the_token_counts_for_nothing(ring, algorithm, name):
    """CVE-2018-0114: signed with the attacker's own key, which the header brings along."""
    own = jwk(algorithm, 1, public=True)
    value = {"jwk": own, "x5c": [own.get("x", own.get("n"))], "crit": ["exp"], "b64": False}
    header = {"alg": algorithm, name: value.get(name, "https://attacker.example/")}
    for number, kid in itertools.product((0, 1), (ring[algorithm].kid, "own")):
        assert_refused(craft(signer(algorithm, number), kid=kid, **header))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_knowing_the_name_of_a_key_is_not_knowing_the_key(ring, algorithm):
    """Another key of the same kind."""
    assert_refused(craft(signer(algorithm, 1), alg=algorithm, kid=ring[algorithm].kid))


@pytest.mark.parametrize("algorithm", ["ES256", "ES384"])
def test_psychic_signatures_and_others_of_no_length_at_all(ring, algorithm):
    """CVE-2022-21449: r and s of zero, or of the order; and every form that is not r and s."""
    size, order = ring[algorithm].public.key_size // 8, ORDER[algorithm]
    token = craft(signer(algorithm), alg=algorithm, kid=ring[algorithm].kid)
    for r, s in itertools.product((0, 1, order - 1, order, order + 1), repeat=2):
        assert_refused(resigned(token, lambda _: r.to_bytes(size) + s.to_bytes(size)))  # noqa: B023

    def as_der(raw):
        return encode_dss_signature(int.from_bytes(raw[:size]), int.from_bytes(raw[size:]))

    changes = (as_der, lambda raw: raw[:-1], lambda raw: raw + b"\0", lambda raw: raw[:size])
    more = (lambda raw: b"\0" + raw, lambda raw: raw * 2, lambda raw: raw[size:] + raw[:size])
    wider = (lambda raw: b"\0" + raw[:size] + b"\0" + raw[size:], zeros)
    for change in (*changes, *more, *wider):
        assert_refused(resigned(token, change))


def test_the_other_signature_of_ecdsa_says_the_same(ring):
    """Whoever has (r, s) has (r, n - s) too: another text, no other claims, and nothing gained.

    Nothing here goes by the text of a token; each login has a generation.
    """
    token = craft(signer("ES256"), alg="ES256", kid=ring["ES256"].kid)

    def other(raw):
        return raw[:32] + (ORDER["ES256"] - int.from_bytes(raw[32:])).to_bytes(32)

    assert decode(resigned(token, other)) == decode(token)


def test_eddsa_has_one_signature(ring):
    """RFC 8032, section 5.1.7: s below the order, and 64 bytes."""
    token = craft(signer("EdDSA"), alg="EdDSA", kid=ring["EdDSA"].kid)

    def plus_order(raw):
        return raw[:32] + (int.from_bytes(raw[32:], "little") + ORDER["EdDSA"]).to_bytes(
            32, "little"
        )

    for change in (plus_order, zeros, lambda raw: raw[:63], lambda raw: raw + b"\0"):
        assert_refused(resigned(token, change))


@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
def test_an_rsa_signature_is_as_long_as_the_key(ring, algorithm):
    """Neither zeros nor fewer or more bytes."""
    token = craft(signer(algorithm), alg=algorithm, kid=ring[algorithm].kid)
    changes = (zeros, lambda raw: zeros(raw)[1:] + b"\1", lambda raw: raw[:1])
    more = (lambda raw: raw[:-1], lambda raw: b"\0" + raw, lambda raw: raw + b"\0")
    for change in (*changes, *more):
        assert_refused(resigned(token, change))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_we_sign_names_its_key_and_algorithm(settings, ring, algorithm):
    """And is good at every site that has that key, in second place too."""
    settings.JWT_COOKIE = {"KEYS": [entry(algorithm)], "ALGORITHM": algorithm}
    token = encode(claims())
    header = {"alg": algorithm, "kid": ring[algorithm].kid, "typ": TYPE}
    assert jwt.get_unverified_header(token) == header
    settings.JWT_COOKIE = {"KEYS": [secret("HS256", 9), jwk(algorithm)]}
    assert decode(token).sub == "1"

"""What `tokens.decode` takes, PyJWT's own ``decode`` takes as well.

Signatures are verified by PyJWT's algorithms, but the parts of a token are taken apart here, since
what we write is known to the letter. Whatever we may have overlooked in that, PyJWT has not.
"""

import base64
import json
import time

import jwt
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from django_jwt_cookie.conf import ALGORITHMS, get_settings
from django_jwt_cookie.exceptions import TokenError
from django_jwt_cookie.keys import get_key_ring
from django_jwt_cookie.keys.key import TYPE
from django_jwt_cookie.tokens import decode
from tests.support.key_samples import HMAC, pem, secret

SITES = {
    "HS256": {},
    "with issuer and audience": {"ISSUER": "shop", "AUDIENCE": "web"},
    "EdDSA": {"ALGORITHM": "EdDSA", "SECRET": pem("EdDSA")},
}
ALPHABET = "ABCZabcz0189-_"
NOW = int(time.time())

values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(NOW - 20, NOW + 700),
    st.sampled_from([0, -1, 1.5, 2**53, 10**400, float("nan"), "", "0", "shop", "web", [], {}]),
    st.sampled_from([["web"], ["web", 1], {"web": 1}, str(NOW), "A" * 22, "\ud800", "\0"]),
)
claims = st.dictionaries(
    st.sampled_from(["iss", "aud", "iat", "nbf", "exp", "sub", "sid", "gen", "auth_time", "jti"]),
    values,
    max_size=3,
)
headers = st.dictionaries(
    st.sampled_from(["alg", "typ", "kid", "crit", "b64", "jwk", "jku", "zip"]),
    st.sampled_from([None, "", "none", "HS256", "hs256", "EdDSA", TYPE, "JWT", False, ["b64"]]),
    max_size=2,
)
edits = st.lists(
    st.tuples(
        st.sampled_from(["replace", "insert", "delete"]),
        st.integers(0, 400),
        st.sampled_from([*ALPHABET, ".", "=", "+", "/", " ", "\n", "\u00e9", "\uff0e"]),
    ),
    max_size=2,
)


# The fixture `ring` is the same for each example.
examples = hypothesis_settings(
    # A busy machine is no fault of a test.
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(params=SITES)
def ring(request, settings, time_machine):
    """Return the key ring of a site, at a time when the tokens here are good."""
    time_machine.move_to(NOW)
    settings.JWT_COOKIE = SITES[request.param]
    return get_key_ring()


def part(value):
    """Return ``value`` as a part of a token."""
    return encoded(json.dumps(value, separators=(",", ":")).encode())


def encoded(data):
    """Return ``data`` in base64url."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def login():
    """Return the payload of a token that is good."""
    times = {"iat": NOW, "exp": NOW + 600, "auth_time": NOW}
    stated = {"iss": get_settings().issuer, "aud": get_settings().audience}
    known = {name: value for name, value in stated.items() if value is not None}
    return {"sub": "1", "sid": "A" * 22, "gen": 0} | times | known


def sign(key, payload, header=()):
    """Sign anything at all with the site's own key."""
    written = {"typ": TYPE, "alg": key.algorithm, "kid": key.kid} | dict(header)
    signing_input = f"{part(written)}.{part(payload)}"
    algorithm = jwt.get_algorithm_by_name(key.algorithm)
    signature = algorithm.sign(signing_input.encode(), algorithm.prepare_key(key.secret))
    return f"{signing_input}.{encoded(signature)}"


def private(algorithm):
    """Return what signs, as a setting has it."""
    return secret(algorithm) if algorithm in HMAC else pem(algorithm)


def edit(token, changes):
    """Return ``token`` with characters replaced, inserted and deleted."""
    characters = list(token)
    for kind, position, character in changes:
        at = position % len(characters)
        if kind == "insert":
            characters.insert(at, character)
        else:
            characters[at : at + 1] = [character] if kind == "replace" else []
    return "".join(characters)


def is_ours(token):
    """Tell whether we take ``token``."""
    try:
        decode(token)
    except TokenError:
        return False
    return True


def is_good(key, token):
    """Tell whether PyJWT does, told all that the site demands.

    That is neither ``nbf`` nor ``jti``, nor that ``iat`` is over: clocks differ.
    """
    settings = get_settings()
    try:
        jwt.decode(
            token,
            key.public or key.secret,
            algorithms=[key.algorithm],
            issuer=settings.issuer,
            audience=settings.audience,
            leeway=settings.leeway,
            options={
                "require": ["sub", "sid", "gen", "iat", "exp"],
                "strict_aud": True,
                "verify_nbf": False,
                "verify_iat": False,
                "verify_jti": False,
            },
        )
    except (jwt.PyJWTError, UnicodeError):
        return False
    return True


def test_both_take_what_we_write(ring):
    """So that the tests below are no comparison of two that refuse everything."""
    token = sign(ring.signing_key, login())
    assert (is_ours(token), is_good(ring.signing_key, token)) == (True, True)


@pytest.mark.slow
@examples
@given(changes=edits)
def test_attack_no_change_of_characters_is_taken_that_pyjwt_refuses(ring, changes):
    """Padding, blanks, another alphabet, another way to write the same bytes, one part more."""
    token = sign(ring.signing_key, login())
    changed = edit(token, changes)
    assert is_ours(changed) == (changed == token)
    assert is_good(ring.signing_key, changed) or changed != token


@pytest.mark.slow
@examples
@given(payload=claims, header=headers)
def test_attack_no_claim_or_header_is_taken_that_pyjwt_refuses(ring, payload, header):
    """Even signed by the right key: by another program that has it."""
    token = sign(ring.signing_key, login() | payload, header)
    if is_ours(token):
        assert is_good(ring.signing_key, token)


@pytest.mark.slow
@examples
@given(payload=st.sampled_from([[], "text", 1, None, True, {}]))
def test_a_payload_that_is_no_login_is_refused(ring, payload):
    """By both: a list, a text, a number."""
    token = sign(ring.signing_key, payload)
    assert (is_ours(token), is_good(ring.signing_key, token)) == (False, False)


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@examples
@given(signature=st.binary(max_size=600))
def test_attack_no_bytes_at_all_are_a_signature(settings, algorithm, signature):
    """Of any length: refused, and never an error."""
    settings.JWT_COOKIE = {"ALGORITHM": algorithm, "SECRET": private(algorithm)}
    signing_input, _, _ = sign(get_key_ring().signing_key, login()).rpartition(".")
    assert not is_ours(f"{signing_input}.{encoded(signature)}")

"""Tokens, as their owner and as an attacker."""

import base64
import hmac
import json
import uuid

import jwt
import pytest

from django_jwt_cookie.conf import get_settings
from django_jwt_cookie.exceptions import TokenExpired, TokenInvalid
from django_jwt_cookie.keys import Key, get_key_ring
from django_jwt_cookie.keys.key import TYPE
from django_jwt_cookie.tokens import Claims, decode, encode
from django_jwt_cookie.tokens.codec import MAX_LENGTH, _remember
from tests.conftest import NOW

# Claims that are made twice are the same.
pytestmark = pytest.mark.usefixtures("clock")


def claims(**changes):
    """Return the claims of a fresh token."""
    values = {"sub": "1", "sid": uuid.UUID(int=7), "gen": 0, "iat": NOW, "exp": NOW + 600}
    return Claims(**{**values, "auth_time": NOW, **changes})


def forge(payload=(), header=(), secret=None):
    """Sign anything, with the site's own key unless told otherwise; None leaves a member out."""
    key = get_key_ring().signing_key
    full = {"typ": TYPE, "alg": "HS256", "kid": key.kid} | dict(header)
    said = (full, claims().to_payload() | dict(payload))
    parts = ({name: value for name, value in each.items() if value is not None} for each in said)
    texts = (json.dumps(each, separators=(",", ":")).encode() for each in parts)
    signing_input = ".".join(map(segment, texts))
    digest = hmac.digest(secret or key.secret, signing_input.encode(), "sha256")
    return f"{signing_input}.{segment(digest)}"


def segment(data):
    """Return ``data`` as a part of a token."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def test_what_is_forged_here_is_taken_if_it_says_what_we_say():
    """So that a refusal below is for its own reason."""
    assert decode(forge()) == claims()
    assert decode(forge({"roles": ["editor"]}))["roles"] == ["editor"]


def test_what_was_signed_is_read_back():
    """Nothing is lost on the way, extra claims included."""
    original = claims(extra={"roles": ["editor"]})
    assert decode(encode(original)) == original
    assert decode(encode(original))["roles"] == ["editor"]


def test_header_and_payload_are_what_the_design_says():
    """Type, algorithm and key id; the user's id and no other fact about the user."""
    token = encode(claims())
    assert jwt.get_unverified_header(token) == {
        "alg": "HS256",
        "kid": get_key_ring().signing_key.kid,
        "typ": "login+jwt",
    }
    payload = jwt.decode(token, options={"verify_signature": False})
    assert set(payload) == {"sub", "sid", "gen", "iat", "exp", "auth_time"}
    assert payload["sid"] == "AAAAAAAAAAAAAAAAAAAABw"


def test_issuer_and_audience_are_written_and_demanded(settings):
    """A token of another service with the same secret is foreign."""
    foreign = encode(claims())
    settings.JWT_COOKIE = {"ISSUER": "shop", "AUDIENCE": "web"}
    assert decode(encode(claims(aud="web"))) == claims(aud="web")
    for audience in (None, "shop", ""):
        with pytest.raises(TokenInvalid):
            decode(encode(claims(aud=audience)))
    with pytest.raises(TokenInvalid):
        decode(foreign)
    settings.JWT_COOKIE = {"AUDIENCE": "web"}
    with pytest.raises(TokenInvalid):
        decode(foreign)


def test_a_token_meant_for_an_audience_is_refused_without_one(settings):
    """RFC 7519, section 4.1.3: whoever is not addressed must refuse."""
    with pytest.raises(TokenInvalid):
        decode(forge({"aud": "elsewhere"}))


RESERVED = ["sub", "iss"]
SENSITIVE = [
    "password",
    "api_key",
    "csrf_token",
    "iban",
    "userSsn",
    "otpCode",
    "PIN_HASHES",
    "otp2",
]


@pytest.mark.parametrize("name", RESERVED + SENSITIVE)
def test_reserved_and_sensitive_claims_are_refused_at_issue(name):
    """Whoever holds the cookie can read it."""
    with pytest.raises(ValueError, match=name):
        encode(claims(extra={name: 1}))


@pytest.mark.parametrize(
    "name", ["roles", "businessname", "hashtags", "hotplace", "libanon", "businessName"]
)
def test_a_claim_that_has_such_letters_inside_a_word_is_kept(name):
    """A name that is refused makes every login fail."""
    assert decode(encode(claims(extra={name: 1})))[name] == 1


def test_expired():
    """Refused, unless a login session is there to decide; leeway is kept."""
    old = claims(iat=NOW - 700, exp=NOW - 100)
    with pytest.raises(TokenExpired):
        decode(encode(old))
    assert decode(encode(old), allow_expired=True) == old
    assert decode(encode(claims(exp=NOW - 5))).exp == NOW - 5


def test_every_algorithm_signs_and_verifies(settings):
    """HS256, HS384 and HS512, each with keys of its own."""
    for algorithm in ("HS256", "HS384", "HS512"):
        settings.JWT_COOKIE = {"ALGORITHM": algorithm}
        token = encode(claims())
        assert jwt.get_unverified_header(token)["alg"] == algorithm
        assert decode(token) == claims()


def test_a_retired_key_no_longer_verifies(settings):
    """A key that left the ring is worth nothing."""
    settings.JWT_COOKIE = {"KEYS": ["a" * 32]}
    token = encode(claims())
    settings.JWT_COOKIE = {"KEYS": ["b" * 32, "a" * 32]}
    assert decode(token) == claims()
    settings.JWT_COOKIE = {"KEYS": ["b" * 32]}
    with pytest.raises(TokenInvalid):
        decode(token)


@pytest.mark.parametrize("part", [0, 1, 2])
def test_one_flipped_bit_in_any_part_is_noticed(part):
    """The signature covers header and payload."""
    parts = encode(claims()).split(".")
    data = bytearray(base64.urlsafe_b64decode(parts[part] + "=="))
    for index in range(len(data)):
        flipped = bytes([*data[:index], data[index] ^ 1, *data[index + 1 :]])
        token = ".".join([*parts[:part], segment(flipped), *parts[part + 1 :]])
        with pytest.raises(TokenInvalid):
            decode(token)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "garbage",
        "a.b",
        "a.b.c.d",
        "..",
        "a.b.c\x00",
        "ä.b.c",
        "\ud800.b.c",
        "x" * 100_000,
        f"{segment(b'[' * 2500)}.e30.e30",
        f"{segment(b'[]')}.e30.e30",
        f"{segment(json.dumps({'alg': 'HS256', 'kid': [], 'typ': TYPE}).encode())}.e30.e30",
    ],
    ids=lambda token: ascii(token[:12]),
)
def test_garbage_is_refused(token):
    """Never another exception, whatever the browser sends."""
    with pytest.raises(TokenInvalid):
        decode(token)


def test_a_token_longer_than_a_cookie_is_refused_unread():
    """The cap comes before any parsing."""
    with pytest.raises(TokenInvalid, match=str(MAX_LENGTH)):
        decode(forge({"filler": "x" * MAX_LENGTH}))


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"},
        {"typ": None},
        {"kid": None},
        {"kid": "unknown"},
        {"kid": "../../etc/passwd"},
        {"jku": "https://attacker.example/"},
        {"x5u": "https://attacker.example/"},
        {"jwk": {"kty": "oct", "k": "AAAA"}},
        {"crit": ["exp"]},
        {"cty": "JWT"},
    ],
    ids=str,
)
def test_headers_that_we_do_not_write_are_refused(header):
    """RFC 8725, sections 3.1, 3.10 and 3.11; the signature is genuine in each case."""
    with pytest.raises(TokenInvalid):
        decode(forge(header=header))


@pytest.mark.parametrize("alg", ["none", "None", "HS384", "RS256", "HS257", ""])
def test_algorithm_confusion_is_refused(alg):
    """The key decides on the algorithm, not the header (RFC 8725, section 2.1)."""
    header, payload, signature = forge().split(".")
    changed = json.loads(base64.urlsafe_b64decode(header + "==")) | {"alg": alg}
    for ending in (signature, ""):
        with pytest.raises(TokenInvalid):
            decode(f"{segment(json.dumps(changed).encode())}.{payload}.{ending}")


def test_a_foreign_secret_under_our_kid_is_refused():
    """Knowing the ``kid`` is not knowing the secret."""
    with pytest.raises(TokenInvalid):
        decode(forge(secret=Key("HS256", b"x" * 32).secret))


@pytest.mark.parametrize(
    "payload",
    [
        {"sub": 1},
        {"sub": ""},
        {"sub": None},
        {"sid": None},
        {"sid": "not-a-uuid"},
        {"sid": 7},
        {"gen": "0"},
        {"gen": True},
        {"gen": -1},
        {"exp": "9999999999"},
        {"exp": 1e10},
        {"exp": 10**30},
        {"exp": None},
        {"iat": None},
        {"auth_time": None},
        {"auth_time": [1]},
        {"aud": ["web"]},
        {"aud": 1},
        {"new": 1},
        {"new": "true"},
    ],
    ids=str,
)
def test_missing_and_wrong_typed_claims_are_refused(payload):
    """Even when the signature is ours."""
    with pytest.raises(TokenInvalid):
        decode(forge(payload))


@pytest.mark.parametrize(
    "payload", [{"iat": NOW + 3600}, {"nbf": NOW + 3600}, {"jti": 1}, {"jti": "a"}], ids=str
)
def test_a_clock_that_is_wrong_makes_no_token_foreign(payload):
    """Nobody but us signs: a server whose clock is ahead would log everybody out at the others."""
    assert decode(forge(payload)).sub == "1"


def test_the_first_token_of_a_generation_says_so():
    """All others say nothing of it."""
    first = claims(new=True)
    assert first.to_payload()["new"] is True
    assert decode(encode(first)) == first
    assert "new" not in claims().to_payload()


def test_repr_names_claims_and_shows_no_value():
    """A ``repr`` ends up in logs."""
    text = repr(claims(sub="4711", extra={"roles": ["editor"]}))
    assert "roles" in text
    assert "4711" not in text
    assert "editor" not in text


def test_a_view_changes_nothing_of_a_token_that_others_bring():
    """What is read of the site's own claims is a copy; each of its names, and no value, is told."""
    token = encode(claims(extra={"roles": ["editor"], "tenant": "north"}))
    first, again = decode(token), decode(token)
    first["roles"].append("admin")
    first.extra["roles"].append("admin")
    assert again["roles"] == first["roles"] == ["editor"]
    assert (len(first.extra), repr(first.extra)) == (2, "<ExtraClaims: roles, tenant>")


# --- The memory of verified tokens


def test_a_token_is_verified_once(monkeypatch):
    """Whoever comes again with it is known again."""
    known = claims(sid=uuid.uuid4())  # No other test has had it verified.
    token, checked, has_signed = encode(known), [], Key.has_signed

    def count(*args):
        checked.append(1)
        return has_signed(*args)

    monkeypatch.setattr(Key, "has_signed", count)
    for _ in range(3):
        assert decode(token) == known
    assert checked == [1]


def test_what_is_remembered_still_expires(clock):
    """``exp`` is looked at each time."""
    token = encode(claims())
    decode(token)
    clock.shift(610)
    with pytest.raises(TokenExpired):
        decode(token)


def test_attack_garbage_does_not_push_out_what_is_remembered(settings, monkeypatch):
    """Only genuine tokens are remembered, and no more of them than the setting says."""
    settings.JWT_COOKIE = {"VERIFIED_CACHE_SIZE": 2}
    tokens = [encode(claims(gen=gen)) for gen in range(3)]
    memory = get_settings().derive(_remember)
    decode(tokens[0])
    for number in range(100):
        with pytest.raises(TokenInvalid):
            decode(f"{tokens[0][:-4]}{number:04}")
    assert memory.cache_info().currsize == 1
    for token in tokens:
        decode(token)
    assert memory.cache_info().currsize == 2


def test_another_key_ring_remembers_nothing(settings):
    """A token of a retired key is not known any more."""
    settings.JWT_COOKIE = {"SECRET": "one-secret-of-more-than-32-bytes-"}
    token = encode(claims())
    decode(token)
    settings.JWT_COOKIE = {"SECRET": "another-secret-of-more-than-32-bytes"}
    with pytest.raises(TokenInvalid):
        decode(token)

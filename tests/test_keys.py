"""The ring of keys: where secrets come from and which are refused."""

import hashlib

import pytest

from django_jwt_cookie.exceptions import KeyRingError
from django_jwt_cookie.keys import Key, get_key_ring

PEM = b"-----BEGIN PUBLIC KEY-----\n" + b"A" * 64 + b"\n-----END PUBLIC KEY-----\n"


def test_without_a_secret_the_key_is_derived_from_secret_key(settings):
    """The derived key is not ``SECRET_KEY`` itself, and changes with it."""
    first = get_key_ring().signing_key
    assert first.secret != settings.SECRET_KEY.encode()
    assert len(first.secret) == 64
    settings.SECRET_KEY = "another" * 10
    assert get_key_ring().signing_key.secret != first.secret


def test_secret_key_fallbacks_verify_and_do_not_sign(settings):
    """Rotating ``SECRET_KEY`` the Django way logs nobody out."""
    old = get_key_ring().signing_key
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another" * 10
    assert get_key_ring().find(old.kid) == old
    assert get_key_ring().signing_key != old


def test_the_first_of_the_keys_signs_and_all_verify(settings):
    """``KEYS`` is a ring."""
    settings.JWT_COOKIE = {"KEYS": ["a" * 32, b"b" * 32]}
    ring = get_key_ring()
    assert ring.signing_key.secret == b"a" * 32
    assert [ring.find(key.kid) for key in ring.keys] == list(ring.keys)
    assert ring.find("unknown") is None


def test_a_given_secret_stands_alone(settings):
    """With ``SECRET``, neither ``SECRET_KEY`` nor its fallbacks verify."""
    settings.JWT_COOKIE = {"SECRET": "a" * 32}
    settings.SECRET_KEY_FALLBACKS = ["old" * 20]
    assert [key.secret for key in get_key_ring().keys] == [b"a" * 32]


def test_kid_tells_nothing_of_the_secret():
    """It is no plain hash, by which a guessed secret could be confirmed without a token."""
    key = Key("HS256", b"a" * 32)
    assert key.kid not in hashlib.sha256(key.secret).hexdigest()
    assert key.kid != Key("HS256", b"b" * 32).kid
    assert key.kid != Key("HS384", b"a" * 48).kid


@pytest.mark.parametrize(("algorithm", "size"), [("HS256", 32), ("HS384", 48), ("HS512", 64)])
def test_a_short_secret_is_refused(algorithm, size):
    """RFC 7518, section 3.2."""
    assert Key(algorithm, b"a" * size).algorithm == algorithm
    with pytest.raises(KeyRingError, match=f"at least {size}"):
        Key(algorithm, b"a" * (size - 1))


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"SECRET": ""}, "SECRET: a secret of 0 bytes"),
        ({"SECRET": 7}, "SECRET must be a string"),
        ({"KEYS": ["a" * 32, "short"]}, r"KEYS\[1\]: a secret of 5 bytes"),
        ({"SECRET": PEM}, "whoever has the public half could sign"),
    ],
)
def test_an_unusable_secret_is_refused_by_its_place(settings, given, complaint):
    """The message names the place, never the secret."""
    settings.JWT_COOKIE = given
    with pytest.raises(KeyRingError, match=complaint) as caught:
        get_key_ring()
    assert "a" * 32 not in str(caught.value)


def test_repr_holds_no_secret():
    """A ``repr`` ends up in error reports."""
    assert "sssss" not in repr(Key("HS256", b"s" * 32))

"""The public keys, as everybody can read them."""

import json

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from django_jwt_cookie.conf import ALGORITHMS
from django_jwt_cookie.keys import get_key_ring
from django_jwt_cookie.views.jwks import MAX_AGE, key_set
from tests.support.accounts import NAME, PASSWORD, log_in
from tests.support.key_samples import (
    HMAC,
    PAIRS,
    PRIVATE_MEMBERS,
    entry,
    jwk,
    public_pem,
    secret,
)

URL = "/.well-known/jwks.json"
MEMBERS = {"RSA": {"n", "e"}, "EC": {"crv", "x", "y"}, "OKP": {"crv", "x"}}


@pytest.mark.parametrize("algorithm", PAIRS)
def test_of_every_kind_of_pair_the_public_half_is_published(client, settings, algorithm):
    """Exactly what RFC 7518, section 6, and RFC 8037 call public, and how to use it."""
    settings.JWT_COOKIE = {"KEYS": [entry(algorithm)], "ALGORITHM": algorithm}
    response = client.get(URL)
    (published,) = response.json()["keys"]
    public = {"kty", "alg", *MEMBERS[published["kty"]]}
    whole = jwk(algorithm)
    assert published == {name: whole[name] for name in public} | {
        "kid": get_key_ring().signing_key.kid,
        "use": "sig",
    }
    private = whole.keys() - public - {"key_ops"}
    assert private
    assert private <= PRIVATE_MEMBERS
    assert not [name for name in private if whole[name].encode() in response.content]


def test_nothing_private_is_in_a_set_of_every_kind(client, settings):
    """Whatever stands in the ring, wherever it stands."""
    settings.JWT_COOKIE = {"KEYS": [entry(each, number) for number, each in enumerate(ALGORITHMS)]}
    keys = client.get(URL).json()["keys"]
    assert len(keys) == len(PAIRS)
    assert not {name for key in keys for name in key} & PRIVATE_MEMBERS


@pytest.mark.parametrize("given", [{}, *({"SECRET": secret(name)} for name in HMAC)])
def test_of_secrets_nothing_is_published(client, settings, given):
    """Not even a name."""
    settings.JWT_COOKIE = given
    assert client.get(URL).json() == {"keys": []}


def test_a_key_is_published_before_it_signs_and_after(client, settings):
    """The three steps of a rotation."""
    settings.JWT_COOKIE = {"KEYS": [secret("HS256"), entry("EdDSA"), public_pem("ES256")]}
    assert [key["alg"] for key in client.get(URL).json()["keys"]] == ["EdDSA", "ES256"]


def test_caches_may_keep_it_for_a_while_and_ask_whether_it_has_changed(client, settings):
    """For everybody, and shorter than a rotation waits."""
    settings.JWT_COOKIE = {"KEYS": [entry("ES256")], "ALGORITHM": "ES256"}
    response = client.get(URL)
    assert response["Content-Type"] == "application/jwk-set+json"
    assert response["Cache-Control"] == f"public, max-age={MAX_AGE}"
    again = client.get(URL, headers={"if-none-match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again["Cache-Control"] == response["Cache-Control"]
    head = client.head(URL)
    assert (head.status_code, head.content, head["ETag"]) == (200, b"", response["ETag"])
    settings.JWT_COOKIE = {"KEYS": [entry("ES256"), entry("ES256", 1)], "ALGORITHM": "ES256"}
    changed = client.get(URL, headers={"if-none-match": response["ETag"]})
    assert changed.status_code == 200
    assert changed["ETag"] != response["ETag"]


@pytest.mark.parametrize("method", ["post", "put", "delete", "options"])
def test_it_is_only_to_be_read(client, method):
    """Nothing can be sent there."""
    response = getattr(client, method)(URL)
    assert response.status_code == 405
    assert "Cache-Control" not in response


@pytest.mark.django_db
def test_nobody_is_looked_at(client, settings, django_assert_num_queries):
    """No query, no cookie, the same answer for everybody, and no login is asked for."""
    User.objects.create_user(NAME, password=PASSWORD)
    log_in(client)
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ]
    with django_assert_num_queries(0):
        response = client.get(reverse("jwks"))
    assert response.status_code == 200
    assert "Vary" not in response
    assert not response.cookies
    assert json.loads(response.content) == key_set()

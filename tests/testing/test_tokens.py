"""Tokens of all kinds in the cookie of a client."""

import json
import time
import uuid
from typing import assert_type

import pytest
from django.test import AsyncClient, Client
from jwt.utils import base64url_decode

from django_jwt_cookie.exceptions import TokenInvalid
from django_jwt_cookie.test.client import JWTClient
from django_jwt_cookie.test.tokens import (
    forge,
    get_claims,
    get_token,
    reissue,
    set_token,
    tamper,
)
from django_jwt_cookie.tokens import Claims, decode, encode
from tests.support.accounts import NAME
from tests.support.key_samples import pem
from tests.testing.conftest import COOKIE

pytestmark = pytest.mark.django_db

RINGS = {
    "HS256": {"ISSUER": "shop", "AUDIENCE": "shop"},
    "EdDSA": {"ALGORITHM": "EdDSA", "KEYS": [pem("EdDSA")]},
    "RS256": {"ALGORITHM": "RS256", "KEYS": [pem("RS256")]},
}


@pytest.fixture(autouse=True, params=RINGS)
def _ring(request, settings):
    settings.JWT_COOKIE = RINGS[request.param]


@pytest.fixture
def client(ada):
    """Return a client that is logged in."""
    return JWTClient.logged_in_as(ada)


@pytest.fixture
def token():
    """Return a genuine token."""
    now = int(time.time())
    claims = Claims("1", uuid.uuid4(), 0, now, now + 600, now, extra={"roles": ["editor"]})
    return encode(claims)


def payload_of(token):
    """Return what ``token`` says, whoever signed it."""
    return json.loads(base64url_decode(token.split(".")[1]))


def answer(client):
    """Return what the site makes of ``client``."""
    return client.get("/public/").json()


def test_the_token_of_a_client_moves_to_another(client):
    """A copy of a cookie is as good as the cookie."""
    copy = JWTClient()
    set_token(copy, get_token(client))
    assert get_token(copy) == client.cookies[COOKIE].value
    assert get_claims(copy) == get_claims(client)
    assert answer(copy)["user"] == NAME


def test_a_client_of_django_s_has_no_token_before_its_first_request(ada):
    """The refusal says what to do; after a logout there is none either."""
    client = Client()
    client.force_login(ada)
    with pytest.raises(LookupError, match="with its first request"):
        get_token(client)
    answer(client)
    assert get_claims(client).sub == str(ada.pk)
    client.get("/logout/")
    with pytest.raises(LookupError, match="This client has no login cookie"):
        get_claims(client)


def test_a_token_with_other_claims_is_genuine(client):
    """Roles, an earlier time, whatever the test is about; also of a token that is over."""
    over = reissue(get_token(client), roles=["editor"], exp=1)
    set_token(client, reissue(over, gen=5))
    claims = get_claims(client)
    assert (claims["roles"], claims.exp, claims.gen) == (["editor"], 1, 5)
    assert answer(client)["user"] == NAME


@pytest.mark.parametrize("claims", [{"sub": 1}, {"exp": "soon"}, {"sid": "x"}])
def test_a_claim_of_the_wrong_type_is_refused(token, claims):
    """Here, and not by the site under test."""
    with pytest.raises(TokenInvalid):
        reissue(token, **claims)


@pytest.mark.parametrize("make", [tamper, forge])
@pytest.mark.parametrize("claims", [{}, {"sub": "2"}, {"roles": ["admin"]}])
def test_a_bad_token_is_refused_for_its_signature_and_nothing_else(token, make, claims):
    """It says what was asked for, and all else that the good one says, under the same header."""
    bad = make(token, **claims)
    with pytest.raises(TokenInvalid, match="the signature does not fit"):
        decode(bad)
    assert bad.split(".")[0] == token.split(".")[0]
    assert payload_of(bad) == payload_of(token) | claims


def test_a_tampered_token_has_the_old_signature_and_a_forged_one_another(token):
    """Of the same length."""
    signatures = [each.split(".")[2] for each in (token, tamper(token), forge(token), forge(token))]
    assert signatures[0] == signatures[1]
    assert len({*signatures}) == 3
    assert len({*map(len, signatures)}) == 1


@pytest.mark.parametrize("make", [tamper, forge])
def test_a_site_asks_to_log_in_again(client, make):
    """And says why, and forgets the cookie."""
    set_token(client, make(get_token(client), roles=["admin"]))
    assert answer(client) == {"user": "", "reason": "token_invalid"}
    assert client.cookies[COOKIE]["max-age"] == 0


def typed(client: JWTClient, aclient: AsyncClient) -> None:  # pragma: no cover - as it says
    """What an editor knows of the helpers."""
    assert_type(get_token(client), str)
    assert_type(get_claims(aclient), Claims)
    assert_type(reissue(forge(tamper("")), roles=[]), str)
    set_token(Client(), get_token(aclient))

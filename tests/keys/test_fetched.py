"""A site that only verifies, with the keys of another that it fetches from a real server."""

import json
import re
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.http import HttpResponse
from django.test import RequestFactory

from django_jwt_cookie.checks.configuration import check_keys
from django_jwt_cookie.exceptions import KeyRingError, KeysUnavailable, TokenInvalid
from django_jwt_cookie.keys import fetched, get_key_ring
from django_jwt_cookie.keys.fetched import COOLDOWN, LIFESPAN, MAX_BYTES
from django_jwt_cookie.middleware import JWTCookieMiddleware
from django_jwt_cookie.tokens import Claims, decode, encode
from tests.services.servers import PATIENCE
from tests.support.accounts import COOKIE, NAME, PASSWORD, log_in, who
from tests.support.key_samples import PAIRS, entry, jwk, pem

UNKNOWN = "A" * 43


class Issuer(ThreadingHTTPServer):
    """The other site: counts how often it is asked, and answers what a test wants."""

    daemon_threads = True
    block_on_close = False

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server_port}/.well-known/jwks.json"
        self.asked = 0
        self.was_asked = threading.Event()
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.status, self.headers = 200, {}
        self.drips_headers = self.drips_body = False
        self.may_end = threading.Event()
        self.publish(jwk("ES256", public=True))

    def hold_answers(self):
        """Until ``may_answer`` is set; ``was_asked`` tells of the first request from now on."""
        self.may_answer.clear()
        self.was_asked.clear()

    def publish(self, *keys):
        self.body = json.dumps({"keys": keys}).encode()


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        issuer = self.server
        assert isinstance(issuer, Issuer)
        issuer.asked += 1
        issuer.was_asked.set()
        issuer.may_answer.wait(5)
        if issuer.drips_headers:
            self.drip(b"HTTP/1.1 200 OK\r\nX-A: ")
        self.send_response(issuer.status)
        for name, value in issuer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if issuer.drips_body:
            self.drip(b"")
        self.wfile.write(issuer.body)

    def drip(self, data):
        """Send a byte often enough for each read to be in time, until the test is over."""
        issuer = self.server
        assert isinstance(issuer, Issuer)
        self.wfile.write(data)
        while not issuer.may_end.wait(0.05):
            self.wfile.write(b" ")

    def log_message(self, *args):
        pass


@contextmanager
def serving(server):
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def issuer(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving(Issuer()) as server:
        yield server
        server.may_end.set()


@pytest.fixture
def clock(monkeypatch):
    """Let a test turn on the clock."""

    class Clock:
        offset = 0.0

    monkeypatch.setattr(fetched, "monotonic", lambda: time.monotonic() + Clock.offset)
    return Clock


@pytest.fixture
def ring(issuer, settings):
    settings.JWT_COOKIE = {"JWKS_URL": issuer.url, "USER_SOURCE": "token"}
    return get_key_ring()


def header_of(settings, algorithm="ES256", number=0):
    """Return the header of tokens that a key signs."""
    before = settings.JWT_COOKIE
    settings.JWT_COOKIE = {"KEYS": [entry(algorithm, number)], "ALGORITHM": algorithm}
    header = get_key_ring().signing_key.header
    settings.JWT_COOKIE = before
    return header


def test_nothing_is_fetched_before_a_token_comes(issuer, ring):
    """A site starts while the other is down, and its checks ask nobody."""
    assert check_keys() == []
    assert (issuer.asked, ring.keys, ring.can_sign, ring.may_block) == (0, (), False, True)
    with pytest.raises(KeyRingError, match="only verifies"):
        _ = ring.signing_key


def test_keys_are_fetched_once_and_again_after_an_hour(issuer, ring, settings, clock):
    """Not for each request."""
    header = header_of(settings)
    assert [ring.find(header).header for _ in range(3)] == [header] * 3
    assert issuer.asked == 1
    clock.offset = LIFESPAN - 10
    assert ring.find(header)
    assert issuer.asked == 1
    issuer.publish(jwk("EdDSA", public=True))
    clock.offset = LIFESPAN + 10
    assert ring.find(header) is None
    assert issuer.asked == 2
    assert [key.algorithm for key in ring.keys] == ["EdDSA"]


def test_attack_a_token_of_a_key_that_leaked_and_was_retired(issuer, ring, settings, clock):
    """It was verified before, with an ``exp`` of the forger's choice: that is forgotten."""
    assert ring is get_key_ring()
    now, before = int(time.time()), settings.JWT_COOKIE
    claims = Claims("1", uuid.UUID(int=7), gen=0, iat=now, exp=now + 10**8, auth_time=now)
    tokens = []
    for number in (0, 1):
        settings.JWT_COOKIE = {"KEYS": [entry("ES256", number)], "ALGORITHM": "ES256"}
        tokens.append(encode(claims))
    settings.JWT_COOKIE = before
    assert decode(tokens[0]) == decode(tokens[0]) == claims
    issuer.publish(jwk("ES256", 1, public=True))
    clock.offset = COOLDOWN + 1
    assert decode(tokens[1]) == claims
    with pytest.raises(KeysUnavailable):  # It may be of a key that is newer still.
        decode(tokens[0])
    clock.offset *= 2
    with pytest.raises(TokenInvalid):
        decode(tokens[0])


def test_attack_a_retired_key_is_not_remembered_under_the_version_to_come(
    issuer, settings, clock, monkeypatch
):
    """By a thread that looks for the key while the new ring is made."""
    settings.JWT_COOKIE = {"JWKS_URL": issuer.url, "USER_SOURCE": "token"}
    ring = get_key_ring()
    assert ring.find("unknown") is None
    issuer.publish(jwk("ES256", 1, public=True))
    make, seen = vars(fetched)["KeyRing"], []

    def make_slowly(keys):
        seen.append((ring._version, ring.keys))
        return make(keys)

    monkeypatch.setattr(fetched, "KeyRing", make_slowly)
    before = (ring._version, ring.keys)
    clock.offset = LIFESPAN + 1
    assert ring.version == before[0] + 1
    assert seen == [before]
    assert ring.keys != before[1]


def test_a_retired_key_is_noticed_where_only_known_tokens_come(issuer, ring, settings, clock):
    """What is remembered is not believed for ever: the keys are fetched again all the same."""
    assert ring is get_key_ring()
    now, before = int(time.time()), settings.JWT_COOKIE
    settings.JWT_COOKIE = {"KEYS": [entry("ES256")], "ALGORITHM": "ES256"}
    token = encode(Claims("1", uuid.UUID(int=7), gen=0, iat=now, exp=now + 10**8, auth_time=now))
    settings.JWT_COOKIE = before
    assert decode(token).sub == "1"
    issuer.publish(jwk("ES256", 1, public=True))
    clock.offset = LIFESPAN - 10
    assert decode(token).sub == "1"
    clock.offset = LIFESPAN + 10
    with pytest.raises((TokenInvalid, KeysUnavailable)):
        decode(token)


async def fill_cart(request):
    """Write into the session, and ask nobody who it is."""
    await request.session.aset("cart", "lamp")
    return HttpResponse("filled")


def test_the_network_is_not_waited_for_in_the_event_loop(issuer, ring, settings):
    """Whose the session is needs a key, if nobody has asked before."""
    request = RequestFactory().get("/", headers={"cookie": f"{COOKIE}=a.b.c"})
    request.session = SessionStore()
    coroutine: Any = JWTCookieMiddleware(fill_cart)(request)
    with pytest.raises(RuntimeError, match="event loop"):
        coroutine.send(None)
    assert issuer.asked == 0


def test_made_up_names_of_keys_are_no_requests(issuer, ring, settings, clock):
    """An attacker can make up a new one for each token: one question in half a minute."""
    assert ring.find(header_of(settings))
    for _ in range(20):
        with pytest.raises(KeysUnavailable):
            ring.find(UNKNOWN)
    assert issuer.asked == 1
    clock.offset = COOLDOWN + 1
    assert ring.find(UNKNOWN) is None
    for _ in range(20):
        with pytest.raises(KeysUnavailable):
            ring.find(UNKNOWN)
    assert issuer.asked == 2


def test_a_new_key_is_found_when_its_first_token_comes(issuer, ring, settings, clock):
    """Even if the other site did not wait between publishing and signing."""
    new = header_of(settings, "ES256", 1)
    assert ring.find(header_of(settings))
    issuer.publish(jwk("ES256", 1, public=True), jwk("ES256", public=True))
    clock.offset = COOLDOWN + 1
    assert ring.find(new).header == new


def test_known_keys_go_on_to_verify_while_the_other_site_is_down(
    issuer, ring, settings, clock, caplog
):
    """Whatever it answers; and it is not asked all the time."""
    header = header_of(settings)
    assert ring.find(header)
    answers = [(500, b"{}"), (200, b"<html>"), (200, b"[]"), (200, b"\xff"), (200, b"[" * 10**6)]
    answers += [(200, b'{"keys": 7}'), (200, b'{"keys": []}'), (404, b""), (302, b"")]
    issuer.headers = {"Location": "/elsewhere"}
    for number, (issuer.status, issuer.body) in enumerate(answers, 1):
        clock.offset = number * LIFESPAN
        assert [ring.find(header).header for _ in range(3)] == [header] * 3
        assert issuer.asked == 1 + number
    assert len(caplog.records) == len(answers)
    assert {record.name for record in caplog.records} == {"django.security.jwt_cookie"}
    assert all(issuer.url in record.getMessage() for record in caplog.records)


def test_where_there_is_no_key_nobody_can_tell(issuer, ring, settings, clock):
    """Neither good nor bad, until the other site answers."""
    header, issuer.status = header_of(settings), 503
    for _ in range(3):
        with pytest.raises(KeysUnavailable):
            ring.find(header)
    assert issuer.asked == 1
    issuer.status, clock.offset = 200, COOLDOWN + 1
    assert ring.find(header)


@pytest.fixture
def impatient(monkeypatch):
    """Have an attempt take half a second at most."""
    monkeypatch.setattr(fetched, "TIMEOUT", 0.5)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("part", ["headers", "body"])
def test_attack_an_answer_that_drips_is_not_waited_for(issuer, ring, settings, caplog, part):
    """Each byte is in time, and the whole would take for ever."""
    header = header_of(settings)
    setattr(issuer, f"drips_{part}", True)
    with ThreadPoolExecutor(4) as pool:
        found = [pool.submit(ring.find, header) for _ in range(4)]
        for future in found:
            with pytest.raises(KeysUnavailable):
                future.result(PATIENCE)
    (record,) = caplog.records
    # Whoever notices first: the thread that waits, or that which reads.
    assert re.search(r"no answer within 0\.5 seconds|TimeoutError", record.getMessage())
    assert issuer.was_asked.wait(PATIENCE)
    assert issuer.asked == 1


@pytest.mark.usefixtures("impatient")
def test_no_attempt_begins_while_the_one_before_waits(issuer, ring, settings, clock):
    """Threads would pile up. When that is over, the keys are asked for again."""
    header, issuer.drips_headers = header_of(settings), True
    for clock.offset in (0, COOLDOWN + 1):
        with pytest.raises(KeysUnavailable):
            ring.find(header)
    assert issuer.was_asked.wait(PATIENCE)
    assert issuer.asked == 1
    issuer.drips_headers = False
    issuer.may_end.set()
    deadline = time.monotonic() + PATIENCE
    while not ring.keys and time.monotonic() < deadline:
        clock.offset += COOLDOWN + 1
        with suppress(KeysUnavailable):
            ring.find(header)
    assert ring.find(header).header == header


@pytest.mark.usefixtures("impatient")
def test_an_attempt_that_was_given_up_reads_no_further(issuer, ring, settings, clock):
    """Its thread ends by itself, though bytes go on to come."""
    header, issuer.drips_body = header_of(settings), True
    with pytest.raises(KeysUnavailable):
        ring.find(header)
    issuer.drips_body = False
    deadline = time.monotonic() + PATIENCE
    while not ring.keys and time.monotonic() < deadline:
        clock.offset += COOLDOWN + 1
        with suppress(KeysUnavailable):
            ring.find(header)
    assert issuer.asked > 1
    assert ring.find(header).header == header


def test_attack_an_answer_without_an_end_is_not_read(issuer, ring, settings, caplog):
    """A megabyte, and no more, though what comes is in time and well-formed."""
    header = header_of(settings)
    issuer.body = b" " * (MAX_BYTES + 1 - len(issuer.body)) + issuer.body
    with pytest.raises(KeysUnavailable):
        ring.find(header)
    assert "longer than 1048576 bytes" in caplog.text


def test_an_answer_as_long_as_may_be_is_read(issuer, ring, settings):
    """In whatever parts it comes."""
    issuer.body = b" " * (MAX_BYTES - len(issuer.body)) + issuer.body
    assert ring.find(header_of(settings))


def test_many_threads_ask_once(issuer, ring, settings):
    """Those that come before there are keys wait for them."""
    header = header_of(settings)
    issuer.hold_answers()
    with ThreadPoolExecutor(8) as pool:
        found = [pool.submit(ring.find, header) for _ in range(8)]
        assert issuer.was_asked.wait(PATIENCE)
        issuer.may_answer.set()
    assert [future.result().header for future in found] == [header] * 8
    assert issuer.asked == 1


def test_nobody_waits_who_brings_a_known_key(issuer, ring, settings, clock):
    """Neither for a slow site, nor for one who makes up names."""
    header = header_of(settings)
    assert ring.find(header)
    clock.offset = COOLDOWN + 1
    issuer.hold_answers()
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(ring.find, UNKNOWN)
        assert issuer.was_asked.wait(PATIENCE)
        assert ring.find(header)
        issuer.may_answer.set()
        assert slow.result() is None


def test_attack_made_up_names_hold_up_one_request(issuer, ring, settings, clock):
    """All others are told at once that the other site can't be asked right now."""
    assert ring.find(header_of(settings))
    clock.offset = COOLDOWN + 1
    with ring._lock, pytest.raises(KeysUnavailable):  # As while one of them is asking.
        ring.find(UNKNOWN)
    assert issuer.asked == 1


def test_only_public_keys_that_are_for_this_are_taken(issuer, ring, settings):
    """A secret, or a private key, that everybody can fetch verifies nothing."""
    issuer.publish(
        jwk("HS256"),
        jwk("EdDSA"),
        jwk("ES384", public=True, use="enc"),
        jwk("ES256", public=True, alg="HS256"),
        jwk("RS256", public=True, alg="RS512"),
        {"kty": "EC", "crv": "P-521", "x": "AAAA", "y": "AAAA"},
        {},
        "ES256",
        {**jwk("ES256", 1, public=True), "kid": "another name", "alg": None},
        jwk("PS256", public=True),
        jwk("EdDSA", public=True, alg="Ed25519"),
    )
    assert ring.find(UNKNOWN) is None
    assert [(key.algorithm, key.can_sign) for key in ring.keys] == [
        ("ES256", False),
        ("PS256", False),
        ("EdDSA", False),
    ]
    assert ring.find(header_of(settings, "ES256", 1))
    assert "another name" not in [key.kid for key in ring.keys]


def test_of_a_key_published_for_two_algorithms_the_first_counts(issuer, ring, settings):
    """They have one name, since a thumbprint leaves the algorithm out."""
    published = jwk("RS256", public=True)
    issuer.publish(published | {"alg": "RS256"}, published | {"alg": "PS256"})
    ring.find("unknown")
    assert [key.algorithm for key in ring.keys] == ["RS256", "PS256"]
    assert ring.find(ring.keys[0].header).algorithm == "RS256"


def test_what_one_site_publishes_another_takes(client, issuer, ring, settings):
    """Every kind of key, under the same name and for the same algorithm."""
    verifying = settings.JWT_COOKIE
    settings.JWT_COOKIE = {"KEYS": [*map(jwk, PAIRS)], "ALGORITHM": PAIRS[0]}
    issuer.body, published = client.get("/.well-known/jwks.json").content, get_key_ring().keys
    settings.JWT_COOKIE = verifying
    assert [get_key_ring().find(key.header) for key in published] == [*published]


@pytest.mark.parametrize(
    "url",
    [
        "http://accounts.example.com/jwks",
        "http://127.0.0.1.example.com/jwks",
        "file:///etc/passwd",
        "ftp://example.com/jwks",
        "https:///jwks",
        "https://user:password@example.com/jwks",
        "https://example.com:port/jwks",
        "//example.com/jwks",
        "http://[::1",
        "jwks",
    ],
)
def test_an_unsafe_address_is_refused(settings, url):
    """By a check, with an example of a good one, and without the password in it."""
    settings.JWT_COOKIE = {"JWKS_URL": url, "USER_SOURCE": "token"}
    (message,) = check_keys()
    assert message.id == "jwt_cookie.E002"
    assert "JWKS_URL has to be an https address" in message.msg
    assert "password@" not in message.msg


@pytest.mark.parametrize(
    "url", ["https://a.example/jwks", "http://localhost:8000/jwks", "http://[::1]/jwks"]
)
def test_a_safe_address_is_taken(settings, url):
    """Plain http on this machine only."""
    settings.JWT_COOKIE = {"JWKS_URL": url, "USER_SOURCE": "token"}
    assert check_keys() == []
    settings.JWT_COOKIE = {"JWKS_URL": url}
    (message,) = check_keys()
    assert "USER_SOURCE" in message.msg


@pytest.mark.django_db
def test_a_login_of_the_other_site_counts_here(client, issuer, settings, clock):
    """While nobody can tell, the request is anonymous and the cookie stays."""
    User.objects.create_user(NAME, password=PASSWORD)
    settings.JWT_COOKIE = {
        "SECRET": pem("ES256"),
        "ALGORITHM": "ES256",
        "USER_SOURCE": "token",
    }
    assert log_in(client).status_code == 200
    settings.JWT_COOKIE = {"JWKS_URL": issuer.url, "USER_SOURCE": "token"}
    issuer.status = 503
    cookie = client.cookies[COOKIE].value
    response = client.get("/accounts/me/")
    assert response.status_code == 401
    assert COOKIE not in response.cookies
    assert client.cookies[COOKIE].value == cookie
    issuer.status, clock.offset = 200, COOLDOWN + 1
    assert who(client) == NAME
    issuer.publish(jwk("ES256", 1, public=True))
    clock.offset += LIFESPAN
    assert who(client) is None

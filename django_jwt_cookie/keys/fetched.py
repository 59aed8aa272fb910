"""The keys of another site, where logins begin, for one that only verifies them."""

import json
import logging
import math
from collections.abc import Iterator
from concurrent.futures import Future
from http import HTTPStatus
from ipaddress import ip_address
from threading import Lock, Thread
from time import monotonic
from typing import Any, ClassVar, TypeAlias
from urllib.parse import urlsplit
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, ProxyHandler

from ..exceptions import KeyRingError, KeysUnavailable
from .key import Key, KeyRing
from .material import from_jwk

logger = logging.getLogger("django.security.jwt_cookie")

LIFESPAN = 3600
"""Seconds until the keys are fetched again, to notice that one was retired."""

COOLDOWN = 30
"""Seconds between two attempts, however many tokens name a key that nobody has heard of."""

TIMEOUT = 5
"""Seconds that an attempt may take as a whole, for the one request that makes it."""

MAX_BYTES = 2**20
"""What an answer may have. The keys of a site are a few hundred each."""

Answer: TypeAlias = tuple[tuple[Key, ...], str]
"""The keys, and if there are none, why."""


class FetchedKeyRing:
    """The public keys that another site publishes as a JWK Set (RFC 7517, section 5).

    From the address in the settings and no other: an address that came with a token would let its
    sender choose the key (RFC 8725, section 3.10). Keys that are known go on to verify while they
    can't be fetched again.
    """

    can_sign: ClassVar[bool] = False
    may_block: ClassVar[bool] = True
    """`find` may wait for the network: asynchronous code calls it in a thread."""

    def __init__(self, url: str, algorithm: str) -> None:
        """``algorithm`` is for keys that would fit several and do not say which."""
        _refuse_unsafe(url)
        self._url, self._algorithm = url, algorithm
        self._attempt: Future[Answer] = Future()
        self._attempt.set_result(((), ""))
        self._ring = KeyRing(())
        self._version = 0
        self._lock = Lock()
        self._asked_at = self._answered_at = -math.inf

    @property
    def keys(self) -> tuple[Key, ...]:
        """The keys that are known by now; asks nobody."""
        return self._ring.keys

    @property
    def version(self) -> int:
        """Counts the changes: what was verified by a key that was retired is to be forgotten.

        Asked for with every token, known ones too: so a retired key is noticed in an hour.
        """
        if monotonic() - self._answered_at >= LIFESPAN:
            self._ask()
        return self._version

    @property
    def signing_key(self) -> Key:
        """There is none: raises `KeyRingError`."""
        return KeyRing(()).signing_key

    def find(self, header: str) -> Key | None:
        """Return the key that writes this header.

        None if the other site, asked just now, has no such key. Raises `KeysUnavailable` if it
        can't be asked: the token may be good.
        """
        began, key = monotonic(), self._ring.find(header)
        if key is None or began - self._answered_at >= LIFESPAN:
            self._ask()
            key = self._ring.find(header)
        if key is None and self._answered_at < began:
            raise KeysUnavailable("the keys of the other site can't be asked for right now")
        return key

    def _ask(self) -> None:
        """Fetch the keys, unless that was tried lately.

        One thread does, and others wait only while there are no keys at all: somebody who makes up
        names of keys can hold up one request in thirty seconds, and none that brings a known one.
        """
        if not self._lock.acquire(blocking=not self._ring.keys):
            return
        try:
            if monotonic() - self._asked_at >= COOLDOWN:
                self._fetch()
        finally:
            self._lock.release()

    def _fetch(self) -> None:
        keys, reason = self._wait_for_keys()
        if keys:
            has_changed = self._ring.keys != keys
            self._ring, self._answered_at = KeyRing(keys), monotonic()
            # Last: what is found by now must not be remembered under the version to come.
            self._version += has_changed
        else:
            logger.warning("The keys at %s can't be fetched: %s", self._url, reason)
        # The end of the attempt: a slow one must not be followed by the next at once.
        self._asked_at = monotonic()

    def _wait_for_keys(self) -> Answer:
        """Return what is published now, by a thread that is not waited for longer than `TIMEOUT`.

        Each name that is looked up and each byte that is read has a time of its own: a server that
        sends one now and then is never late. No thread begins while another still waits for it.
        """
        if not self._attempt.done():
            return (), "the attempt before still waits for its answer"
        self._attempt = Future()
        Thread(target=self._answer, args=(self._attempt,), daemon=True).start()
        try:
            return self._attempt.result(TIMEOUT)
        except TimeoutError:
            return (), f"no answer within {TIMEOUT} seconds"

    def _answer(self, attempt: "Future[Answer]") -> None:
        """Fetch the keys for the thread that waits."""
        try:
            keys = tuple(_keys_in(json.loads(_read(self._url)), self._algorithm))
            attempt.set_result((keys, "no key that we can use"))
        except Exception as error:  # noqa: BLE001 - what comes from elsewhere fails no request here
            attempt.set_result(((), f"{type(error).__name__}: {error}"))


def _read(url: str) -> bytes:
    """Return what is at ``url``, and nowhere else, if it comes in time and is not too long."""
    body, ends_at, opener = b"", monotonic() + TIMEOUT, OpenerDirector()
    for handler in (ProxyHandler(), HTTPHandler(), HTTPSHandler()):  # None for redirects.
        opener.add_handler(handler)
    with opener.open(url, timeout=TIMEOUT) as response:
        if response.status != HTTPStatus.OK:
            raise ValueError(f"status {response.status}")
        while part := response.read1(MAX_BYTES):
            body += part
            if len(body) > MAX_BYTES:
                raise ValueError(f"longer than {MAX_BYTES} bytes")
            if monotonic() > ends_at:
                raise TimeoutError
    return body


def _keys_in(jwk_set: Any, algorithm: str) -> Iterator[Key]:
    """Yield the public keys of ``jwk_set``, without those that are for something else.

    A secret, or a private key, that everybody can fetch verifies nothing.
    """
    members = jwk_set.get("keys") if isinstance(jwk_set, dict) else None
    for jwk in members if isinstance(members, list) else []:
        try:
            key = Key.of(from_jwk(jwk), algorithm) if isinstance(jwk, dict) else None
        except KeyRingError:
            continue
        if key is not None and not key.can_sign:
            yield key


def _refuse_unsafe(url: str) -> None:
    """Refuse plain http: whoever is on the way could send keys of his own."""
    try:
        parts = urlsplit(url)
        is_safe = parts.scheme == "https" or (
            parts.scheme == "http" and _is_loopback(parts.hostname or "")
        )
        is_good = is_safe and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good:
        raise KeyRingError(
            "JWT_COOKIE: JWKS_URL has to be an https address without a password in it, for example "
            "https://accounts.example.com/.well-known/jwks.json (http on this machine only)."
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

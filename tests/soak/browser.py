"""A browser with one jar and several tabs, on a network that loses answers."""

import json
import random
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from enum import Enum, auto
from http.client import HTTPConnection, HTTPException, HTTPResponse
from http.cookiejar import CookieJar
from math import inf
from threading import BoundedSemaphore
from typing import Any, TypeAlias
from urllib.parse import urlencode
from urllib.request import Request

import jwt

from . import oracle as kinds
from .oracle import Answer, Oracle, Visit

PATIENCE = 60
"""Seconds after which an answer is late for anybody."""

AT_ONCE = 48
"""How many requests are under way at most, for the databases' limit of connections."""

PARTS = 10
"""Into how many an upload is cut."""

TOLD = 30
"""How many answers are told of a browser that has met with a failure."""

FORM, JSON, FILE = "application/x-www-form-urlencoded", "application/json", "application/x-file"


class Fate(Enum):
    """What becomes of an answer."""

    ARRIVES = auto()
    THROWN_AWAY = auto()
    """The oracle reads it, the browser does not."""

    CUT = auto()
    """The connection ends before it comes: nobody knows it."""


Becomes: TypeAlias = Callable[[Answer], Visit | None]


@dataclass(frozen=True)
class Errand:
    """A request that is to be sent; all that is left to chance was drawn before."""

    path: str
    ports: Sequence[int]
    form: dict[str, str] | None = None
    fate: Fate = Fate.ARRIVES
    cut_after: float = 0
    upload: float = 0
    """How many seconds it is under way."""

    writes: bool = False
    """Whether it fails, with Django too, where the database takes no writes."""

    copy: tuple[Visit, str] | None = None
    """A cookie that is sent in place of the jar, and what it stands for."""

    refusals: tuple[int, ...] = ()
    """Statuses that are right where the site can't do it for this visitor."""

    own_doubts: int = 0
    """How many of the visit's doubts are of this request, unless it is refused."""

    becomes: Becomes = lambda _: None
    """Says which visit the browser is in from the answer on, if another: together with the jar."""


@dataclass
class World:
    """What all browsers share."""

    ports: Sequence[int]
    oracle: Oracle
    is_djangos: bool
    acts: Counter[str] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)
    """How many requests each server has answered, by its port."""

    requests: int = 0
    unknown: int = 0
    """How many answers nobody knows."""

    session_cookies_lost: int = 0
    """How many were taken away by an answer that was on its way when they came."""

    login_cookies_lost: int = 0
    """How many were deleted by an answer that was on its way when they came."""

    overtaken: int = 0
    """How many answers brought an older token of a login after a newer one."""

    gate: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(AT_ONCE))
    tabs: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(AT_ONCE))

    @property
    def login_cookie(self) -> str:
        """The name of the cookie that holds a login."""
        return "sessionid" if self.is_djangos else "jwt"


class Browser:
    """One jar, and the visit that it stands for."""

    def __init__(self, world: World, name: str) -> None:
        self.world, self.oracle = world, world.oracle
        self.chance = random.Random(name)  # noqa: S311
        self.jar = CookieJar()
        self.visit = Visit()
        self.visits: dict[str, Visit] = {}
        """By the ids of their logins."""

        self.told: deque[str] = deque(maxlen=TOLD)

    def ask(self, path: str, **more: Any) -> Answer | None:
        """Send a request; return the answer, or None if it was lost and nobody knows it."""
        return self.run(self.errand(path, **more))

    def errand(self, path: str, **more: Any) -> Errand:
        """Return a request that is to be sent."""
        ports = self.chance.sample(self.world.ports, len(self.world.ports))
        return Errand(path, ports, cut_after=self.chance.uniform(0, 0.1), **more)

    def run(self, errand: Errand) -> Answer | None:
        """Send it to one of the servers; to the next, if that is being started again."""
        with self.world.gate:
            for port in errand.ports:
                try:
                    return self._send(errand, port)
                except ConnectionRefusedError:
                    continue
        self.oracle.fail(kinds.NO_ANSWER, "no server listens")
        return None

    def _send(self, errand: Errand, port: int) -> Answer | None:
        request = Request(f"http://127.0.0.1:{port}/{errand.path}")
        with closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as line:
            line.connect()
            with self.oracle.lock:
                self.world.requests += 1
                visit = errand.copy[0] if errand.copy else self.visit
                token = self.token
                headers, body = self._prepare(errand, request)
            sent = time.monotonic()
            try:
                self._write(line, errand, headers, body)
                response = line.getresponse()
                text = response.read()
            except TimeoutError:
                self.oracle.fail(kinds.NO_ANSWER, f"{errand.path} of {port}")
                return None
            except (OSError, HTTPException):
                with self.oracle.lock:
                    self.world.unknown += 1
                return None
        with self.oracle.lock:
            answer = self._read(response, text, sent)
            self.world.answers[port] += 1
            if errand.fate is Fate.ARRIVES and errand.copy is None:
                self._keep_cookies(response, request, visit)
                self._follow_jar()
            self._tell(answer, errand, visit, port)
            failures = len(self.oracle.failures)
            self._receive(answer, errand, visit)
            for failure in self.oracle.failures[failures:]:
                failure.before = list(self.told)
            if answer.user and errand.copy is None:
                self.note_use(visit, token)
        return answer

    def _prepare(self, errand: Errand, request: Request) -> tuple[dict[str, str], bytes]:
        headers = {"Accept": JSON, "Connection": "close"}
        if errand.copy:
            headers["Cookie"] = f"{self.world.login_cookie}={errand.copy[1]}"
        else:
            self.jar.add_cookie_header(request)
            headers["Cookie"] = str(request.get_header("Cookie", ""))
        if errand.form is None:
            return headers, b""
        if errand.upload:
            kind, body = FILE, b"x" * 100_000
        elif errand.path.startswith("accounts/"):
            kind, body = JSON, json.dumps(errand.form).encode()
        else:
            kind, body = FORM, urlencode(errand.form).encode()
        headers |= {"Content-Type": kind, "Content-Length": str(len(body))}
        return headers | {"X-CSRFToken": self._cookie("csrftoken")}, body

    def _write(
        self, line: HTTPConnection, errand: Errand, headers: dict[str, str], body: bytes
    ) -> None:
        line.putrequest("GET" if errand.form is None else "POST", f"/{errand.path}")
        for name, value in headers.items():
            line.putheader(name, value)
        line.endheaders()
        size = len(body) // PARTS + 1
        parts = [body[at : at + size] for at in range(0, len(body), size)]
        for part in parts if errand.upload else [body]:
            time.sleep(errand.upload / PARTS)
            line.send(part)
        if errand.fate is Fate.CUT:
            time.sleep(errand.cut_after)
            raise ConnectionAbortedError

    def _read(self, response: HTTPResponse, text: bytes, sent: float) -> Answer:
        body: dict[str, Any] = {}
        if response.headers.get_content_type() == JSON:
            body = json.loads(text)
            if isinstance(body.get("user"), dict):
                body["user"] = body["user"]["username"]
        prefix = f"{self.world.login_cookie}="
        brings = any(
            each.startswith(prefix) and "Max-Age=0" not in each
            for each in response.headers.get_all("Set-Cookie", [])
        )
        return Answer(response.status, body, brings, sent, time.monotonic())

    def _receive(self, answer: Answer, errand: Errand, visit: Visit) -> None:
        """Hold the answer against the visit that has asked; be in the visit that it begins."""
        path = errand.path.partition("?")[0]
        became = errand.becomes(answer)
        if answer.status not in (200, 204, *errand.refusals):
            # Of a session that is not there any more Django's middleware says 400.
            is_refused = errand.writes and answer.status in (400, 500)
            if is_refused and self.oracle.was_read_only(answer):
                self.oracle.refusals[path] += 1
            elif answer.status != 400 or not visit.doubts:
                self.oracle.fail(kinds.STATUS, f"{answer.status} of {path}")
        elif answer.body.get("code") == "recent_login_required":
            pass  # The login is good, and the password was given too long ago.
        # What a login answers is who it is from now on.
        elif not path.endswith("login/") and ("user" in answer.body or answer.status == 401):
            own_doubts = errand.own_doubts if answer.status in (200, 204) else 0
            self.oracle.judge_user(visit, answer, own_doubts)
            if not answer.user and visit is self.visit and visit.account:
                self.visit = Visit()
        if became is not None and errand.fate is Fate.ARRIVES:
            self.visit = became
            if became.account and self.token and not self.world.is_djangos:
                self.visits[claims_of(self.token)["sid"]] = became

    def _tell(self, answer: Answer, errand: Errand, visit: Visit, port: int) -> None:
        sent, done = answer.sent - self.oracle.began, answer.done - self.oracle.began
        what = f"{errand.path} {errand.form or ''} in visit {visit.number} of {port}"
        fate = f"{answer.status} {errand.fate.name}"
        self.told.append(f"{sent:.3f} to {done:.3f} s: {what}: {fate} {answer.body}")

    def _keep_cookies(self, response: HTTPResponse, request: Request, visit: Visit) -> None:
        key, token = self._cookie("sessionid"), self.token
        self.jar.extract_cookies(response, request)
        if visit is not self.visit and key != self._cookie("sessionid"):
            # With Django, an answer from before a login takes the session's cookie of after it.
            self.world.session_cookies_lost += 1
            self.visit.cart = None
        if self.world.is_djangos:
            return
        if visit is not self.visit and token and not self.token:
            # It found its own login ended elsewhere, and took less than five seconds.
            self.world.login_cookies_lost += 1
            self.visit.doubts += 1
        if is_older(self.token, token):
            # By the rules it is a thief's, once the grace is over.
            self.world.overtaken += 1
            self.visit.doubts += 1

    def _follow_jar(self) -> None:
        """Be in the visit whose cookie the jar holds, if a late answer has brought it.

        A login in its place ends it, but where its token is over by the clock of the server: such a
        token ends nobody's login. What was known to be over must not come back.
        """
        if self.world.is_djangos or not self.token:
            return
        held = self.visits.get(claims_of(self.token)["sid"])
        if held is not None and held.over_at == inf:
            self.visit = held

    def note_use(self, visit: Visit, token: str | None) -> None:
        """Take note that the site took the browser for a user, by this cookie."""

    @property
    def token(self) -> str | None:
        """The login cookie in the jar."""
        return self._cookie(self.world.login_cookie) or None

    def _cookie(self, name: str) -> str:
        return next((each.value or "" for each in self.jar if each.name == name), "")


def claims_of(token: str) -> dict[str, Any]:
    """Return what a token says."""
    return jwt.decode(token, options={"verify_signature": False, "verify_exp": False})


def is_older(token: str | None, other: str | None) -> bool:
    """Tell whether a token is of an older generation of the same login than another."""
    if token is None or other is None:
        return False
    claims, others = claims_of(token), claims_of(other)
    return bool(claims["sid"] == others["sid"] and claims["gen"] < others["gen"])

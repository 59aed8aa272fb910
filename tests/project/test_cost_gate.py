"""What each kind of request makes the server do, counted: a table that no slow machine can shake.

Seconds are for `benchmarks/`. Here a change that makes a request ask, verify, compile or wait once
more than it has to turns the build red.
"""

import sys
import time
from base64 import urlsafe_b64encode
from collections import Counter
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from asgiref.sync import SyncToAsync, async_to_sync
from django.contrib.auth.models import User
from django.core.cache import caches
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.db import connection
from django.db.models import Model
from django.db.models.sql.compiler import SQLCompiler, SQLUpdateCompiler
from django.http import HttpResponse
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import path

import django_jwt_cookie
from django_jwt_cookie import conf
from django_jwt_cookie.authentication.issuing import issue
from django_jwt_cookie.cookies import MAX_DUPLICATES
from django_jwt_cookie.keys.key import Key, KeyRing
from django_jwt_cookie.middleware import JWTCookieMiddleware
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.sessions.revocation_cache import EPOCH
from django_jwt_cookie.tokens import encode
from django_jwt_cookie.tokens.codec import MAX_LENGTH
from tests.support.accounts import COOKIE, start_session

pytestmark = pytest.mark.django_db

TOUCHED = "/touched/"
PACKAGE = str(Path(django_jwt_cookie.__file__).parent)


@dataclass(frozen=True)
class Cost:
    """What one request costs; what is not said is none."""

    queries: int = 0
    compiled: int = 0
    """Queries that Django has put into SQL."""

    instances: int = 0
    """Rows that went through ``Model.__init__``."""

    hops: int = 0
    """Times that an asynchronous request waited for a thread."""

    verified: int = 0
    signed: int = 0
    headers: int = 0
    """Token headers that PyJWT has parsed."""

    settings: int = 0
    """Times that ``JWT_COOKIE`` was read, and all that hangs on it made anew."""


TOKEN = {"USER_SOURCE": "token"}
MODES = {
    "database": {},
    "token": TOKEN,
    "token, cache": TOKEN | {"REVOCATION_CACHE": "default"},
    "stateless": {"TRACK_SESSIONS": False},
    "stateless token": TOKEN | {"TRACK_SESSIONS": False},
}
NOTHING = ("untouched", "anonymous", "garbage", "unknown key")
RENEWAL = Cost(queries=2, compiled=1, hops=2, verified=1, signed=1)
"""Login and user in one prepared query, and the UPDATE."""

STATELESS = Cost(queries=1, instances=2, hops=1)
"""The user's own row by a prepared query; two records are put together, and never saved."""

STATELESS_RENEWAL = replace(STATELESS, hops=2, verified=1, signed=1)

COSTS = {
    **{(mode, kind): Cost() for mode in MODES for kind in NOTHING},
    **{(mode, "forged"): Cost(verified=1) for mode in MODES},
    **{(mode, "renewal"): RENEWAL for mode in ("database", "token", "token, cache")},
    ("database", "first sight"): Cost(queries=1, hops=1, verified=1),
    ("database", "known"): Cost(queries=1, hops=1),
    ("database", "new"): replace(RENEWAL, signed=0),
    ("token", "first sight"): Cost(verified=1),
    ("token", "known"): Cost(),
    # The first token of a generation: the record is asked and told, and the next is believed.
    ("token", "new"): RENEWAL,
    ("token, cache", "first sight"): Cost(hops=1, verified=1),
    ("token, cache", "known"): Cost(hops=1),
    ("token, cache", "new"): RENEWAL,
    ("stateless", "first sight"): replace(STATELESS, verified=1),
    ("stateless", "known"): STATELESS,
    ("stateless", "renewal"): STATELESS_RENEWAL,
    ("stateless token", "first sight"): Cost(verified=1),
    ("stateless token", "known"): Cost(),
    ("stateless token", "renewal"): STATELESS_RENEWAL,
}
COUNTED: dict[str, list[tuple[Any, str]]] = {
    "compiled": [(SQLCompiler, "as_sql"), (SQLUpdateCompiler, "as_sql")],
    "instances": [(Model, "__init__")],
    "hops": [(SyncToAsync, "__call__")],
    "verified": [(Key, "has_signed")],
    "signed": [(Key, "sign")],
    "headers": [(jwt, "get_unverified_header")],
    "settings": [(conf.Settings, "__post_init__")],
}


def view(request):
    """Greet by name, if the path says so."""
    return HttpResponse(request.user.get_username() if request.path == TOUCHED else "")


async def aview(request):
    """Do the same."""
    return HttpResponse((await request.auser()).get_username() if request.path == TOUCHED else "")


@pytest.fixture(params=["sync", "async"])
def serve(request):
    """Return what serves a request with one of these views."""
    if request.param == "sync":
        return JWTCookieMiddleware(view)
    middleware: Any = JWTCookieMiddleware(aview)
    return async_to_sync(middleware)


@pytest.fixture
def count(monkeypatch):
    """Count calls from now on."""
    counter = Counter()

    def counted(name, function):
        def call(*args, **kwargs):
            counter[name] += 1
            return function(*args, **kwargs)

        return call

    def begin():
        for name, places in COUNTED.items():
            for owner, attribute in places:
                monkeypatch.setattr(owner, attribute, counted(name, getattr(owner, attribute)))
        return counter

    return begin


def ask(token, path=TOUCHED):
    """Return a request that brings ``token``."""
    headers = {} if token is None else {"cookie": f"{COOKIE}={token}"}
    return RequestFactory().get(path, secure=True, headers=headers)


def make_token(user, kind):
    """Return what the browser brings."""
    session = start_session(user)
    claims, token = issue(session, auth_time=int(time.time()), request=ask(None))
    if kind == "renewal":
        session.rotated_at -= timedelta(minutes=6)
        LoginSession.objects.filter(pk=session.pk).update(rotated_at=session.rotated_at)
        return encode(replace(claims, iat=claims.iat - 360, exp=claims.exp - 360))
    if kind == "new":
        LoginSession.objects.filter(pk=session.pk).update(seen_at=None)
        return encode(replace(claims, new=True))
    header, payload, signature = token.split(".")
    return {
        "anonymous": None,
        "garbage": "garbage",
        "unknown key": f"{header[:-8]}{header[-8:].swapcase()}.{payload}.{signature}",
        "forged": f"{header}.{payload[:-8]}AAAAAAAA.{signature}",
    }.get(kind, token)


@pytest.mark.parametrize(("mode", "kind"), COSTS)
def test_a_request_costs_what_the_table_says(settings, serve, count, mode, kind):
    """Counted after the process has served, and renewed the token of, another user."""
    settings.JWT_COOKIE = MODES[mode]
    users = [User.objects.create_user(name) for name in ("eve", "ada")]
    # The cache has been listening for longer than any token here is old.
    caches["default"].set(EPOCH, int(time.time()) - 3600)
    serve(ask(make_token(users[0], "renewal")))
    token = make_token(users[1], kind)
    if kind == "known":
        serve(ask(token))
    path = "/untouched/" if kind == "untouched" else TOUCHED
    counter = count()
    with CaptureQueriesContext(connection) as queries:
        response = serve(ask(token, path))
    is_known = kind in ("first sight", "known", "new", "renewal")
    assert response.content == (b"ada" if is_known else b"")
    expected = asdict(COSTS[mode, kind])
    if isinstance(serve, JWTCookieMiddleware):
        expected["hops"] = 0
    found = {name: counter[name] for name in expected} | {"queries": len(queries)}
    assert expected == found


def calls_of(environ):
    """Return how many functions, of Python and of C, a whole request calls."""
    handler, calls = WSGIHandler(), Counter()

    def note(_, event, __):  # pragma: no cover - what measures coverage is no profiler
        calls[event] += 1

    for profiler in (None, note):  # The first time, the site is set up.
        sys.setprofile(profiler)
        try:
            response = handler.get_response(WSGIRequest(dict(environ)))
        finally:
            sys.setprofile(None)
        assert isinstance(response, HttpResponse)
        assert response.content == b"<nobody>"
    return calls["call"] + calls["c_call"]


@pytest.mark.urls(__name__)
def test_attack_as_many_and_as_long_tokens_as_are_looked_at(monkeypatch):
    """Eight, with headers nested so deeply that to parse one took a millisecond.

    They are looked up in a dict: no part of a token that no key has written is matched, decoded or
    parsed. So it costs less than twice what a request without a cookie does.
    """
    header = urlsafe_b64encode(b"[" * 3000).rstrip(b"=").decode()
    assert len(f"{header}.AAAA.AAAA") < MAX_LENGTH
    tokens = [f"{header[number:]}.AAAA.AAAA" for number in range(MAX_DUPLICATES)]
    cookies = "; ".join(f"{COOKIE}={token}" for token in tokens)
    without = RequestFactory().get("/nobody/", secure=True)
    with_them = RequestFactory().get("/nobody/", secure=True, headers={"cookie": cookies})
    for name in ("COMPACT_JWS", "base64url_decode", "json"):
        monkeypatch.setattr(f"django_jwt_cookie.tokens.codec.{name}", None)
    looked_up, find = [], KeyRing.find

    def note(ring, header):
        looked_up.append(header)
        return find(ring, header)

    monkeypatch.setattr(KeyRing, "find", note)
    with_eight = calls_of(with_them.environ)
    assert len({*looked_up}) == MAX_DUPLICATES
    assert with_eight < 2 * calls_of(without.environ)


def nobody(request):
    """Say who it is."""
    return HttpResponse(f"<{request.user.get_username() or 'nobody'}>")


urlpatterns = [path("nobody/", nobody)]

STEPS = {
    ("database", "untouched"): 10,
    ("database", "anonymous"): 41,
    ("database", "known"): 86,
    ("token", "untouched"): 10,
    ("token", "anonymous"): 41,
    ("token", "known"): 61,
}


@pytest.mark.parametrize(("mode", "kind"), STEPS)
def test_a_request_takes_few_steps(settings, mode, kind):
    """Calls of functions of this package: what it costs where it asks nobody."""
    settings.JWT_COOKIE = MODES[mode]
    serve = JWTCookieMiddleware(view)
    token = make_token(User.objects.create_user("ada"), kind)
    path = "/untouched/" if kind == "untouched" else TOUCHED
    serve(ask(token, path))
    calls = Counter()

    def note(frame, event, _):  # pragma: no cover - what measures coverage is no profiler
        code = frame.f_code
        # Before Python 3.12 a comprehension is a function of its own.
        is_step = event == "call" and not code.co_name.startswith("<")
        if is_step and code.co_filename.startswith(PACKAGE):
            calls[code.co_qualname] += 1

    request = ask(token, path)
    sys.setprofile(note)
    try:
        serve(request)
    finally:
        sys.setprofile(None)
    assert calls.total() <= STEPS[mode, kind], calls

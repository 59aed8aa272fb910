"""No token and no claim is in a log, an error or a ``repr``, in any mode, in good days and bad.

Keys are in `tests/keys/test_secrecy.py`.
"""

import logging

import pytest
from django.contrib.auth.models import User
from django.core.cache.backends.base import BaseCache
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.urls import include, path

from django_jwt_cookie.conf import get_settings
from django_jwt_cookie.tokens import decode
from tests.support.accounts import COOKIE, JSON, PASSWORD, log_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls(__name__)]

USER = "ada-of-this-test"
ROLE = "role-of-this-test"
REPRS: list[str] = []

MODES: dict[str, dict[str, object]] = {
    "database": {},
    "token": {"USER_SOURCE": "token"},
    "token and cache": {"USER_SOURCE": "token", "REVOCATION_CACHE": "away"},
    "stateless": {"TRACK_SESSIONS": False},
    "token, stateless": {"USER_SOURCE": "token", "TRACK_SESSIONS": False},
}


def roles(user, request):
    """Give a role, as ``JWT_COOKIE["CLAIMS"]``."""
    return {"roles": [ROLE]}


def page(request):
    """Let everything that a request knows say what it is."""
    jwt = request.jwt
    known = [
        jwt,
        jwt.claims,
        jwt.claims and jwt.claims.stateless,
        jwt.claims and jwt.claims.extra,
        *(jwt.claims._derived.values() if jwt.claims else ()),
        get_settings(),
        *vars(jwt).values(),
    ]
    REPRS.extend(repr(each) for each in known if not isinstance(each, User))
    return HttpResponse()


urlpatterns = [
    path("accounts/", include("django_jwt_cookie.urls")),
    path("page/", page),
]


class Away(BaseCache):
    """A cache that is not there."""

    def __init__(self, *_):
        super().__init__({})

    def get_many(self, *_):
        raise ConnectionError("Connection refused")


def story(client, clock):
    """Log in, come back, renew, meet an outage, come with a forged and an old token, log out."""
    log_in(client, USER)
    first = client.cookies[COOKIE].value
    yield first
    # Never in the second of the login: when a request came is no secret.
    for seconds in (1, 301, 301, 700):
        clock.shift(seconds)
        client.get("/page/")
        yield client.cookies[COOKIE].value

    def fail(*_):
        raise OperationalError("the server closed the connection")

    with connection.execute_wrapper(fail):
        for seconds in (0, 301, 700):
            clock.shift(seconds)
            client.get("/page/")
    header, payload, signature = client.cookies[COOKIE].value.split(".")
    for token in (f"{header}.{payload}.{signature[::-1]}", first, client.cookies[COOKIE].value):
        client.cookies[COOKIE] = token
        client.get("/page/")
        client.get("/accounts/me/")
        yield token
    log_in(client, USER)
    User.objects.update(is_active=False)
    clock.shift(601)
    client.get("/page/")
    client.post("/accounts/logout/", headers=JSON)


@pytest.mark.parametrize("mode", MODES)
def test_neither_tokens_nor_claims_are_shown(new_client, settings, caplog, time_machine, mode):
    """All that is logged at any level, and the ``repr`` of all that is at hand."""
    time_machine.move_to(1_800_000_000, tick=False)
    settings.CACHES = {"away": {"BACKEND": f"{__name__}.Away"}}
    settings.JWT_COOKIE = MODES[mode] | {"CLAIMS": f"{__name__}.roles"}
    User.objects.create_user(USER, password=PASSWORD)
    REPRS.clear()
    with caplog.at_level(logging.DEBUG):
        tokens = [*story(new_client(raise_request_exception=False), time_machine)]
    said = "\n".join([*REPRS, *logged(caplog)])
    assert said.count("<Claims: ") > 1
    claims = decode(tokens[0], allow_expired=True)
    secret = {part for token in tokens for part in token.split(".") if len(part) > 20}
    secret |= {USER, ROLE, claims["sid"], str(claims.sid), str(claims.iat)}
    assert [part for part in secret if part in said] == []


def logged(caplog):
    """Return what was logged, with tracebacks."""
    return map(logging.Formatter().format, caplog.records)

"""A complete change of keys, on two servers, under constant requests: nobody is logged out.

ROTATION_CLIENTS browsers (100 if it is not set) come every six minutes, to either server; every
tenth visit goes through the whole site, the others through the middleware alone.
"""

import os
import time
import uuid
from datetime import timedelta

import jwt
import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from django_jwt_cookie import sessions
from django_jwt_cookie.exceptions import TokenInvalid
from django_jwt_cookie.keys import get_key_ring
from django_jwt_cookie.middleware import JWTCookieMiddleware
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.tokens import Claims, decode, encode
from tests.support.accounts import BACKEND, COOKIE, who
from tests.support.cases import spread
from tests.support.key_samples import entry

pytestmark = pytest.mark.django_db

CLIENTS = int(os.environ.get("ROTATION_CLIENTS", "100"))
TICK = timedelta(minutes=2)
PERIOD = 3
"""Ticks between two visits of one browser: more than half a token's life, less than all of it."""

STEPS = (3, 6, 13)
"""The ticks at which the first server publishes, signs and retires; the second is one tick late.

It retires ``TOKEN_LIFETIME``, which is five ticks, after the last server began to sign.
"""

END = 17


def settings_of(old, new, step):
    """Return ``JWT_COOKIE`` after so many steps of the runbook in docs/keys.md."""
    before, after = entry(old), entry(new, 1)
    return (
        {"KEYS": [before], "ALGORITHM": old},
        {"KEYS": [before, after], "ALGORITHM": old},
        {"KEYS": [after, before], "ALGORITHM": new},
        {"KEYS": [after], "ALGORITHM": new},
    )[step]


class Browser:
    """Somebody who is logged in: a name and a cookie."""

    def __init__(self, user, session):
        self.name, self.subject = user.username, str(user.pk)
        now = int(time.time())
        self.token = encode(Claims(self.subject, session.pk, 0, now, now + 600, now))

    def visit(self, site):
        """Come with the cookie, be known, and keep what is set."""
        request = RequestFactory().get("/", secure=True, headers={"cookie": self.cookie})
        response = site(request)
        assert response.content.decode() == self.name
        self.keep(response.cookies)

    def visit_whole_site(self, client):
        """Do the same through every middleware, the URLs and a view."""
        client.cookies.clear()
        client.cookies[COOKIE] = self.token
        assert who(client) == self.name
        self.keep(client.cookies)

    @property
    def cookie(self):
        return f"{COOKIE}={self.token}"

    def keep(self, cookies):
        if COOKIE in cookies:
            self.token = cookies[COOKIE].value
            assert self.token

    def is_recognised(self):
        """Tell whether a server would take the cookie, were it to come now."""
        try:
            return decode(self.token, allow_expired=True).sub == self.subject
        except TokenInvalid:
            return False

    def is_signed_by(self, kid):
        return jwt.get_unverified_header(self.token)["kid"] == kid


def log_in(count, time_machine):
    """Return browsers whose last visit was at any time in the last thirteen days."""
    names = (f"user{number}" for number in range(count))
    users = User.objects.bulk_create(User(username=name, password=name) for name in names)
    began, logins, browsers = timezone.now(), [], []
    for number, user in enumerate(users):
        time_machine.move_to(began - timedelta(days=13) * number / count, tick=False)
        auth_hash = user.get_session_auth_hash()
        login = sessions.prepare(
            user,
            session_id=uuid.uuid4(),
            backend=BACKEND,
            auth_hash=auth_hash,
            persistent=True,
        )
        logins.append(login)
        browsers.append(Browser(user, login))
    LoginSession.objects.bulk_create(logins)
    time_machine.move_to(began, tick=False)
    return browsers


@pytest.mark.parametrize(
    ("old", "new"), spread([("HS256", "EdDSA"), ("HS256", "HS256"), ("ES256", "ES256")], 1)
)
def test_nobody_is_logged_out_by_a_change_of_keys(client, settings, time_machine, old, new):
    """Except who was away from before the new key signed until the old one was removed."""

    def be_server(number, tick):
        steps = sum(tick >= step + number for step in STEPS)
        settings.JWT_COOKIE = settings_of(old, new, steps)

    site = JWTCookieMiddleware(lambda request: HttpResponse(request.user.get_username()))
    be_server(0, 0)
    old_kid = get_key_ring().signing_key.kid
    *browsers, away = log_in(CLIENTS + 1, time_machine)
    for tick in range(END):
        for server in (0, 1):
            be_server(server, tick)
            if tick - server in STEPS:
                assert all(browser.is_recognised() for browser in browsers)
            for number in range(tick % PERIOD, CLIENTS, PERIOD):
                if (number + tick) % 2 != server:
                    continue
                if (number + tick) % 20 < 2:
                    browsers[number].visit_whole_site(client)
                else:
                    browsers[number].visit(site)
            assert away.is_recognised() == (tick < STEPS[-1] + server)
        time_machine.shift(TICK)
    assert away.is_signed_by(old_kid)
    assert not [browser.name for browser in browsers if browser.is_signed_by(old_kid)]
    for browser in browsers:
        browser.visit(site)
    assert LoginSession.objects.alive().count() == CLIENTS + 1

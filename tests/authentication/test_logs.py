"""What is told of logins: in logs, by signals, by the redirect to the login page."""

import logging
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.contrib import auth

from tests.support.accounts import COOKIE, PASSWORD
from tests.support.visitors import (
    add_many_groups,
    cookie_of,
    log_in_by_page,
    sid_of,
    whoami,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]


def test_no_log_tells_a_token_a_claim_or_a_secret(client, clock, caplog, settings, ada):
    """Logs are read by more people than the database."""
    settings.JWT_COOKIE = {
        "CLAIMS": "tests.support.sites.roles",
        "SECRET": "s3cr3t" * 10,
        "COOKIE_SECURE": True,
    }
    caplog.set_level(logging.DEBUG)
    ada.groups.create(name="wizards")
    tokens, ids = set(), set()

    def note():
        tokens.add(cookie_of(client, COOKIE))
        ids.add(str(sid_of(client)))

    client.get("/login/ada/", secure=False)
    note()
    clock.shift(400)
    whoami(client)
    note()
    client.cookies[COOKIE] = cookie_of(client, COOKIE) + "x"
    client.get("/members/")
    log_in_by_page(client)
    note()
    client.get("/update-hash/")
    add_many_groups(ada)
    clock.shift(400)
    whoami(client)
    client.get("/logout/")
    client.cookies[COOKIE] = max(tokens)
    client.get("/accounts/me/")

    names = {record.name for record in caplog.records}
    assert "django.security.jwt_cookie" in names
    parts = {part for token in tokens for part in token.split(".")[1:]}
    for secret in (*tokens, *parts, *ids, "wizards", "s3cr3t", "xxxxx", PASSWORD):
        assert secret not in caplog.text


def test_django_is_told_as_by_django(client):
    """The signals of Django's own functions, with the request, once each."""
    received = []

    def receive(sender, request, user, signal, **kwargs):
        received.append((signal, request.path, user.username))

    for signal in (auth.user_logged_in, auth.user_logged_out):
        signal.connect(receive)
    try:
        client.get("/login/ada/")
        whoami(client)
        client.post("/accounts/logout/")
    finally:
        for signal in (auth.user_logged_in, auth.user_logged_out):
            signal.disconnect(receive)
    assert received == [
        (auth.user_logged_in, "/login/ada/", "ada"),
        (auth.user_logged_out, "/accounts/logout/", "ada"),
    ]


def test_the_redirect_of_an_ended_login_says_why(client, clock):
    """A page by Django's decorator, which knows nothing of reasons."""
    client.get("/login/ada/")
    clock.shift(timedelta(days=31))
    response = client.get("/members/")
    assert urlsplit(response.url).query == "next=/members/&reason=session_expired"

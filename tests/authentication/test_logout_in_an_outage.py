"""A logout while nothing can be written: the browser is out, and the log says what is not done."""

import logging

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection

from tests.support.accounts import COOKIE, NAME, PASSWORD, log_in, who


def refuse_updates(execute, sql, *args):
    """Be a database that can only be read."""
    if sql.startswith("UPDATE"):
        raise OperationalError("read-only")
    return execute(sql, *args)


@pytest.mark.django_db
def test_the_browser_forgets_the_cookie_though_the_record_cannot_be_ended(client, caplog):
    """Whoever is told to be logged out, on a computer of others, must not be logged in."""
    User.objects.create_user(NAME, password=PASSWORD)
    log_in(client)
    with connection.execute_wrapper(refuse_updates), caplog.at_level(logging.ERROR):
        response = client.post("/accounts/logout/")
    assert response.cookies[COOKIE]["max-age"] == 0
    assert "could not be written" in caplog.text
    assert who(client) is None

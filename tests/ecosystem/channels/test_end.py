"""A connection is closed when its login ends, wherever and however that is."""

import asyncio
from datetime import timedelta

import pytest
from channels.auth import logout as channels_logout
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import InMemoryChannelLayer, get_channel_layer
from channels.sessions import SessionMiddlewareStack
from django.contrib.auth import user_logged_out
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from django_jwt_cookie import sessions
from django_jwt_cookie.contrib import channels
from django_jwt_cookie.contrib.channels import (
    LOGIN_ENDED,
    NOBODY_CAN_TELL,
    JWTCookieAuthMiddleware,
)
from django_jwt_cookie.models import LoginSession
from tests.support.accounts import COOKIE, JSON, NAME, PASSWORD, log_in, sign_up, who
from tests.support.clients import WSGIClient
from tests.support.key_samples import pem, public_pem

from .asgi import application
from .connections import PATIENCE, Connection, in_thread, run

pytestmark = pytest.mark.django_db(transaction=True)

SHORT = {"TOKEN_LIFETIME": timedelta(seconds=2), "LEEWAY": timedelta(0)}
"""A connection asks every second."""


@pytest.fixture
def ada(client):
    """The browser of somebody who is logged in."""
    sign_up(client)
    return client


def log_out(client):
    assert client.post("/accounts/logout/", headers=JSON).status_code == 204


def log_in_again(client):
    assert log_in(client).status_code == 200


def change_password(client):
    form = {"old_password": PASSWORD, "new_password1": "Nowa-Huta-1949"}
    form["new_password2"] = form["new_password1"]
    assert client.post("/accounts/password_change/", form).status_code == 302


def set_password(client):
    user = User.objects.get()
    user.set_password("Nowa-Huta-1949")
    user.save()


def revoke(client):
    assert sessions.revoke_all(User.objects.get()) == 1


def deactivate(client):
    user = User.objects.get()
    user.is_active = False
    user.save()


def delete(client):
    User.objects.get().delete()


ENDS = [
    (log_out, "session_revoked"),
    (log_in_again, "session_revoked"),
    (change_password, "session_revoked"),
    (set_password, "session_revoked"),
    (revoke, "session_revoked"),
    (deactivate, "session_revoked"),
    (delete, "session_revoked"),
]


@pytest.mark.parametrize(("end", "reason"), ENDS)
def test_the_connection_is_closed_at_once(new_client, end, reason):
    """Whoever ends the login tells, from a thread or from an event loop."""
    client = new_client()
    sign_up(client)

    async def story():
        connection = Connection(client, application)
        await connection.open()
        await in_thread(end, client)
        assert await connection.closing() == reason

    run(story)


def test_only_that_login_is_meant(ada):
    """Not the other logins of the same user."""
    other = WSGIClient()
    log_in(other)

    async def story():
        connection = Connection(other, application)
        await connection.open()
        await in_thread(log_out, ada)
        assert await connection.is_open()
        await connection.disconnect()

    run(story)


def test_without_a_channel_layer_the_process_tells_its_own(new_client, settings):
    """As a site that has just begun with Channels."""
    settings.CHANNEL_LAYERS = {}
    test_the_connection_is_closed_at_once(new_client, *ENDS[0])


def expire(client):
    LoginSession.objects.update(expires_at=timezone.now())


def end_elsewhere(client):
    LoginSession.objects.update(revoked_at=timezone.now())


def set_password_elsewhere(client):
    User.objects.update(password=make_password("Nowa-Huta-1949"))


def deactivate_elsewhere(client):
    User.objects.update(is_active=False)


def lose_the_record(client):
    LoginSession.objects.all().delete()


UNTOLD = [
    (expire, "session_expired"),
    (end_elsewhere, "session_revoked"),
    (set_password_elsewhere, "session_revoked"),
    (deactivate_elsewhere, "user_inactive"),
    (lose_the_record, "session_revoked"),
]


@pytest.mark.parametrize("user_source", ["database", "token"])
@pytest.mark.parametrize(("end", "reason"), UNTOLD)
def test_an_end_that_nobody_tells_is_noticed(client, settings, end, reason, user_source):
    """After half of a token's life at most: a message that was lost, SQL, the clock."""
    settings.JWT_COOKIE = SHORT | {"USER_SOURCE": user_source}
    sign_up(client)

    async def story():
        connection = Connection(client, application)
        await connection.open()
        await in_thread(end, client)
        assert await connection.closing() == reason

    run(story)


def test_an_end_that_is_rolled_back_is_none(ada):
    """Nobody is told before the database has it for sure."""

    def fail():
        with transaction.atomic():
            revoke(ada)
            transaction.set_rollback(True)

    async def story():
        connection = Connection(ada, application)
        await connection.open()
        await in_thread(fail)
        assert await connection.is_open()
        await connection.disconnect()

    run(story)


async def make_ask():
    """Have the connection ask whether its login goes on."""
    session = await LoginSession.objects.aget()
    await get_channel_layer().group_send(f"jwt_cookie.{session.pk}", {"type": "whatever"})


def test_who_is_told_asks(ada):
    """A message that somebody else has written into the layer ends nothing."""

    async def story():
        connection = Connection(ada, application)
        await connection.open()
        await make_ask()
        assert await connection.is_open()
        await in_thread(log_out, ada)
        assert await connection.closing() == "session_revoked"

    run(story)


# --- What goes on


def test_a_connection_outlives_its_token_and_is_no_thief(client, settings, time_machine):
    """Theft detection: asking about the login presents no token, however old that one is.

    The browser renews by other requests, and the old token would be a theft by now.
    """
    settings.JWT_COOKIE = {"REUSE_GRACE": timedelta(minutes=1)}
    time_machine.move_to(1_800_000_000)
    sign_up(client)
    old = client.cookies[COOKIE].value

    async def story():
        connection = Connection(client, application)
        await connection.open()
        for _ in range(4):
            time_machine.shift(6 * 60)
            assert await in_thread(who, client) == NAME
            await make_ask()
            assert await connection.is_open()
        await connection.disconnect()

    run(story)
    session = LoginSession.objects.get()
    assert session.generation == 4
    assert session.revoked_at is None
    client.cookies[COOKIE] = old
    assert client.get("/accounts/me/").json()["code"] == "token_reused"


def test_a_handshake_with_an_expired_token_renews_nothing(client, time_machine):
    """No cookie could bring the new token; the login goes on, and the next request renews."""
    time_machine.move_to(1_800_000_000)
    sign_up(client)
    time_machine.shift(3600)

    async def story():
        connection = Connection(client, application)
        assert await connection.open() == f"Hello, {NAME}"
        await connection.disconnect()

    run(story)
    assert LoginSession.objects.get().generation == 0
    assert who(client) == NAME
    assert LoginSession.objects.get().generation == 1


# --- Consumers


class Echo(AsyncWebsocketConsumer):
    """Sends back what it gets, and notes it."""

    noted: list[str | int]

    async def connect(self):
        type(self).noted = []
        await self.accept()
        await self.send("hello")

    async def receive(self, text_data=None, bytes_data=None):
        self.noted.append(text_data)
        if text_data == "bye":
            await self.close(4000)
        elif text_data == "log out":
            await channels_logout(self.scope)
        elif text_data == "log out somebody else":
            other = User(pk=0)
            await user_logged_out.asend(User, request=None, user=other)
        await self.send(text_data)

    async def disconnect(self, code):
        self.noted.append(code)
        await self.send("too late")


echo = SessionMiddlewareStack(JWTCookieAuthMiddleware(Echo.as_asgi()))


def test_nothing_passes_after_the_end(ada):
    """Neither to the client nor to the consumer, which is told that the connection is closed."""

    async def story():
        connection = Connection(ada, echo)
        await connection.open()
        await connection.send_to("one")
        assert await connection.receive_from(PATIENCE) == "one"
        await in_thread(log_out, ada)
        message = await connection.receive_output(PATIENCE)
        await connection.send_to("two")
        await connection.wait(PATIENCE)
        assert (message["code"], message["reason"]) == (LOGIN_ENDED, "session_revoked")
        assert connection.output_queue.empty()

    run(story)
    assert Echo.noted == ["one", LOGIN_ENDED]


def test_a_consumer_that_has_closed_is_not_closed_again(ada):
    """Servers mind a second close, and whatever comes after the first."""

    async def story():
        connection = Connection(ada, echo)
        await connection.open()
        await connection.send_to("bye")
        assert (await connection.receive_output(PATIENCE))["code"] == 4000
        await in_thread(log_out, ada)
        assert await connection.is_open()
        await connection.disconnect()
        assert connection.output_queue.empty()

    run(story)


def test_a_client_that_reads_nothing_is_not_waited_for(ada, monkeypatch):
    """The close may never go out, and the consumer is done all the same."""
    monkeypatch.setattr(channels, "PATIENCE", 0.1)

    async def stuck(scope, receive, send):
        async def send_nothing_more(message):
            await (asyncio.Event().wait() if "close" in message["type"] else send(message))

        await echo(scope, receive, send_nothing_more)

    async def story():
        connection = Connection(ada, stuck)
        await connection.open()
        await in_thread(log_out, ada)
        await connection.wait(PATIENCE)

    run(story)
    assert Echo.noted == [LOGIN_ENDED]


def test_channels_own_logout_ends_the_login(ada):
    """It knows of sessions only, and says to nobody which connection it is about."""

    async def story():
        connection = Connection(ada, echo)
        await connection.open()
        await connection.send_to("log out somebody else")
        assert await connection.receive_from(PATIENCE) == "log out somebody else"
        assert await connection.is_open()
        await connection.send_to("log out")
        assert await connection.receive_from(PATIENCE) == "log out"
        assert await connection.closing() == "session_revoked"

    run(story)
    assert who(ada) is None


# --- When nobody can be asked, or told


def hide_table(is_hidden):
    """Have the database fail to answer, or answer again."""
    names = ["django_jwt_cookie_loginsession", "hidden"]
    with database.schema_editor() as editor:
        editor.alter_db_table(LoginSession, *(names if is_hidden else reversed(names)))


def test_where_nobody_can_be_asked_the_connection_is_closed(client, settings, caplog):
    """After the second time, and with the code of an error that passes."""
    settings.JWT_COOKIE = SHORT
    sign_up(client)

    async def story():
        connection = Connection(client, application)
        await connection.open()
        await in_thread(hide_table, True)
        assert await connection.closing(NOBODY_CAN_TELL) == ""
        await in_thread(hide_table, False)

    run(story)
    assert caplog.text.count("Nobody can be asked about the login of a connection.") == 2


class BrokenLayer(InMemoryChannelLayer):
    """A channel layer whose server is gone."""

    async def group_add(self, group, channel):
        raise OSError

    async def group_send(self, group, message):
        raise OSError


def test_without_its_channel_layer_an_end_is_noticed_later(client, settings, caplog):
    """And the logout itself does not fail for it."""
    settings.JWT_COOKIE = SHORT
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": f"{__name__}.BrokenLayer"}}
    sign_up(client)

    async def story():
        connection = Connection(client, application)
        await connection.open()
        await in_thread(log_out, client)
        assert await connection.closing() == "session_revoked"

    run(story)
    assert "The channel layer can't be reached" in caplog.text
    assert "Error calling" in caplog.text


# --- Without records here


def test_without_records_a_new_password_ends_the_connection(client, settings):
    """And a logout, of which no record tells, does not."""
    settings.JWT_COOKIE = SHORT | {"TRACK_SESSIONS": False}
    sign_up(client)

    async def story():
        connection = Connection(client, application)
        await connection.open()
        await in_thread(log_out, client)
        assert await connection.receive_nothing(timeout=1.5)
        await in_thread(set_password_elsewhere, client)
        assert await connection.closing() == "session_revoked"

    run(story)


ISSUER = SHORT | {"KEYS": [pem("EdDSA")], "ALGORITHM": "EdDSA", "USER_SOURCE": "token"}
HERE = ISSUER | {"KEYS": [public_pem("EdDSA")]}
"""The site where logins begin, and one that only verifies."""


def test_where_logins_are_only_verified_the_token_ends_the_connection(client, settings):
    """The page has it renewed where it was issued, and connects again."""
    longer = {"TOKEN_LIFETIME": timedelta(seconds=5)}
    settings.JWT_COOKIE = ISSUER | longer
    sign_up(client)
    settings.JWT_COOKIE = HERE | longer

    async def story():
        connection = Connection(client, application)
        await connection.open()
        assert await connection.closing() == "token_expired"

    run(story)


def test_where_logins_are_only_verified_the_revocation_cache_tells(client, settings):
    """Read every half of a token's life, before the token ends."""
    shared = {"REVOCATION_CACHE": "default", "TOKEN_LIFETIME": timedelta(seconds=10)}
    settings.JWT_COOKIE = ISSUER | shared
    sign_up(client)
    settings.JWT_COOKIE = HERE | shared

    async def story():
        connection = Connection(client, application)
        await connection.open()
        settings.JWT_COOKIE = ISSUER | shared
        await in_thread(revoke, client)
        settings.JWT_COOKIE = HERE | shared
        assert await connection.closing() == "session_revoked"

    run(story)

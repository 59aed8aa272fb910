"""Real servers and sockets; the login is ended by a command, in a process of its own."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from django_jwt_cookie.contrib.channels import LOGIN_ENDED
from tests.services.servers import free_port, running
from tests.support.accounts import COOKIE, NAME

from .connections import ORIGIN, PATH

APPLICATION = "tests.ecosystem.channels.asgi:application"
SERVERS = {
    "daphne": ["daphne", "--bind", "127.0.0.1", "--port", "{}", APPLICATION],
    "uvicorn": ["uvicorn", "--host", "127.0.0.1", "--port", "{}", APPLICATION],
}

PREPARE = f"""
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tests.support.accounts import sign_up
from tests.support.clients import WSGIClient
client = WSGIClient()
sign_up(client)
print(client.cookies["{COOKIE}"].value)
"""


def run_python(*arguments, **environment):
    command = [sys.executable, *arguments]
    run = subprocess.run(  # noqa: S603
        command, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


@contextmanager
def serving(server, folder, **changes):
    """Serve the site; give its environment, the address of the socket and the cookie of a login."""
    environment = {
        "DJANGO_SETTINGS_MODULE": "tests.ecosystem.channels.server_settings",
        "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}?timeout=60",
        "CHANNEL_LAYERS": "{}",
        "TOKEN_LIFETIME": "600",
    } | changes
    cookie = f"jwt={run_python('-c', PREPARE, **environment)}"  # As over plain http.
    port = free_port()
    command = [sys.executable, "-m", *(word.format(port) for word in SERVERS[server])]
    with running(command, port, folder / "server.log", **environment):
        yield environment, f"ws://127.0.0.1:{port}{PATH}", cookie


def open_socket(address, cookie, origin=ORIGIN):
    return connect(address, additional_headers={"Cookie": cookie}, origin=origin, proxy=None)


def reason_of_closing(socket, environment):
    """End the login by a command; return why the connection is closed."""
    assert socket.recv(timeout=10) == f"Hello, {NAME}"
    run_python("-m", "django", "jwt_cookie_revoke", "--user", NAME, **environment)
    with pytest.raises(ConnectionClosed) as caught:
        socket.recv(timeout=10)
    assert caught.value.rcvd.code == LOGIN_ENDED
    return caught.value.rcvd.reason


@pytest.mark.parametrize("server", SERVERS)
def test_an_end_in_another_process_is_noticed(server, tmp_path):
    """Without a channel layer, by asking; and no other site opens a connection."""
    with serving(server, tmp_path, TOKEN_LIFETIME="2") as (environment, address, cookie):
        with pytest.raises(InvalidStatus, match="403"):
            open_socket(address, cookie, "https://evil.example")
        with open_socket(address, cookie) as socket:
            reason = reason_of_closing(socket, environment)
        with open_socket(address, cookie) as socket, pytest.raises(ConnectionClosed) as caught:
            socket.recv(timeout=10)
        assert caught.value.rcvd.code == LOGIN_ENDED
    # Daphne sends no reason along.
    assert reason == ("session_revoked" if server == "uvicorn" else "")


@pytest.mark.needs_redis
def test_an_end_in_another_process_is_told_through_redis(tmp_path):
    """At once: this site would not ask for five minutes."""
    layer = {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {"hosts": [os.environ["REDIS_URL"]], "prefix": f"test-{os.getpid()}"},
    }
    layers = json.dumps({"default": layer})
    with (
        serving("uvicorn", tmp_path, CHANNEL_LAYERS=layers) as (environment, address, cookie),
        open_socket(address, cookie) as socket,
    ):
        assert reason_of_closing(socket, environment) == "session_revoked"

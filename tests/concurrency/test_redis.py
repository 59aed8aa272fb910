"""Two processes and a Redis of their own, which is stopped and started again in between."""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from django_jwt_cookie import sessions

from .crowd import PATIENCE, Answer, login_of
from .servers import running_server

pytestmark = pytest.mark.slow

GIVEN = {"USER_SOURCE": "token", "REVOCATION_CACHE": "default"}
IN = "/members/"


class Redis:  # pragma: no cover - where there is one
    """A server on a port of its own that can be stopped and started, and forgets all then."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.folder = folder
        self.url = f"redis://127.0.0.1:{self.port}/0"

    @contextmanager
    def running(self) -> Iterator[None]:
        """Have it serve."""
        program = shutil.which("redis-server", path=f"{os.environ['PATH']}:/usr/sbin") or ""
        options = ("--bind", "127.0.0.1", "--port", str(self.port), "--save", "")
        process = subprocess.Popen(  # noqa: S603
            [program, *options], cwd=self.folder, stdout=subprocess.DEVNULL
        )
        try:
            self.wait()
            yield
        finally:
            process.terminate()
            process.wait(PATIENCE)

    def wait(self) -> None:
        """Wait until it answers."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
            except ConnectionRefusedError:
                assert time.monotonic() < until
                time.sleep(0.02)
            else:
                return


@pytest.fixture
def redis(tmp_path: Path, settings) -> Redis:  # pragma: no cover - where there is one
    """Return the Redis that this process and the server's use."""
    redis = Redis(tmp_path)
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": redis.url}
    }
    settings.JWT_COOKIE = GIVEN
    return redis


@pytest.fixture
def server(shared_database, tmp_path, redis):  # pragma: no cover - where there is one
    """Return a server of one process, with the same database and the same Redis."""
    given = {"CACHE_URL": redis.url, "JWT_COOKIE": json.dumps(GIVEN)}
    with running_server(shared_database, tmp_path, processes=1, **given) as server:
        yield server


@pytest.mark.needs_redis
def test_an_end_in_one_process_is_seen_by_the_other_with_its_next_request(
    ada: User, redis, server
):  # pragma: no cover - where there is one
    """While Redis is there, while it is away, and after it has come back with nothing in it."""
    logins = [login_of(ada, age=0) for _ in range(4)]

    def ended(number: int) -> bool:
        """End a login here; tell whether the other process refuses its token then."""
        login, token = logins[number]
        assert server.ask(token, IN).status == 200
        sessions.revoke(login)
        answer: Answer = server.ask(token, IN)
        return answer == Answer(302, "")

    def all_known() -> None:
        for _, token in logins:
            server.ask(token, IN)

    with redis.running():
        all_known()
        assert ended(0)
    assert server.ask(logins[1][1], IN).status == 200
    assert ended(1)
    with redis.running():
        assert server.ask(logins[1][1], IN).status == 302
        all_known()
        assert ended(2)
    # Ended while Redis was away, and nobody asked the other process until it was back.
    sessions.revoke(logins[3][0])
    with redis.running():
        assert server.ask(logins[3][1], IN) == Answer(302, "")

"""Who is at the other end of a connection, and who may open one."""

import pytest
from channels.generic.http import AsyncHttpConsumer
from channels.testing import HttpCommunicator

from django_jwt_cookie.contrib.channels import JWTCookieAuthMiddleware
from django_jwt_cookie.models import LoginSession
from tests.support.accounts import COOKIE, NAME, sign_up
from tests.ecosystem.refusals import REFUSALS

from .asgi import application
from .connections import PATIENCE, Connection, handshake, run
from .consumers import Greeter

pytestmark = pytest.mark.django_db

STRANGERS = [
    "https://evil.example",
    "https://testserver.evil.example",
    "https://evil.testserver",
    "null",
    "",
]


def test_a_connection_knows_the_visitor(client):
    """By the cookie of the handshake."""
    sign_up(client)

    async def story():
        connection = Connection(client, application)
        assert await connection.open() == f"Hello, {NAME}"
        await connection.disconnect()

    run(story)


@pytest.mark.parametrize(
    ("user_source", "queries"), [("database", 1), ("token", 0)], ids=["database", "token"]
)
def test_a_handshake_asks_as_a_request_does(
    client, settings, django_assert_num_queries, user_source, queries
):
    """One query for login and user; none with the user from the token."""
    settings.JWT_COOKIE = {"USER_SOURCE": user_source}
    sign_up(client)
    client.get("/accounts/me/")

    async def story():
        connection = Connection(client, application)
        assert await connection.open() == f"Hello, {NAME}"
        await connection.disconnect()

    with django_assert_num_queries(queries):
        run(story)


def test_the_newest_of_two_cookies_counts(client):
    """One in each line, as HTTP/2 may send them; a planted one beside it changes nothing."""
    sign_up(client)

    async def story():
        connection = Connection(client, application)
        planted = f"{COOKIE}=planted".encode()
        connection.scope["headers"].append((b"cookie", planted))
        assert await connection.open() == f"Hello, {NAME}"
        await connection.disconnect()

    run(story)


def test_the_claims_are_those_of_the_token(client):
    """As `scope["jwt"].claims`; for an HTTP consumer of Channels too, which is left alone."""
    sign_up(client)

    class Claims(AsyncHttpConsumer):
        async def handle(self, body):
            jwt = self.scope["jwt"]
            await self.send_response(200, f"{jwt.claims.sid} {jwt.reason}".encode())

    async def story():
        middleware = JWTCookieAuthMiddleware(Claims.as_asgi())
        communicator = HttpCommunicator(middleware, "GET", "/", headers=handshake(client))
        return (await communicator.get_response(PATIENCE))["body"].decode()

    assert run(story) == f"{LoginSession.objects.get().pk} None"


@pytest.mark.parametrize(
    ("refuse", "reason"), [(lambda client: client.cookies.clear(), "login_required"), *REFUSALS]
)
def test_a_refused_cookie_is_an_anonymous_visitor(client, refuse, reason):
    """The consumer decides, and can say why."""
    sign_up(client)
    refuse(client)

    async def story():
        connection = Connection(client, application)
        assert await connection.connect(PATIENCE) == (True, None)
        assert await connection.closing() == reason

    run(story)


@pytest.mark.parametrize("origin", STRANGERS)
def test_cross_site_websocket_hijacking_is_refused(client, origin):
    """CSWSH: a page of another site opens a connection, and the browser sends the cookie along."""
    sign_up(client)

    async def story():
        connection = Connection(client, application, origin=origin)
        accepted, _ = await connection.connect(PATIENCE)
        assert not accepted

    run(story)


def test_a_program_without_an_origin_is_let_in_by_the_middleware_alone(client):
    """Which guards nothing: the page says so."""
    sign_up(client)

    async def story():
        middleware = JWTCookieAuthMiddleware(Greeter.as_asgi())
        connection = Connection(client, middleware, origin="")
        assert await connection.open() == f"Hello, {NAME}"
        await connection.disconnect()

    run(story)

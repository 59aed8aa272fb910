"""Who is at the other end of a connection, and who may open one."""

from functools import partial

import pytest
from channels.generic.http import AsyncHttpConsumer
from channels.testing import HttpCommunicator

from django_jwt_cookie.contrib.channels import JWTCookieAuthMiddleware
from django_jwt_cookie.models import LoginSession
from tests.ecosystem.refusals import REFUSALS
from tests.support.accounts import COOKIE, NAME, sign_up

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


@pytest.mark.parametrize(
    ("scheme", "forwarded", "name"),
    [
        ("wss", "", COOKIE),
        ("ws", "https", COOKIE),
        ("ws", "wss", COOKIE),
        ("ws", "http", "jwt"),
        ("ws", "ws", "jwt"),
        ("ws", "", "jwt"),
    ],
)
def test_the_cookie_has_its_name_by_the_scheme(client, settings, scheme, forwarded, name):
    """Each counts there alone; behind a proxy, by what that says, some of the scheme of sockets."""
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    sign_up(client)
    token = client.cookies[COOKIE].value

    async def story(cookie):
        headers = {"cookie": f"{cookie}={token}", "x-forwarded-proto": forwarded}
        connection = Connection(client, application, **headers)
        connection.scope["scheme"] = scheme
        greeting = None
        if cookie == name:
            greeting = await connection.open()
            await connection.disconnect()
        else:
            assert await connection.connect(PATIENCE) == (True, None)
            assert await connection.closing() == "login_required"
        return greeting

    assert run(partial(story, name)) == f"Hello, {NAME}"
    assert run(partial(story, "jwt" if name == COOKIE else COOKIE)) is None


def test_no_proxy_is_believed_without_the_setting(client):
    """Whoever opens a connection could say the same."""
    sign_up(client)

    async def story():
        connection = Connection(client, application, **{"x-forwarded-proto": "wss"})
        connection.scope["scheme"] = "ws"
        assert await connection.connect(PATIENCE) == (True, None)
        assert await connection.closing() == "login_required"

    run(story)


@pytest.mark.parametrize("query", [b"", b"a=1", b"\xff=\xfe"])
def test_what_is_in_the_address_is_no_error(client, query):
    """Bytes that are no text, too."""
    sign_up(client)

    async def story():
        connection = Connection(client, application)
        connection.scope["query_string"] = query
        assert await connection.open() == f"Hello, {NAME}"
        await connection.disconnect()

    run(story)


def audience(request):
    """Tell for whom a token is, by the host."""
    return request.get_host()


def test_a_token_of_one_tenant_is_none_of_another(client, settings):
    """``AUDIENCE`` by request: a handshake is one."""
    settings.ALLOWED_HOSTS = ["testserver", "other.example"]
    settings.JWT_COOKIE = {"AUDIENCE": f"{__name__}.audience"}
    sign_up(client)

    async def story(host):
        middleware = JWTCookieAuthMiddleware(Greeter.as_asgi())
        connection = Connection(client, middleware, host=host)
        assert await connection.connect(PATIENCE) == (True, None)
        if host == "testserver":
            assert await connection.receive_from(PATIENCE) == f"Hello, {NAME}"
            await connection.disconnect()
        else:
            assert await connection.closing() == "token_invalid"

    run(partial(story, "testserver"))
    run(partial(story, "other.example"))


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
        communicator.scope["scheme"] = "https"
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

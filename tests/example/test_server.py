"""The example over a plain socket: bytes that no browser and no test client would send."""

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from example_project.tour.server import Site, running_example

PUBLIC = [b"/", b"/accounts/login/", b"/accounts/signup/", b"/accounts/csrf/"]
MEMBERS_ONLY = [b"/members/", b"/token/", b"/accounts/password_change/", b"/admin/"]

COOKIES = {
    "none": b"",
    "garbage": b"jwt=garbage",
    "nul": b"jwt=a\0b.c.d",
    "bytes": b"jwt=\xff\xfe\x80.\xc3\xa9.\xf0\x9f\x8d\xaa",
    "control": b"jwt=a.\x01\x1b[31m\x7f.c",
    "long": b"jwt=" + b"A" * 60_000,
    "parts": b"jwt=" + b"." * 60_000,
    "many": b"; ".join([b"jwt=a.b.c"] * 5_000),
    "quotes": b'jwt="a.b.c\\"; jwt=\\',
    "names": b"; =; ;;jwt; jwt==; jwt",
    "none-alg": b"jwt=eyJhbGciOiJub25lIiwidHlwIjoibG9naW4rand0Iiwia2lkIjoieCJ9.e30.",
    "session": b"sessionid=\xff\0; jwt=a.b.c",
    "csrf": b"csrftoken=\xff\0; jwt=a.b.c",
}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_example() as site:
        yield site


def ask(site: Site, path: bytes, cookie: bytes, method: bytes = b"GET") -> tuple[int, bytes]:
    """Send a request byte by byte; return the status and the head of the answer."""
    address = urlsplit(site.address)
    head = b"%s %s HTTP/1.0\r\nHost: 127.0.0.1\r\nCookie: %s\r\n\r\n" % (method, path, cookie)
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        connection.sendall(head)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    return int(answer.split(b" ", 2)[1]), answer.partition(b"\r\n\r\n")[0]


@pytest.mark.parametrize("cookie", COOKIES)
@pytest.mark.parametrize("path", PUBLIC)
def test_a_public_page_stays_public(site: Site, path: bytes, cookie: str) -> None:
    """Whatever the browser sends as a cookie; and whatever it is, it is told to forget it."""
    status, head = ask(site, path, COOKIES[cookie])
    assert status == 200
    assert b"\r\nSet-Cookie: jwt=;" not in head or b"Max-Age=0" in head


@pytest.mark.parametrize("cookie", COOKIES)
@pytest.mark.parametrize("path", MEMBERS_ONLY)
def test_a_page_for_members_asks_to_log_in(site: Site, path: bytes, cookie: str) -> None:
    """Never an error, and never a page."""
    status, head = ask(site, path, COOKIES[cookie])
    assert status == 302
    assert b"/login/?next=" + path in head


def test_a_cookie_that_is_too_long_for_the_server_is_its_to_refuse(site: Site) -> None:
    """100 kB don't reach Django here."""
    assert ask(site, b"/", b"jwt=" + b"A" * 100_000)[0] == 431


@pytest.mark.parametrize("cookie", COOKIES)
def test_flipping_a_character_of_it_needs_a_form_of_this_site(site: Site, cookie: str) -> None:
    """So that no other page can make its visitors do it."""
    assert ask(site, b"/token/tamper/", COOKIES[cookie], b"POST")[0] == 403


def test_nothing_of_it_was_an_error(site: Site) -> None:
    """Not even one that the visitor did not see."""
    for cookie in COOKIES.values():
        ask(site, b"/token/", cookie)
    assert "Traceback" not in site.log.read_text()

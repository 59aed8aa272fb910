"""Logins over http and https, by real clients at real servers: `COOKIE_SECURE`."""

from urllib.parse import quote

import pytest

from tests.support.accounts import NAME

from .places import HOSTS, WAYS, Site

MARKS = {
    "requests": pytest.mark.needs_clients,
    "httpx": pytest.mark.needs_clients,
    "curl": pytest.mark.needs_curl,
    "chromium": pytest.mark.needs_chromium,
}
CLIENTS = [pytest.param(name, marks=mark, id=name) for name, mark in MARKS.items()]


def marks_of(site):
    """Name what a site needs; what is not the default is left to the runs that try all."""
    marks = [pytest.mark.needs_nginx] if "proxy" in site.way else []
    marks += [pytest.mark.needs_servers] if site.server == "uvicorn" else []
    is_quick = not site.debug and site.secure != False and site.server == "gunicorn"  # noqa: E712
    return marks if is_quick else [*marks, pytest.mark.slow]


def named(*sites):
    """Return parameters, each with a name that says it all."""
    return [
        pytest.param(
            site,
            marks=marks_of(site),
            id=f"{site.way}, COOKIE_SECURE={site.secure}, DEBUG={site.debug}, {site.server}",
        )
        for site in sites
    ]


SITES = [
    *(Site(way, secure) for way in WAYS for secure in ("auto", True, False)),
    *(Site(way, secure, debug=True) for way in WAYS for secure in ("auto", True)),
    *(
        Site(way, secure, server="uvicorn")
        for way in ("http", "https")
        for secure in ("auto", True)
    ),
]
HTTPS = [Site("https"), Site("https", secure=True), Site("proxy")]


@pytest.fixture(params=CLIENTS)
def visitor(request, new_visitor):
    """Return a visitor of each kind."""
    return new_visitor(request.param)


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("site", named(*SITES))
def test_a_login(visitor, origin_of, site, host):
    """Begins, is known with the next request, and ends; or the visitor is told why not."""
    origin = origin_of(site, host)
    assert visitor.who(origin) is None
    refusal = visitor.log_in(origin)
    if not site.can_log_in:
        assert "https" in refusal
        assert (visitor.who(origin), visitor.jar()) == (None, {})
        return
    assert refusal == ""
    assert visitor.jar() == dict([site.cookie])
    assert visitor.who(origin) == NAME
    visitor.log_out(origin)
    assert (visitor.who(origin), visitor.jar()) == (None, {})


@pytest.fixture
def plant(attacker):
    """Have somebody on the way answer a request over plain http, and set cookies."""

    def plant(visitor, host, *cookies):
        query = "&".join(f"set={quote(cookie)}" for cookie in cookies)
        visitor.open(f"http://{host}:{attacker}/?{query}")

    return plant


@pytest.fixture
def token_of_mallory(new_visitor, origin_of):
    """Return a genuine token of somebody else, from the site over plain http."""
    mallory = new_visitor("requests")
    assert mallory.log_in(origin_of(Site("http"), HOSTS[0]), "grace") == ""
    return mallory.session.cookies["jwt"]


@pytest.mark.needs_clients
@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("site", named(*HTTPS))
def test_who_plants_a_cookie_over_http_logs_nobody_in_over_https(
    visitor, origin_of, plant, token_of_mallory, *, site, host
):
    """Attack: have somebody work in the attacker's account."""
    plant(visitor, host, f"jwt={token_of_mallory}; Path=/")
    assert visitor.jar() == {"jwt": False}
    assert visitor.who(origin_of(site, host)) is None


@pytest.mark.needs_clients
@pytest.mark.parametrize("planted", ["genuine", "garbage", "deleted"])
@pytest.mark.parametrize("site", named(*HTTPS))
def test_who_plants_a_cookie_over_http_logs_nobody_out_over_https(
    visitor, origin_of, plant, token_of_mallory, *, site, planted
):
    """Attack: also not as somebody else, nor in place of the one that is there."""
    host = HOSTS[1]
    origin = origin_of(site, host)
    assert visitor.log_in(origin) == ""
    value = {
        "genuine": f"jwt={token_of_mallory}",
        "garbage": "jwt=garbage",
        "deleted": "jwt=; Max-Age=0",
    }[planted]
    plant(visitor, host, f"{value}; Path=/", f"{value}; Path=/accounts/")
    assert visitor.who(origin) == NAME
    assert visitor.jar()["__Host-jwt"] is True
    visitor.log_out(origin)
    assert visitor.who(origin) is None


@pytest.mark.needs_chromium
@pytest.mark.needs_clients
@pytest.mark.parametrize("name", ["__Host-jwt", "__host-jwt", "__HOST-JWT", "\u2000__Host-jwt"])
@pytest.mark.parametrize("flags", ["", "; Secure"])
def test_a_browser_takes_no_cookie_of_that_name_over_http(
    new_visitor, origin_of, plant, token_of_mallory, *, name, flags
):  # pragma: no cover - with Chromium alone
    """Attack: nor does the site take one of a name that looks like it.

    From http://localhost Chromium takes it: there nobody is on the way.
    """
    host = HOSTS[1]
    visitor, origin = new_visitor("chromium"), origin_of(Site("https"), host)
    cookie = f"{name}={token_of_mallory}; Path=/{flags}"
    plant(visitor, host, cookie.encode().decode("latin-1"))
    assert visitor.who(origin) is None
    assert visitor.log_in(origin) == ""
    plant(visitor, host, cookie.encode().decode("latin-1"))
    assert visitor.who(origin) == NAME


def test_a_login_over_http_is_none_over_https(visitor, origin_of):
    """They are two: the one over http anybody on the way may have copied."""
    http, https = origin_of(Site("http"), HOSTS[1]), origin_of(Site("https"), HOSTS[1])
    assert visitor.log_in(http) == ""
    assert visitor.who(https) is None
    assert visitor.log_in(https, "grace") == ""
    assert (visitor.who(http), visitor.who(https)) == (NAME, "grace")
    assert visitor.jar() == {"jwt": False, "__Host-jwt": True}
    visitor.log_out(https)
    assert (visitor.who(http), visitor.who(https)) == (NAME, None)

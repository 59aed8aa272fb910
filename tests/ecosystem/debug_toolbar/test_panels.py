"""What the toolbar shows of a login, to whoever may see the toolbar."""

import re

import pytest

from tests.ecosystem.debug_toolbar.settings import JWT_COOKIE
from tests.support.accounts import COOKIE, NAME, sign_up
from tests.support.clients import WSGIClient

PATHS = ["/page/", "/apage/"]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _debug(settings):
    settings.DEBUG = True  # pytest-django turns it off.


@pytest.fixture
def client(new_client):
    """A developer who is logged in."""
    client = new_client()
    sign_up(client)
    return client


def panels(client, path):
    """Return what each panel shows of a request of ``path``, as a click on it does."""
    page = client.get(path).content.decode()
    assert f"<body>{NAME}" in page
    (request_id,) = re.findall(r'data-request-id="([^"]+)"', page)
    return {
        name: client.get(
            "/__debug__/render_panel/", {"request_id": request_id, "panel_id": name}
        ).json()["content"]
        for name in re.findall(r'id="(\w+Panel)"', page)
    }


@pytest.mark.parametrize("path", PATHS)
def test_the_panels_show_the_request(client, path):
    """The one query of a login is among the queries."""
    shown = panels(client, path)
    assert "django_jwt_cookie_loginsession" in shown["SQLPanel"]
    assert "1 query" in re.sub(r"\s+", " ", shown["SQLPanel"])
    assert "JWTCookieMiddleware" in shown["SettingsPanel"]


@pytest.mark.parametrize("path", PATHS)
def test_no_panel_shows_the_token_or_the_secret(client, path):
    """A script in the page reads what the toolbar shows, and cannot read the cookie."""
    shown = panels(client, path)
    token, secret = client.cookies[COOKIE].value, JWT_COOKIE["SECRET"]
    assert [name for name, text in shown.items() if token in text or secret in text] == []


def test_the_request_panel_names_the_cookie():
    """With stars in the place of the token; an asynchronous server does not have this panel."""
    client = WSGIClient()
    sign_up(client)
    shown = panels(client, "/page/")["RequestPanel"]
    assert COOKIE in shown
    assert "******" in shown


def test_the_history_has_the_login(client):
    """The form was sent a request ago, and answered by a redirect."""
    assert "/accounts/signup/" in panels(client, "/page/")["HistoryPanel"]

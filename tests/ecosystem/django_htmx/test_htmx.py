"""What django-htmx tells a view, and what htmx is told of a login that is over."""

import pytest

from tests.ecosystem.refusals import REFUSALS, is_forgotten
from tests.support.accounts import COOKIE, NAME, sign_up

PAGE = "/shop/?page=2"
HTMX = {"hx-request": "true", "hx-current-url": f"https://testserver{PAGE}"}

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/who/", "/who-async/", "/django/"])
def test_a_view_knows_the_visitor_and_the_page(client, path):
    """`request.htmx` beside `request.user`, in views of either kind."""
    sign_up(client)
    assert client.get(path, headers=HTMX).content.decode() == f"{NAME} at {PAGE}"


@pytest.mark.parametrize(("refuse", "reason"), REFUSALS)
@pytest.mark.parametrize("path", ["/who/", "/who-async/"])
def test_htmx_loads_the_login_page_as_a_page(client, path, refuse, reason):
    """Not into a corner of the page; and comes back to the page, not to the part."""
    sign_up(client)
    refuse(client)
    response = client.get(path, headers=HTMX)
    assert (response.status_code, response.json()["code"]) == (401, reason)
    login = f"/accounts/login/?next={PAGE.replace('?', '%3F').replace('=', '%3D')}&reason={reason}"
    assert response["HX-Redirect"] == login
    assert is_forgotten(client, reason)
    assert client.get(response["HX-Redirect"]).status_code == 200


def test_a_page_of_another_site_is_no_place_to_come_back_to(client):
    """Open redirect: the header is the browser's word, and maybe not of a browser."""
    headers = HTMX | {"hx-current-url": "https://evil.example/"}
    response = client.get("/who/", headers=headers)
    assert response["HX-Redirect"] == "/accounts/login/?next=/who/"


def test_its_own_redirects_keep_the_login(client):
    """The answers that the package has for htmx pass through with our headers."""
    sign_up(client)
    response = client.get("/leave/", headers=HTMX)
    assert (response.status_code, response["HX-Redirect"]) == (200, "/elsewhere/")
    assert "Cookie" in response["Vary"]


def test_a_new_token_comes_with_a_part_of_a_page(client, time_machine):
    """Renewal goes along with what htmx loads, as with any other request."""
    time_machine.move_to(1_800_000_000)
    sign_up(client)
    before = client.cookies[COOKIE].value
    time_machine.shift(6 * 60)
    client.get("/who/", headers=HTMX)
    assert client.cookies[COOKIE].value not in ("", before)

"""What is in the session besides the login."""

import pytest

from tests.support.accounts import COOKIE
from tests.support.visitors import (
    cart_of,
    cookie_of,
    session_store,
    whoami,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]


def test_the_cart_of_an_anonymous_visitor_survives_the_login(client, log_in):
    """As with Django."""
    client.get("/cart/lamp/")
    log_in(client, "ada")
    assert (whoami(client), cart_of(client)) == ("ada", "lamp")


@pytest.mark.parametrize("path", ["/cart/lamp/", "/acart/lamp/"])
def test_the_cart_of_an_anonymous_visitor_survives_in_any_kind_of_session(client, engine, path):
    """As with Django."""
    client.get(path)
    client.get("/login/ada/")
    assert (whoami(client), cart_of(client)) == ("ada", "lamp")
    assert client.get("/acart/").json() == {"cart": "lamp"}


def test_a_cart_is_stored_where_the_site_says(client, engine, stored_sessions):
    """This is also how the tests that count nothing could fail."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    stored = {"cached_db": 2, "signed_cookies": 0}
    assert stored_sessions() == stored.get(engine, 1)


def test_the_cart_survives_a_second_login_of_the_same_user(client, log_in):
    """As with Django."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    log_in(client, "ada")
    assert (whoami(client), cart_of(client)) == ("ada", "lamp")


def test_the_cart_stays_when_the_token_is_renewed(client, clock):
    """Nothing of it depends on the token."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    clock.shift(400)
    assert COOKIE in client.get("/public/").cookies
    assert cart_of(client) == "lamp"


def test_the_cart_of_an_anonymous_visitor_with_garbage_survives_the_login(client):
    """Garbage is nobody's."""
    client.cookies[COOKIE] = "garbage"
    client.get("/cart/lamp/")
    client.get("/login/ada/")
    assert cart_of(client) == "lamp"


def test_session_fixation_a_planted_session_key_is_worth_nothing(client, engine, log_in):
    """The attacker who planted it must not share the session after the login."""
    client.get("/cart/lamp/")
    planted = cookie_of(client, "sessionid")
    log_in(client, "ada")
    assert cookie_of(client, "sessionid") not in {"", planted}
    assert engine == "signed_cookies" or not session_store(planted).exists(planted)


def test_session_fixation_the_attackers_own_session_is_not_taken_over(client, new_client):
    """Neither its cart nor its key."""
    attacker = new_client()
    attacker.get("/login/bob/")
    attacker.get("/cart/bomb/")
    client.cookies["sessionid"] = cookie_of(attacker, "sessionid")
    client.get("/login/ada/")
    assert cart_of(client) is None


def test_session_fixation_the_attackers_cookie_is_replaced(client, new_client, log_in):
    """Login CSRF: the victim's own login takes the place of the one that was planted."""
    attacker = new_client()
    attacker.get("/login/bob/")
    client.cookies[COOKIE] = cookie_of(attacker, COOKIE)
    log_in(client, "ada")
    assert whoami(client) == "ada"
    assert whoami(attacker) == ""

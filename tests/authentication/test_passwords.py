"""What a new password does to logins, whoever sets it."""

import pytest

from tests.support.accounts import PASSWORD
from tests.support.visitors import (
    cart_of,
    cookie_of,
    log_in_before_the_swap,
    reset_link,
    whoami,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]

NEW_PASSWORD = {"new_password1": "vW9-kk-12q", "new_password2": "vW9-kk-12q"}


def test_a_new_password_without_update_session_auth_hash_logs_out(client):
    """As with Django, everywhere, here included."""
    client.get("/login/ada/")
    client.get("/set-password/")
    assert client.get("/public/").json() == {"user": "", "reason": "session_revoked"}


def test_a_new_password_right_after_login_logs_out(client):
    """The login began with the old one."""
    client.get("/login-and-set-password/ada/")
    assert client.get("/public/").json() == {"user": "", "reason": "session_revoked"}


@pytest.mark.parametrize("path", ["/update-hash/", "/aupdate-hash/"])
def test_update_session_auth_hash_keeps_this_login_and_ends_the_others(client, new_client, path):
    """What a page for changing the password calls."""
    client.get("/login/ada/")
    other, stranger = new_client(), new_client()
    other.get("/login/ada/")
    stranger.get("/login/bob/")
    client.get(path)
    assert whoami(client) == "ada"
    assert other.get("/public/").json() == {"user": "", "reason": "session_revoked"}
    assert whoami(stranger) == "bob"


@pytest.mark.parametrize("path", ["/update-hash/", "/aupdate-hash/"])
def test_update_session_auth_hash_leaves_no_session(client, stored_sessions, path):
    """It writes into one that has nothing else in it."""
    client.get("/login/ada/")
    client.get(path)
    assert cookie_of(client, "sessionid") == ""
    assert stored_sessions() == 0


def test_update_session_auth_hash_keeps_what_else_is_in_the_session(client):
    """The cart."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    client.get("/update-hash/")
    assert cart_of(client) == "lamp"


def test_update_session_auth_hash_with_a_login_from_before_the_swap(client, ada):
    """The session holds the whole login then, with the new hash."""
    log_in_before_the_swap(client, ada)
    client.get("/update-hash/")
    assert whoami(client) == "ada"


def test_update_session_auth_hash_of_somebody_else_changes_nobodys_login(client):
    """An administrator who sets another user's password does not become that user."""
    client.get("/login/ada/")
    client.get("/update-hash-of/bob/")
    assert whoami(client) == "ada"


def test_the_admin_changes_its_own_password_and_stays_logged_in(client, ada):
    """Its page calls ``update_session_auth_hash()``."""
    client.get("/login/ada/")
    new = NEW_PASSWORD | {"old_password": PASSWORD}
    assert client.post("/admin/password_change/", new).status_code == 302
    assert whoami(client) == "ada"


def test_a_password_reset_with_post_reset_login_logs_in(client, ada):
    """By Django's own view, through the link of the e-mail."""
    form = client.get(f"/django-reset/{reset_link(ada)}").url
    assert client.post(form, NEW_PASSWORD).url == "/public/"
    assert whoami(client) == "ada"
    assert cookie_of(client, "sessionid") == ""


def test_a_password_reset_ends_the_logins_of_before(client, new_client, ada):
    """Whoever has the account must leave."""
    thief = new_client()
    thief.get("/login/ada/")
    form = client.get(f"/django-reset/{reset_link(ada)}").url
    client.post(form, NEW_PASSWORD)
    assert whoami(client) == "ada"
    assert thief.get("/public/").json() == {"user": "", "reason": "session_revoked"}

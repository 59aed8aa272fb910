"""The whole story with another user model: `tests/test_custom_user.py` runs it."""

import re
import uuid
from io import StringIO

import pytest
from django.core.management import call_command

from django_jwt_cookie.test.client import JWTClient
from django_jwt_cookie.tokens import decode
from tests.custom_user.models import User
from tests.support.accounts import COOKIE, JSON, PASSWORD

pytestmark = pytest.mark.django_db

ADDRESS = "ada@example.com"
SIGNUP = {"email": ADDRESS, "full_name": "Ada L", "password1": PASSWORD, "password2": PASSWORD}


def test_signing_up_asks_for_what_the_model_requires(client):
    """Address and name; the document and the token name the user as the model does."""
    form = client.get("/accounts/signup/").content.decode()
    assert re.findall(r'name="(\w+)"[^>]* autocomplete="(\w+)"', form)[0] == ("email", "username")
    assert re.findall(r'<input type="(\w+)" name="(\w+)"', form) == [
        ("hidden", "csrfmiddlewaretoken"),
        ("email", "email"),
        ("text", "full_name"),
        ("password", "password1"),
        ("password", "password2"),
    ]
    response = client.post("/accounts/signup/", SIGNUP, content_type="application/json")
    user = User.objects.get()
    assert response.json()["user"] == {"id": str(user.pk), "email": ADDRESS}
    claims = decode(client.cookies[COOKIE].value)
    assert uuid.UUID(claims.sub) == user.pk
    assert str(user) == ADDRESS
    assert ADDRESS not in str(claims.to_payload())
    assert client.get("/accounts/me/").json()["user"]["email"] == ADDRESS


def test_an_address_is_taken_in_any_case(client):
    """Two accounts of one mailbox would be mixed up."""
    User.objects.create_user(ADDRESS, PASSWORD)
    response = client.post("/accounts/signup/", SIGNUP | {"email": "ADA@example.com"}, headers=JSON)
    assert response.json()["errors"]["email"][0]["code"] == "unique"


@pytest.mark.parametrize("name", ["email", "username"])
def test_a_program_may_call_the_name_what_the_model_calls_it(client, name):
    """Django's login form says "username" whatever the model says."""
    User.objects.create_user(ADDRESS, PASSWORD)
    body = {name: ADDRESS, "password": PASSWORD}
    response = client.post("/accounts/login/", body, content_type="application/json")
    assert response.status_code == 200
    assert client.get("/accounts/me/").json()["user"]["email"] == ADDRESS


def test_login_and_logout_in_html(client):
    """The form's label is the model's."""
    user = User.objects.create_user(ADDRESS, PASSWORD)
    page = client.get("/accounts/login/").content.decode()
    assert "Email" in page
    assert page.count('inputmode="email"') == 1
    response = client.post("/accounts/login/", {"username": ADDRESS, "password": PASSWORD})
    assert response.status_code == 302
    response = client.get("/accounts/me/")
    assert response.json()["user"]["id"] == str(user.pk)
    client.post("/accounts/logout/")
    assert client.get("/accounts/me/").status_code == 401


def test_a_forced_login_is_adopted(client):
    """With a UUID in the Django session, and nothing left there afterwards."""
    client.force_login(User.objects.create_user(ADDRESS, PASSWORD))
    assert client.get("/accounts/me/").json()["user"]["email"] == ADDRESS
    assert client.cookies["sessionid"].value == ""
    assert client.get("/accounts/me/").status_code == 200


def test_devices_are_listed_and_ended_without_the_messages_framework(client):
    """By the page and by the command, which calls the user what the model does."""
    user = User.objects.create_user(ADDRESS, PASSWORD)
    elsewhere = JWTClient.logged_in_as(user)
    client.post("/accounts/login/", {"username": ADDRESS, "password": PASSWORD})
    first, second = client.get("/accounts/sessions/", headers=JSON).json()["sessions"]
    assert (first["current"], second["current"]) == (True, False)
    response = client.post(f"/accounts/sessions/{second['id']}/", follow=True)
    assert response.status_code == 200
    assert elsewhere.get("/accounts/me/").status_code == 401
    assert client.get("/accounts/me/").json()["user"]["id"] == str(user.pk)
    call_command("jwt_cookie_revoke", "--user", ADDRESS, stdout=StringIO())
    assert client.get("/accounts/me/").status_code == 401

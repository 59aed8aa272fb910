"""What several tests do before their own first step."""

from typing import Any

from django.test import Client

NAME = "ada"
PASSWORD = "Wieliczka-1044-salt"
JSON = {"accept": "application/json"}
COOKIE = "__Host-jwt"


def sign_up(client: Client, name: str = NAME) -> None:
    """Make an account in the browser of ``client``, and be logged in by it."""
    form = {"username": name, "password1": PASSWORD, "password2": PASSWORD}
    assert client.post("/accounts/signup/", form).status_code == 302


def log_in(client: Client, name: str = NAME, password: str = PASSWORD, **more: Any) -> Any:
    """Log in as a program does; return the response."""
    form = {"username": name, "password": password, **more}
    return client.post("/accounts/login/", form, content_type="application/json")


def who(client: Client) -> str | None:
    """Return the name that the site knows ``client`` by."""
    response = client.get("/accounts/me/")
    return response.json()["user"]["username"] if response.status_code == 200 else None

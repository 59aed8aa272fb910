"""What several tests do before their own first step."""

from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.test import Client

from django_jwt_cookie import sessions
from django_jwt_cookie.models import LoginSession

NAME = "ada"
PASSWORD = "Wieliczka-1044-salt"
JSON = {"accept": "application/json"}
COOKIE = "__Host-jwt"
BACKEND = "django.contrib.auth.backends.ModelBackend"


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


def start_session(user: User, **changes: Any) -> LoginSession:
    """Record a login of ``user``, as a request does that logs somebody in."""
    values = {"backend": BACKEND, "auth_hash": user.get_session_auth_hash(), "persistent": True}
    session = sessions.prepare(user, **{"session_id": uuid4(), **values, **changes})
    sessions.get_store().begin(session)
    return session

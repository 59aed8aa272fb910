"""What the tests of logins do as a visitor of `tests.support.sites`, in one line each."""

from collections.abc import Callable
from importlib import import_module
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.contrib.sessions.backends.base import SessionBase
from django.test import Client
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from django_jwt_cookie.tokens import decode
from tests.support import sites
from tests.support.accounts import BACKEND, COOKIE, JSON, PASSWORD

DJANGOS = "django.contrib.auth.middleware.AuthenticationMiddleware"
OURS = "django_jwt_cookie.middleware.JWTCookieMiddleware"


def whoami(client: Client) -> Any:
    """Return the name that the site knows ``client`` by."""
    return client.get("/public/").json()["user"]


def cookie_of(client: Client, name: str) -> str:
    """Return the value of a cookie in the jar; empty if there is none."""
    return client.cookies[name].value if name in client.cookies else ""


def sid_of(client: Client) -> UUID:
    """Return the claim ``sid`` of the token in the jar."""
    return decode(cookie_of(client, COOKIE), allow_expired=True).sid


def cart_of(client: Client) -> Any:
    """Return what is in the Django session besides the login."""
    return client.get("/cart/").json()["cart"]


def do(client: Client, action: Callable[..., Any]) -> Any:
    """Have a view of the site do ``action(request)``, asynchronous or not; return what that does.

    What it returns has to be JSON.
    """
    return sites.do(client, action).json()["done"]


def session_store(key: str | None = None) -> SessionBase:
    """Open a Django session by hand, by the engine of the site."""
    store: SessionBase = import_module(settings.SESSION_ENGINE).SessionStore(key)
    return store


def log_in_before_the_swap(client: Client, user: User, **more: Any) -> None:
    """Leave in ``client`` what a login with Django's own middleware left."""
    session = session_store()
    session.update(
        {
            auth.SESSION_KEY: str(user.pk),
            auth.BACKEND_SESSION_KEY: BACKEND,
            auth.HASH_SESSION_KEY: user.get_session_auth_hash(),
            **more,
        }
    )
    session.save()
    assert session.session_key is not None
    client.cookies["sessionid"] = session.session_key


def reset_link(user: User) -> str:
    """Return the part of the link in the e-mail that lets its reader choose a new password."""
    user.refresh_from_db()
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return f"{uid}/{default_token_generator.make_token(user)}/"


def add_many_groups(user: User) -> None:
    """Add more than a cookie can carry as a claim."""
    for index in range(40):
        user.groups.create(name=f"{index}{'x' * 100}")


def log_in_by_page(client: Client, name: str = "ada", **more: Any) -> Any:
    """Log in with the package's page."""
    return client.post("/accounts/login/", {"username": name, "password": PASSWORD} | more)


def log_in_by_admin(client: Client, name: str) -> None:
    """Log in with the admin's page."""
    client.post("/admin/login/", {"username": name, "password": PASSWORD, "next": "/admin/"})


def log_in_by_program(client: Client, name: str) -> None:
    """Log in with JSON."""
    data = {"username": name, "password": PASSWORD}
    client.post("/accounts/login/", data, content_type="application/json")


LOGINS: dict[str, Callable[[Client, str], object]] = {
    "login": lambda client, name: client.get(f"/login/{name}/"),
    "alogin": lambda client, name: client.get(f"/alogin/{name}/"),
    "login of ours": lambda client, name: client.get(f"/login-ours/{name}/"),
    "alogin of ours": lambda client, name: client.get(f"/alogin-ours/{name}/"),
    "page": log_in_by_page,
    "JSON": log_in_by_program,
    "admin": log_in_by_admin,
}
LOGOUTS: dict[str, Callable[[Client], Any]] = {
    "logout": lambda client: client.get("/logout/"),
    "alogout": lambda client: client.get("/alogout/"),
    "logout of ours": lambda client: client.get("/logout-ours/"),
    "alogout of ours": lambda client: client.get("/alogout-ours/"),
    "page": lambda client: client.post("/accounts/logout/"),
    "JSON": lambda client: client.post("/accounts/logout/", headers=JSON),
    "admin": lambda client: client.post("/admin/logout/"),
}

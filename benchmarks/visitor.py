"""A visitor of a site: logs in as its programs do, keeps its cookie or token, and renews it."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

from .exchange import Answer, Request
from .sites import FLOOR_COOKIE, FLOOR_TOKEN, NAME, PASSWORD, Login, Refresh, Site

CSRF = "c" * 32
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
FRESH_FOR = 60
"""Seconds, after which the visitor logs in again: nothing is renewed while requests are timed."""


class Refused(Exception):
    """A site did not do what it was asked: nothing that it did counts."""


@dataclass
class Visitor:
    """Somebody with a browser, or a program."""

    site: Site
    send: Callable[[Request], Answer]
    """How requests get to the site's own pages of logins."""

    headers: dict[str, str] = field(default_factory=dict)
    """What a request of this visitor has, from the login on."""

    cookies: dict[str, str] = field(default_factory=dict)
    refresh_token: str = ""
    _logged_in_at: float = float("-inf")

    def be_fresh(self) -> None:
        """Log in, unless that was just now."""
        if time.monotonic() - self._logged_in_at > FRESH_FOR:
            self.log_in()

    def log_in(self) -> None:
        """Give the password."""
        if self.site.login is not None:
            self.take(self.send(self.login_request()))
        else:
            # The bare site does not know it: what a cookie costs the server is no contender's.
            self.headers = {"cookie": f"{FLOOR_COOKIE}={FLOOR_TOKEN}"}
        self._logged_in_at = time.monotonic()

    def login_request(self) -> Request:
        """Return the request that gives the password."""
        credentials, login = {"username": NAME, "password": PASSWORD}, self._login
        if login.is_json:
            return post_json(login.path, credentials)
        # Django's own view looks for the token against forgery; so does ours.
        body = urlencode({**credentials, "csrfmiddlewaretoken": CSRF}).encode()
        headers = {
            "cookie": f"csrftoken={CSRF}",
            "content-type": FORM,
            "referer": f"https://localhost{login.path}",
        }
        return Request(login.path, headers, body)

    def refresh_request(self) -> Request:
        """Return the request that asks for the next token."""
        refresh = self._refresh
        if refresh.found:
            return post_json(refresh.path, {refresh.field: self.refresh_token})
        return post_json(refresh.path, {}, {"cookie": cookie_header(self.cookies)})

    def take(self, answer: Answer) -> None:
        """Keep the token that an answer brings. Raises `Refused` if it brings none."""
        if answer.status not in (200, 302):
            raise Refused(f"{self.site.name} refuses a login: {answer.status} {answer.body!r}")
        self.cookies |= cookies_of(answer)
        refresh = self.site.refresh
        document = json.loads(answer.body) if self._login.bearer else {}
        if self._login.bearer and (access := find(document, self._login.bearer)):
            self.headers = {"authorization": f"Bearer {access}"}
        if refresh is not None and refresh.found:
            # The last name: at a login it may be in another place than at a renewal.
            self.refresh_token = find_anywhere(document, refresh.found[-1])
        if self.cookies and not self._login.bearer:
            self.headers = {"cookie": cookie_header(self.cookies)}
        if not self.headers:
            raise Refused(f"{self.site.name} answers a login with neither cookie nor token")

    @property
    def _login(self) -> Login:
        assert self.site.login is not None
        return self.site.login

    @property
    def _refresh(self) -> Refresh:
        assert self.site.refresh is not None
        return self.site.refresh


def post_json(path: str, document: Any, headers: dict[str, str] | None = None) -> Request:
    """Return a request with a document."""
    return Request(path, {"content-type": JSON, **(headers or {})}, json.dumps(document).encode())


def cookies_of(answer: Answer) -> dict[str, str]:
    """Return the cookies that an answer sets and does not delete, but for that against forgery."""
    jar: dict[str, str] = {}
    for name, value in answer.headers:
        if name == "Set-Cookie":
            jar |= {key: morsel.value for key, morsel in SimpleCookie(value).items()}
    return {key: value for key, value in jar.items() if value and key != "csrftoken"}


def cookie_header(cookies: dict[str, str]) -> str:
    """Return what a browser sends."""
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


def find(document: Any, names: tuple[str, ...]) -> str:
    """Return what is at the end of ``names``; an empty string if it is not there."""
    for name in names:
        document = document.get(name, {})
    return document or ""


def find_anywhere(document: Any, name: str) -> str:
    """Return the value of ``name``, however deep it is; an empty string if it is not there."""
    if not isinstance(document, dict):
        return ""
    if name in document:
        return str(document[name])
    return next(filter(None, (find_anywhere(each, name) for each in document.values())), "")

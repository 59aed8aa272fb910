"""What schemathesis needs to know of this site: how to log in."""

import json
import os
import urllib.request
from http.cookies import SimpleCookie
from typing import Any

import schemathesis

JSON = {"Accept": "application/json", "Content-Type": "application/json"}
ACCOUNTS = f"{os.environ['SITE']}/accounts"


def ask(path: str, headers: dict[str, str], body: dict[str, str] | None = None) -> Any:
    """Send a request; return the answer's cookies and document."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{ACCOUNTS}{path}", data, JSON | headers)  # noqa: S310
    with urllib.request.urlopen(request) as response:  # noqa: S310
        cookies = SimpleCookie("; ".join(response.headers.get_all("Set-Cookie", [])))
        return {name: each.value for name, each in cookies.items()}, json.load(response)


def csrf(cookies: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the cookies and the header of a browser that has asked for a CSRF token."""
    more, document = ask("/csrf/", {"Cookie": written(cookies)})
    return cookies | more, {"X-CSRFToken": document["csrf_token"]}


def written(cookies: dict[str, str]) -> str:
    """Return the header."""
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


@schemathesis.auth(refresh_interval=None)
class Browser:
    """A browser of its own for each request, since one before may have logged out."""

    def get(self, case: Any, context: Any) -> Any:
        """Log in, unless the run is that of a stranger; get the CSRF token."""
        cookies, header = csrf({})
        if account := os.environ.get("ACCOUNT"):
            login = header | {"Cookie": written(cookies)}
            more, _ = ask("/login/", login, json.loads(account))
            cookies, header = csrf(cookies | more)
        return cookies, header

    def set(self, case: Any, data: Any, context: Any) -> None:
        """Send both along."""
        cookies, header = data
        case.cookies = {**(case.cookies or {}), **cookies}
        case.headers = {**(case.headers or {}), **header}

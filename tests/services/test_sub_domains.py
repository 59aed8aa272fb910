"""One login for all sub-domains, in a real browser that has cookies of all kinds."""

from collections.abc import Iterator
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.support.accounts import NAME, PASSWORD

from .contract import expired
from .forgeries import parts
from .servers import Server
from .sites import COOKIE, KEY, Project, jwks_url

RULES = "--host-resolver-rules=MAP *.example.com 127.0.0.1, MAP * ~NOTFOUND"

POST = """async ([path, form]) => {
  const json = { Accept: "application/json", "Content-Type": "application/json" };
  const { csrf_token } = await (await fetch("/accounts/csrf/", { headers: json })).json();
  const headers = { ...json, "X-CSRFToken": csrf_token };
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(form) });
  return answer.status;
}"""

GET = """async (path) => {
  const answer = await fetch(path, { headers: { Accept: "application/json" } });
  return { status: answer.status, ...(await answer.json()) };
}"""


class Visitor:  # pragma: no cover - with Chromium alone
    """A browser with a jar of its own."""

    def __init__(self, browser: Any) -> None:
        self.context = browser.new_context(ignore_https_errors=True)
        self.page = self.context.new_page()

    def go(self, server: Server, path: str) -> None:
        """Open a page of a site."""
        self.page.goto(f"{server.origin}:{server.port}{path}")

    def log_in(self, accounts: Server, name: str = NAME) -> None:
        """Log in, to outlive the browser."""
        self.go(accounts, "/accounts/login/")
        form = {"username": name, "password": PASSWORD, "remember": True}
        assert self.page.evaluate(POST, ["/accounts/login/", form]) == 200

    def log_out(self, accounts: Server) -> None:
        self.go(accounts, "/accounts/login/")
        assert self.page.evaluate(POST, ["/accounts/logout/", {}]) == 204

    def who(self, server: Server, path: str) -> Any:
        """Return whom a site takes the visitor for, or why for nobody."""
        self.go(server, "/accounts/csrf/")
        answer = self.page.evaluate(GET, path)
        return answer.get("user", answer.get("code"))

    def cookie(self) -> Any:
        """Return the one login cookie."""
        (found,) = (each for each in self.context.cookies() if each["name"] == COOKIE)
        return found

    def jar(self) -> list[tuple[str, str]]:
        """Return domain and name of each login cookie; a dot before it means: all sub-domains."""
        found = self.context.cookies()
        return sorted((each["domain"], each["name"]) for each in found if "jwt" in each["name"])


@pytest.mark.needs_chromium
class TestSubDomains:
    @pytest.fixture(scope="class")
    @classmethod
    def browser(cls) -> Iterator[Any]:
        # It needs Playwright, which is known to be there by now.
        with import_module("example_project.tour.visit").chromium(RULES) as browser:
            yield browser

    @pytest.fixture
    def visitor(self, browser: Any) -> Iterator[Visitor]:
        visitor = Visitor(browser)
        yield visitor
        visitor.context.close()

    @pytest.fixture(scope="class")
    @classmethod
    def sites(
        cls, project: Project, accounts: Server, certificate: tuple[Path, Path]
    ) -> Iterator[Any]:
        """Return a function that starts a site over https, once per class and settings."""
        options = ("--certfile", str(certificate[0]), "--keyfile", str(certificate[1]))
        keys: dict[str, dict[str, Any]] = {
            "accounts": {"KEYS": [KEY]},
            "reports": {"JWKS_URL": jwks_url(accounts)},
        }
        known: dict[str, Server] = {}
        with ExitStack() as stack:

            def start(site: str, **changes: Any) -> Server:
                call = f"{site} {changes}"
                if call not in known:
                    server = project.serving(site, *options, **keys[site], **changes)
                    known[call] = stack.enter_context(server)
                return known[call]

            yield start

    def test_who_logs_in_at_one_is_logged_in_at_all(self, visitor: Visitor, sites: Any) -> None:
        """And out."""
        visitor.log_in(sites("accounts"))
        assert visitor.jar() == [(".example.com", COOKIE)]
        assert visitor.who(sites("reports"), "/reports/") == "1"
        visitor.log_out(sites("accounts"))
        assert visitor.jar() == []
        assert visitor.who(sites("reports"), "/reports/") == "login_required"

    @pytest.mark.parametrize("tracks", [True, False])
    def test_a_cookie_of_the_host_from_before_there_was_a_domain(
        self, visitor: Visitor, sites: Any, tracks: bool
    ) -> None:
        """Both are sent, the newer counts, and a logout leaves none in the browser."""
        mode = {"TRACK_SESSIONS": tracks}
        accounts = sites("accounts", **mode)
        visitor.log_in(sites("accounts", COOKIE_DOMAIN=None, COOKIE_NAME=COOKIE, **mode))
        assert visitor.jar() == [("accounts.example.com", COOKIE)]
        assert visitor.who(accounts, "/accounts/me/")["username"] == NAME
        assert visitor.who(sites("reports"), "/reports/") == "login_required"

        visitor.page.wait_for_timeout(1100)  # Tokens of one second can't be told apart by age.
        visitor.log_in(accounts, "grace")
        assert len(visitor.jar()) == 2
        assert visitor.who(accounts, "/accounts/me/")["username"] == "grace"
        assert visitor.who(sites("reports"), "/reports/") == "2"

        visitor.log_out(accounts)
        assert visitor.jar() == []
        assert visitor.who(accounts, "/accounts/me/") == "login_required"

    def test_a_cookie_of_one_host_reaches_its_ports_and_no_other_host(
        self, visitor: Visitor, sites: Any
    ) -> None:
        """What ``__Host-`` promises, and what not."""
        visitor.log_in(sites("accounts", COOKIE_DOMAIN=None))
        assert visitor.jar() == [("accounts.example.com", "__Host-jwt")]
        reports = sites("reports", COOKIE_DOMAIN=None)
        assert visitor.who(reports, "/reports/") == "login_required"
        beside = Server(reports.port, "accounts.example.com", is_tls=True)
        assert visitor.who(beside, "/reports/") == "1"

    def test_a_page_renews_and_asks_again(
        self, visitor: Visitor, sites: Any, project: Project
    ) -> None:
        """By the function of the document, from a page on another sub-domain."""
        accounts, reports = sites("accounts"), sites("reports")
        visitor.log_in(accounts)
        cookie = visitor.cookie()
        visitor.context.add_cookies([{**cookie, "value": expired(cookie["value"], 60)}])
        assert visitor.who(reports, "/reports/") == "token_expired"

        script = (project.folder / "reports" / "page.js").read_text()
        script = script.replace(accounts.origin, f"{accounts.origin}:{accounts.port}")
        visitor.go(reports, "/reports/")
        visitor.page.add_script_tag(type="module", content=f"{script}\nwindow.ask = ask;")
        visitor.page.wait_for_function("window.ask")
        headers = '{ headers: { Accept: "application/json" } }'
        status = visitor.page.evaluate(f'async () => (await ask("/reports/", {headers})).status')
        renewed = parts(visitor.cookie()["value"])[1]
        assert (status, renewed["exp"] > parts(cookie["value"])[1]["iat"] + 300) == (200, True)

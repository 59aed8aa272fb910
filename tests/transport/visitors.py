"""Clients of four kinds, with a jar of their own each, and the same verbs."""

import json
import subprocess
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from tests.support.accounts import NAME, PASSWORD

JSON = {"Accept": "application/json", "Content-Type": "application/json"}
LOGIN = "/accounts/login/"
PATIENCE = 60


class Visitor(Protocol):
    """What each of them can do at an origin such as ``https://app.test:1234``."""

    def log_in(self, origin: str, name: str = NAME) -> str:
        """Log in; return why that is not possible, or nothing."""

    def log_out(self, origin: str) -> None:
        """Log out."""

    def who(self, origin: str) -> str | None:
        """Return whom the site takes the visitor for."""

    def jar(self) -> dict[str, bool]:
        """Return the login cookies by name, and whether each is ``Secure``."""

    def open(self, url: str) -> None:
        """Open a page of anybody's."""

    def close(self) -> None:
        """Be done."""


class Program:
    """What the three programs have in common: each sends requests, and keeps cookies."""

    def send(self, method: str, url: str, headers: dict[str, str], body: str = "") -> Any:
        """Return status and text of the response."""
        raise NotImplementedError

    def jar(self) -> dict[str, bool]:
        """Return the login cookies by name, and whether each is ``Secure``."""
        raise NotImplementedError

    def close(self) -> None:
        """Be done."""

    def _post(self, origin: str, path: str, form: dict[str, str]) -> tuple[int, str]:
        csrf = json.loads(self.send("GET", f"{origin}/accounts/csrf/", JSON)[1])["csrf_token"]
        headers = JSON | {"X-CSRFToken": csrf, "Origin": origin}
        status, text = self.send("POST", f"{origin}{path}", headers, json.dumps(form))
        return status, text

    def log_in(self, origin: str, name: str = NAME) -> str:
        """Log in; return why that is not possible, or nothing."""
        status, text = self._post(origin, LOGIN, {"username": name, "password": PASSWORD})
        if status == 200:
            return ""
        answer = json.loads(text)
        assert (status, answer["code"]) == (403, "https_required")
        return str(answer["detail"])

    def log_out(self, origin: str) -> None:
        """Log out."""
        assert self._post(origin, "/accounts/logout/", {})[0] == 204

    def who(self, origin: str) -> str | None:
        """Return whom the site takes the visitor for."""
        status, text = self.send("GET", f"{origin}/accounts/me/", JSON)
        assert status in (200, 401)
        return json.loads(text)["user"]["username"] if status == 200 else None

    def open(self, url: str) -> None:
        """Open a page of anybody's."""
        self.send("GET", url, {})


class Requests(Program):
    """The library requests."""

    def __init__(self, folder: Path) -> None:
        import requests  # noqa: PLC0415
        import urllib3  # noqa: PLC0415

        # Nobody is on the way from here to here.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        self.session = requests.Session()
        self.session.trust_env, self.session.verify = False, False

    def send(self, method: str, url: str, headers: dict[str, str], body: str = "") -> Any:
        """Return status and text of the response."""
        answer = self.session.request(method, url, headers=headers, data=body, timeout=PATIENCE)
        return answer.status_code, answer.text

    def jar(self) -> dict[str, bool]:
        """Return the login cookies by name, and whether each is ``Secure``."""
        return {each.name: each.secure for each in self.session.cookies if is_ours(each.name)}

    def close(self) -> None:
        """Be done."""
        self.session.close()


class Httpx(Program):
    """The library httpx."""

    def __init__(self, folder: Path) -> None:
        import httpx  # noqa: PLC0415

        self.client = httpx.Client(trust_env=False, verify=False, timeout=PATIENCE)  # noqa: S501

    def send(self, method: str, url: str, headers: dict[str, str], body: str = "") -> Any:
        """Return status and text of the response."""
        answer = self.client.request(method, url, headers=headers, content=body)
        return answer.status_code, answer.text

    def jar(self) -> dict[str, bool]:
        """Return the login cookies by name, and whether each is ``Secure``."""
        jar = self.client.cookies.jar
        return {each.name: bool(each.secure) for each in jar if is_ours(each.name)}

    def close(self) -> None:
        """Be done."""
        self.client.close()


class Curl(Program):
    """The program curl."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "jar"

    def send(self, method: str, url: str, headers: dict[str, str], body: str = "") -> Any:
        """Return status and text of the response."""
        place = urlsplit(url)
        command = ["curl", "--silent", "--show-error", "--insecure", "--noproxy", "*"]
        command += ["--cookie", str(self.file), "--cookie-jar", str(self.file)]
        command += ["--resolve", f"{place.hostname}:{place.port}:127.0.0.1"]
        command += ["--write-out", "\n%{http_code}", "--request", method, url]
        for name, value in headers.items():
            command += ["--header", f"{name}: {value}"]
        command += ["--data", body] if body else []
        run = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
        text, _, status = run.stdout.rpartition("\n")
        return int(status), text

    def jar(self) -> dict[str, bool]:
        """Return the login cookies by name, and whether each is ``Secure``."""
        lines = self.file.read_text().splitlines() if self.file.exists() else []
        rows = [line.split("\t") for line in lines if line.count("\t") == 6]
        return {row[5]: row[3] == "TRUE" for row in rows if is_ours(row[5])}


POST = """async (path) => {
  const json = { Accept: "application/json", "Content-Type": "application/json" };
  const { csrf_token } = await (await fetch("/accounts/csrf/", { headers: json })).json();
  const headers = { ...json, "X-CSRFToken": csrf_token };
  return (await fetch(path, { method: "POST", headers, body: "{}" })).status;
}"""


class Chromium:  # pragma: no cover - with Chromium alone
    """Somebody with a browser, who fills in the form."""

    def __init__(self, browser: Any) -> None:
        self.context = browser.new_context(ignore_https_errors=True, locale="en-GB")
        self.page = self.context.new_page()

    def log_in(self, origin: str, name: str = NAME) -> str:
        """Log in; return why that is not possible, or nothing."""
        self.page.goto(f"{origin}{LOGIN}")
        if not self.page.locator("[name=password]").count():
            return str(self.page.get_by_role("alert").inner_text())
        self.page.fill("[name=username]", name)
        self.page.fill("[name=password]", PASSWORD)
        self.page.press("[name=password]", "Enter")
        self.page.get_by_role("heading", name=name).wait_for()
        assert self.page.url == f"{origin}/"
        return ""

    def log_out(self, origin: str) -> None:
        """Log out."""
        self.page.goto(f"{origin}/accounts/csrf/")
        assert self.page.evaluate(POST, "/accounts/logout/") == 204

    def who(self, origin: str) -> str | None:
        """Return whom the site takes the visitor for."""
        self.page.goto(f"{origin}/")
        shown = self.page.get_by_role("heading").inner_text()
        return None if shown == "nobody" else str(shown)

    def jar(self) -> dict[str, bool]:
        """Return the login cookies by name, and whether each is ``Secure``."""
        found = self.context.cookies()
        return {each["name"]: each["secure"] for each in found if is_ours(each["name"])}

    def open(self, url: str) -> None:
        """Open a page of anybody's."""
        self.page.goto(url)

    def close(self) -> None:
        """Be done."""
        self.context.close()


def is_ours(name: str) -> bool:
    """Tell whether a cookie is called like a login."""
    return "jwt" in name.lower()

"""A visitor with a browser, who notes down whatever the browser complains about."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Literal

from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)

from example_project.tour.accessibility import faults

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

expect.set_options(timeout=20_000)  # Milliseconds: other tests may keep the machine busy.

SIZES = {"wide": (1280, 800), "phone": (375, 812)}
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
)
"""What a phone's browser says it is."""

SOMEBODY_ELSES = ".swagger"
"""What is not looked at for accessibility: Swagger UI."""

SCHEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")


@contextmanager
def chromium(*more: str) -> Iterator[Browser]:
    """Start the browser. It asks no other host: not for updates, not for anything.

    ``more`` are further arguments on its command line.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which(os.environ.get("CHROMIUM", "chromium")),
            args=[*CHROMIUM_ARGUMENTS, *more],
        )
        try:
            yield browser
        finally:
            browser.close()


OVERFLOW = """() => {
  const { marginLeft, marginRight } = getComputedStyle(document.body);
  const width = document.body.offsetWidth + parseFloat(marginLeft) + parseFloat(marginRight);
  return document.documentElement.scrollWidth - width;
}"""
"""By how many pixels a page is wider than there is room for its body."""


class Visit:
    """One visitor: cookies of their own, and a list of complaints that has to stay empty."""

    audited: ClassVar[set[str]] = set()
    """Pages that axe-core has seen by now: once is enough, and takes its time."""

    def __init__(
        self, browser: Browser, address: str, album: Path | None = None, **context: Any
    ) -> None:
        self.address = address
        self.album = album
        self.complaints: list[str] = []
        # Of colours: one that is half-way to another is none that anybody reads.
        still = {"reduced_motion": "reduce"}
        context = {"locale": "en-GB", "timezone_id": "UTC"} | still | context
        # axe-core waits for timers, which never ring in a page whose scripts do not run.
        self._is_audited = context.get("java_script_enabled", True)
        self.context = browser.new_context(base_url=address, **context)
        self.context.on("console", self._note_message)
        self.context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.context.on("request", self._note_request)
        self.context.on("response", self._note_response)
        self.page: Page = self.context.new_page()

    def go(self, path: str) -> None:
        """Type an address."""
        self.page.goto(path)

    def click(self, name: str) -> None:
        """Click the link or button of that name, in the page's header or below."""
        link = self.page.get_by_role("link", name=name, exact=True)
        self.page.get_by_role("button", name=name, exact=True).or_(link).first.click()

    def submit(self, name: str) -> None:
        """Send the form of the page; the header may have a link of the same name."""
        self.page.locator("main").get_by_role("button", name=name, exact=True).click()

    def fill(self, **fields: str) -> None:
        """Fill in form fields by their names."""
        for name, value in fields.items():
            self.page.locator(f"[name={name}]").fill(value)

    def see(self, heading: str) -> None:
        """Wait for the page that has this main heading."""
        expect(self.page.get_by_role("heading", level=1, name=heading, exact=True)).to_be_visible()

    def read(self, text: str) -> None:
        """Wait for this text to stand in the page."""
        expect(self.page.get_by_text(text).first).to_be_visible()

    def find(self, selector: str) -> Locator:
        """Return what ``selector`` names."""
        return self.page.locator(selector)

    def cookie(self, name: str = "jwt") -> Any:
        """Return the cookie as the browser keeps it, None if it has none of that name."""
        return next((each for each in self.context.cookies() if each["name"] == name), None)

    def look(self, name: str, *, everywhere: bool = False) -> None:
        """Check that the page is accessible and fits a phone, and take it into the album, if any.

        Wide and light, or ``everywhere``: in every size and both colour schemes.
        """
        self._fits_a_phone()
        if self._is_audited and name not in self.audited:
            self.audited.add(name)
            self._is_accessible()
        for size, (width, height) in SIZES.items() if self.album else ():
            for scheme in SCHEMES:
                if everywhere or (size, scheme) == ("wide", "light"):
                    self.page.set_viewport_size({"width": width, "height": height})
                    self.page.emulate_media(color_scheme=scheme)
                    path = f"{self.album}/{name}-{size}-{scheme}.png"
                    self.page.screenshot(path=path, full_page=True, animations="disabled")
        self._at_the_desk()

    def expect_refusals(self, *statuses: int) -> None:
        """Forget what the browser has said of answers with these statuses, all of them."""
        self.page.wait_for_timeout(500)  # It says so in its own time.
        said = [
            re.search(r"status of (\d+)|Status Error Code (\d+)", each) for each in self.complaints
        ]
        found = {int(match[1] or match[2]) for match in said if match}
        assert found == {*statuses}, self.complaints
        self.complaints = [
            text for text, match in zip(self.complaints, said, strict=True) if not match
        ]

    def _fits_a_phone(self) -> None:
        """No page may scroll sideways."""
        # A heading can be seen before the style sheet has arrived.
        self.page.wait_for_load_state()
        width, height = SIZES["phone"]
        self.page.set_viewport_size({"width": width, "height": height})
        # The window counts in the place that it keeps for a scroll bar, which no phone does.
        overflow = self.page.evaluate(OVERFLOW)
        if overflow > 0:
            self.complaints.append(f"{self.page.url} is {overflow} px too wide for a phone")
        self._at_the_desk()

    def _is_accessible(self) -> None:
        """Neither on a phone nor at the desk may axe-core find a fault."""
        for size in SIZES.values():
            self.page.set_viewport_size({"width": size[0], "height": size[1]})
            self.complaints += faults(self.page, SOMEBODY_ELSES)

    def _at_the_desk(self) -> None:
        width, height = SIZES["wide"]
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.emulate_media(color_scheme="light")

    def _note_message(self, message: ConsoleMessage) -> None:
        """Script errors and breaches of the Content Security Policy arrive here."""
        if message.type in ("error", "warning"):
            page = message.page.url if message.page else ""
            self.complaints.append(f"{page}: {message.text}")

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith(f"{self.address}/"):
            self.complaints.append(f"{request.frame.url} asks another host: {request.url}")

    def _note_response(self, response: Response) -> None:
        if response.status >= 500:
            self.complaints.append(f"{response.url} answers {response.status}")

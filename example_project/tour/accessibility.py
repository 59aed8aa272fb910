"""What axe-core finds fault with in a page, as somebody sees, hears or touches it."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OPTIONS = {
    "runOnly": {"type": "tag", "values": STANDARDS},
    # What is new in WCAG 2.2 axe-core leaves out unless told: targets of 24 px.
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
}


def faults(page: Page, besides: str = "") -> list[str]:
    """Return what is wrong with the page as it stands, one line for each element.

    WCAG 2.2 AA, and what axe-core holds to be good practice beside it. What is in ``besides``, a
    selector, is not looked at: somebody else's.
    """
    context = {"exclude": [[besides]]} if besides else None
    found = Axe().run(page, context, OPTIONS).response["violations"]
    return [
        f"{page.url}: {violation['id']}: {node['html']} {' '.join(node['failureSummary'].split())}"
        for violation in found
        for node in violation["nodes"]
    ]

"""The package's own pages, as somebody sees, hears or touches them, in a real browser."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:  # pragma: no cover - with Chromium alone
    """Start the browser; Playwright is known to be there by now."""
    with import_module("example_project.tour.visit").chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def faults() -> Any:  # pragma: no cover - as above
    """Return what looks for faults."""
    return import_module("example_project.tour.accessibility").faults


@pytest.mark.needs_chromium
def test_a_fault_is_found(browser: Any, faults: Any) -> None:
    """Of each kind that is looked for: WCAG 2.0, the targets of 2.2, good practice."""
    page = browser.new_page()
    page.set_content("<input><p><a href='/a/'>a</a><br><a href='/b/'>b</a></p>")
    page.add_style_tag(content="a { font-size: 6px }")
    found = {fault.split(": ")[1] for fault in faults(page)}
    assert {"label", "target-size", "region"} <= found
    page.close()

"""A browser and a site for it, where there is Chromium."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from .site import running_site


@pytest.fixture(scope="session")
def tour() -> Any:  # pragma: no cover - with Chromium alone
    """Return what needs Playwright, which is known to be there by now."""
    return import_module("example_project.tour.visit")


@pytest.fixture(scope="session")
def faults() -> Any:  # pragma: no cover - as above
    """Return what looks for faults."""
    return import_module("example_project.tour.accessibility").faults


@pytest.fixture(scope="module")
def browser(tour: Any) -> Iterator[Any]:  # pragma: no cover - as above
    """Start the browser."""
    with tour.chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:  # pragma: no cover - as above
    """Return the address of the site."""
    with running_site(tmp_path_factory.mktemp("pages")) as address:
        yield address


@pytest.fixture
def visit(
    request: pytest.FixtureRequest, site: str, tour: Any, browser: Any
) -> Iterator[Any]:  # pragma: no cover - as above
    """Return a visitor who has just come; what a test parametrizes tells of the browser."""
    visit = tour.Visit(browser, site, **getattr(request, "param", {}))
    yield visit
    visit.context.close()
    assert visit.complaints == []

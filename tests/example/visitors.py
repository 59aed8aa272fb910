"""A visitor with a browser for each test, on a running example."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any
from uuid import uuid4

import pytest

from example_project.tour.server import Site, running_example

PASSWORD = "a-Password-of-17"


@pytest.mark.needs_chromium
class InBrowser:
    """Whatever the browser complains about on the way fails a test."""

    @pytest.fixture(scope="class")
    @classmethod
    def site(cls) -> Iterator[Site]:
        with running_example() as site:
            yield site

    @pytest.fixture(scope="class")
    @classmethod
    def tour(cls) -> Any:
        """Import what needs Playwright, now that it is known to be there."""
        return import_module("example_project.tour.visit")

    @pytest.fixture(scope="class")
    @classmethod
    def browser(cls, tour: Any) -> Iterator[Any]:
        with tour.chromium() as browser:
            yield browser

    @pytest.fixture
    def steps(self) -> Any:
        return import_module("example_project.tour.steps")

    @pytest.fixture
    def visit(
        self, request: pytest.FixtureRequest, site: Site, tour: Any, browser: Any
    ) -> Iterator[Any]:
        visit = tour.Visit(browser, site.address, **getattr(request, "param", {}))
        yield visit
        visit.context.close()
        assert visit.complaints == [], "\n".join(visit.complaints)

    @pytest.fixture
    def name(self) -> str:
        return f"ada-{uuid4().hex[:8]}"

    @pytest.fixture
    def member(self, visit: Any, steps: Any, name: str) -> Any:
        """Return a visit that has just signed up."""
        steps.sign_up(visit, name, PASSWORD)
        return visit

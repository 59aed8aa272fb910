"""The test runner of a copy of Django's tests, named there by ``tools/django_suites.py``.

Runs inside Django's test process and notes what each test came to.
"""

import json
import os
from pathlib import Path
from typing import Any
from unittest import TestCase, TestSuite, TextTestResult

from django.test.runner import DiscoverRunner

OUTCOMES = "DJANGO_SUITES_OUTCOMES"
"""The environment variable that names the file to write outcomes into."""


class NotingResult(TextTestResult):
    """Remembers by id which tests were run, which passed and which were skipped."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.started: set[str] = set()
        self.passed: set[str] = set()
        self.skipped_ids: set[str] = set()

    def startTest(self, test: TestCase) -> None:  # noqa: N802
        """Note that ``test`` begins; what is heard of no more has failed."""
        self.started.add(test.id())
        super().startTest(test)

    def addSuccess(self, test: TestCase) -> None:  # noqa: N802
        """Note a test of which every subtest passed."""
        self.passed.add(test.id())
        super().addSuccess(test)

    def addExpectedFailure(self, test: TestCase, err: Any) -> None:  # noqa: N802
        """Note a test that fails as Django means it to."""
        self.passed.add(test.id())
        super().addExpectedFailure(test, err)

    def addSkip(self, test: TestCase, reason: str) -> None:  # noqa: N802
        """Note a test that this machine or database can't run."""
        self.skipped_ids.add(test.id())
        super().addSkip(test, reason)

    def outcomes(self) -> dict[str, Any]:
        """Return everything as JSON can hold it."""
        complaints: dict[str, str] = {}
        for test, traceback in self.errors + self.failures:
            # A subtest counts for its test.
            test_id = getattr(test, "test_case", test).id()
            complaints[test_id] = complaints.get(test_id, "") + traceback
        return {
            "run": sorted(self.started - self.skipped_ids),
            "passed": sorted(self.passed),
            "complaints": complaints,
        }


class NotingRunner(DiscoverRunner):
    """Django's runner, which leaves a file with the outcomes behind."""

    def get_resultclass(self) -> type[TextTestResult]:
        """Return our class in place of unittest's."""
        return NotingResult

    def suite_result(self, suite: TestSuite, result: Any, **kwargs: Any) -> int:
        """Write the outcomes."""
        Path(os.environ[OUTCOMES]).write_text(json.dumps(result.outcomes()), encoding="utf-8")
        return super().suite_result(suite, result, **kwargs)

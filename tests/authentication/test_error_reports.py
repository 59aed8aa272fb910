"""Error reports: the login cookie is hidden in them, whatever filter a site has."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.views.debug import (
    ExceptionReporter,
    SafeExceptionReporterFilter,
    get_default_exception_reporter_filter,
)

from django_jwt_cookie.authentication.error_reports import ReportFilter
from django_jwt_cookie.middleware import JWTCookieMiddleware
from tests.support.accounts import COOKIE

TOKEN = "the.token.itself"


class OwnFilter(SafeExceptionReporterFilter):
    """Hides what a site minds more."""

    def cleanse_setting(self, key, value):
        return "mine" if key == "flavour" else super().cleanse_setting(key, value)


@pytest.fixture(params=[SafeExceptionReporterFilter, OwnFilter, ReportFilter])
def _filter(request, settings):
    """Let each of these be the filter of the site."""
    path = f"{request.param.__module__}.{request.param.__qualname__}"
    settings.DEFAULT_EXCEPTION_REPORTER_FILTER = path
    settings.JWT_COOKIE = {}  # What hangs on the settings is made anew.
    get_default_exception_reporter_filter.cache_clear()  # type: ignore[attr-defined]
    yield
    get_default_exception_reporter_filter.cache_clear()  # type: ignore[attr-defined]


@pytest.fixture
def served():
    """A request on its way through the middleware."""
    request = RequestFactory().get("/", headers={"cookie": f"{COOKIE}={TOKEN}; flavour=vanilla"})
    JWTCookieMiddleware(lambda _: HttpResponse())(request)
    return request


def test_a_filter_that_the_request_has_already_goes_on_to_hide(rf):
    """Code before the middleware may mind more than the site's filter does."""
    request = rf.get("/", headers={"cookie": f"{COOKIE}={TOKEN}; flavour=vanilla"})
    request.exception_reporter_filter = OwnFilter()
    JWTCookieMiddleware(lambda _: HttpResponse())(request)
    reporter = ExceptionReporter(request, LookupError, LookupError("on purpose"), None)
    said = reporter.get_traceback_html() + reporter.get_traceback_text()
    assert "flavour" in said
    assert TOKEN not in said
    assert "vanilla" not in said


@pytest.mark.usefixtures("_filter")
def test_a_report_hides_the_token(served, settings):
    """And what the site's own filter hides."""
    reporter = ExceptionReporter(served, LookupError, LookupError("on purpose"), None)
    said = reporter.get_traceback_html() + reporter.get_traceback_text()
    assert "flavour" in said
    assert TOKEN not in said
    own = settings.DEFAULT_EXCEPTION_REPORTER_FILTER.endswith("OwnFilter")
    assert ("vanilla" in said) is not own


def test_the_filter_of_the_settings_hides_it_outside_of_a_request():
    """For packages that ask Django for that one."""
    assert ReportFilter().cleanse_setting(COOKIE, TOKEN) == "*" * 20
    assert ReportFilter().cleanse_setting("flavour", "vanilla") == "vanilla"

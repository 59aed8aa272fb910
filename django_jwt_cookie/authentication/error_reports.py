"""What an error report does not show: the login cookie, and what becomes one.

Django hides its session cookie by name. A report is mailed, and the token in it would be good.
"""

from copy import copy
from typing import Any

from django.views.debug import (
    SafeExceptionReporterFilter,
    get_default_exception_reporter_filter,
)

from ..conf import Settings, get_settings
from ..conf.validation import prefix_of
from .migrating import get_older_cookies


class HidesLoginCookie:
    """Adds the login cookie to what a filter hides."""

    def cleanse_setting(self, key: Any, value: Any) -> Any:
        """Return ``value``, unless it is the token, or one of an older scheme."""
        name = get_settings().cookie_name
        hidden = {name, name[len(prefix_of(name)) :], *(each.name for each in get_older_cookies())}
        if key in hidden:
            return SafeExceptionReporterFilter.cleansed_substitute
        return super().cleanse_setting(key, value)  # type: ignore[misc]


class ReportFilter(HidesLoginCookie, SafeExceptionReporterFilter):
    """Django's filter with the login cookie, for ``DEFAULT_EXCEPTION_REPORTER_FILTER``.

    Each request has such a one without that, made from the site's own. Whatever asks for the one
    of the settings, as django-debug-toolbar does, needs it there.
    """


def make_report_filter(_: Settings) -> SafeExceptionReporterFilter:
    """Return the site's own filter, with the login cookie."""
    return with_login_cookie(get_default_exception_reporter_filter())


def with_login_cookie(own: SafeExceptionReporterFilter) -> SafeExceptionReporterFilter:
    """Return a filter that hides what ``own`` does, and the login cookie."""
    if isinstance(own, HidesLoginCookie):
        return own
    hiding = copy(own)
    hiding.__class__ = type("ReportFilter", (HidesLoginCookie, type(own)), {})
    return hiding

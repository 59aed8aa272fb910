"""django-axes: who is locked out is told so in the language of the client."""

from math import ceil

from axes.conf import settings
from axes.helpers import (
    get_client_username,
    get_cool_off,
    get_cool_off_iso8601,
    get_failure_limit,
    get_lockout_message,
)
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers, patch_vary_headers
from django.utils.http import urlencode

from ..responses import error, prefers_json


def lockout(request: HttpRequest, *_: object) -> HttpResponse:
    """Answer in the place of a login page, for ``AXES_LOCKOUT_CALLABLE``.

    Programs read ``code`` and ``detail`` as in every error; people see what axes is set to show
    them. Both learn from ``Retry-After`` when to come back, at the latest.
    """
    # What axes passes besides differs between synchronous and asynchronous requests.
    cool_off = get_cool_off(request)
    status = settings.AXES_HTTP_RESPONSE_CODE
    if prefers_json(request):
        response: HttpResponse = error("locked_out", status, get_lockout_message())
    else:
        response = _page(request, status)
    if cool_off is not None:
        response.headers["Retry-After"] = str(ceil(cool_off.total_seconds()))
    add_never_cache_headers(response)
    patch_vary_headers(response, ["Accept"])
    return response


def _page(request: HttpRequest, status: int) -> HttpResponse:
    """Return what axes itself shows, by its settings, where nobody is asked in its place."""
    credentials = getattr(request, "axes_credentials", None)
    username = get_client_username(request, credentials) or ""
    if template := settings.AXES_LOCKOUT_TEMPLATE:
        context = {"failure_limit": get_failure_limit(request, credentials), "username": username}
        if cool_off := get_cool_off(request):
            context["cooloff_timedelta"] = cool_off
            context["cooloff_time"] = get_cool_off_iso8601(cool_off)
        return render(request, template, context, status=status)
    if url := settings.AXES_LOCKOUT_URL:
        return redirect(f"{url}?{urlencode({'username': username})}")
    return HttpResponse(get_lockout_message(), status=status)

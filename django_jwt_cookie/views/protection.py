"""What every view of the package is protected by, with refusals that programs can read."""

import codecs
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.core.handlers.exception import response_for_exception
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.decorators import decorator_from_middleware
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.vary import vary_on_headers

from ..responses import csrf_failed, error, prefers_json, unsupported_media_type


class NegotiatingCsrfMiddleware(CsrfViewMiddleware):
    """Django's protection, with a refusal that programs can read."""

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        response: HttpResponse = super()._reject(request, reason)  # type: ignore[misc]
        return csrf_failed(reason) if prefers_json(request) else response


UNREADABLE = (
    BadRequest,
    MultiPartParserError,
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
)
"""What Django raises for a body that it will not read, and answers with a page."""


def is_utf_8(charset: str) -> bool:
    """Tell whether text in ``charset`` is UTF-8, or ASCII, which is that too."""
    try:
        return codecs.lookup(charset).name in {"utf-8", "ascii"}
    except (LookupError, ValueError):  # Of that name there is none; or it can't be a name.
        return False


def explain_refusal(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Tell a program what it may not do, or that its body can't be read.

    Wherever in the view that turns out. Another charset than UTF-8, which no browser names, is
    refused before: Python has some that are none of text, and some that make lone surrogates, which
    the password hasher fails on.
    """

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_utf_8((request.content_params or {}).get("charset") or "utf-8"):
            return unsupported_media_type()
        try:
            return view(request, *args, **kwargs)
        except (Http404, PermissionDenied, *UNREADABLE) as refusal:
            # As an answer it gets the headers of all others: no cache keeps it.
            return explain(refusal) if prefers_json(request) else as_page(request, refusal)

    return wrapper


def as_page(request: HttpRequest, refusal: Exception) -> HttpResponse:
    """Return the site's own page for what a view has raised."""
    response: HttpResponse = response_for_exception(request, refusal)
    return response


def explain(refusal: Exception) -> HttpResponse:
    """Return what a program is told of it."""
    if isinstance(refusal, Http404):
        return error("not_found", HTTPStatus.NOT_FOUND, refusal)
    if isinstance(refusal, PermissionDenied):
        return error("permission_denied", HTTPStatus.FORBIDDEN, refusal)
    if isinstance(refusal, RequestDataTooBig):
        detail = _("The body is too large.")
        return error("too_large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
    return error("malformed_form", HTTPStatus.BAD_REQUEST, _("The form can't be read."))


PROTECTION: tuple[Callable[[Any], Any], ...] = (
    sensitive_post_parameters(),
    decorator_from_middleware(NegotiatingCsrfMiddleware),
    explain_refusal,
    never_cache,
    vary_on_headers("Accept"),
    login_not_required,
    # No exemption: the site's CsrfViewMiddleware would refuse with a page that programs can't
    # read, so the same check is made here, whether or not the site has that middleware.
    csrf_exempt,
)
"""Decorators of every view, the innermost first."""

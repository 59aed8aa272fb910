"""Answers that differ between people and programs: documents, errors, "please log in again"."""

import re
import time
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from django.conf import settings as django_settings
from django.contrib.auth import REDIRECT_FIELD_NAME, get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import MediaType
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch
from django.utils.cache import add_never_cache_headers, patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from . import users
from .authentication import get_jwt
from .conf import get_settings
from .exceptions import SessionRevoked
from .models import LoginSession

JSON = "application/json"
FOR_PROGRAMS = (("application", r"json|.*\+json"), ("text", "event-stream"))

REASON_FIELD = "reason"
"""The query parameter that tells the login page why a visitor has to log in again."""

RECENT_LOGIN_REQUIRED = "recent_login_required"
"""The one reason that is not the cookie's: the login is good, and too old for this."""

REASONS = {
    RECENT_LOGIN_REQUIRED: _("For this you need to give your password again."),
    "login_required": _("You need to log in for this."),
    "token_invalid": _("Your login cookie was changed or is not one of ours."),
    "token_expired": _("Your login has expired."),
    "session_expired": _("Your login has expired."),
    "session_revoked": _("This login was ended."),
    "token_reused": _(
        "An old copy of your login cookie was used, maybe by somebody else. This login was ended."
    ),
    "user_inactive": _("This account can’t be used for logging in at the moment."),
}
"""What each code of `RequestJWT.reason` means, said to the visitor. Nothing else is ever shown."""

HTTPS_REQUIRED = "https_required"
HTTPS_DETAIL = _(
    "Nobody can log in over plain http here: the login cookie is only sent over https. Use an "
    "address that begins with https://."
)

CSRF_FAILED = "csrf_failed"
CSRF_DETAIL = _("The CSRF token is missing or wrong, or the request is from another site.")


def prefers_json(request: HttpRequest) -> bool:
    """Tell whether a program asks: one that sends JSON, or would rather get JSON than HTML.

    ``EventSource`` asks for a stream of events, and has no use for a login page either.
    By quality, then by how exactly a type is named, then by order (RFC 9110, section 12.5.1).
    Parameters say how the program would like its JSON, and not whether.
    """
    if request.content_type == JSON:
        return True
    try:
        return _accepts_json(request.headers.get("Accept", "*/*"))
    except ValueError:
        return False  # An Accept header that Django finds too long to read.


@lru_cache(maxsize=64)
def _accepts_json(accept: str) -> bool:
    """Tell by the header alone, which clients have few of and each request asks several times."""
    ranges = [MediaType(each) for each in accept.split(",")]
    program = max(_preference(ranges, *each) for each in FOR_PROGRAMS)
    return program > _preference(ranges, "text", "html")


def _preference(ranges: list[MediaType], main_type: str, sub_type: str) -> tuple[float, int, int]:
    """Return how much of a type is wanted, how exactly it is named, and how early.

    ``sub_type`` is a regular expression. What is refused (``q=0``) is not wanted at all.
    """
    found = [
        (exactness, each.quality, -place)
        for place, each in enumerate(ranges)
        if (exactness := _exactness(each, main_type, sub_type)) is not None
    ]
    exactness, quality, place = max(found, default=(0, 0, 0))
    return (quality, exactness, place) if quality else (0, 0, 0)


def _exactness(each: MediaType, main_type: str, sub_type: str) -> int | None:
    if each.main_type == main_type and re.fullmatch(sub_type, each.sub_type):
        return 2
    return {f"{main_type}/*": 1, "*/*": 0}.get(f"{each.main_type}/{each.sub_type}")


def error(
    code: str,
    status: HTTPStatus,
    detail: object,
    errors: Mapping[str, Any] | None = None,
) -> JsonResponse:
    """Return ``{"code", "detail", "errors"}``: for programs, for people, and field by field."""
    document: dict[str, Any] = {"code": code, "detail": str(detail)}
    if errors is not None:
        document["errors"] = errors
    response = JsonResponse(document, status=status)
    if status == HTTPStatus.UNAUTHORIZED:
        # RFC 9110, section 15.5.2: a 401 names how to authenticate. No browser shows a dialogue
        # of its own for this scheme.
        response["WWW-Authenticate"] = "Cookie"
    return response


def unauthorized(request: HttpRequest, reason: str | None = None) -> JsonResponse:
    """Return the 401 that says why: by default, why this request is anonymous."""
    code = reason or get_jwt(request).reason or "login_required"
    return error(code, HTTPStatus.UNAUTHORIZED, REASONS[code])


def csrf_failed(reason: str = "") -> JsonResponse:
    """Return the 403 that tells a program to ask for the CSRF token and to try again.

    It says the same whichever package checks: the token changes with each login, in any tab.
    ``reason`` is Django's own, for the eyes of developers: with ``DEBUG`` it is told, too.
    """
    detail = f"{CSRF_DETAIL} {reason}" if django_settings.DEBUG and reason else CSRF_DETAIL
    return error(CSRF_FAILED, HTTPStatus.FORBIDDEN, detail)


def https_required() -> JsonResponse:
    """Return the 403 that says why no login begins."""
    return error(HTTPS_REQUIRED, HTTPStatus.FORBIDDEN, HTTPS_DETAIL)


def unsupported_media_type() -> JsonResponse:
    """Return the 415 that says what a body may be."""
    detail = _("Send a form or application/json.")
    return error("unsupported_media_type", HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail)


def ask_to_log_in(
    request: HttpRequest,
    reason: str | None = None,
    login_url: str | None = None,
    redirect_field_name: str = REDIRECT_FIELD_NAME,
) -> HttpResponse:
    """Send people to the login page and back afterwards, and tell programs what is wrong.

    No cache keeps the answer: another client would have got another, and a login changes it.
    htmx follows a redirect inside the page and would put the login form into a corner of it:
    ``HX-Redirect`` makes it load the login page as a page, and come back to the page it was on.
    """
    response = _refuse(request, reason, login_url, redirect_field_name)
    patch_vary_headers(response, ("Accept", "HX-Request"))
    add_never_cache_headers(response)
    return response


def _refuse(
    request: HttpRequest, reason: str | None, login_url: str | None, redirect_field_name: str
) -> HttpResponse:
    is_htmx = "HX-Request" in request.headers
    if prefers_json(request) and not is_htmx:
        return unauthorized(request, reason)
    page = _page_of(request)
    if urlsplit(resolve_url(login_url or django_settings.LOGIN_URL)).netloc:
        page = request.build_absolute_uri(page)  # The login page of another site.
    redirect = redirect_to_login(page, login_url, redirect_field_name)
    explain_redirect(redirect, reason or get_jwt(request).reason, login_url)
    if not is_htmx:
        return redirect
    response: HttpResponse = unauthorized(request, reason)
    response.headers["HX-Redirect"] = redirect.url
    return response


def _page_of(request: HttpRequest) -> str:
    """Return the path of the page that the visitor is on, to come back to.

    That is not what was asked for, if a form was sent or htmx asked: then the browser says which
    it is, and is believed if it names one of this site.
    """
    if "HX-Request" in request.headers:
        url = request.headers.get("HX-Current-URL", "")
    elif request.method not in ("GET", "HEAD"):
        url = request.headers.get("Referer", "")
    else:
        return request.get_full_path()
    if url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=False):
        path = urlsplit(url)._replace(scheme="", netloc="").geturl()
        if url_has_allowed_host_and_scheme(path, None):
            return path
    return request.get_full_path()


def explain_redirect(
    response: HttpResponseBase, reason: str | None, login_url: str | None = None
) -> None:
    """Add ``reason`` to a redirect to the login page, which only knows the page to return to.

    The cookie is deleted by this very response: the login page can't find out any more.
    """
    if reason is None or "Location" not in response.headers:
        return
    try:
        url = urlsplit(response.headers["Location"])
        login = urlsplit(resolve_url(login_url or django_settings.LOGIN_URL))
    except (ValueError, NoReverseMatch):
        return
    if (url.scheme, url.netloc, url.path) != (login.scheme, login.netloc, login.path):
        return
    # Not by QueryDict: it refuses more than DATA_UPLOAD_MAX_NUMBER_FIELDS.
    query = [each for each in parse_qsl(url.query, True) if each[0] != REASON_FIELD]
    encoded = urlencode([*query, (REASON_FIELD, reason)], safe="/", quote_via=quote)
    response.headers["Location"] = url._replace(query=encoded).geturl()


def has_login(request: HttpRequest) -> bool:
    """Tell whether the user is known by a login of ours.

    Other middleware may know a user by something else, such as the key of an API.
    """
    jwt = get_jwt(request)
    has_claims = jwt.is_out_of_place or jwt.claims is not None
    return request.user.is_authenticated and has_claims


def login_document(request: HttpRequest) -> dict[str, Any]:
    """Return what a program needs to know of its login. Times are Unix time in seconds.

    The token is not in it and never in any body: a script that can read it can send it away.
    """
    jwt = get_jwt(request)
    serialize = import_string(get_settings().user_serializer)
    if jwt.is_out_of_place:
        # A login that Django's own session keeps, before ``ADOPT_FROM``.
        now, age = int(time.time()), request.session.get_expiry_age()
        times = {"issued_at": now, "expires_at": now + age}
        return {"user": serialize(jwt.resolve(), request), **times, "session": None}
    claims, login_session = jwt.claims, jwt.login_session
    if claims is None:
        raise SessionRevoked("an anonymous request has no login document")
    return {
        "user": serialize(jwt.resolve(), request),
        "issued_at": claims.iat,
        "expires_at": claims.exp,
        "session": _describe(login_session) if login_session else None,
    }


def _describe(login_session: LoginSession) -> dict[str, Any]:
    return {
        "id": str(login_session.pk),
        "created_at": int(login_session.created_at.timestamp()),
        "expires_at": int(login_session.ends_at.timestamp()),
        "persistent": login_session.persistent,
    }


def serialize_user(
    user: AbstractBaseUser,
    request: HttpRequest,  # noqa: ARG001
) -> dict[str, Any]:
    """Return ``id`` and the user name, under the name of the model's own field."""
    return {"id": users.subject(user), get_user_model().USERNAME_FIELD: user.get_username()}

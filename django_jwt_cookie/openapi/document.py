"""The JSON API of this site as an OpenAPI 3.1 document, for whoever writes a client.

``path("api/", include("django_jwt_cookie.openapi"))`` serves it at ``api/openapi.json``.

In it are the addresses of the package that are mounted, at their paths, as this site is set up: its
cookie, the fields of its forms, its serializer, whether signing up is open. It is the same for
everybody, and says nothing that these addresses don't.
"""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings as django_settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, JsonResponse
from django.http.request import HttpHeaders
from django.urls import NoReverseMatch, get_script_prefix, path, resolve, reverse
from django.views.decorators.http import require_safe

from .. import __version__, well_known
from ..conf import get_settings
from ..responses import JSON
from ..urls import urlpatterns as pages
from .operations import OPERATIONS, REFUSALS, Operation, answer
from .schemas import LOGIN_ID, TEXT, Schema, body, components

DESCRIPTION = (
    "A login lives in an HttpOnly cookie, and its token is in no body. Send "
    "`Accept: application/json`: the same addresses have pages for people. "
    "Times are Unix time in **seconds**."
)
ADDRESSES = {pattern.name or "": pattern for pattern in (*pages, *well_known.urlpatterns)}
NO_SLASH = TEXT | {"pattern": "^[^/]+$"}
PARAMETERS: dict[str, Schema] = {"pk": LOGIN_ID, "uidb64": NO_SLASH, "token": NO_SLASH}
"""What stands in a path."""

MARKS = {name: f"00000000-0000-4000-8000-{number:012}" for number, name in enumerate(PARAMETERS)}
"""Stand for it where `reverse` wants a value that fits."""


def document() -> dict[str, Any]:
    """Return the document."""
    return {
        "openapi": "3.1.1",
        "info": {"title": "Logins", "version": __version__, "description": DESCRIPTION},
        "paths": _paths(),
        "components": {
            "securitySchemes": security_schemes(),
            "schemas": components(),
            "responses": {name: refusal.document() for name, refusal in REFUSALS.items()},
        },
    }


def security_schemes() -> dict[str, Schema]:
    """Return the two things that a browser's request comes with."""
    return {
        "login": {
            "type": "apiKey",
            "in": "cookie",
            "name": get_settings().cookie_name,
            "description": "Set by the login, renewed in passing. No script can read it.",
        },
        "csrf": {
            "type": "apiKey",
            "in": "header",
            "name": csrf_header(),
            "description": "The token that `csrf` gives, with the cookie that came with it. It "
            "changes with each login. On https, `Origin` or `Referer` has to be of this site.",
        },
    }


def csrf_header() -> str:
    """Return the header's name as it is written, from what CGI makes of it."""
    name = HttpHeaders.parse_header_name(django_settings.CSRF_HEADER_NAME) or ""
    return name.replace("Csrftoken", "CSRFToken")


def _paths() -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        if (place := find(operation.name)) and (described := _describe(operation, place.view)):
            schemas = {name: PARAMETERS[name] for name in place.parameters}
            item = paths.setdefault(place.template, _parameters("path", schemas, required=True))
            item[operation.method] = described
    if place := find("jwks"):
        paths[place.template] = {"get": _describe_keys()}
    return paths


@dataclass(frozen=True)
class Place:
    """Where an address is mounted."""

    template: str
    parameters: tuple[str, ...]
    view: Any


def find(name: str) -> Place | None:
    """Return where the address is; None if it is not mounted, or another view has its name."""
    pattern = ADDRESSES[name]
    parameters = tuple(pattern.pattern.converters)
    try:
        url = reverse(name, kwargs={each: MARKS[each] for each in parameters})
    except NoReverseMatch:
        return None
    view = resolve(f"/{url.removeprefix(get_script_prefix())}").func
    if not _is_one_of(pattern.callback, view):
        return None
    for each in parameters:
        url = url.replace(MARKS[each], f"{{{each}}}")
    return Place(url, parameters, view)


def _is_one_of(ours: Any, view: Any) -> bool:
    """Tell whether ``view`` is ours, maybe decorated, or of a subclass."""
    if hasattr(ours, "view_class"):
        return issubclass(getattr(view, "view_class", object), ours.view_class)
    return inspect.unwrap(view) is inspect.unwrap(ours)


def _parameters(place: str, schemas: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": place, **more, "schema": schema} for name, schema in schemas.items()
    ]
    return {"parameters": parameters} if parameters else {}


def _describe(operation: Operation, view: Any) -> dict[str, Any] | None:
    """Return the operation as it stands in the document; None where signing up is closed."""
    described: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        **_parameters("query", operation.query),
        "security": operation.security(),
        "responses": operation.responses(),
    }
    instance = view.view_class(**view.view_initkwargs)
    if operation.form:
        try:
            form = instance.get_form_class()
        except Http404:
            return None
        schema = body(form, instance.aliases)
        described["requestBody"] = {"required": True, "content": {JSON: {"schema": schema}}}
    if getattr(instance, "post_reset_login", False):
        del described["responses"]["204"]
        described["responses"]["200"] = answer(200, ("LoginDocument",))
    return described


def _describe_keys() -> dict[str, Any]:
    return {
        "operationId": "jwks",
        "tags": ["Keys"],
        "summary": "Get the public keys that verify tokens (RFC 7517)",
        "security": [{}],
        "responses": {
            "200": answer(200, ("KeySet",), "application/jwk-set+json"),
            "304": {"description": "The keys are those of `If-None-Match`."},
            "405": {"description": "Another method than GET and HEAD was used."},
        },
    }


@login_not_required
@require_safe
def serve(_request: HttpRequest) -> JsonResponse:
    """Answer with the document."""
    return JsonResponse(document())


urlpatterns = [path("openapi.json", serve, name="openapi")]

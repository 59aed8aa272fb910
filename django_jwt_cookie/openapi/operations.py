"""What each address of the package does for a program, and what it may answer: for `openapi`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from ..responses import HTTPS_REQUIRED, JSON, REASONS
from .schemas import TEXT, Schema, one_of, reference, refusal, wrong_fields

PAGE = "Get the title of a page for people"
TITLE = {200: ("Title",)}
DOCUMENT = {200: ("LoginDocument",)}
NOTHING: dict[int, tuple[str, ...]] = {204: ()}


@dataclass(frozen=True)
class Operation:
    """What one address does with one method."""

    name: str
    """The name of the address."""

    method: str
    summary: str
    answers: Mapping[int, tuple[str, ...]]
    """The status of a success, and what its body may be: names of `schemas.components`."""

    form: bool = False
    login: bool = False
    """Whether it takes a form; whether it needs a login."""

    query: Mapping[str, Schema] = field(default_factory=dict)
    """What may stand in the query of the address."""

    refusals: tuple[str, ...] = ()
    """What may go wrong besides; names of `REFUSALS`."""

    @property
    def tag(self) -> str:
        """What it is about."""
        if self.name.startswith("login_session"):
            return "Devices"
        return "Password" if self.name.startswith("password") else "Login"

    @property
    def id(self) -> str:
        """The name of the address; of its second operation, with the method."""
        is_second = self.name.startswith("login_session") and self.method == "post"
        return f"{self.name}_by_post" if is_second else self.name

    @property
    def is_safe(self) -> bool:
        """Tell whether Django's CSRF protection lets it pass."""
        return self.method == "get"

    def security(self) -> list[dict[str, list[str]]]:
        """Return what has to come along, all of it: names of `openapi.security_schemes`."""
        needed = {"login": self.login, "csrf": not self.is_safe}
        return [{name: [] for name, is_needed in needed.items() if is_needed}]

    def responses(self) -> dict[str, Any]:
        """Return every answer, by its status."""
        is_post = self.method == "post"
        possible = {
            "InvalidForm": self.form,
            "MalformedForm": is_post and not self.form,
            "LoginRequired": self.login,
            "Forbidden": not self.is_safe,
            "MethodNotAllowed": True,
            "TooLarge": is_post,
            "UnsupportedMediaType": is_post,
        }
        names = [name for name, is_possible in possible.items() if is_possible]
        successes = {str(status): answer(status, of) for status, of in self.answers.items()}
        refusals = {
            str(REFUSALS[name].status.value): reference(name, "responses")
            for name in (*names, *self.refusals)
        }
        return successes | dict(sorted(refusals.items()))


OPERATIONS = (
    Operation(
        "signup",
        "post",
        "Make an account, and log it in",
        {201: ("LoginDocument", "NewMember")},
        form=True,
        refusals=("ForbiddenToBegin",),
    ),
    Operation("login", "post", "Log in", DOCUMENT, form=True, refusals=("ForbiddenToBegin",)),
    Operation("logout", "post", "Log out; without a login, too", NOTHING),
    Operation("me", "get", "Get whose login this is", DOCUMENT, login=True),
    Operation("refresh", "post", "Renew the token now", DOCUMENT, login=True),
    Operation("csrf", "get", "Get the CSRF token, and its cookie", {200: ("CsrfToken",)}),
    Operation(
        "password_change",
        "post",
        "Change the password: all other logins end",
        DOCUMENT | NOTHING,
        form=True,
        login=True,
    ),
    Operation("password_change_done", "get", PAGE, TITLE, login=True),
    Operation("password_reset", "post", "Have a link sent, if there is an account", NOTHING, True),
    Operation("password_reset_done", "get", PAGE, TITLE),
    Operation(
        "password_reset_confirm",
        "post",
        "Set a new password by the link",
        NOTHING,
        form=True,
        refusals=("NoSuchAddress",),
    ),
    Operation("password_reset_complete", "get", PAGE, TITLE),
    Operation(
        "login_sessions",
        "get",
        "List the logins, the newest first",
        {200: ("LoginList",)},
        login=True,
        query={"page": {"type": "integer", "minimum": 1, "maximum": 999999, "default": 1}},
        refusals=("NotFound",),
    ),
    *(
        Operation(name, method, summary, NOTHING, login=True, refusals=refusals)
        for name, summary, refusals in (
            ("login_sessions_revoke_others", "End all logins but this one", ()),
            ("login_session_revoke", "End one login, or log out", ("NotFound",)),
        )
        for method in ("delete", "post")
    ),
)


@dataclass(frozen=True)
class Refusal:
    """An answer that says no."""

    status: HTTPStatus
    description: str
    codes: tuple[str, ...]
    header: str = ""
    """A header that comes with it."""

    also_invalid: bool = False
    """Whether a form may say which values are wrong, with the code ``invalid``."""

    also_page: bool = False
    """Whether it may be the site's own page: no view has the address."""

    def document(self) -> Schema:
        """Return the response of the document."""
        schemas = [wrong_fields()] if self.also_invalid else []
        schemas += [refusal(self.codes)] if self.codes else []
        content: Schema = {JSON: {"schema": one_of(schemas)}} if schemas else {}
        if self.also_page:
            content["text/html"] = {}
        response: Schema = {"description": self.description, "content": content}
        if self.header:
            response["headers"] = {self.header: {"schema": TEXT, "required": True}}
        return response


REFUSALS = {
    "InvalidForm": Refusal(
        HTTPStatus.BAD_REQUEST,
        "The form refuses a value, or the body can't be read.",
        ("malformed_json", "malformed_form"),
        also_invalid=True,
    ),
    "MalformedForm": Refusal(
        HTTPStatus.BAD_REQUEST, "The body can't be read.", ("malformed_form",)
    ),
    "LoginRequired": Refusal(
        HTTPStatus.UNAUTHORIZED,
        "There is no login, or not one for this: the code says why.",
        tuple(REASONS),
        header="WWW-Authenticate",
    ),
    "Forbidden": Refusal(
        HTTPStatus.FORBIDDEN,
        "No CSRF token, a wrong one, or the wrong origin; or logins don't begin on this site.",
        ("csrf_failed", "permission_denied"),
    ),
    "ForbiddenToBegin": Refusal(
        HTTPStatus.FORBIDDEN,
        "As for other operations; or over plain http, where the login cookie is only set over "
        "https.",
        ("csrf_failed", HTTPS_REQUIRED, "permission_denied"),
    ),
    "NotFound": Refusal(
        HTTPStatus.NOT_FOUND,
        "No such login of yours, or no such page of the list; or, as a page, no such address: the "
        "id is no UUID.",
        ("not_found",),
        also_page=True,
    ),
    "NoSuchAddress": Refusal(
        HTTPStatus.NOT_FOUND,
        "As a page: no such address, since there is a slash in a part of it.",
        (),
        also_page=True,
    ),
    "MethodNotAllowed": Refusal(
        HTTPStatus.METHOD_NOT_ALLOWED,
        "Another method was used. A form has no answer to GET for a program.",
        ("method_not_allowed",),
        header="Allow",
    ),
    "TooLarge": Refusal(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "The body is over `DATA_UPLOAD_MAX_MEMORY_SIZE`.",
        ("too_large",),
    ),
    "UnsupportedMediaType": Refusal(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "The body is neither a form nor JSON, or in another charset than UTF-8.",
        ("unsupported_media_type",),
    ),
}


def answer(status: int, documents: tuple[str, ...], media_type: str = JSON) -> Schema:
    """Return the response of a success."""
    description = HTTPStatus(status).phrase
    if not documents:
        return {"description": description}
    schema = one_of([reference(name) for name in documents])
    return {"description": description, "content": {media_type: {"schema": schema}}}

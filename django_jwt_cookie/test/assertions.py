"""What a response says about a login, for people and for programs alike."""

import json
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url

from ..responses import REASON_FIELD


def assert_login_required(response: HttpResponseBase, reason: str | None = None) -> None:
    """Assert that ``response`` asks to log in; and that it says ``reason``, if one is given.

    People are sent to the login page, programs and htmx get 401. The reason is a code, such as
    ``session_revoked``; ``login_required`` where there was no cookie to refuse.
    """
    said = _reason_of(response)
    assert said is not None, f"No request to log in, but a response of {response.status_code}."
    assert reason in (None, said), f"The reason is {said!r}, not {reason!r}."


def _reason_of(response: HttpResponseBase) -> str | None:
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        return _code_in(getattr(response, "content", b"")) or "login_required"
    if "Location" in response.headers:
        url = urlsplit(response.headers["Location"])
        login = urlsplit(resolve_url(settings.LOGIN_URL))
        if (url.netloc, url.path) == (login.netloc, login.path):
            return QueryDict(url.query).get(REASON_FIELD, "login_required")
    return None


def _code_in(body: bytes) -> str | None:
    try:
        document: Any = json.loads(body)
    except ValueError:
        return None
    code = document.get("code") if isinstance(document, dict) else None
    return code if isinstance(code, str) else None

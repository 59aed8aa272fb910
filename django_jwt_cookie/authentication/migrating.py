"""Logins in a cookie of an older scheme, for a site that moves here: ``MOVE_FROM``, ``MOVE_UNTIL``.

What a function of the site finds becomes a login whose id is a keyed hash of the credential. So one
credential is one login: requests that come with it within the same minute share it, and later it is
worth nothing, whatever became of the login.
"""

import logging
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import SynchronousOnlyOperation
from django.db import router
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.crypto import salted_hmac
from django.utils.module_loading import import_string
from django.views.decorators.debug import sensitive_variables

from .. import users
from ..conf import Settings, get_settings
from ..cookies import get_cookie_spec, keep_private
from ..exceptions import PasswordChanged
from ..models import LoginSession
from ..sessions import are_recorded
from ..sessions.lookup import find_with_user

logger = logging.getLogger("django.security.jwt_cookie")

SHARED_FOR = 60
"""Seconds for which requests with one credential become one login."""


@dataclass(frozen=True)
class OlderCookie:
    """A cookie of the older scheme, with what a browser deletes it by.

    A function that is named in ``MOVE_FROM`` may have an attribute ``cookies``, which returns them.
    Without it, none is deleted.
    """

    name: str
    path: str = "/"
    domain: str | None = None
    samesite: Any = None


@dataclass(frozen=True)
class OlderLogin:
    """A login of the older scheme, as a function of the site has verified it."""

    user: AbstractBaseUser = field(repr=False)
    backend: str
    """The first that lets the user in."""

    session_id: uuid.UUID
    """The id of the login that it becomes."""

    ends_by: datetime
    """When the credential ends by itself: a token of five minutes must not be worth more."""

    record: LoginSession | None = field(default=None, repr=False)
    """The login that it has become with another request, within the same minute."""


def is_on() -> bool:
    """Tell whether the functions are to be asked, which may have to ask a database."""
    until = get_settings().move_until
    return until is not None and datetime.now(UTC) < until


def find_older_login(request: HttpRequest) -> tuple[OlderLogin | None, bool]:
    """Return the login of an older scheme that ``request`` comes with, if it is worth anything.

    And whether that is for sure: a function that has failed may know the login tomorrow.
    """
    is_sure = True
    for find in get_settings().derive(_functions):
        try:
            found = _ask(find, request)
        except SynchronousOnlyOperation:
            raise  # No fault of the function: asynchronous code awaits `request.auser()`.
        except Exception:
            # Of what a browser sends. The page may not need a user, or be the one to log in by.
            logger.exception("A function of MOVE_FROM has failed: nobody is logged in by it.")
            found, is_sure = None, False
        if found is not None:
            return found, True
    return None, is_sure


@sensitive_variables()
def _ask(find: Callable[[HttpRequest], Any], request: HttpRequest) -> OlderLogin | None:
    answer = find(request)
    if answer is None:
        return None
    user, credential, expires_at = answer
    if expires_at <= datetime.now(UTC):
        return None
    # By the rules of this site, whatever those of the older scheme are.
    if (backend := users.find_backend(user)) is None:
        return None
    login = OlderLogin(user, backend, make_id("move", credential), expires_at)
    if not are_recorded():
        return login
    record = find_with_user(login.session_id, router.db_for_write(LoginSession))
    if record is not None and not may_share(record, user):
        return None
    return replace(login, record=record)


def may_share(record: LoginSession, user: AbstractBaseUser) -> bool:
    """Tell whether another request has made ``record`` of the same credential just now."""
    is_recent = time.time() <= record.created_at.timestamp() + SHARED_FOR
    if record.revoked_at is not None or not is_recent or record.user != user:
        return False
    with suppress(PasswordChanged):
        return bool(users.current_auth_hash(user, record.auth_hash))
    return False


def make_id(purpose: str, credential: str) -> uuid.UUID:
    """Return the id of the login that a credential becomes.

    A keyed hash: an id is in each token, and tells whoever reads it nothing of the credential.
    """
    digest = salted_hmac(f"django_jwt_cookie.{purpose}", credential, algorithm="sha256").digest()
    return uuid.UUID(bytes=digest[:16], version=4)


def get_older_cookies() -> Iterator[OlderCookie]:
    """Name the cookies of the older schemes."""
    if is_on():
        for find in get_settings().derive(_functions):
            yield from getattr(find, "cookies", tuple)()


def forget_older_cookies(
    request: HttpRequest, response: HttpResponseBase, *, only_what_came: bool = False
) -> None:
    """Have the browser delete what it has of the older schemes: it is worth nothing any more.

    At a logout also a cookie whose path is another, which did not come: it would undo that.
    Otherwise it may be good yet, and begin a login that lasts longer.
    """
    for cookie in get_older_cookies():
        if only_what_came and cookie.name not in request.COOKIES:
            continue
        if cookie.name not in (get_cookie_spec(request).name, *response.cookies):
            response.delete_cookie(
                cookie.name, cookie.path, cookie.domain, samesite=cookie.samesite
            )
            keep_private(response)


def _functions(settings: Settings) -> tuple[Callable[[HttpRequest], Any], ...]:
    return tuple(import_string(path) for path in settings.move_from)

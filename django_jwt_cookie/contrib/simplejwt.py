"""Moving from djangorestframework-simplejwt, where its tokens are kept in a cookie.

What is genuine, and whose it is, is asked of that package by its own classes and settings.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeAlias

from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest
from django.utils.module_loading import import_string
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import AuthenticationFailed, TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import Token

from ..authentication.migrating import OlderCookie

Found: TypeAlias = tuple[AbstractBaseUser, str, datetime] | None
"""What a function of ``MOVE_FROM`` returns: user, credential, end of the credential."""


def from_cookies(
    refresh: str = "", access: str = "", path: str = "/", domain: str | None = None
) -> Callable[[HttpRequest], Found]:
    """Return a function for ``MOVE_FROM`` that knows the tokens in cookies of these names.

    The refresh token counts, if it has come: the login lasts as long as that would have.
    """

    def move(request: HttpRequest) -> Found:
        if refresh and (raw := request.COOKIES.get(refresh)):
            return find_by_refresh(raw)
        raw = request.COOKIES.get(access) if access else None
        return find_by_access(raw) if raw else None

    cookies = tuple(OlderCookie(name, path, domain) for name in (refresh, access) if name)
    move.cookies = lambda: cookies  # type: ignore[attr-defined]
    return move


def find_by_refresh(raw: str) -> Found:
    """Return the login of a refresh token that is not blacklisted."""
    return _find(import_string(api_settings.TOKEN_REFRESH_SERIALIZER).token_class, raw)


def find_by_access(raw: str) -> Found:
    """Return the login of a token that is good for a request."""
    return _find(JWTAuthentication().get_validated_token, raw)


def _find(verify: Callable[[Any], Token], raw: str) -> Found:
    try:
        token = verify(raw)
        user = JWTAuthentication().get_user(token)
    except (TokenError, AuthenticationFailed, KeyError):
        return None  # KeyError: the blacklist fails over a token without an id.
    if not api_settings.USER_AUTHENTICATION_RULE(user):
        return None
    return user, _name(token), datetime.fromtimestamp(token["exp"], UTC)


def _name(token: Token) -> str:
    """Tell ``token`` from all others.

    By what it says, where it has no name: a signature can be written in more than one way.
    """
    name: str | None = token.get(api_settings.JTI_CLAIM)
    return name or json.dumps(token.payload, sort_keys=True)

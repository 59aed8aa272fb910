"""Moving from djangorestframework-simplejwt: its tokens become logins of ours.

What is genuine, and whose it is, is asked of that package by its own classes and settings.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.apps import apps
from django.http import HttpRequest
from django.utils import timezone
from django.utils.module_loading import import_string
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import AuthenticationFailed, TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import Token

from ..adopters import Adopter, OldLogin
from ..models import LoginSession

BLACKLIST = "rest_framework_simplejwt.token_blacklist"


class SimpleJWTAdopter(Adopter):
    """Takes a token from the header ``Authorization``: a refresh token, or an access token.

    A refresh token is what to send: the login lasts for as long as the token would have. The front
    end has it where only its code can read it, and sends it there once.
    """

    scheme = "djangorestframework-simplejwt"

    def find(self, request: HttpRequest) -> OldLogin | None:
        """Return the login of the token in the header."""
        try:
            header = JWTAuthentication().get_header(request)
            raw = JWTAuthentication().get_raw_token(header) if header is not None else None
        except AuthenticationFailed:
            return None
        return (self.find_by_refresh(raw) or self.find_by_access(raw)) if raw is not None else None

    def find_by_refresh(self, raw: str | bytes) -> OldLogin | None:
        """Return the login of a refresh token that is not blacklisted."""
        return _find(import_string(api_settings.TOKEN_REFRESH_SERIALIZER).token_class, raw)

    def find_by_access(self, raw: str | bytes) -> OldLogin | None:
        """Return the login of a token that is good for a request."""
        return _find(JWTAuthentication().get_validated_token, raw)

    def end(self, session: LoginSession) -> None:
        """Blacklist the refresh token that the login was made of, where there is a blacklist.

        Only now: at the swap, requests that came with the same token side by side would fail.
        """
        if not apps.is_installed(BLACKLIST):
            return
        good = OutstandingToken.objects.filter(
            user=session.user_id, expires_at__gt=timezone.now(), blacklistedtoken=None
        )
        for token in good:
            if session.pk in self.make_ids(token.jti):
                BlacklistedToken.objects.get_or_create(token=token)


def _find(verify: Callable[[Any], Token], raw: str | bytes) -> OldLogin | None:
    try:
        token = verify(raw)
        user = JWTAuthentication().get_user(token)
    except (TokenError, AuthenticationFailed, KeyError):
        return None  # KeyError: the blacklist fails over a token without an id.
    if not api_settings.USER_AUTHENTICATION_RULE(user):
        return None
    ends = datetime.fromtimestamp(token["exp"], UTC)
    return OldLogin(user=user, credential=_name(token), expires_at=ends)


def _name(token: Token) -> str:
    """Tell ``token`` from all others.

    By what it says, where it has no name: a signature can be written in more than one way.
    """
    name: str | None = token.get(api_settings.JTI_CLAIM)
    return name or json.dumps(token.payload, sort_keys=True)

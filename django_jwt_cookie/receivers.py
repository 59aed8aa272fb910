"""What this app does when Django says that somebody logged in or out."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from .authentication import RequestJWT


@receiver(user_logged_in, dispatch_uid="django_jwt_cookie.note_login")
def note_login(request: HttpRequest | None, user: AbstractBaseUser, **kwargs: Any) -> None:
    """Note the time of a login, and whose the session was before."""
    jwt = getattr(request, "jwt", None)
    if isinstance(jwt, RequestJWT):
        jwt.logged_in(user)


@receiver(user_logged_out, dispatch_uid="django_jwt_cookie.end_login")
def end_login(request: HttpRequest | None, **kwargs: Any) -> None:
    """End the login of the request, whoever called Django's ``logout()``."""
    jwt = getattr(request, "jwt", None)
    if isinstance(jwt, RequestJWT):
        jwt.end()

"""Between a login and its user, by the rules of the login's own authentication backend."""

from base64 import urlsafe_b64encode
from typing import Any, TypeGuard

from django.conf import settings
from django.contrib.auth import get_user_model, load_backend
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import router
from django.db.models import Manager
from django.utils.crypto import constant_time_compare, salted_hmac

from .conf import get_settings
from .exceptions import PasswordChanged, SessionRevoked, UserInactive
from .models import LoginSession


def subject(user: AbstractBaseUser) -> str:
    """Return the claim ``sub``: the primary key as a string, for every type of primary key."""
    return str(user._meta.pk.value_to_string(user))


def load(session: LoginSession) -> AbstractBaseUser:
    """Return the user of ``session``, if the login's backend still lets the user in.

    ``session`` comes with its user from one query. That user is taken only where the backend would
    have made the very same query: a backend with a ``get_user`` of its own, or a default manager
    that hides users, is asked instead. Raises `UserInactive`, or `SessionRevoked` if the backend
    is not in use any more.
    """
    if session.backend not in settings.AUTHENTICATION_BACKENDS:
        raise SessionRevoked("the backend of this login is not in use any more")
    backend = load_backend(session.backend)
    user: AbstractBaseUser | None
    if _asks_for_the_plain_row(backend):
        user = session.user if backend.user_can_authenticate(session.user) else None
    else:
        user = _ask(backend, session.user_id)
    if user is None:
        raise UserInactive("the backend does not let this user in")
    return user


def may_be_issued_a_token(session: LoginSession) -> bool:
    """Tell whether a login may begin that is taken at its word from now on.

    Django's ``login()`` takes every user. Where the database is asked with each request, a backend
    refuses at the next one.
    """
    if get_settings().user_source == "database":
        return True
    try:
        load(session)
    except (UserInactive, SessionRevoked):
        return False
    return True


def _asks_for_the_plain_row(backend: Any) -> TypeGuard[ModelBackend]:
    manager = get_user_model()._default_manager
    return (
        isinstance(backend, ModelBackend)
        and type(backend).get_user is ModelBackend.get_user
        and type(manager).get_queryset is Manager.get_queryset
    )


def _ask(backend: Any, pk: Any) -> AbstractBaseUser | None:
    """Return the user whom ``backend`` lets in by that primary key.

    The plain row comes from where users are written to: a replica that is behind has not heard of a
    user who has just signed up, nor of a new password. None from a backend that has a say in
    ``authenticate()`` alone, such as that of django-axes.
    """
    user: AbstractBaseUser | None
    if _asks_for_the_plain_row(backend):
        model = get_user_model()
        user = model._default_manager.using(router.db_for_write(model)).filter(pk=pk).first()
        return user if user and backend.user_can_authenticate(user) else None
    user = backend.get_user(pk) if hasattr(backend, "get_user") else None
    return user


def current_auth_hash(user: AbstractBaseUser, auth_hash: str) -> str:
    """Return the session auth hash of ``user`` if ``auth_hash`` is one, of now or of a fallback.

    Raises `PasswordChanged` otherwise: the password was changed, somewhere else or around signals.
    """
    current = user.get_session_auth_hash()
    for valid in (current, *user.get_session_auth_fallback_hash()):
        if constant_time_compare(auth_hash, valid):
            return current
    raise PasswordChanged("the password was changed")


def find_without_record(sub: str, ath: str) -> tuple[AbstractBaseUser, str, str]:
    """Return user, backend and session auth hash of a login that only a token tells of.

    Through the backend that has let the user in, and no other: one that does not know of a lock
    must not take over. Raises `UserInactive` or `PasswordChanged`.
    """
    try:
        pk = get_user_model()._meta.pk.to_python(sub)
    except ValidationError:
        raise UserInactive("no primary key of a user") from None
    found = {path: _ask(load_backend(path), pk) for path in settings.AUTHENTICATION_BACKENDS}
    users = {path: user for path, user in found.items() if user is not None}
    for path, user in users.items():
        for valid in (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()):
            if _is_made_of(ath, path, valid):
                return user, path, valid
    if users:
        raise PasswordChanged("the password was changed, or its backend is closed to the user")
    raise UserInactive("no backend lets this user in")


def make_ath(backend: str, auth_hash: str, secret: str | bytes | None = None) -> str:
    """Return 96 bits of a keyed HMAC over backend and session auth hash, for the claim ``ath``.

    Keyed, so that it tells nothing of the password's hash to whoever does not have the secret.
    """
    value = f"{backend} {auth_hash}"
    digest = salted_hmac("django_jwt_cookie.ath", value, secret=secret, algorithm="sha256")
    return urlsafe_b64encode(digest.digest()[:12]).decode()


def _is_made_of(ath: str, backend: str, auth_hash: str) -> bool:
    return any(
        constant_time_compare(ath, make_ath(backend, auth_hash, secret))
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    )


def find_fresh(session: LoginSession) -> AbstractBaseUser | None:
    """Return the user of ``session`` as the database has it now."""
    return _ask(load_backend(session.backend), session.user_id)


def find_backend(user: AbstractBaseUser) -> str | None:
    """Return the first backend that would let ``user`` in; none for an account not active yet."""
    for path in settings.AUTHENTICATION_BACKENDS:
        if _ask(load_backend(path), user.pk) is not None:
            return path
    return None

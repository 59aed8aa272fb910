"""Between a login and its user, by the rules of the login's own authentication backend."""

from base64 import urlsafe_b64encode
from typing import Any, TypeGuard

from django.conf import settings
from django.contrib.auth import get_user_model, load_backend
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import EmptyResultSet, ValidationError
from django.db import Error, router
from django.db.models import Manager
from django.utils.crypto import constant_time_compare, salted_hmac

from ..conf import Settings, get_settings
from ..exceptions import PasswordChanged, UserInactive, UserUnavailable
from ..models import LoginSession
from .prepared import ByKey, PreparedByKey, compiled


def subject(user: AbstractBaseUser) -> str:
    """Return the claim ``sub``: the primary key as a string, for every type of primary key."""
    return str(user._meta.pk.value_to_string(user))


def load(session: LoginSession) -> AbstractBaseUser:
    """Return the user of ``session``, if the login's backend still lets the user in.

    ``session`` comes with its user from one query. That user is taken only where the backend would
    have made the very same query: a backend with a ``get_user`` of its own, or a default manager
    that hides users, is asked instead. Raises `UserInactive` if the user's own row says so, and
    `UserUnavailable` if the backend does not let the user in for a reason of its own.
    """
    if session.backend not in settings.AUTHENTICATION_BACKENDS:
        raise UserUnavailable("the backend of this login is not in use here")
    backend = load_backend(session.backend)
    user: AbstractBaseUser | None
    if _asks_for_the_plain_row(backend):
        user = session.user if backend.user_can_authenticate(session.user) else None
    else:
        user = _ask(backend, session.user_id)
    if user is not None:
        return user
    if not session.user.is_active:
        raise UserInactive("the user was deactivated")
    raise UserUnavailable("the backend does not know this user right now")


def may_begin(session: LoginSession) -> bool:
    """Tell whether a login may begin that is believed by its token from now on.

    Django's ``login()`` takes every user. Where the database is asked with each request, a backend
    refuses at the next one.
    """
    if get_settings().user_source == "database":
        return True
    try:
        load(session)
    except (UserInactive, UserUnavailable):
        return False
    return True


def _asks_for_the_plain_row(backend: Any) -> TypeGuard[ModelBackend]:
    manager = type(get_user_model()._default_manager)
    return (
        isinstance(backend, ModelBackend)
        and type(backend).get_user is ModelBackend.get_user
        and manager.get_queryset is Manager.get_queryset
        and manager.get is Manager.get
    )


def _ask(backend: Any, pk: Any) -> AbstractBaseUser | None:
    """Return the user whom ``backend`` lets in by that primary key.

    None from a backend that has a say in ``authenticate()`` alone, such as that of django-axes.
    """
    if _asks_for_the_plain_row(backend):
        user = find_row(pk)
        may_log_in: Any = backend.user_can_authenticate
        return user if user and may_log_in(user) else None
    found: AbstractBaseUser | None = backend.get_user(pk) if hasattr(backend, "get_user") else None
    return found


def find_row(pk: Any, using: str | None = None) -> AbstractBaseUser | None:
    """Return the user with that primary key, by default from where users are written to.

    A replica that is behind has not heard of a user who has just signed up, nor of a new password.
    """
    using = using or router.db_for_write(get_user_model())
    queries = get_settings().derive(_make_queries)
    if using not in queries:
        queries[using] = make_query(using, pk)
    return queries[using].get(pk)


def _make_queries(_: Settings) -> dict[str, ByKey[AbstractBaseUser]]:
    """Return what will hold the query for each database."""
    return {}


def make_query(using: str, example: object) -> ByKey[AbstractBaseUser]:
    """Return the query for a user of a database, prepared where that makes no difference."""
    manager = get_user_model()._default_manager
    plain: ByKey[Any] = ByKey(manager.using(using))
    if manager.model._meta.parents or type(manager).get_queryset is not Manager.get_queryset:
        return plain
    try:
        return compiled(plain.queryset, example, PreparedByKey)
    except Error:
        # Some databases are asked for their version first, and may have no second connection free.
        return plain


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
    must not take over. Raises `UserInactive`, `UserUnavailable` or `PasswordChanged`.
    """
    model = get_user_model()
    try:
        row = find_row(model._meta.pk.to_python(sub))
    except (EmptyResultSet, OverflowError, ValidationError):
        row = None  # No primary key can be that.
    if row is None:
        raise UserInactive("there is no such user")
    valid = (row.get_session_auth_hash(), *row.get_session_auth_fallback_hash())
    for path in settings.AUTHENTICATION_BACKENDS:
        for auth_hash in valid:
            if _is_made_of(ath, path, auth_hash):
                session = LoginSession(user=row, backend=path)  # type: ignore[misc]
                return load(session), path, auth_hash
    raise PasswordChanged("the password was changed, or the backend is not in use here")


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

"""Between a login and its user, by the rules of the login's own authentication backend."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import _lru_cache_wrapper, lru_cache
from types import NoneType
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model, load_backend
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import router
from django.db.models import Field, GeneratedField, JSONField, Manager
from django.db.models.expressions import DatabaseDefault
from django.utils.crypto import constant_time_compare, salted_hmac

from .claims import Claims
from .conf import Settings, get_settings
from .exceptions import PasswordChanged, SessionRevoked, TokenInvalid, UserInactive
from .instances import Maker
from .keys import get_key_ring
from .models import LoginSession

INACTIVE = "user_inactive"
"""The claim of a user whom a backend lets in all the same."""

PERMISSION_CACHES = ("_perm_cache", "_user_perm_cache", "_group_perm_cache")
"""Where ``ModelBackend`` keeps what it has found out about a user."""

IMMUTABLE = (str, int, float, bool, bytes, NoneType, Decimal, UUID, date, datetime, time, timedelta)
"""Of what types a value can be given to every request as it is."""

NO_VALUE = (ValidationError, TypeError, ValueError, OverflowError)
"""What Django's fields raise when they are asked to read what another kind of field has written."""

CARRIED = "_jwt_cookie_from_token"
"""Where a user made from a token keeps what the token said, by attribute."""


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
    if isinstance(backend, ModelBackend) and _asks_for_the_plain_row(backend, session.user):
        user = session.user if backend.user_can_authenticate(session.user) else None
    else:
        user = backend.get_user(session.user_id)
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


def _asks_for_the_plain_row(backend: ModelBackend, user: AbstractBaseUser) -> bool:
    manager = user._meta.model._default_manager
    return (
        type(backend).get_user is ModelBackend.get_user
        and type(manager).get_queryset is Manager.get_queryset
    )


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
    found = {path: load_backend(path).get_user(pk) for path in settings.AUTHENTICATION_BACKENDS}
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


def token_fields() -> "list[Field[Any, Any]]":
    """Return the fields of the user that tokens carry, with ``USER_SOURCE = "token"``.

    Raises ``FieldDoesNotExist``.
    """
    given, model = get_settings().token_fields, get_user_model()
    names = (model.USERNAME_FIELD,) if given is None else given
    return [model._meta.get_field(name) for name in names]  # type: ignore[misc]


def carried_fields(user: AbstractBaseUser) -> dict[str, Any]:
    """Return what a token carries of ``user``, as JSON can say it.

    Some backends let users in who are not active: then that is said, too.
    """
    if get_settings().user_source == "database":
        return {}
    carried = {field.name: to_json(field, user) for field in token_fields()}
    return carried if user.is_active else carried | {INACTIVE: True}


def to_json(field: "Field[Any, Any]", user: AbstractBaseUser) -> Any:
    """Return the value of ``field`` as JSON can say it, so that `from_json` understands it."""
    field = _typed(field)
    value = field.value_from_object(user)
    if value is None or type(value) in (str, int, bool):
        return value
    said = field.value_to_string(user)
    return json.loads(json.dumps(said, cls=field.encoder)) if isinstance(field, JSONField) else said


def from_json(field: "Field[Any, Any]", said: Any) -> Any:
    """Return the value that `to_json` has said. Raises ``ValidationError`` if it is none."""
    field = _typed(field)
    if isinstance(field, JSONField) and field.decoder:
        said = json.loads(json.dumps(said), cls=field.decoder)
    value = field.to_python(said)
    # A memoryview can be neither copied nor pickled.
    return value.tobytes() if isinstance(value, memoryview) else value


def _typed(field: "Field[Any, Any]") -> "Field[Any, Any]":
    """Return what knows the type of ``field``: a generated one leaves that to another."""
    if not isinstance(field, GeneratedField):
        return field
    typed: Field[Any, Any] = field.output_field.clone()  # type: ignore[union-attr]
    typed.set_attributes_from_name(field.name)
    return typed


def from_claims(claims: Claims) -> AbstractBaseUser:
    """Return the user that ``claims`` tell of: a real instance, without a query.

    What the token does not carry is deferred, and loaded when touched; but for ``is_active``, which
    is true unless the token says otherwise. Raises `TokenInvalid` if ``sub`` is no primary key.
    """
    return claims.derive(TokenUser.of).make()


def _remember_makers(_: Settings) -> "_lru_cache_wrapper[Maker]":
    """Return `Maker`, of which all tokens that carry the same fields have the same."""
    return lru_cache(maxsize=16)(Maker)


@dataclass(frozen=True, slots=True, repr=False)
class TokenUser:
    """The user that a token tells of, as far as that is the same for each request with it."""

    maker: Maker
    values: Sequence[Any]
    said: Mapping[str, Any]
    """What stands in the token, by attribute."""

    has_mutable: bool
    """Whether a view could change ``said`` by changing its user."""

    is_elsewhere: bool
    """Whether the rows of this site are of other people."""

    @classmethod
    def of(cls, claims: Claims) -> "TokenUser":
        """Read ``claims``. Raises `TokenInvalid`."""
        model = get_user_model()
        pk = model._meta.pk
        # What ``claims`` give is a copy: a view may have the same claims, and change what it reads.
        said, is_elsewhere = _said_by(claims, model), are_elsewhere()
        loaded = _defaults(model) | said if is_elsewhere else dict(said)
        try:
            loaded[pk.attname] = pk.to_python(claims.sub)
        except ValidationError as error:
            raise TokenInvalid("the claim 'sub' is no primary key of a user") from error
        fields = model._meta.concrete_fields
        names = tuple(each.attname for each in fields if each.attname in loaded)
        values = tuple(loaded[name] for name in names)
        has_mutable = any(type(value) not in IMMUTABLE for value in values)
        maker = get_settings().derive(_remember_makers)(model, names)
        return cls(maker, values, said, has_mutable, is_elsewhere)

    def make(self) -> AbstractBaseUser:
        """Return an instance that shares nothing with another."""
        # Apart from what was said, so that a change can be told from it.
        values = deepcopy(self.values) if self.has_mutable else self.values
        user = self.maker.make(router.db_for_read(self.maker.model), values)
        assert isinstance(user, AbstractBaseUser)
        vars(user)[CARRIED] = self.said
        if self.is_elsewhere:
            _keep_from_rows(user)
        return user


def _keep_from_rows(user: AbstractBaseUser) -> None:
    """Give ``user`` neither the permissions nor the groups of whoever has the same number here."""
    vars(user).update({name: set() for name in PERMISSION_CACHES})
    relations = {each.name: each.related_model for each in user._meta.many_to_many}
    vars(user)["_prefetched_objects_cache"] = {
        name: related._default_manager.none() for name, related in relations.items()
    }


def is_from_claims(user: AbstractBaseUser) -> bool:
    """Tell whether ``user`` was made by `from_claims`: what it says may be out of date.

    Whatever is wrapped around it, as ``request.user`` is.
    """
    return hasattr(user, CARRIED)


def freshen(user: object, fresh: AbstractBaseUser) -> None:
    """Give ``user`` what the database says, where it has only what a token said."""
    state = vars(user)
    state.update({name: vars(fresh)[name] for name in _unchanged(user) if name in vars(fresh)})
    for name in (CARRIED, *PERMISSION_CACHES):
        state.pop(name, None)


def _unchanged(user: object) -> set[str]:
    """Name the attributes of which ``user`` has only what a token said."""
    state = vars(user)
    carried = state.get(CARRIED, {})
    return {name for name, value in carried.items() if state.get(name) == value}


def are_elsewhere() -> bool:
    """Tell whether users live on another site, so that the rows here are of other people.

    Somebody who is number 1 where the token was issued must not be the administrator of this site.
    """
    return not get_key_ring().can_sign and not get_settings().shares_users


def _said_by(claims: Claims, model: type[AbstractBaseUser]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for field in token_fields():
        # A claim of the site's own may have had this name before the field was carried.
        with suppress(KeyError, *NO_VALUE):
            said[field.attname] = from_json(field, claims.extra[field.name])
    active = (each for each in model._meta.concrete_fields if each.attname == "is_active")
    is_active = claims.extra.get(INACTIVE) is not True
    return said | dict.fromkeys((field.attname for field in active), is_active)


def _defaults(model: type[AbstractBaseUser]) -> dict[str, Any]:
    """Return what a new user has."""
    fields = (field for field in model._meta.concrete_fields if not field.primary_key)
    return {field.attname: _default(field) for field in fields}


def _default(field: "Field[Any, Any]") -> Any:
    """Return the default, and for what only the database knows, None: an expression is true."""
    default = field.get_default()
    if isinstance(default, DatabaseDefault):
        return getattr(default.expression, "value", None)  # type: ignore[attr-defined]
    return default


def load_before_save(user: AbstractBaseUser, update_fields: Collection[str] | None) -> None:
    """Load what ``user`` has from a token and nobody has changed, before it is written back.

    A user who was deactivated, or renamed, a minute ago must not be reactivated by a view that
    saves something else.
    """
    if is_from_claims(user) and are_elsewhere():
        raise PermissionDenied("A user who lives on another site can't be saved on this one.")
    unchanged = _unchanged(user)
    stale = [
        field.attname
        for field in user._meta.concrete_fields
        if field.attname in unchanged
        and (update_fields is None or {field.name, field.attname} & {*update_fields})
    ]
    if stale:
        user.refresh_from_db(fields=stale)


def find_fresh(session: LoginSession) -> AbstractBaseUser | None:
    """Return the user of ``session`` as the database has it now."""
    user: AbstractBaseUser | None = load_backend(session.backend).get_user(session.user_id)
    return user


def find_backend(user: AbstractBaseUser) -> str | None:
    """Return the first backend that would let ``user`` in; none for an account not active yet."""
    for path in settings.AUTHENTICATION_BACKENDS:
        if load_backend(path).get_user(user.pk) is not None:
            return path
    return None

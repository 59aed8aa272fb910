"""The user that a token tells of, without a query: ``USER_SOURCE = "token"``."""

import json
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

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import router
from django.db.models import Field, GeneratedField, JSONField
from django.db.models.expressions import DatabaseDefault
from django.utils.translation import gettext_lazy as _

from ..conf import Settings, get_settings
from ..exceptions import TokenInvalid
from ..keys import get_key_ring
from ..tokens.claims import Claims
from .from_row import Maker

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
    """Whether a view could change one of ``values`` for the next request."""

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
        """Return an instance that shares nothing with another that a view changes."""
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
        raise PermissionDenied(_("A user who lives on another site can’t be saved on this one."))
    unchanged = _unchanged(user)
    stale = [
        field.attname
        for field in user._meta.concrete_fields
        if field.attname in unchanged
        and (update_fields is None or {field.name, field.attname} & {*update_fields})
    ]
    if stale:
        # Not from a replica, which may not have heard of it.
        alias = router.db_for_write(type(user), instance=user)
        user.refresh_from_db(using=alias, fields=stale)

"""What this app does when Django says that somebody logged in, or that a user changed."""

from collections.abc import Callable, Collection
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_save, pre_delete, pre_save
from django.dispatch import Signal
from django.http import HttpRequest

from . import sessions
from .authentication import RequestJWT, confirm_served, note_change_of, note_end
from .models import LoginSession
from .sessions import EndReason
from .signals import session_ended
from .users.from_token import load_before_save

RELEVANT_FIELDS = {"password", "is_active"}
"""What decides whether a login may go on. Anything else is asked for at its next request."""

UserModel = get_user_model()


def note_login(request: HttpRequest | None, user: AbstractBaseUser, **_: Any) -> None:
    """Note when somebody logged in, and how."""
    jwt = getattr(request, "jwt", None)
    if isinstance(jwt, RequestJWT):
        jwt.note_login(user)


def note_end_of_login(session: LoginSession, **_: Any) -> None:
    """Tell the request that is being served of what it has ended."""
    if session.revoked_because != EndReason.TOKEN_REUSED:  # By a thief, and not by its request.
        note_end(session.pk)


def prepare_change_of_user(
    instance: object, raw: bool, update_fields: Collection[str] | None, **_: Any
) -> None:
    """Make up for what was not asked, where a user or a login was taken from a token alone."""
    # By type, not by sender: a proxy or a child model is the same person.
    if raw or not isinstance(instance, UserModel):
        return
    load_before_save(instance, update_fields)
    if _is_relevant(update_fields):
        confirm_served(instance)


def end_logins_of_changed_user(
    instance: object,
    created: bool,
    raw: bool,
    update_fields: Collection[str] | None,
    **_: Any,
) -> None:
    """End what a new password, or a deactivation, puts an end to."""
    if isinstance(instance, UserModel) and not created and not raw and _is_relevant(update_fields):
        note_change_of(instance)


def _is_relevant(update_fields: Collection[str] | None) -> bool:
    return update_fields is None or not RELEVANT_FIELDS.isdisjoint(update_fields)


def end_logins_of_deleted_user(instance: AbstractBaseUser, using: str, **_: Any) -> None:
    """Tell whoever listens that these logins end; their records are deleted with the user."""
    sessions.end_all(sessions.active(instance, using=using), EndReason.USER_DELETED)


CONNECTIONS: tuple[tuple[Signal, Any, Callable[..., None]], ...] = (
    (user_logged_in, None, note_login),
    (session_ended, LoginSession, note_end_of_login),
    (pre_save, None, prepare_change_of_user),
    (post_save, None, end_logins_of_changed_user),
    # By sender: with a receiver for all, Django would load the rows of any model to delete them.
    *(
        (pre_delete, model, end_logins_of_deleted_user)
        for model in apps.get_models()
        if issubclass(model, UserModel)
    ),
)
"""Signal, sender and receiver; connected when the app is ready."""

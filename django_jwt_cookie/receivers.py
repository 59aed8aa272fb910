"""What this app does when Django says that somebody logged in or out, or that a user changed."""

from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models.signals import post_save, pre_delete, pre_save
from django.dispatch import Signal
from django.http import HttpRequest

from . import revocations, sessions, token_users, users
from .adopters import get_adopters
from .authentication import confirm_served, note_end, served_sessions
from .exceptions import PasswordChanged, SessionRevoked, UserInactive
from .models import LoginSession
from .request_jwt import RequestJWT
from .sessions import EndReason
from .signals import session_ended

RELEVANT_FIELDS = {"password", "is_active"}
"""What decides whether a login may go on. Anything else is asked for at its next request."""


def note_login(request: HttpRequest | None, user: AbstractBaseUser, **_: Any) -> None:
    """Note the time of a login, and whose the session was before."""
    jwt = getattr(request, "jwt", None)
    if isinstance(jwt, RequestJWT):
        jwt.logged_in(user)


def end_login(request: HttpRequest | None, **_: Any) -> None:
    """End the login of the request, whoever called Django's ``logout()``."""
    jwt = getattr(request, "jwt", None)
    if isinstance(jwt, RequestJWT):
        jwt.end()


def note_end_of_login(session: LoginSession, **_: Any) -> None:
    """Tell the request that is being served of what it has ended."""
    note_end(session.pk)


def end_old_login(session: LoginSession, **_: Any) -> None:
    """End what the login was swapped for, where a site moves here from an older scheme."""
    if session.ends_at is not None:
        for adopter in get_adopters():
            adopter.end(session)


def prepare_change_of_user(
    instance: AbstractBaseUser, raw: bool, update_fields: Collection[str] | None, **_: Any
) -> None:
    """Make up for what was not asked, where a user or a login was taken from a token alone."""
    if raw:
        return
    token_users.load_before_save(instance, update_fields)
    if _is_relevant(update_fields):
        confirm_served(instance)


def _is_relevant(update_fields: Collection[str] | None) -> bool:
    return update_fields is None or not RELEVANT_FIELDS.isdisjoint(update_fields)


def end_logins_of_changed_user(
    instance: AbstractBaseUser,
    created: bool,
    raw: bool,
    update_fields: Collection[str] | None,
    **_: Any,
) -> None:
    """End what a new password, or a deactivation, puts an end to.

    Not the login of this request, if the password is new: ``update_session_auth_hash()`` may
    follow. If it does not, the next request finds out.
    """
    if created or raw or not _is_relevant(update_fields):
        return
    inactive: set[UUID] = set()
    changed: set[UUID] = set()
    for session in sessions.active(instance):
        session.user = instance  # type: ignore[assignment]
        reason = _why_to_end(session)
        if reason is not None:
            (inactive if reason is EndReason.USER_INACTIVE else changed).add(session.pk)
    if inactive or changed:
        revocations.tell_cut_off(users.subject(instance))
    sessions.end_by_id(inactive, EndReason.USER_INACTIVE)
    if changed:
        sessions.end_by_id(changed - served_sessions(), EndReason.PASSWORD_CHANGED)


def _why_to_end(session: LoginSession) -> EndReason | None:
    try:
        user = users.load(session)
        users.current_auth_hash(user, session.auth_hash)
    except UserInactive:
        return EndReason.USER_INACTIVE
    except PasswordChanged:
        return EndReason.PASSWORD_CHANGED
    except SessionRevoked:
        pass  # Its backend is not in use, and may come back.
    return None


def end_logins_of_deleted_user(instance: AbstractBaseUser, **_: Any) -> None:
    """Tell whoever listens that these logins end; their records are deleted with the user."""
    sessions.end_all(instance, EndReason.USER_DELETED)


CONNECTIONS: tuple[tuple[Signal, Any, Callable[..., None]], ...] = (
    (user_logged_in, None, note_login),
    (user_logged_out, None, end_login),
    (session_ended, LoginSession, note_end_of_login),
    (session_ended, LoginSession, end_old_login),
    (pre_save, get_user_model(), prepare_change_of_user),
    (post_save, get_user_model(), end_logins_of_changed_user),
    (pre_delete, get_user_model(), end_logins_of_deleted_user),
)
"""Signal, sender and receiver; connected when the app is ready."""

"""The one moment at which a request writes: when its answer is about to go out.

By then the view's transaction is over, whatever became of it, and each write is one conditional
statement: what is written is decided by the state of that moment.
"""

import logging
import time
from contextlib import nullcontext, suppress

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import SynchronousOnlyOperation
from django.db import Error, IntegrityError, router, transaction
from django.http.response import HttpResponseBase

from .. import sessions, users
from ..conf import get_settings
from ..cookies import is_public, keep_private, vary_on_cookie
from ..exceptions import PasswordChanged, SessionError, UserInactive, UserUnavailable
from ..keys import get_key_ring
from ..models import LoginSession
from ..sessions import EndReason, get_store
from ..sessions.rotation import Verdict, is_due, is_over
from . import django_session, migrating
from .beginning import Beginning, Cause, NewHash, limits_of
from .django_session import LoginInSession
from .incoming import Login, in_transaction
from .issuing import issue
from .migrating import OlderLogin
from .request import RequestJWT

logger = logging.getLogger("django.security.jwt_cookie")

SERVER_ERROR = 500
"""From here on Django saves no session: what the view began is not to count."""


def needs_settling(jwt: RequestJWT, response: HttpResponseBase) -> bool:
    """Tell whether `settle` has to ask or tell the database; asks nobody."""
    if jwt.is_idle or jwt.is_out_of_place:
        return False
    if jwt.changed_users or jwt.stored or jwt.older:
        return True
    session = jwt.session_of_now()
    if isinstance(session, LoginInSession) and (session.modified or session.is_answered_otherwise):
        return True
    if "incoming" not in vars(jwt):
        return False
    return bool(jwt.incoming.to_end) or (
        jwt.login is not None and response.status_code < SERVER_ERROR and _has_news(jwt, jwt.login)
    )


def _has_news(jwt: RequestJWT, login: Login) -> bool:
    record = login.session
    if record is None:
        return False
    if jwt.wants_token or login.auth_hash != record.auth_hash:
        return True
    if login.verdict is Verdict.CURRENT:
        return record.seen_at is None or _is_first(login) or is_due(record, time.time())
    return login.verdict is not Verdict.LATE


def _is_first(login: Login) -> bool:
    """Tell whether the token is the first of its generation, and the next is to be believed."""
    return login.claims.new and get_settings().user_source == "token"


def settle(jwt: RequestJWT, response: HttpResponseBase) -> None:
    """Write what a request has decided.

    If that fails, the answer goes out as it is: a page that only reads is served for as long as the
    database can be read.
    """
    session = jwt.session_of_now()
    if isinstance(session, LoginInSession):
        # Other code may have put one of its class into the place of the first.
        django_session.attach(session, jwt)
    is_failed = response.status_code >= SERVER_ERROR
    try:
        _settle(jwt, response, is_failed=is_failed)
    except Exception:
        # Of a database that takes no writes, of a backend, of the site's own: the page is made.
        logger.exception("What a request has decided about its login could not be written.")
    jwt.close()
    if isinstance(session, LoginInSession):
        if is_failed and jwt.login is not None:
            session.keep_stale()
        elif not is_failed and session.is_empty():
            session.delete_stale()


def _settle(jwt: RequestJWT, response: HttpResponseBase, *, is_failed: bool) -> None:
    jwt.resolve()
    if jwt.new.was_rolled_back:
        jwt.take_back(jwt.login.user if jwt.login is not None else AnonymousUser())
    beginning = None if is_failed else jwt.beginning()
    try:
        if beginning is not None:
            _begin(jwt, beginning)
        elif jwt.is_gone():
            _end(jwt)
        elif jwt.login is not None and not is_failed:
            _go_on(jwt, jwt.login, response)
    finally:
        for record, because in jwt.incoming.to_end:
            get_store().end(record, because)
        for user in jwt.changed_users:
            end_logins_of_changed(user)


# --- A login begins


def _begin(jwt: RequestJWT, beginning: Beginning) -> None:
    came = jwt.login
    if jwt.stored is not None and jwt.session is not None:
        came = came or jwt.incoming.login()
        jwt.session.keys()  # What is left is stored for the login, and no more under its key.
    begun = None
    try:
        begun = _begin_in_place(jwt, beginning, came)
    finally:
        if begun is None:
            jwt.restore_session()
    if begun is not None:
        jwt.login = begun.login
        jwt.outgoing.bring(begun.token, begun.login.record)
        for other in (jwt.older, jwt.stored):
            if other is not None and jwt.new.id_for(other) != begun.login.claims.sid:
                _use_up(jwt, other, EndReason.REPLACED)


def _begin_in_place(jwt: RequestJWT, beginning: Beginning, came: Login | None) -> Beginning | None:
    """Save a login, and end that whose place it takes; None if it may not begin."""
    if isinstance(beginning.cause, NewHash) and not _end_for_new_hash(came):
        jwt.login = None
        return None
    begun = _save(jwt, _with_expiry(jwt, beginning))
    if begun is not None and not _end_replaced(jwt, came, begun):
        get_store().end(begun.login.record, EndReason.REVOKED)
        jwt.login = begun = None
    return begun


def _with_expiry(jwt: RequestJWT, beginning: Beginning) -> Beginning:
    """Heed ``session.set_expiry()``, which may have been called after the login."""
    record = beginning.login.record
    idle_seconds = django_session.find_idle_seconds(jwt.session_of_now())
    if idle_seconds is None:
        return beginning
    limits = limits_of(record, idle_seconds)
    if limits == (record.idle_seconds, record.persistent):
        return beginning
    record.idle_seconds, record.persistent = limits
    return jwt.new.again(record, beginning.login, beginning.cause)


def _save(jwt: RequestJWT, beginning: Beginning) -> Beginning | None:
    cause, record = beginning.cause, beginning.login.record
    if isinstance(cause, OlderLogin) and cause.record is not None:
        return beginning  # Another request has.
    # Where all of a request is one transaction, as in tests, a refusal must not break it.
    using = router.db_for_write(LoginSession)
    with suppress(IntegrityError):
        with transaction.atomic(using=using) if in_transaction() else nullcontext():
            get_store().begin(record)
        return beginning
    shared = sessions.records().filter(pk=record.pk).first()
    if shared is None or not migrating.may_share(shared, beginning.login.user):
        # The view's transaction was rolled back, with its user; or the credential was used before.
        logger.warning("A login could not begin: there is no such user, or it was over before.")
        return None
    shared.user = beginning.login.user  # type: ignore[assignment]
    return jwt.new.again(shared, beginning.login, cause)


def _goes_on(login: Login) -> bool:
    """Ask whether nobody has ended a login since its request came."""
    try:
        get_store().look_up(login.claims)
    except SessionError:
        return False
    return True


def _end_for_new_hash(came: Login | None) -> bool:
    """End the login that goes on under another id; tell whether nobody else has ended it."""
    assert came is not None
    if get_store().end(came.record, EndReason.PASSWORD_CHANGED) or not sessions.are_recorded():
        return True
    # By the very password that it goes on with, if that was saved where no request is known.
    is_the_same = {"revoked_because": EndReason.PASSWORD_CHANGED}
    return sessions.records().filter(pk=came.record.pk, **is_the_same).exists()


def _end_replaced(jwt: RequestJWT, came: Login | None, begun: Beginning) -> bool:
    """End the login whose place another takes, in this browser or by a new password.

    Tells whether the other may stay: for one without a password nobody else has ended the first.
    """
    store, login = get_store(), begun.login
    if isinstance(begun.cause, NewHash):
        if sessions.are_recorded():
            sessions.end_others(login.record, EndReason.PASSWORD_CHANGED)
        return True
    if came is None or came.claims.sid == login.claims.sid:
        return True
    may_stay = not (jwt.new.takes_place and sessions.are_recorded()) or jwt.has_ended_itself
    # A token that is over may be a copy: it ends nobody's login.
    if is_over(came.claims, jwt.came_at):
        return may_stay or _goes_on(came)
    with suppress(SessionError):
        return store.end(came.session or store.look_up(came.claims), EndReason.REPLACED) or may_stay
    return may_stay


# --- A login ends


def _end(jwt: RequestJWT) -> None:
    """Have the browser forget the cookie, whatever can be written; and end its logins."""
    if jwt.incoming.came or migrating.is_on():
        jwt.outgoing.forget()
    if sessions.are_recorded():
        if jwt.login is not None and jwt.has_record():
            get_store().end(jwt.login.record, EndReason.LOGOUT)
        for login in jwt.incoming.others(jwt.login):
            get_store().end(login.record, EndReason.LOGOUT)
        for other in (jwt.older, jwt.stored):
            if other is not None:
                _use_up(jwt, other, EndReason.LOGOUT)
    jwt.login = None


def _use_up(jwt: RequestJWT, cause: Cause, because: EndReason) -> None:
    """Have a record of a login that has ended before it had one: it must not become another.

    Be it of an older scheme, or of a session that a slower request has loaded before.
    """
    used_up = jwt.new.begin(cause, jwt.user, None) if sessions.are_recorded() else None
    if used_up is not None and _save(jwt, used_up):
        get_store().end(used_up.login.record, because)


def end_logins_of_changed(user: AbstractBaseUser) -> None:
    """End what a new password, or a deactivation, has put an end to, as the database has it now."""
    # Where the user was saved: the same number in another database is somebody else.
    using = user._state.db
    fresh = users.find_row(user.pk, using) if sessions.are_recorded() else None
    if fresh is None:
        return
    for record in sessions.active(fresh, using=using):
        record.user = fresh  # type: ignore[assignment]
        try:
            users.current_auth_hash(users.load(record), record.auth_hash)
        except UserInactive:
            get_store().end(record, EndReason.USER_INACTIVE, using)
        except PasswordChanged:
            get_store().end(record, EndReason.PASSWORD_CHANGED, using)
        except UserUnavailable:
            continue


# --- A login goes on


def _go_on(jwt: RequestJWT, login: Login, response: HttpResponseBase) -> None:
    """Note the generation as seen, rotate, or hand out a token anew."""
    is_limited = django_session.find_idle_seconds(jwt.session_of_now()) is not None
    if is_limited and jwt.has_record() and jwt.login is not None:
        login = jwt.login
    record, store = login.session, get_store()
    if record is None or not get_key_ring().can_sign:
        return
    if record.ends_at.timestamp() <= time.time():
        return  # The view took longer than the login could be unused.
    _limit(jwt, record)
    if login.auth_hash != record.auth_hash:
        store.change_auth_hash(record, login.auth_hash)
    # Without records nobody knows what another answer has brought meanwhile.
    is_late = not get_settings().track_sessions and jwt.incoming.is_slow
    if is_late or is_public(response):
        return
    was_seen = record.seen_at is not None
    try:
        rotated = store.advance(record, login.claims.gen, login.verdict)
    except SessionError:
        return  # A late answer never brings back a login that was ended meanwhile.
    if rotated is not None:
        rotated.user = record.user
        _issue(jwt, login, rotated, is_new=True)
    elif is_due(record, time.time()):
        return  # Another answer was faster, and the browser has a newer token.
    elif login.verdict is Verdict.CURRENT and (jwt.wants_token or _is_first(login)):
        _issue_again(jwt, login, record, is_noted=not was_seen and record.seen_at is not None)


def _issue_again(jwt: RequestJWT, login: Login, record: LoginSession, *, is_noted: bool) -> None:
    """Hand out a token of the same generation; one that is believed, only while the login goes on.

    ``is_noted``: the generation was noted as seen just now, so that nobody has ended it.
    """
    if is_noted or get_settings().user_source == "database" or _goes_on(login):
        _issue(jwt, login, record)


def _limit(jwt: RequestJWT, record: LoginSession) -> None:
    """Heed ``session.set_expiry()``."""
    idle_seconds = django_session.find_idle_seconds(jwt.session_of_now())
    if idle_seconds is not None:
        limits = limits_of(record, idle_seconds)
        if limits != (record.idle_seconds, record.persistent):
            get_store().limit(record, idle_seconds=limits[0], persistent=limits[1])
            jwt.wants_token = True


def _issue(jwt: RequestJWT, login: Login, record: LoginSession, *, is_new: bool = False) -> None:
    auth_time = login.claims.auth_time if jwt.auth_time_now is None else jwt.auth_time_now
    try:
        claims, token = issue(record, auth_time=auth_time, request=jwt.request, is_new=is_new)
    except (Error, SynchronousOnlyOperation):
        raise
    except Exception:
        # The site's own claims fail, or are too large by now.
        logger.exception("A login token could not be renewed.")
        return
    jwt.login = Login(claims, login.user, record, auth_hash=login.auth_hash)
    jwt.outgoing.bring(token, record)


# --- What goes out


def write(jwt: RequestJWT, response: HttpResponseBase) -> None:
    """Set or delete the cookies, if there is cause to; no database."""
    if jwt.is_out_of_place:
        return
    incoming = jwt.incoming
    if incoming.was_read:
        vary_on_cookie(response)
    jwt.outgoing.write(response, is_useless=incoming.is_useless and not incoming.is_slow)
    if jwt.older is not None:
        keep_private(response)  # Whatever brought the credential: no ``Vary`` names it.
    if migrating.is_on() and response.status_code < SERVER_ERROR:
        if jwt.outgoing.forgets:
            migrating.forget_older_cookies(jwt.request, response)
        elif jwt.outgoing.has_decided or _is_older_in_vain(jwt):
            migrating.forget_older_cookies(jwt.request, response, only_what_came=True)


def _is_older_in_vain(jwt: RequestJWT) -> bool:
    """Tell whether cookies of an older scheme, if any came, are of no use any more.

    So beside a login of ours, over which they never win.
    """
    is_sure = jwt.login is not None or jwt.is_older_sure
    return jwt.user is not None and jwt.older is None and is_sure

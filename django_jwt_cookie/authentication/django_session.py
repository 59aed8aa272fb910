"""To whoever reads or writes the Django session, the login is in it.

Only where a login is kept differs: in the cookie and its record. So the session of a request
answers for the login of that request, keeps what other code writes about a login until the answer
goes out, and stores neither. What else is in it is stored under a key of the login (`key_of`),
marked with the login's id, and shown to nobody but that login.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Protocol

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import VALID_KEY_CHARS, CreateError, SessionBase
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.backends.signed_cookies import SessionStore as CookieStore
from django.core import signing
from django.core.exceptions import SynchronousOnlyOperation
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import get_random_string, salted_hmac

from ..conf import get_settings

LOGIN_KEYS = (SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY)
"""Where ``django.contrib.auth.login()`` leaves a login."""

EXPIRY_KEY = "_session_expiry"
"""Where ``session.set_expiry()`` leaves its argument."""

ANSWERED = frozenset({*LOGIN_KEYS, EXPIRY_KEY})
"""What a session answers from the login of its request."""

MARK = "_jwt_cookie_sid"
"""In a stored session: the id of the login that what is in it belongs to."""

is_raw: ContextVar[bool] = ContextVar("django_jwt_cookie.raw_session", default=False)
"""Whether the engine itself asks for the key, to load or store something under it."""


class Answer(str):
    """A value that the session answers from the login; what other code writes is none."""

    __slots__ = ()

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (str(self),)


class Stored(str):
    """The user's id of a login that came in a stored session, from before this middleware."""

    __slots__ = ()


class Seconds(int):
    """An idle timeout that the session answers from the login."""


@dataclass(frozen=True)
class SessionLogin:
    """A login that is in a session, as Django keeps it."""

    user_id: str
    backend: str
    auth_hash: str
    persistent: bool = field(default=True, compare=False)
    came_as: str | None = None
    """The key of the session that it came in; none if it was written during this request."""


class Owner(Protocol):
    """What a session knows of its request."""

    request: HttpRequest

    def session_answer(self) -> dict[str, Any] | None:
        """Return what the session says of the login that came with the request.

        None while that is being looked for: whoever is asked may ask the session.
        """

    def session_sid(self) -> uuid.UUID | None:
        """Return the id of the login of this request by now, or that will begin with it."""

    def session_sid_unasked(self) -> uuid.UUID | None:
        """Return the id that the token says, which may be of a login that is over."""

    def session_end(self) -> tuple[datetime, bool] | None:
        """Return until when what is stored for the login is kept, and if beyond the browser."""

    async def aresolve(self) -> Any:
        """Find the login, in a thread if somebody has to be asked."""


def key_of(sid: uuid.UUID) -> str:
    """Return the session key of a login, which nobody can guess who has its token.

    32 characters, as Django's own have, of which the last tell what it is: `is_key_of_login`.
    """
    name = _digest(sid.hex)[:20]
    return name + _digest(name)[:12]


def is_key_of_login(key: str | None) -> bool:
    """Tell whether what is stored under ``key`` belongs to a login; nobody is asked for that."""
    return key is not None and len(key) == 32 and _digest(key[:20])[:12] == key[20:]


def _digest(value: str) -> str:
    return salted_hmac("django_jwt_cookie.session_key", value, algorithm="sha256").hexdigest()


@contextmanager
def _raw() -> Iterator[None]:
    token = is_raw.set(True)
    try:
        yield
    finally:
        is_raw.reset(token)


class LoginInSession(SessionBase):
    """Mixed into the class of the site's own sessions, whatever that is.

    Without an owner it is an ordinary session of that engine, as ``type(session)(key)`` makes one.
    """

    _session_cache: dict[str, Any]
    """Django's: what is in the session, once it was loaded."""

    _owner: Owner | None = None
    _loaded: dict[str, Any] | None = None
    """What was stored, before anybody was asked whose it is."""

    _is_stored = False
    """Whether there is something stored under the key of now."""

    _is_marked = False
    """Whether that is marked with the login of this request."""

    _is_lost = False
    """Whether that login has turned out to be over: what is shown goes to nobody else."""

    _is_answered = False
    """Whether the login of this request was put among the data, if there is one."""

    _had: frozenset[str] = frozenset()
    """Which keys of a login were there, or may have been when everything was taken out."""

    _was_emptied = False
    """Whether everything was taken out of the session."""

    arrived_as: str | None = None
    """The key that the request brought."""

    _is_final = False
    """Whether the request is settled: what follows is to store what is left."""

    _hidden_key: str | None = None
    """The key of what belongs to another login than that of this request."""

    _keeps_login = False
    """Whether a login stays that came in the stored session, since it could not begin here."""

    _stale: tuple[str, ...] = ()
    """Keys under which nothing is to be left once the request is settled."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Be pickled as an ordinary session of the engine, with what is stored.

        Nothing of the request goes with it, and what a copy saves is still marked.
        """
        store = next(each for each in type(self).__mro__ if not issubclass(each, LoginInSession))
        own = {*vars(LoginInSession), *LoginInSession.__annotations__}
        state = {name: value for name, value in vars(self).items() if name not in own}
        return store, (), state

    def _all_data(self) -> dict[str, Any]:
        """Return what is in the session, loaded if it was not."""
        data: dict[str, Any] = self._get_session()
        return data

    async def _all_adata(self) -> dict[str, Any]:
        data: dict[str, Any] = await self._aget_session()
        return data

    # --- What is read

    def _answer(self, key: object = None) -> None:
        """Have the login among the data before ``key`` is read, or all of it."""
        if self._owner is None or self._is_answered or (key is not None and key not in ANSWERED):
            return
        if self._is_final:
            return
        answer = self._owner.session_answer()
        if answer is None or self._is_answered:
            return
        self._is_answered = True
        data = self._all_data()
        if SESSION_KEY not in data:
            for name, value in answer.items():
                data.setdefault(name, value)
        if isinstance(data.get(SESSION_KEY), Answer | Stored):
            self._had = frozenset(LOGIN_KEYS).intersection(data)

    async def _aanswer(self, key: object = None) -> None:
        if self._owner is not None and not self._is_answered and (key is None or key in ANSWERED):
            await sync_to_async(self._answer, thread_sensitive=True)(key)

    def __contains__(self, key: object) -> bool:
        self._answer(key)
        return super().__contains__(key)

    def __getitem__(self, key: str) -> Any:
        self._answer(key)
        return super().__getitem__(key)

    def __delitem__(self, key: str) -> None:
        self._answer(key)
        super().__delitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of ``key``, or the default."""
        self._answer(key)
        return super().get(key, default)

    def pop(self, key: str, *args: Any, **kwargs: Any) -> Any:
        """Take ``key`` out of the session."""
        self._answer(key)
        return super().pop(key, *args, **kwargs)

    def setdefault(self, key: str, value: Any) -> Any:  # type: ignore[override]
        """Return the value of ``key``, which is ``value`` from now on if it had none."""
        self._answer(key)
        return super().setdefault(key, value)

    def has_key(self, key: Any) -> bool:
        """Tell whether ``key`` is in the session."""
        return key in self

    def keys(self) -> Any:
        """Return all keys."""
        self._answer()
        return super().keys()

    def values(self) -> Any:
        """Return all values."""
        self._answer()
        return super().values()

    def items(self) -> Any:
        """Return all keys with their values."""
        self._answer()
        return super().items()

    async def aget(self, key: str, default: Any = None) -> Any:
        """Do the same."""
        await self._aanswer(key)
        return await super().aget(key, default)

    async def apop(self, key: str, *args: Any, **kwargs: Any) -> Any:
        """Do the same."""
        await self._aanswer(key)
        return await super().apop(key, *args, **kwargs)

    async def asetdefault(self, key: str, value: Any) -> Any:
        """Do the same."""
        await self._aanswer(key)
        return await super().asetdefault(key, value)

    async def ahas_key(self, key: str) -> bool:
        """Do the same."""
        await self._aanswer(key)
        return await super().ahas_key(key)

    async def akeys(self) -> Any:
        """Do the same."""
        await self._aanswer()
        return await super().akeys()

    async def avalues(self) -> Any:
        """Do the same."""
        await self._aanswer()
        return await super().avalues()

    async def aitems(self) -> Any:
        """Do the same."""
        await self._aanswer()
        return await super().aitems()

    # --- Its key

    @property
    def session_key(self) -> str | None:
        """The key of the login while somebody is logged in, whether anything is stored or not."""
        if self._owner is None or self._is_final or is_raw.get():
            return self._session_key
        sid = self._sid_of_key(self._owner)
        if sid is None:
            return None if is_key_of_login(self._session_key) else self._session_key
        return self._session_key if self._is_marked else key_of(sid)

    def _sid_of_key(self, owner: Owner) -> uuid.UUID | None:
        """Return the login that the key is of; what is stored is shown by `_show` alone."""
        try:
            return owner.session_sid()
        except SynchronousOnlyOperation:  # Asynchronous code reads the key, and awaits nothing.
            return owner.session_sid_unasked()

    def is_empty(self) -> bool:
        """Tell whether there is nothing to keep; while somebody is logged in there is."""
        if self._owner is None:
            return super().is_empty()
        if not self._is_final:
            return self.session_key is None and not vars(self).get("_session_cache")
        # Whose data is hidden keeps its cookie: this may be a late request of a browser that has
        # logged in elsewhere since.
        has_data = bool(self._session_key or vars(self).get("_session_cache"))
        return not has_data and self._hidden_key is None

    # --- Loading: whose is it?

    def load(self) -> dict[str, Any]:
        """Load what is stored; nothing, if it belongs to another login."""
        if self._owner is None or is_raw.get():
            return super().load()
        return self._show(self.load_stored())

    async def aload(self) -> dict[str, Any]:
        """Do the same."""
        if self._owner is None:
            return await super().aload()
        stored = await self.aload_stored()
        if MARK in stored:
            await self._owner.aresolve()
        return self._show(stored)

    def _get_session(self, no_load: bool = False) -> dict[str, Any]:
        if self._owner is not None and not no_load and "_session_cache" not in vars(self):
            # Django asks for the key here: whose login it is is no question of what is stored.
            self._session_cache = self.load()
        data: dict[str, Any] = super()._get_session(no_load)  # type: ignore[misc]
        return data

    _session = property(_get_session)

    async def _aget_session(self, no_load: bool = False) -> dict[str, Any]:
        if self._owner is not None and not no_load and "_session_cache" not in vars(self):
            self._session_cache = await self.aload()
        data: dict[str, Any] = await super()._aget_session(no_load)  # type: ignore[misc]
        return data

    def load_stored(self) -> dict[str, Any]:
        """Load what is stored, whoever it belongs to."""
        if self._loaded is None:
            with _raw():
                self._loaded = super().load() if self._session_key else {}
            self._is_stored = self._session_key is not None
        return self._loaded

    async def aload_stored(self) -> dict[str, Any]:
        """Do the same."""
        if self._loaded is None:
            with _raw():
                self._loaded = await super().aload() if self._session_key else {}
            self._is_stored = self._session_key is not None
        return self._loaded

    def _show(self, stored: dict[str, Any]) -> dict[str, Any]:
        """Return what this request may see of what is stored."""
        assert self._owner is not None
        data = {name: value for name, value in stored.items() if name != MARK}
        mark = stored.get(MARK)
        has_login = SESSION_KEY in data and BACKEND_SESSION_KEY in data
        if not has_login:
            for name in LOGIN_KEYS:
                data.pop(name, None)  # Half a login is none.
        if mark is not None:
            sid = self._owner.session_sid()
            if sid is None or mark != sid.hex:
                if not has_login:
                    self._hide()
                    return {}
                # Somebody has logged in, in this session, with Django's own middleware.
                data = {name: data[name] for name in LOGIN_KEYS if name in data}
            else:
                self._is_marked = not has_login
        if has_login:
            data[SESSION_KEY] = Stored(data[SESSION_KEY])
        return data

    def _hide(self) -> None:
        assert self._owner is not None
        self._hidden_key, self._session_key, self._is_stored = self._session_key, None, False
        if settings.CSRF_USE_SESSIONS:
            # Django's middleware has read it before anybody could tell whose it is.
            self._owner.request.META.pop("CSRF_COOKIE", None)

    def lose_login(self) -> None:
        """Take note that the login is over whose data is shown, and which a view may be using."""
        self._is_lost = self._is_marked

    def _drop_lost(self) -> None:
        if self._is_lost:
            self.restore()

    def restore(self) -> None:
        """Be what came, to be loaded anew, and lose what was written since.

        That was for a login that does not begin, or has ended: it is nobody else's.
        """
        self._session_key, self._stale, self.modified = self.arrived_as, (), False
        self._loaded = self._hidden_key = None
        self._is_stored = self._is_marked = self._is_lost = False
        self._is_answered = self._was_emptied = False
        self._had = frozenset()
        vars(self).pop("_session_cache", None)

    @property
    def is_answered_otherwise(self) -> bool:
        """Whether other code has changed what the session says of the login."""
        data = _data(self)
        return any(not isinstance(data.get(name), Answer | Stored) for name in self._had)

    # --- Letting go of what is stored, without a query before the request is settled

    def clear(self) -> None:
        """Let go of all data, the login included."""
        if self._owner is not None:
            self._all_data()  # What is another's is not to be destroyed.
            self._is_answered = self._was_emptied = True
            self._had = frozenset(LOGIN_KEYS)
        super().clear()

    def flush(self) -> None:
        """Let go of all data and the key."""
        if self._owner is None:
            super().flush()
            return
        self.clear()
        self._let_go()

    async def aflush(self) -> None:
        """Do the same."""
        if self._owner is None:
            await super().aflush()
            return
        await self._all_adata()
        self.clear()
        self._let_go()

    def discard(self) -> None:
        """Let go of what is stored, since its login is not valid any more; logs nobody out."""
        super().clear()
        self._let_go()

    def cycle_key(self) -> None:
        """Keep the data under another key."""
        if self._owner is None:
            super().cycle_key()
            return
        self._drop_lost()
        self._all_data()
        self._cycle()

    async def acycle_key(self) -> None:
        """Do the same."""
        if self._owner is None:
            await super().acycle_key()
            return
        self._drop_lost()
        await self._all_adata()
        self._cycle()

    def _cycle(self) -> None:
        self._let_go()
        # Stored under that if no login begins with this request.
        self._session_key = get_random_string(32, VALID_KEY_CHARS)
        self.modified = True

    def _let_go(self) -> None:
        if self._is_stored and self._session_key:
            self._stale = (*self._stale, self._session_key)
        self._session_key, self._is_stored, self._is_marked = None, False, False

    def keep_stale(self) -> None:
        """Take back what was let go of: what was to take its place has not begun."""
        if self.arrived_as in self._stale:
            self._session_key, self._stale, self.modified = self.arrived_as, (), False

    def delete_stale(self) -> None:
        """Delete what was let go of, once the request is settled."""
        stale, self._stale = set(self._stale) - {self._session_key}, ()
        if not stale or isinstance(self, CookieStore):
            return
        if getattr(super().delete, "__func__", None) is DatabaseStore.delete:
            # By one statement: Django's own fetches the row before.
            self.model.objects.filter(session_key__in=stale).delete()  # type: ignore[attr-defined]
            return
        with _raw():
            for key in stale:
                super().delete(key)

    def delete(self, session_key: str | None = None) -> None:
        """Delete what is stored; without a key, as `flush` does."""
        is_ours = self._owner is not None and not is_raw.get()
        if is_ours and session_key in (None, self.session_key):
            self.flush()
            return
        with _raw():
            super().delete(session_key)

    async def adelete(self, session_key: str | None = None) -> None:
        """Do the same."""
        if self._owner is not None and not is_raw.get():
            await self._owner.aresolve()
            if session_key in (None, self.session_key):
                await self.aflush()
                return
        with _raw():
            await super().adelete(session_key)

    # --- Storing

    def create(self) -> None:
        """Make a new session; of whoever is logged in, under the key of the login."""
        if self._owner is None or is_raw.get() or self.session_key is None:
            super().create()
            return
        vars(self).setdefault("_session_cache", {})  # A login may be in it that is to begin.
        self.save()
        self.modified = True

    async def acreate(self) -> None:
        """Do the same."""
        if self._owner is None or is_raw.get():
            await super().acreate()
            return
        await self._owner.aresolve()
        await sync_to_async(self.create, thread_sensitive=True)()

    def save(self, must_create: bool = False) -> None:
        """Store all but the login, under its key and marked with it."""
        if self._owner is None or is_raw.get():
            super().save(must_create)
            return
        self._drop_lost()
        if self._is_final and not self._all_data() and self._hidden_key:
            self._session_key = self._hidden_key  # Its cookie stays as it is.
            return
        self._all_data()
        sid = self._owner.session_sid()
        self._take_key_of(sid)
        with _raw(), self._as_stored(sid):
            self._store()
        self._is_stored, self._is_marked = True, sid is not None
        if self._is_final:
            self.delete_stale()

    async def asave(self, must_create: bool = False) -> None:
        """Do the same."""
        if self._owner is None or is_raw.get():
            await super().asave(must_create)
            return
        await self._owner.aresolve()
        await self._all_adata()
        await sync_to_async(self.save, thread_sensitive=True)(must_create)

    def _take_key_of(self, sid: uuid.UUID | None) -> None:
        """Move to the key of the login: whoever planted the session before must not read on."""
        if sid is not None and not self._is_marked and self._session_key != key_of(sid):
            self._let_go()
            self._session_key = key_of(sid)

    @contextmanager
    def _as_stored(self, sid: uuid.UUID | None) -> Iterator[None]:
        shown = self._session_cache
        left_out = () if self._keeps_login else LOGIN_KEYS
        kept = {name: value for name, value in shown.items() if name not in left_out}
        if isinstance(kept.get(EXPIRY_KEY), Seconds):
            del kept[EXPIRY_KEY]
        self._session_cache = kept if sid is None else {**kept, MARK: sid.hex}
        try:
            yield
        finally:
            self._session_cache = shown

    def _store(self) -> None:
        if self._is_stored or self._session_key is None:
            super().save()
            return
        try:
            super().save(must_create=True)
        except CreateError:
            super().save()  # Another request was faster: the last one wins, as in Django.

    # --- Until when: what is stored for a login lasts as long as that

    def get_expiry_age(self, **kwargs: Any) -> int:
        """Return in how many seconds what is stored is over."""
        end = self._end(kwargs)
        return super().get_expiry_age(**kwargs) if end is None else _seconds_until(end[0])

    async def aget_expiry_age(self, **kwargs: Any) -> int:
        """Do the same."""
        end = self._end(kwargs)
        return await super().aget_expiry_age(**kwargs) if end is None else _seconds_until(end[0])

    def get_expiry_date(self, **kwargs: Any) -> datetime:
        """Return when what is stored is over."""
        end = self._end(kwargs)
        return super().get_expiry_date(**kwargs) if end is None else end[0]

    async def aget_expiry_date(self, **kwargs: Any) -> datetime:
        """Do the same."""
        end = self._end(kwargs)
        return await super().aget_expiry_date(**kwargs) if end is None else end[0]

    def get_expire_at_browser_close(self) -> bool:
        """Tell whether the session's cookie is to end with the browser."""
        end = self._end({}) if self._is_final else None
        return super().get_expire_at_browser_close() if end is None else not end[1]

    def _end(self, given: dict[str, Any]) -> tuple[datetime, bool] | None:
        if self._owner is None or "expiry" in given or not (self._is_final or is_raw.get()):
            return None
        return self._owner.session_end()


class LoginInSignedCookie(LoginInSession):
    """Mixed into sessions that the browser keeps, in place of a key."""

    @property
    def session_key(self) -> str | None:
        """The key of the login while somebody is logged in; what is stored is no key."""
        is_asked = self._owner is not None and not self._is_final and not is_raw.get()
        sid = self._sid_of_key(self._owner) if is_asked and self._owner else None
        if is_asked and sid is None:
            self._all_data()  # It may be another login's, which is then hidden.
        return self._session_key if sid is None else key_of(sid)

    def load_stored(self) -> dict[str, Any]:
        """Load what came; of a login for as long as that lasts, and not SESSION_COOKIE_AGE."""
        if self._loaded is None:
            came = self._session_key
            if not super().load_stored() and came:
                data = self._load_older(came)
                if MARK in data:
                    self._loaded, self._session_key, self._is_stored = data, came, True
        assert self._loaded is not None
        return self._loaded

    async def aload_stored(self) -> dict[str, Any]:
        """Do the same: nobody has to be asked."""
        return self.load_stored()

    def _load_older(self, came: str) -> dict[str, Any]:
        try:
            data: dict[str, Any] = signing.loads(
                came,
                serializer=self.serializer,
                max_age=get_settings().absolute_timeout,
                salt="django.contrib.sessions.backends.signed_cookies",
            )
        except Exception:  # noqa: BLE001 - bad signatures, and whatever serializers raise
            return {}
        return data


def _seconds_until(end: datetime) -> int:
    return max(int((end - timezone.now()).total_seconds()), 0)


class LentSession(SessionBase):
    """A session for the length of a request, where there is none."""

    def load(self) -> dict[str, Any]:
        """There is nothing stored."""
        return {}

    def exists(self, session_key: str) -> bool:
        """There is nothing stored."""
        return False

    def create(self) -> None:
        """Store nothing."""

    def save(self, must_create: bool = False) -> None:
        """Store nothing."""

    def delete(self, session_key: str | None = None) -> None:
        """There is nothing stored."""


@cache
def _with_login(store: type[SessionBase]) -> type[LoginInSession]:
    mixin = LoginInSignedCookie if issubclass(store, CookieStore) else LoginInSession
    # Django salts what it keeps with the name of the class.
    names = {name: getattr(store, name) for name in ("__doc__", "__module__", "__qualname__")}
    return type(store.__name__, (mixin, store), names)


def attach(session: SessionBase, owner: Owner) -> LoginInSession:
    """Have ``session`` answer for the logins of a request."""
    # The very same object: other code may have it already, and the class is still the site's.
    if isinstance(session, LoginInSession) and session._owner is not None:
        return session
    if not isinstance(session, LoginInSession):
        session.__class__ = _with_login(type(session))
        assert isinstance(session, LoginInSession)
        if "_session_cache" in vars(session):
            # It was loaded before us, by whoever stands before: whose it is, is asked all the same.
            session._loaded = session._session_cache
            session._is_stored = session._session_key is not None
            del session._session_cache
    else:
        # Made by ``type(session)(key)``, and put into the place of the one that was here before.
        session._is_stored = session._session_key is not None
    session._owner, session.arrived_as = owner, session._session_key
    return session


# --- What a request has left in its session


def find_login(session: SessionBase | None) -> SessionLogin | None:
    """Return the login that other code has written into ``session``, or that came in it."""
    data = _data(session)
    user_id = data.get(SESSION_KEY)
    if user_id is None or isinstance(user_id, Answer):
        return None
    return SessionLogin(
        str(user_id),
        data.get(BACKEND_SESSION_KEY, ""),
        data.get(HASH_SESSION_KEY, ""),
        persistent=not _ends_with_browser(data),
        came_as=getattr(session, "arrived_as", None) if isinstance(user_id, Stored) else None,
    )


def _ends_with_browser(data: dict[str, Any]) -> bool:
    """Do what ``get_expire_at_browser_close()`` does, which would ask for the login in between."""
    expiry = data.get(EXPIRY_KEY)
    return bool(settings.SESSION_EXPIRE_AT_BROWSER_CLOSE) if expiry is None else expiry == 0


def find_stored_login(session: LoginInSession, own_keys: set[str]) -> SessionLogin | None:
    """Return the login that came in a stored session; what is under a key of ours holds none."""
    if session._session_key is None or session._session_key in own_keys:
        return None
    stored = session.load_stored()
    if SESSION_KEY not in stored or BACKEND_SESSION_KEY not in stored:
        return None
    return SessionLogin(
        stored[SESSION_KEY],
        stored[BACKEND_SESSION_KEY],
        stored.get(HASH_SESSION_KEY, ""),
        persistent=not _ends_with_browser(stored),
        came_as=session.arrived_as,
    )


def find_new_hash(session: SessionBase | None) -> str | None:
    """Return what ``update_session_auth_hash()`` has left, if it was called."""
    data = _data(session)
    auth_hash = data.get(HASH_SESSION_KEY)
    is_login = SESSION_KEY in data and not isinstance(data[SESSION_KEY], Answer)
    if auth_hash is None or is_login or isinstance(auth_hash, Answer):
        return None
    return str(auth_hash)


def is_login_gone(session: SessionBase | None) -> bool:
    """Tell whether other code has taken the login out of ``session``."""
    return isinstance(session, LoginInSession) and bool(session._had - _data(session).keys())


def find_idle_seconds(session: SessionBase | None) -> int | None:
    """Return what ``session.set_expiry()`` was told, in seconds; 0 is: ends with the browser."""
    expiry = _data(session).get(EXPIRY_KEY)
    if expiry is None or isinstance(expiry, Seconds):
        return None
    if isinstance(expiry, str):
        expiry = datetime.fromisoformat(expiry)
    if isinstance(expiry, datetime):
        return max(_seconds_until(expiry), 1)
    return max(int(expiry), 0)


def drop_login(session: SessionBase | None) -> None:
    """Take back a login that could not begin; that of before, if any, is answered for again."""
    data = _data(session)
    for name in LOGIN_KEYS:
        data.pop(name, None)
    assert isinstance(session, LoginInSession)
    session._is_answered, session._had = False, frozenset()


def finish(session: LoginInSession, *, has_login: bool) -> None:
    """Take the login out of ``session``: what is left is stored by ``SessionMiddleware``.

    One that came in a stored session, and could not begin (``has_login``), stays where it is.
    """
    session._drop_lost()
    session._is_final = True
    data = _data(session)
    had_login = bool(session._had) or SESSION_KEY in data
    if is_login_gone(session) and not session._was_emptied:
        data.clear()  # What else is in a session ends with the login.
    if isinstance(data.get(SESSION_KEY), Stored):
        if not has_login:
            session._keeps_login = True
            return
        session.modified = True  # What else is in it moves to the key of the login.
    for name in LOGIN_KEYS:
        data.pop(name, None)
    if isinstance(data.get(EXPIRY_KEY), Seconds) or (had_login and data.keys() == {EXPIRY_KEY}):
        data.pop(EXPIRY_KEY, None)
    is_loaded = "_session_cache" in vars(session)
    if is_loaded and not data and (had_login or not session._is_stored):
        session._let_go()
    if session._hidden_key and not data:
        session.modified = False


def _data(session: SessionBase | None) -> dict[str, Any]:
    """Return what is in ``session`` by now, without loading anything."""
    return vars(session).get("_session_cache", {}) if session is not None else {}

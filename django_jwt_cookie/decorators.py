"""Decorators for views: functions and classes, synchronous and asynchronous."""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse

from .authentication import get_jwt
from .responses import RECENT_LOGIN_REQUIRED, ask_to_log_in

Refuse = Callable[[HttpRequest], HttpResponse | None]
"""Returns the answer for a visitor who may not come in. The user is loaded by then."""


def login_required(
    view: Any = None,
    redirect_field_name: str = REDIRECT_FIELD_NAME,
    login_url: str | None = None,
    confirm: bool = False,
) -> Any:
    """Let only logged-in visitors into a view.

    Django's decorator of this name works as well, and redirects everybody. This one answers people
    with the redirect, programs that prefer JSON with 401 and the reason, and htmx with a 401 that
    loads the login page.

    With ``USER_SOURCE = "token"`` a login that was ended a minute ago still comes in; ``confirm``
    asks the database before, for a view where that matters.
    """

    def refuse(request: HttpRequest) -> HttpResponse | None:
        if request.user.is_authenticated:
            return None
        return ask_to_log_in(request, None, login_url, redirect_field_name)

    attributes = {"login_url": login_url, "redirect_field_name": redirect_field_name}
    guard = _Guard(refuse, attributes, confirms=confirm)
    return guard(view) if view is not None else guard


def recent_login_required(
    view: Any = None,
    *,
    max_age: timedelta = timedelta(minutes=5),
    login_url: str | None = None,
) -> Any:
    """Let in only who has given the password within ``max_age``; ask for it again otherwise.

    Given means: logged in, by whatever backend; a login by e-mail link counts, and one by
    impersonation, as of django-hijack, does not.
    For what a borrowed or stolen browser must not do (ASVS 7.5.3: re-authentication before highly
    sensitive transactions). A login of which it is not known when the password was given, such as
    one from before the swap, is not recent; one that was ended meanwhile is none, and the database
    is asked.
    """

    def refuse(request: HttpRequest) -> HttpResponse | None:
        if not request.user.is_authenticated:
            return ask_to_log_in(request, None, login_url)
        jwt = get_jwt(request)
        auth_time = jwt.auth_time or 0
        # Of the user of this request, who may be known by something else than the cookie.
        if jwt.is_of(request.user) and auth_time >= time.time() - max_age.total_seconds():
            return None
        return ask_to_log_in(request, RECENT_LOGIN_REQUIRED, login_url)

    guard = _Guard(refuse, {"login_url": login_url}, confirms=True)
    return guard(view) if view is not None else guard


class _Guard:
    """Puts a question before a view; the answer decides who comes in."""

    def __init__(self, refuse: Refuse, attributes: dict[str, Any], *, confirms: bool) -> None:
        self.refuse = refuse
        self.confirms = confirms
        self.attributes = attributes
        """For ``LoginRequiredMiddleware``, as Django's own decorator leaves them."""

    def __call__(self, view: Any) -> Any:
        """Return ``view``, guarded."""
        if not callable(view):
            raise TypeError(f"A view was expected; the arguments need their names: {view!r}.")
        if isinstance(view, type):
            return self._guard_class(view)
        guarded = self._guard_async(view) if iscoroutinefunction(view) else self._guard_sync(view)
        vars(guarded).update(self.attributes)
        return guarded

    def _guard_class(self, view: Any) -> Any:
        as_view = view.as_view.__func__

        def guarded_as_view(cls: Any, **initkwargs: Any) -> Any:
            return self(as_view(cls, **initkwargs))

        view.as_view = classmethod(wraps(as_view)(guarded_as_view))  # type: ignore[arg-type]
        return view

    def _guard_sync(self, view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if self.confirms:
                get_jwt(request).confirm()
            return self.refuse(request) or view(request, *args, **kwargs)

        return guarded

    def _guard_async(self, view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        async def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            await request.auser()
            if self.confirms:
                await get_jwt(request).aconfirm()
            return self.refuse(request) or await view(request, *args, **kwargs)

        return guarded

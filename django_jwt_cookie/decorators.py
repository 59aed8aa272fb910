"""Decorators for views."""

from collections.abc import Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, TypeVar

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest

from .responses import ask_to_log_in

View = TypeVar("View", bound=Callable[..., Any])


def login_required(
    view: Any = None,
    redirect_field_name: str = REDIRECT_FIELD_NAME,
    login_url: str | None = None,
) -> Any:
    """Let only logged-in visitors into a view, synchronous or asynchronous.

    Django's decorator of this name works as well, and redirects everybody. This one answers people
    with the redirect, programs that prefer JSON with 401 and the reason, and htmx with a 401 that
    loads the login page.
    """

    def decorate(view: View) -> View:
        def refuse(request: HttpRequest) -> Any:
            return ask_to_log_in(request, login_url, redirect_field_name)

        if iscoroutinefunction(view):

            @wraps(view)
            async def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
                user = await request.auser()
                if user.is_authenticated:
                    return await view(request, *args, **kwargs)
                return refuse(request)

        else:

            @wraps(view)
            def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
                if request.user.is_authenticated:
                    return view(request, *args, **kwargs)
                return refuse(request)

        # For LoginRequiredMiddleware, as Django's own decorator does.
        wrapper.login_url = login_url  # type: ignore[attr-defined]
        wrapper.redirect_field_name = redirect_field_name  # type: ignore[attr-defined]
        return wrapper  # type: ignore[return-value]

    return decorate(view) if view is not None else decorate

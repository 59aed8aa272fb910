"""django-allauth: who gives the password again on its pages has a recent login.

Its pages for that keep a note of their own, for what allauth itself guards by it. And a check, for
a page that logs people in without what allauth asks for.
"""

from typing import Any

from allauth.account.signals import authentication_step_completed
from django.contrib.auth.views import LoginView
from django.core.checks import CheckMessage, Tags, Warning, register
from django.dispatch import receiver
from django.http import HttpRequest
from django.urls import NoReverseMatch, resolve, reverse

from ..authentication import get_jwt, note_reauthentication
from ..views import SignupView

W011 = Warning(
    "Beside django-allauth there is a page to log in or sign up that asks for no second factor and "
    "no verified address.",
    hint="Do not include django_jwt_cookie.urls, nor django.contrib.auth.urls, but the single "
    "pages that have nothing to do with either: see docs/ecosystem.md.",
    id="jwt_cookie.W011",
)


@receiver(authentication_step_completed, dispatch_uid=__name__)
def note_step(request: HttpRequest, reauthenticated: bool = False, **_: Any) -> None:
    """Note it for `recent_login_required`, whatever was given: a password, or a second factor.

    A step on the way to a login is none of this, nor is the user of allauth's API for apps, who has
    no cookie.
    """
    if reauthenticated and get_jwt(request).claims is not None:
        note_reauthentication(request)


@register(Tags.security)
def check_ways_in(**kwargs: Any) -> list[CheckMessage]:
    """Report a way around the second factor."""
    ways_in = (_view_class("login"), _view_class("signup"))
    return [W011] if any(issubclass(each, LoginView | SignupView) for each in ways_in) else []


def _view_class(name: str) -> type:
    try:
        view: type = getattr(resolve(reverse(name)).func, "view_class", object)
    except NoReverseMatch:
        return object
    return view

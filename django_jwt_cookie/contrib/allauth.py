"""django-allauth: who gives the password again on its pages has a recent login.

Its pages for that keep a note of their own, for what allauth itself guards by it.
"""

from typing import Any

from allauth.account.signals import authentication_step_completed
from django.dispatch import receiver
from django.http import HttpRequest

from ..authentication import get_jwt, note_reauthentication


@receiver(authentication_step_completed, dispatch_uid=__name__)
def note_step(request: HttpRequest, reauthenticated: bool = False, **_: Any) -> None:
    """Note it for `recent_login_required`, whatever was given: a password, or a second factor.

    A step on the way to a login is none of this, nor is the user of allauth's API for apps, who has
    no cookie.
    """
    if reauthenticated and get_jwt(request).claims is not None:
        note_reauthentication(request)

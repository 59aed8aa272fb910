"""A site must not have a page that logs people in past allauth."""

from typing import Any

import pytest
from django.core.checks import run_checks
from django.http import HttpResponse
from django.urls import include, path

from django_jwt_cookie.views import LoginView, SignupView


def here(request):  # pragma: no cover - nobody goes there
    return HttpResponse()


WAYS_IN: dict[str, list[Any]] = {
    "ours": [path("ours/", include("django_jwt_cookie.urls"))],
    "signup": [path("signup/", SignupView.as_view(), name="signup")],
    "login": [path("login/", LoginView.as_view(), name="login")],
    "Django's": [path("djangos/", include("django.contrib.auth.urls"))],
    "other views": [path("login/", here, name="login")],
    "none": [],
}


@pytest.mark.django_db  # Others of the site's checks ask it.
@pytest.mark.parametrize("way_in", WAYS_IN)
def test_a_way_around_the_second_factor(settings, way_in):
    """The password alone would be enough there, and an address that nobody has verified."""
    settings.ROOT_URLCONF = tuple(WAYS_IN[way_in])
    ids = [message.id for message in run_checks() if message.id.startswith("jwt_cookie.")]
    assert ids == ([] if way_in in ("other views", "none") else ["jwt_cookie.W011"])

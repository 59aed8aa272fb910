"""A view that asks who it is and then takes its time, on the clock of the test."""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from django_jwt_cookie.authentication import get_jwt


def slow(request: HttpRequest) -> HttpResponse:
    """Renew at once, and let ten seconds pass."""
    assert request.user.is_authenticated
    get_jwt(request).refresh()
    settings.SLOW_CLOCK.shift(timedelta(seconds=10))  # type: ignore[misc]
    return HttpResponse()


urlpatterns = [path("slow/", slow), path("accounts/", include("django_jwt_cookie.urls"))]

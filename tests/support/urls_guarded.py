"""Views that not everybody may see, of each kind."""

from datetime import timedelta

from django.contrib.auth import login, logout
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views import View

from django_jwt_cookie.authentication import anote_reauthentication, note_reauthentication
from django_jwt_cookie.decorators import login_required, recent_login_required
from django_jwt_cookie.views import LoginView
from tests.support.accounts import BACKEND


def function(request: HttpRequest) -> HttpResponse:
    """Welcome somebody."""
    return HttpResponse("Welcome")


async def async_function(request: HttpRequest) -> HttpResponse:
    """Welcome somebody."""
    return HttpResponse("Welcome")


class ClassView(View):
    """Welcomes somebody."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Welcome somebody."""
        return HttpResponse("Welcome")


class AsyncClassView(View):
    """Welcomes somebody."""

    async def get(self, request: HttpRequest) -> HttpResponse:
        """Welcome somebody."""
        return HttpResponse("Welcome")


def become(request: HttpRequest, name: str) -> HttpResponse:
    """Log somebody in without asking who it is, as impersonation does."""
    before = "" if "unasked" in request.GET else request.user.get_username()
    if "logout" in request.GET:
        logout(request)
    login(request, User.objects.get(username=name), BACKEND)
    return HttpResponse(name, headers={"X-Before": before})


def again(request: HttpRequest) -> HttpResponse:
    """Let a passkey, say, stand for the password."""
    note_reauthentication(request)
    return HttpResponse("Noted")


async def aagain(request: HttpRequest) -> HttpResponse:
    """Do the same."""
    await anote_reauthentication(request)
    return HttpResponse("Noted")


urlpatterns = [
    path(
        "accounts/login/",
        LoginView.as_view(redirect_authenticated_user=True),
        name="login",
    ),
    path("accounts/", include("django_jwt_cookie.urls")),
    path("become/<name>/", become),
    path("again/", again),
    path("aagain/", aagain),
]
GUARDS = {
    "members": login_required,
    "vault": recent_login_required,
    "called": recent_login_required(),
    "desk": recent_login_required(max_age=timedelta(hours=1)),
}
for prefix, guard in GUARDS.items():
    urlpatterns += [
        path(f"{prefix}/function/", guard(function)),
        path(f"{prefix}/async-function/", guard(async_function)),
        path(f"{prefix}/class/", guard(type("Guarded", (ClassView,), {})).as_view()),
        path(f"{prefix}/async-class/", guard(type("Guarded", (AsyncClassView,), {})).as_view()),
    ]

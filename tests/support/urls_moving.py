"""The site that moves away from tickets: pages that an older login goes through."""

from django.contrib import auth
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from django_jwt_cookie import sessions
from tests.support import old_schemes, sites, urls_guarded
from tests.support.accounts import BACKEND, PASSWORD


def refuse(request: HttpRequest) -> HttpResponse:
    """Answer as Django REST framework does with ATOMIC_REQUESTS: a refusal rolls back."""
    with transaction.atomic():
        name = request.user.get_username()
        transaction.set_rollback(True)
    return HttpResponse(name, status=403)


def borrow(request: HttpRequest) -> HttpResponse:
    """Let bob be who is there, without asking; and then ada give her password after all."""
    auth.login(request, User.objects.get(username="bob"))
    auth.login(request, auth.authenticate(request, username="ada", password=PASSWORD))
    return HttpResponse(request.user.get_username())


async def hasty(request: HttpRequest) -> HttpResponse:
    """Ask for the user, and do not await the answer."""
    return HttpResponse(request.user.get_username())


def leave_and_borrow(request: HttpRequest, times: int) -> HttpResponse:
    """Log whoever is there out first."""
    for _ in range(times):
        auth.logout(request)
    auth.login(request, User.objects.get(username="bob"))
    return HttpResponse(request.user.get_username())


def borrow_twice(request: HttpRequest) -> HttpResponse:
    """Let bob be who is there, and bob once more."""
    for _ in range(2):
        auth.login(request, User.objects.get(username="bob"))
    return HttpResponse(request.user.get_username())


def log_out_everywhere(request: HttpRequest) -> HttpResponse:
    """End all logins of the user, and begin one anew."""
    user = request.user
    assert isinstance(user, User)
    sessions.revoke_all(user)
    auth.logout(request)
    auth.login(request, User.objects.get(pk=user.pk), BACKEND)
    return HttpResponse(request.user.get_username())


urlpatterns = [
    path("hasty/", hasty),
    path("leave-and-borrow/<int:times>/", leave_and_borrow),
    path("borrow-twice/", borrow_twice),
    path("log-out-everywhere/", log_out_everywhere),
    path("borrow/", borrow),
    path("set-ticket/", old_schemes.set_ticket),
    path("refuse/", refuse),
    path("guarded/", include(urls_guarded)),
    *sites.urlpatterns,
]

"""The site under the soak: views for a thread and for the event loop.

Each tells whom it takes the visitor for. They log in and out with Django's own functions, so that
Django's middleware serves them as well; beside them are the package's own.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.models import User
from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.urls import URLPattern, URLResolver, include, path

from django_jwt_cookie.models import LoginSession


def who(request: HttpRequest) -> JsonResponse:
    """Tell."""
    return JsonResponse({"user": request.user.get_username()})


async def awho(request: HttpRequest) -> JsonResponse:
    """Tell."""
    user = await request.auser()
    return JsonResponse({"user": user.get_username()})


def slow(request: HttpRequest) -> JsonResponse:
    """Take some time."""
    user = request.user.get_username()
    time.sleep(float(request.GET["seconds"]))
    return JsonResponse({"user": user})


async def aslow(request: HttpRequest) -> JsonResponse:
    """Take some time."""
    user = await request.auser()
    await asyncio.sleep(float(request.GET["seconds"]))
    return JsonResponse({"user": user.get_username()})


def upload(request: HttpRequest) -> JsonResponse:
    """Read all that is sent, and then ask who has sent it."""
    size = len(request.body)
    return JsonResponse({"user": request.user.get_username(), "size": size})


def cart(request: HttpRequest) -> JsonResponse:
    """Show the cart; add something to it."""
    items = request.session.get("cart", [])
    if request.method == "POST":
        items = request.session["cart"] = [*items, request.POST["item"]]
    return JsonResponse({"user": request.user.get_username(), "cart": items})


async def acart(request: HttpRequest) -> JsonResponse:
    """Show the cart; add something to it."""
    items = await request.session.aget("cart", [])
    if request.method == "POST":
        items = [*items, request.POST["item"]]
        await request.session.aset("cart", items)
    user = await request.auser()
    return JsonResponse({"user": user.get_username(), "cart": items})


def signup(request: HttpRequest) -> HttpResponse:
    """Make an account."""
    User.objects.create_user(request.POST["username"], password=request.POST["password"])
    return HttpResponse(status=204)


def login(request: HttpRequest) -> JsonResponse:
    """Log in."""
    user = auth.authenticate(
        request, username=request.POST["username"], password=request.POST["password"]
    )
    if user is None:
        return JsonResponse({}, status=400)
    auth.login(request, user)
    return JsonResponse({"user": user.get_username()})


async def alogin(request: HttpRequest) -> JsonResponse:
    """Log in."""
    user = await auth.aauthenticate(
        request, username=request.POST["username"], password=request.POST["password"]
    )
    if user is None:
        return JsonResponse({}, status=400)
    await auth.alogin(request, user)
    return JsonResponse({"user": user.get_username()})


def logout(request: HttpRequest) -> HttpResponse:
    """Log out."""
    auth.logout(request)
    return HttpResponse(status=204)


async def alogout(request: HttpRequest) -> HttpResponse:
    """Log out."""
    await auth.alogout(request)
    return HttpResponse(status=204)


def password(request: HttpRequest) -> JsonResponse:
    """Change the password: this login goes on, all others of the user end."""
    user = request.user
    if not isinstance(user, User):
        return JsonResponse({"user": ""}, status=401)
    user.set_password(request.POST["password"])
    user.save()
    auth.update_session_auth_hash(request, user)
    return JsonResponse({"user": user.get_username()})


def csrf(request: HttpRequest) -> JsonResponse:
    """Give what a form has to send along."""
    return JsonResponse({"token": get_token(request)})


def counts(request: HttpRequest) -> JsonResponse:
    """Tell what the records say of all that has happened."""
    ends = LoginSession.objects.exclude(revoked_because="").values_list("revoked_because")
    found = {
        "records": LoginSession.objects.count(),
        "renewals": LoginSession.objects.aggregate(Sum("generation"))["generation__sum"] or 0,
        "ends": dict(ends.annotate(Count("pk"))),
    }
    return JsonResponse(found)


VIEWS: list[Callable[..., Any]] = [who, awho, slow, aslow, upload, cart, acart]
VIEWS += [signup, login, alogin, logout, alogout, password, csrf, counts]

urlpatterns: list[URLPattern | URLResolver] = [path(f"{view.__name__}/", view) for view in VIEWS]
if not settings.IS_DJANGOS:  # type: ignore[misc]
    urlpatterns.append(path("accounts/", include("django_jwt_cookie.urls")))

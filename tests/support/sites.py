"""A site to attack, and to move from Django's sessions: one view for each thing that views do."""

from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any

from django.contrib import admin, auth
from django.contrib.auth import views as auth_views
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User, UserManager
from django.db import OperationalError
from django.http import HttpResponse, JsonResponse
from django.urls import include, path

from django_jwt_cookie import authentication
from django_jwt_cookie.decorators import login_required as login_required_in_json


class OtherBackend(ModelBackend):
    """A second way to log in, by the same table."""


class ClosedBackend(ModelBackend):
    """Knows of users that may not log in, and does not say so by ``is_active``."""

    def get_user(self, user_id):
        return User.objects.filter(pk=user_id).exclude(last_name="closed").first()


class HidingManager(UserManager[User]):
    """Keeps users that were put away from everybody who does not ask for them."""

    def get_queryset(self):
        return super().get_queryset().exclude(last_name="hidden")


def roles(user, request):
    """Give the user's groups, as ``JWT_COOKIE["CLAIMS"]``."""
    return {"roles": sorted(user.groups.values_list("name", flat=True))}


def failing_claims(user, request):
    """Fail, as ``JWT_COOKIE["CLAIMS"]``."""
    raise LookupError("on purpose")


def claims_of_ours(user, request):
    """Give a claim that is the package's own, as ``JWT_COOKIE["CLAIMS"]``."""
    return {"sub": "1"}


def claims_from_afar(user, request):
    """Do not reach a database, as ``JWT_COOKIE["CLAIMS"]``."""
    raise OperationalError("away")


# --- Pages


def public(request):
    return JsonResponse({"user": request.user.get_username(), "reason": request.jwt.reason})


async def apublic(request):
    user = await request.auser()
    return JsonResponse({"user": user.get_username(), "reason": request.jwt.reason})


def twice(request):
    return HttpResponse([request.user.get_username(), request.user.get_username()])


async def atwice(request):
    users = [await request.auser(), await request.auser()]
    return HttpResponse([user.get_username() for user in users])


def plain(request):
    return HttpResponse("hello")


async def aplain(request):
    return HttpResponse("hello")


@login_required
def members(request):
    return HttpResponse("members")


@login_required
async def amembers(request):
    return HttpResponse("members")


@login_required_in_json
def api(request):
    return JsonResponse({})


@login_required_in_json
async def aapi(request):
    return JsonResponse({})


def for_everybody(request):
    response = public(request)
    response["Cache-Control"] = "public, max-age=60"
    return response


def failing(request):
    raise LookupError(request.user.get_username())


def fill_cart_late(get_response):
    """Fill the cart on the way out, as a middleware that stands before ours in the list."""

    def middleware(request):
        response = get_response(request)
        request.session.setdefault("cart", "lamp")
        return response

    return middleware


# --- Logging in and out as other code does it


def login(request, name):
    user = User.objects.get(username=name)
    auth.login(request, user, request.GET.get("backend"))
    return JsonResponse({"user": request.user.get_username()})


async def alogin(request, name):
    user = await User.objects.aget(username=name)
    await auth.alogin(request, user, request.GET.get("backend"))
    return JsonResponse({"user": (await request.auser()).get_username()})


def login_ours(request, name):
    authentication.login(request, User.objects.get(username=name), request.GET.get("backend"))
    return JsonResponse({"user": request.user.get_username()})


async def alogin_ours(request, name):
    user = await User.objects.aget(username=name)
    await authentication.alogin(request, user, request.GET.get("backend"))
    return JsonResponse({"user": (await request.auser()).get_username()})


def logout(request):
    auth.logout(request)
    return JsonResponse({"user": request.user.get_username()})


async def alogout(request):
    await auth.alogout(request)
    return JsonResponse({"user": (await request.auser()).get_username()})


def logout_ours(request):
    authentication.logout(request)
    return JsonResponse({"user": request.user.get_username()})


async def alogout_ours(request):
    await authentication.alogout(request)
    return JsonResponse({"user": (await request.auser()).get_username()})


def login_until_browser_closes(request, name):
    request.session.set_expiry(0)
    return login(request, name)


def login_for_an_hour(request, name):
    request.session.set_expiry(3600)
    return login(request, name)


def login_and_raise(request, name):
    login(request, name)
    raise LookupError("on purpose")


def login_and_answer(request, name, status):
    login(request, name)
    return HttpResponse(status=status)


def login_and_set_password(request, name):
    response = login(request, name)
    return set_password(request) and response


def login_and_tell_claims(request, name):
    login(request, name)
    return JsonResponse({"user": request.user.get_username(), "sub": request.jwt.claims.sub})


def login_for_everybody(request, name):
    response = login(request, name)
    response["Cache-Control"] = "public, max-age=60"
    return response


KINDS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "django": (auth.login, auth.logout),
    "ours": (authentication.login, authentication.logout),
}


def login_twice(request, kind, first, second):
    log_in, _ = KINDS[kind]
    log_in(request, User.objects.get(username=first))
    log_in(request, User.objects.get(username=second))
    return HttpResponse("second")


def login_and_out(request, kind, name):
    log_in, log_out = KINDS[kind]
    log_in(request, User.objects.get(username=name))
    log_out(request)
    return HttpResponse("out")


def logout_and_in(request, kind, name):
    log_in, log_out = KINDS[kind]
    log_out(request)
    log_in(request, User.objects.get(username=name))
    return HttpResponse("in")


def set_cookie(request):
    response = public(request)
    response.set_cookie("__Host-jwt", "mine", secure=True)
    return response


def delete_cookie(request):
    response = public(request)
    response.delete_cookie("__Host-jwt")
    return response


def set_password(request):
    request.user.set_password("a new one")
    request.user.save()
    return HttpResponse("changed")


def update_hash(request):
    set_password(request)
    auth.update_session_auth_hash(request, request.user)
    return HttpResponse("changed")


async def aupdate_hash(request):
    user = await request.auser()
    user.set_password("a new one")
    await user.asave()
    await auth.aupdate_session_auth_hash(request, user)
    return HttpResponse("changed")


def update_hash_of(request, name):
    """Change somebody else's password and mistake it for one's own."""
    auth.update_session_auth_hash(request, User.objects.get(username=name))
    return HttpResponse("changed")


# --- What else a session may hold


def cart(request):
    return JsonResponse({"cart": request.session.get("cart")})


def fill_cart(request, item):
    request.session["cart"] = item
    return HttpResponse("filled")


def fill_cart_of_user(request, item):
    return fill_cart(request, f"{item} of {request.user.get_username()}")


async def acart(request):
    return JsonResponse({"cart": await request.session.aget("cart")})


async def afill_cart(request, item):
    await request.session.aset("cart", item)
    return HttpResponse("filled")


# --- Whatever a test has in mind


to_do: list[Callable[..., Any]] = []
"""What the next request to one of these views is to do."""


def do(client, action):
    """Send a request whose view does ``action(request)``, asynchronous or not."""
    to_do.append(action)
    return client.get("/ado/" if iscoroutinefunction(action) else "/do/")


def doing(request):
    return JsonResponse({"done": to_do.pop()(request)})


async def adoing(request):
    return JsonResponse({"done": await to_do.pop()(request)})


urlpatterns = [
    path("do/", doing),
    path("ado/", adoing),
    path("accounts/", include("django_jwt_cookie.urls")),
    path("admin/", admin.site.urls),
    path("public/", public),
    path("apublic/", apublic),
    path("twice/", twice),
    path("atwice/", atwice),
    path("plain/", plain),
    path("aplain/", aplain),
    path("members/", members),
    path("amembers/", amembers),
    path("api/", api),
    path("aapi/", aapi),
    path("for-everybody/", for_everybody),
    path("failing/", failing),
    path("login/<name>/", login),
    path("alogin/<name>/", alogin),
    path("login-ours/<name>/", login_ours),
    path("alogin-ours/<name>/", alogin_ours),
    path("logout/", logout),
    path("alogout/", alogout),
    path("logout-ours/", logout_ours),
    path("alogout-ours/", alogout_ours),
    path("login-until-browser-closes/<name>/", login_until_browser_closes),
    path("login-for-an-hour/<name>/", login_for_an_hour),
    path("login-and-raise/<name>/", login_and_raise),
    path("login-and-answer/<name>/<int:status>/", login_and_answer),
    path("login-and-set-password/<name>/", login_and_set_password),
    path("login-and-tell-claims/<name>/", login_and_tell_claims),
    path("login-for-everybody/<name>/", login_for_everybody),
    path("login-twice/<kind>/<first>/<second>/", login_twice),
    path("login-and-out/<kind>/<name>/", login_and_out),
    path("logout-and-in/<kind>/<name>/", logout_and_in),
    path("set-cookie/", set_cookie),
    path("delete-cookie/", delete_cookie),
    path("set-password/", set_password),
    path("update-hash/", update_hash),
    path("aupdate-hash/", aupdate_hash),
    path("update-hash-of/<name>/", update_hash_of),
    path("cart/", cart),
    path("cart/<item>/", fill_cart),
    path("cart-of-user/<item>/", fill_cart_of_user),
    path("acart/", acart),
    path("acart/<item>/", afill_cart),
    path(
        "django-reset/<uidb64>/<token>/",
        auth_views.PasswordResetConfirmView.as_view(post_reset_login=True, success_url="/public/"),
    ),
]

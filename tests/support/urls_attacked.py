"""Views that attacks go through."""

from collections.abc import Callable
from datetime import timedelta

from django.contrib import auth
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import include, path

from django_jwt_cookie import sessions
from django_jwt_cookie.authentication import login, logout
from django_jwt_cookie.decorators import recent_login_required
from django_jwt_cookie.models import LoginSession


def cart(request: HttpRequest) -> JsonResponse:
    """Put something into the cart, and say whose it is."""
    user = request.user.get_username()
    if request.method == "POST":
        request.session["item"] = request.POST["item"]
    return JsonResponse({"user": user, "item": request.session.get("item")})


def become(request: HttpRequest, first: str, second: str) -> HttpResponse:
    """Log in twice, with something in the cart between."""
    login(request, User.objects.get_by_natural_key(first))
    request.session["item"] = "diary"
    login(request, User.objects.get_by_natural_key(second))
    return HttpResponse()


async def touch(request: HttpRequest) -> HttpResponse:
    """Have the session saved, unread."""
    await request.auser()
    request.session.modified = True
    return HttpResponse()


async def awho(request: HttpRequest) -> HttpResponse:
    """Name the visitor."""
    return HttpResponse((await request.auser()).get_username())


def change_and_revoke(request: HttpRequest) -> HttpResponse:
    """Change the password, while somebody revokes every login."""
    user = request.user
    assert isinstance(user, User)
    user.set_password("Bochnia-1248-salt")
    user.save()
    auth.update_session_auth_hash(request, user)
    sessions.revoke_all(user)
    return HttpResponse()


def change_while_renewed(request: HttpRequest) -> HttpResponse:
    """Change the password, which takes a while; another tab renews the login meanwhile."""
    user = request.user
    assert isinstance(user, User)
    LoginSession.objects.update(generation=F("generation") + 1)
    user.set_password("Bochnia-1248-salt")
    user.save()
    auth.update_session_auth_hash(request, user)
    return HttpResponse()


def update_hash_of(request: HttpRequest, name: str) -> HttpResponse:
    """Act for another user, as a token in a header says."""
    assert request.user.is_authenticated
    request.user = User.objects.get_by_natural_key(name)
    auth.update_session_auth_hash(request, request.user)
    return HttpResponse()


@transaction.atomic
def logout_and_refuse(request: HttpRequest) -> HttpResponse:
    """Log out, and think better of it."""
    logout(request)
    raise PermissionDenied


@transaction.atomic
def login_and_refuse(request: HttpRequest, name: str) -> HttpResponse:
    """Log in, and think better of it."""
    login(request, User.objects.get_by_natural_key(name))
    raise PermissionDenied


def sign_up_in_vain(request: HttpRequest) -> HttpResponse:
    """Make an account and log it in, and undo both, with an answer all the same."""
    with transaction.atomic():
        auth.login(request, User.objects.create_user("eve"))
        transaction.set_rollback(True)
    return HttpResponse()


def foreign_login(request: HttpRequest, name: str) -> HttpResponse:
    """Tell of a login by other means, and name the visitor."""
    user = User.objects.get_by_natural_key(name)
    user_logged_in.send(sender=User, request=request, user=user)
    return HttpResponse(request.user.get_username())


def by_header(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Know the visitor by a header, as a middleware of tokens for programs does."""

    def known(request: HttpRequest) -> HttpResponse:
        if name := request.headers.get("X-User"):
            request.user = User.objects.get_by_natural_key(name)
        return view(request)

    return known


@by_header
@recent_login_required(max_age=timedelta(minutes=5))
def vault(request: HttpRequest) -> HttpResponse:
    """Show what only who has just given the password may see."""
    return HttpResponse(f"vault of {request.user.get_username()}")


def redirect(request: HttpRequest) -> HttpResponse:
    """Ask who it is, and lead on."""
    return HttpResponseRedirect("/somewhere/" if request.user.is_anonymous else "/")


urlpatterns = [
    path("accounts/", include("django_jwt_cookie.urls")),
    path("cart/", cart),
    path("become/<first>/<second>/", become),
    path("touch/", touch),
    path("awho/", awho),
    path("change-and-revoke/", change_and_revoke),
    path("change-while-renewed/", change_while_renewed),
    path("update-hash-of/<name>/", update_hash_of),
    path("logout-and-refuse/", logout_and_refuse),
    path("login-and-refuse/<name>/", login_and_refuse),
    path("sign-up-in-vain/", sign_up_in_vain),
    path("foreign-login/<name>/", foreign_login),
    path("redirect/", redirect),
    path("vault/", vault),
]

"""A site of which no view says who may see it: `LoginRequiredMiddleware` does."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from django_jwt_cookie.decorators import login_required


def page(request: HttpRequest) -> HttpResponse:
    """Welcome a member."""
    return HttpResponse(f"Welcome, {request.user}")


async def apage(request: HttpRequest) -> HttpResponse:
    """Welcome a member."""
    return HttpResponse(f"Welcome, {await request.auser()}")


@login_not_required
def public(request: HttpRequest) -> HttpResponse:
    """Welcome everybody."""
    return HttpResponse("Welcome")


urlpatterns = [
    path("accounts/", include("django_jwt_cookie.urls")),
    path("", include("django_jwt_cookie.well_known")),
    path("admin/", admin.site.urls),
    path("page/", page),
    path("apage/", apage),
    path("public/", public),
    path("elsewhere/", login_required(page, "back", "/accounts/signup/")),
]

"""The site under test."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from django_jwt_cookie.decorators import login_required


@login_required
def members(request: HttpRequest) -> HttpResponse:
    """Welcome whoever is logged in."""
    return HttpResponse(f"Welcome, {request.user}")


@login_required(login_url="/elsewhere/", redirect_field_name="back")
async def members_elsewhere(request: HttpRequest) -> HttpResponse:
    """Welcome whoever is logged in; others have a login page of their own."""
    return HttpResponse(f"Welcome, {await request.auser()}")


urlpatterns = [
    path("accounts/", include("django_jwt_cookie.urls")),
    path("", include("django_jwt_cookie.well_known")),
    path("", include("django_jwt_cookie.openapi")),
    path("admin/", admin.site.urls),
    path("members/", members),
    path("members/elsewhere/", members_elsewhere),
]

"""A page with a body, for the toolbar to be put into."""

from debug_toolbar.toolbar import debug_toolbar_urls
from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"<html><body>{request.user.get_username()}</body></html>")


async def apage(request: HttpRequest) -> HttpResponse:
    user = await request.auser()
    return HttpResponse(f"<html><body>{user.get_username()}</body></html>")


urlpatterns = [
    path("accounts/", include("django_jwt_cookie.urls")),
    path("page/", page),
    path("apage/", apage),
    *debug_toolbar_urls(),
]

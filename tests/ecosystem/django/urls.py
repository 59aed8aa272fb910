"""A shop."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def put_into_session(request: HttpRequest, key: str) -> HttpResponse:
    request.session[key] = "1"
    return HttpResponse()


urlpatterns = [
    path("accounts/", include("django_jwt_cookie.urls")),
    path("admin/", admin.site.urls),
    path("session/<key>/", put_into_session),
]

"""What a page of another origin reads."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from django_jwt_cookie.decorators import login_required


@login_required
def note(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.method)


urlpatterns = [
    path("accounts/", include("django_jwt_cookie.urls")),
    path("note/", note),
]

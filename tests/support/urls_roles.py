"""A page that says what the visitor may do, and one that does not ask."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path


def roles(request: HttpRequest) -> JsonResponse:
    """Name the groups of the visitor."""
    return JsonResponse([group.name for group in request.user.groups.all()], safe=False)


def untouched(request: HttpRequest) -> HttpResponse:
    """Ask nobody."""
    return HttpResponse()


urlpatterns = [
    path("roles/", roles),
    path("untouched/", untouched),
    path("accounts/", include("django_jwt_cookie.urls")),
]

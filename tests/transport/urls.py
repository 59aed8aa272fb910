"""What that site has."""

from django.http import HttpResponse
from django.urls import include, path


def home(request):
    return HttpResponse(f"<h1>{request.user.get_username() or 'nobody'}</h1>")


urlpatterns = [path("", home), path("accounts/", include("django_jwt_cookie.urls"))]

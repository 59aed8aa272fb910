"""Where logins begin and end."""

from django.urls import include, path

urlpatterns = [path("accounts/", include("django_jwt_cookie.urls"))]

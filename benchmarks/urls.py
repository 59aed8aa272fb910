"""The pages that every site has, and after them the contender's own login."""

from importlib import import_module
from typing import Any

from django.contrib.auth.views import LoginView
from django.urls import include, path

from . import views
from .settings import SITE
from .sites import DJANGO

urlpatterns: list[Any] = [
    path("untouched/", views.untouched),
    path("pk/", views.pk),
    path("username/", views.username),
    path("async/untouched/", views.auntouched),
    path("async/pk/", views.apk),
    path("async/username/", views.ausername),
]

if SITE.is_ours:
    urlpatterns.append(path("ours/", include("django_jwt_cookie.urls")))
elif SITE.family == DJANGO:
    urlpatterns.append(path("django/login/", LoginView.as_view()))
elif SITE.name.startswith("simplejwt"):
    view = import_module("rest_framework_simplejwt.views").TokenObtainPairView
    urlpatterns.append(path("simplejwt/login/", view.as_view()))
elif SITE.name == "dj-rest-auth":
    view = import_module("dj_rest_auth.views").LoginView
    urlpatterns.append(path("dj-rest-auth/login/", view.as_view()))
elif SITE.name == "allauth":
    urlpatterns.append(path("allauth/", include("allauth.headless.urls")))

"""The pages that every site has, and after them the contender's own login and renewal."""

from importlib import import_module
from typing import Any

from django.contrib.auth.views import LoginView
from django.urls import include, path

from . import views
from .settings import SITE

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
elif SITE.saves_sessions:
    urlpatterns.append(path("django/login/", LoginView.as_view()))
elif SITE.name.startswith("simplejwt"):
    simplejwt = import_module("rest_framework_simplejwt.views")
    urlpatterns += [
        path("simplejwt/login/", simplejwt.TokenObtainPairView.as_view()),
        path("simplejwt/refresh/", simplejwt.TokenRefreshView.as_view()),
    ]
elif SITE.name == "dj-rest-auth":
    login = import_module("dj_rest_auth.views").LoginView
    refresh = import_module("dj_rest_auth.jwt_auth").get_refresh_view()
    urlpatterns += [
        path("dj-rest-auth/login/", login.as_view()),
        path("dj-rest-auth/refresh/", refresh.as_view()),
    ]
elif SITE.name == "allauth":
    urlpatterns.append(path("allauth/", include("allauth.headless.urls")))

"""The addresses of the example; everything under accounts/ comes from django-jwt-cookie."""

from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView

from example_project import views

urlpatterns = [
    path("", views.home, name="home"),
    path("members/", views.members, name="members"),
    path("token/", views.token, name="token"),
    path("token/tamper/", views.tamper, name="token_tamper"),
    path("accounts/", include("django_jwt_cookie.urls")),
    path("admin/", admin.site.urls),
    # Browsers ask for it on pages that name no icon: the admin's, and JSON.
    path("favicon.ico", RedirectView.as_view(url=static("example_project/cookie.svg"))),
]

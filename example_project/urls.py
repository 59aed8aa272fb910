"""The addresses of the example; everything under accounts/ comes from django-jwt-cookie."""

from datetime import timedelta

from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView

from django_jwt_cookie.decorators import recent_login_required
from django_jwt_cookie.devices import LoginSessionsRevokeOthersView
from example_project import views

urlpatterns = [
    path("", views.home, name="home"),
    path("members/", views.members, name="members"),
    path("token/", views.token, name="token"),
    path("token/tamper/", views.tamper, name="token_tamper"),
    # Before the package's own: ending other logins takes a password of the last five minutes.
    path(
        "accounts/sessions/others/",
        recent_login_required(max_age=timedelta(minutes=5))(
            LoginSessionsRevokeOthersView.as_view()
        ),
        name="login_sessions_revoke_others",
    ),
    path("accounts/", include("django_jwt_cookie.urls")),
    path("admin/", admin.site.urls),
    # Browsers ask for it on pages that name no icon: the admin's, and JSON.
    path("favicon.ico", RedirectView.as_view(url=static("example_project/cookie.svg"))),
]

"""The addresses of the example; everything under accounts/ comes from django-jwt-cookie."""

from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView, TemplateView

from django_jwt_cookie.views import LoginSessionsView
from example_project import views

urlpatterns = [
    path("", views.home, name="home"),
    path("members/", views.members, name="members"),
    path("token/", views.token, name="token"),
    path("token/tamper/", views.tamper, name="token_tamper"),
    path("app/", TemplateView.as_view(template_name="app.html"), name="app"),
    # The list of logins once more, as a page for htmx and as the part that htmx asks for.
    path("htmx/", LoginSessionsView.as_view(template_name="htmx.html"), name="htmx"),
    path(
        "htmx/logins/",
        LoginSessionsView.as_view(template_name="includes/htmx_logins.html"),
        name="htmx_logins",
    ),
    path("api/", views.api, name="api"),
    path("api/", include("django_jwt_cookie.openapi")),
    # Before the package's own.
    path("accounts/login/", views.LoginView.as_view(), name="login"),
    path("accounts/", include("django_jwt_cookie.urls")),
    path("admin/", admin.site.urls),
    # Browsers ask for it on pages that name no icon: the admin's, and JSON.
    path("favicon.ico", RedirectView.as_view(url=static("example_project/cookie.svg"))),
]

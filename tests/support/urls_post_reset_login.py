"""A site that logs in whoever has chosen a new password."""

from django.urls import include, path

from django_jwt_cookie.views import PasswordResetConfirmView

urlpatterns = [
    path(
        "accounts/reset/<uidb64>/<token>/",
        PasswordResetConfirmView.as_view(post_reset_login=True),
        name="password_reset_confirm",
    ),
    path("accounts/", include("django_jwt_cookie.urls")),
]

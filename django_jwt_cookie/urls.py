"""A drop-in for ``django.contrib.auth.urls``: the same names, no namespace, and a few more.

Including it opens ``signup/`` to everybody, unless ``JWT_COOKIE["SIGNUP_FORM"]`` is None.
"""

from django.urls import path

from . import devices, passwords, views

urlpatterns = [
    path("signup/", views.SignupView.as_view(), name="signup"),
    path("login/", views.LoginView.as_view(), name="login"),
    path("logout/", views.LogoutView.as_view(), name="logout"),
    path("me/", views.MeView.as_view(), name="me"),
    path("refresh/", views.RefreshView.as_view(), name="refresh"),
    path("csrf/", views.CsrfView.as_view(), name="csrf"),
    path("password_change/", passwords.PasswordChangeView.as_view(), name="password_change"),
    path(
        "password_change/done/",
        passwords.PasswordChangeDoneView.as_view(),
        name="password_change_done",
    ),
    path("password_reset/", passwords.PasswordResetView.as_view(), name="password_reset"),
    path(
        "password_reset/done/",
        passwords.PasswordResetDoneView.as_view(),
        name="password_reset_done",
    ),
    path(
        "reset/<uidb64>/<token>/",
        passwords.PasswordResetConfirmView.as_view(),
        name="password_reset_confirm",
    ),
    path(
        "reset/done/",
        passwords.PasswordResetCompleteView.as_view(),
        name="password_reset_complete",
    ),
    path("sessions/", devices.LoginSessionsView.as_view(), name="login_sessions"),
    path(
        "sessions/others/",
        devices.LoginSessionsRevokeOthersView.as_view(),
        name="login_sessions_revoke_others",
    ),
    path(
        "sessions/<uuid:pk>/",
        devices.LoginSessionRevokeView.as_view(),
        name="login_session_revoke",
    ),
]

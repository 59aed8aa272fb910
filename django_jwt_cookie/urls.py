"""A drop-in for ``django.contrib.auth.urls``: the same names, no namespace, and a few more.

Including it opens ``signup/`` to everybody, unless ``JWT_COOKIE["SIGNUP_FORM"]`` is None.
"""

from django.urls import path

from . import views

urlpatterns = [
    path("signup/", views.SignupView.as_view(), name="signup"),
    path("login/", views.LoginView.as_view(), name="login"),
    path("logout/", views.LogoutView.as_view(), name="logout"),
    path("me/", views.MeView.as_view(), name="me"),
    path("refresh/", views.RefreshView.as_view(), name="refresh"),
    path("csrf/", views.CsrfView.as_view(), name="csrf"),
    path("password_change/", views.PasswordChangeView.as_view(), name="password_change"),
    path(
        "password_change/done/",
        views.PasswordChangeDoneView.as_view(),
        name="password_change_done",
    ),
    path("password_reset/", views.PasswordResetView.as_view(), name="password_reset"),
    path(
        "password_reset/done/",
        views.PasswordResetDoneView.as_view(),
        name="password_reset_done",
    ),
    path(
        "reset/<uidb64>/<token>/",
        views.PasswordResetConfirmView.as_view(),
        name="password_reset_confirm",
    ),
    path(
        "reset/done/",
        views.PasswordResetCompleteView.as_view(),
        name="password_reset_complete",
    ),
    path("sessions/", views.LoginSessionsView.as_view(), name="login_sessions"),
    path(
        "sessions/others/",
        views.LoginSessionsRevokeOthersView.as_view(),
        name="login_sessions_revoke_others",
    ),
    path(
        "sessions/<uuid:pk>/",
        views.LoginSessionRevokeView.as_view(),
        name="login_session_revoke",
    ),
]

"""The pages of logins, passwords and devices, for people and programs."""

from .devices import (
    LoginSessionRevokeView,
    LoginSessionsRevokeOthersView,
    LoginSessionsView,
)
from .logins import (
    CsrfView,
    LoginView,
    LogoutView,
    MeView,
    RefreshView,
    SignupView,
    csrf_failure,
)
from .passwords import (
    PasswordChangeDoneView,
    PasswordChangeView,
    PasswordResetCompleteView,
    PasswordResetConfirmView,
    PasswordResetDoneView,
    PasswordResetView,
)

__all__ = [
    "CsrfView",
    "LoginSessionRevokeView",
    "LoginSessionsRevokeOthersView",
    "LoginSessionsView",
    "LoginView",
    "LogoutView",
    "MeView",
    "PasswordChangeDoneView",
    "PasswordChangeView",
    "PasswordResetCompleteView",
    "PasswordResetConfirmView",
    "PasswordResetDoneView",
    "PasswordResetView",
    "RefreshView",
    "SignupView",
    "csrf_failure",
]

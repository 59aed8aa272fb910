"""A site whose login pages send on whoever is logged in."""

from django.urls import path

from django_jwt_cookie.views import LoginView, SignupView

urlpatterns = [
    path("login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("signup/", SignupView.as_view(redirect_authenticated_user=True), name="signup"),
]

"""The package's own pages, and a way to those that one gets to by e-mail or by waiting."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import include, path
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from django_jwt_cookie.decorators import recent_login_required
from django_jwt_cookie.views import LoginView, SignupView

POLICY = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
"""Nothing may be loaded, and nothing that stands in the page may style it or run."""


def with_strict_policy(get_response):  # pragma: no cover - with Chromium alone
    """Say the policy with every page, as a middleware."""

    def middleware(request):
        response = get_response(request)
        response.headers["Content-Security-Policy"] = POLICY
        return response

    return middleware


def follow_the_link(request, name):  # pragma: no cover - as above
    """Go where the e-mail would lead."""
    user = User.objects.get(username=name)
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return redirect("password_reset_confirm", uid, default_token_generator.make_token(user))


@recent_login_required(max_age=timedelta(0))
def safe(request):  # pragma: no cover - as above
    """Let nobody in who has not given the password in this very moment."""
    return HttpResponse()


urlpatterns = [
    path("accounts/", include("django_jwt_cookie.urls")),
    path("link/<name>/", follow_the_link),
    path("safe/", safe),
    # As where the cookie is always Secure, and the page has come over plain http.
    path("without-https/login/", LoginView.as_view(needs_https=True)),
    path("without-https/signup/", SignupView.as_view(needs_https=True)),
]

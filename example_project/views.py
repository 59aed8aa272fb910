"""The pages of the example. Signing up, logging in and out come from django-jwt-cookie."""

import time
from collections.abc import Callable
from typing import Any

import django
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from django_jwt_cookie import views
from django_jwt_cookie.authentication import get_jwt
from django_jwt_cookie.cookies import get_cookie_spec
from django_jwt_cookie.exceptions import TokenError
from django_jwt_cookie.responses import REASON_FIELD, RECENT_LOGIN_REQUIRED
from django_jwt_cookie.tokens import decode
from example_project import anatomy

View = Callable[..., HttpResponse]

STEPPED_UP = "Thank you. Now, and for five minutes, you can end the other logins."


def widen_csp(**more: list[str]) -> Callable[[View], View]:
    """Let one page load what the others may not, where Django has a policy: from 6.0 on."""
    if django.VERSION < (6, 0):
        return lambda view: view
    from django.views.decorators.csp import csp_override

    policy = getattr(settings, "SECURE_CSP", {})
    return csp_override(policy | {name.replace("_", "-"): value for name, value in more.items()})


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Say what happens here, and who the visitor is."""
    return render(request, "home.html", {"cookie": get_cookie_spec(request)})


@require_safe
@login_required
def members(request: HttpRequest) -> HttpResponse:
    """Welcome whoever is logged in: Django's own decorator, nothing of the package."""
    return render(request, "members.html")


@require_safe
@never_cache
@login_required
def token(request: HttpRequest) -> HttpResponse:
    """Show the visitor's own token, taken apart."""
    return render(request, "token.html", _describe(request, anatomy.dissect(_token_of(request))))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def tamper(request: HttpRequest) -> HttpResponse:
    """Do what a visitor with the developer tools could do: change one character of the token.

    The page shows what was done; what the server makes of it shows at the next click.
    """
    if request.method != "POST":
        return redirect("token")  # An address that was typed, or reloaded from the history.
    part = request.POST.get("part", "")
    if part not in anatomy.PART_NAMES:
        return HttpResponseBadRequest("The part to flip is one of header, payload, signature.")
    flip = anatomy.flip(_token_of(request), part)
    if flip is None:
        return redirect_to_login(reverse("token"))
    context = _describe(request, anatomy.dissect(flip.token, flip)) | {"flip": flip}
    response = render(request, "token_flipped.html", context)
    # It is worth nothing, so it need not outlive the browser.
    get_cookie_spec(request).set(response, flip.token, max_age=None)
    return response


@require_safe
@widen_csp(img_src=["'self'", "data:"])
def api(request: HttpRequest) -> HttpResponse:
    """Show the OpenAPI document, with Swagger UI to try it; that has its icons in `data:` URLs."""
    return render(request, "api.html")


class LoginView(views.LoginView):
    """The package's, with a word to whoever had to give the password again."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Log in, and say what that has opened."""
        asked = self.request.GET.get(REASON_FIELD) == RECENT_LOGIN_REQUIRED
        is_step_up = asked and self.request.user.is_authenticated
        response = super().form_valid(form)
        if is_step_up and not self.prefers_json():
            messages.success(self.request, STEPPED_UP)
        return response


def _token_of(request: HttpRequest) -> str:
    """Return the token that this visitor is logged in by, or nothing.

    Only a token that the server has signed is ever shown, and the right one if the browser sent
    several cookies of that name.
    """
    if request.user.is_authenticated:
        for value in get_cookie_spec(request).read(request):
            try:
                if decode(value, request, allow_expired=True) == get_jwt(request).claims:
                    return value
            except TokenError:
                continue
    return ""


def _describe(request: HttpRequest, parts: list[anatomy.Part]) -> dict[str, Any]:
    claims = list(anatomy.claims_of(parts[1])) if parts else []
    times = {claim.name: claim.value for claim in claims if claim.time}
    return {
        "cookie": get_cookie_spec(request),
        "size": get_cookie_spec(request).size(".".join(part.text for part in parts)),
        "parts": parts,
        "claims": claims,
        "lifetime": times.get("exp", 0) - times.get("iat", 0),
        "seconds_left": max(0, times.get("exp", 0) - int(time.time())),
    }

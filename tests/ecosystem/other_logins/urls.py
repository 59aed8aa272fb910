"""A shop whose members come from several places."""

import django_cas_ng.views
from django.http import HttpRequest, JsonResponse
from django.urls import include, path

from django_jwt_cookie.authentication import get_jwt


def who(request: HttpRequest) -> JsonResponse:
    return JsonResponse(_about(request, request.user))


async def awho(request: HttpRequest) -> JsonResponse:
    return JsonResponse(_about(request, await request.auser()))


def _about(request: HttpRequest, user: object) -> dict[str, object]:
    return {"user": str(user), "has_login": get_jwt(request).claims is not None}


urlpatterns = [
    path("accounts/", include("django_jwt_cookie.urls")),
    path("cas/login/", django_cas_ng.views.LoginView.as_view(), name="cas_ng_login"),
    path("cas/logout/", django_cas_ng.views.LogoutView.as_view(), name="cas_ng_logout"),
    path("cas/callback/", django_cas_ng.views.CallbackView.as_view(), name="cas_ng_callback"),
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
    path("oidc/", include("mozilla_django_oidc.urls")),
    path("su/", include("django_su.urls")),
    path("who/", who),
    path("awho/", awho),
]

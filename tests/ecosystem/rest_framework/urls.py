"""An API as the tutorial of Django REST framework has it, with each class of authentication."""

from typing import Any

from django.contrib.auth.models import User
from django.urls import include, path
from rest_framework import routers, serializers, viewsets
from rest_framework.authentication import (
    BasicAuthentication,
    SessionAuthentication,
    TokenAuthentication,
)
from rest_framework.permissions import AllowAny, DjangoModelPermissions, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from django_jwt_cookie.contrib.rest_framework import JWTCookieAuthentication


class Whoami(APIView):
    permission_classes: Any = (IsAuthenticated,)

    def get(self, request: Request) -> Response:
        return Response({"username": request.user.get_username()})

    post = get


class SessionWhoami(Whoami):
    """With the framework's own defaults."""

    authentication_classes = (SessionAuthentication, BasicAuthentication)


class CookieOrBasic(Whoami):
    authentication_classes = (JWTCookieAuthentication, BasicAuthentication)


class TokenFirst(Whoami):
    authentication_classes = (TokenAuthentication, JWTCookieAuthentication)


class Public(Whoami):
    permission_classes = (AllowAny,)


class Claims(Whoami):
    def get(self, request: Request) -> Response:
        return Response({"sub": request.auth["sub"], "pk": request.user.pk})


class Throttled(Whoami):
    throttle_classes = (UserRateThrottle,)


class UserSerializer(serializers.HyperlinkedModelSerializer):
    class Meta:
        model = User
        fields = ("url", "username")


class UserViewSet(viewsets.ModelViewSet):
    queryset = User.objects.order_by("pk")
    serializer_class = UserSerializer
    permission_classes = (DjangoModelPermissions,)


router = routers.DefaultRouter()
router.register("users", UserViewSet)

urlpatterns = [
    path("accounts/", include("django_jwt_cookie.urls")),
    path("api-auth/", include("rest_framework.urls")),
    path("api/", include(router.urls)),
    path("api/whoami/", Whoami.as_view()),
    path("api/session/", SessionWhoami.as_view()),
    path("api/cookie-or-basic/", CookieOrBasic.as_view()),
    path("api/token-first/", TokenFirst.as_view()),
    path("api/public/", Public.as_view()),
    path("api/claims/", Claims.as_view()),
    path("api/throttled/", Throttled.as_view()),
]

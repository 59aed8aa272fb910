"""An API as the tutorial of Django REST framework has it."""

from django.urls import include, path
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class Whoami(APIView):
    permission_classes = (IsAuthenticated,)

    def get(self, request: Request) -> Response:
        return Response({"username": request.user.get_username()})

    post = get


urlpatterns = [
    path("accounts/", include("django_jwt_cookie.urls")),
    path("api/whoami/", Whoami.as_view()),
]

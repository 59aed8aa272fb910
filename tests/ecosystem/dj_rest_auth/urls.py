"""The URLs of docs/moving.md, with an API beside them."""

from django.urls import path
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tests.ecosystem.documented import run_documented


class Whoami(APIView):
    permission_classes = (IsAuthenticated,)

    def get(self, request: Request) -> Response:
        return Response({"username": request.user.get_username()})

    post = get


urlpatterns = [
    *run_documented("dj_rest_auth/urls.py")["urlpatterns"],
    path("api/whoami/", Whoami.as_view()),
]

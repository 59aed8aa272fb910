"""The URLs of docs/moving.md, with an API and a page beside them."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
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


@login_required
def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.user.get_username())


urlpatterns = [
    *run_documented("rest_framework_simplejwt/urls.py")["urlpatterns"],
    path("api/whoami/", Whoami.as_view()),
    path("page/", page),
]

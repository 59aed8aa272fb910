"""A site whose accounts are allauth's; of the package it has what docs/ecosystem.md names."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from tests.ecosystem.documented import run_documented


def hello(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.user.get_username() or "nobody")


async def ahello(request: HttpRequest) -> HttpResponse:
    user = await request.auser()
    return HttpResponse(user.get_username() or "nobody")


urlpatterns = [
    *run_documented("allauth/urls.py")["urlpatterns"],
    path("hello/", hello),
    path("ahello/", ahello),
]

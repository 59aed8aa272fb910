"""The views that every site has: the user not looked at, its key, its row; each also async."""

from typing import Any

from django.http import HttpRequest, HttpResponse

HELLO = "hello"


def untouched(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Do not look at the user."""
    return HttpResponse(HELLO)


def pk(request: HttpRequest) -> HttpResponse:
    """Ask who it is: a token knows, and a session."""
    return HttpResponse(str(request.user.pk))


def username(request: HttpRequest) -> HttpResponse:
    """Ask for what stands in the user's row."""
    return HttpResponse(request.user.get_username())


async def auntouched(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Do not look at the user."""
    return HttpResponse(HELLO)


async def apk(request: HttpRequest) -> HttpResponse:
    """Ask who it is."""
    user: Any = await request.auser()
    return HttpResponse(str(user.pk))


async def ausername(request: HttpRequest) -> HttpResponse:
    """Ask for what stands in the user's row."""
    user: Any = await request.auser()
    return HttpResponse(user.get_username())

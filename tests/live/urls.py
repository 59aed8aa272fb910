"""The views of docs/async.md as they stand there, and some that ask who it is."""

import events  # type: ignore[import-not-found]
import later  # type: ignore[import-not-found]
import report  # type: ignore[import-not-found]
from django.http import HttpRequest, JsonResponse
from django.template import engines
from django.urls import path

events.PAUSE = report.PAUSE = 0.2

TEMPLATE = engines["django"].from_string("{{ user.username }} {{ request.jwt.claims.gen }}")


def who(request: HttpRequest) -> JsonResponse:
    """Tell in a thread."""
    return JsonResponse({"user": request.user.get_username()})


async def awho(request: HttpRequest) -> JsonResponse:
    """Tell in the event loop, also by a template."""
    user = await request.auser()
    shown = TEMPLATE.render({}, request) if user.is_authenticated else ""
    return JsonResponse({"user": user.get_username(), "shown": shown})


urlpatterns = [
    path("who/", who),
    path("awho/", awho),
    path("events/", events.events),
    path("report/", report.report),
    path("later/", later.later),
]

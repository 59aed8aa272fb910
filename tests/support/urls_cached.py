"""Pages that Django's cache keeps: each says whom it greets, and how many were made before it."""

from itertools import count

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.urls import include, path
from django.views.decorators.cache import cache_control, cache_page
from django.views.decorators.vary import vary_on_cookie

made = count()
LONG = "so that it is worth compressing " * 9


def about(request: HttpRequest) -> HttpResponse:
    """Greet everybody alike."""
    return HttpResponse(f"everybody {next(made)} {LONG}")


def hello(request: HttpRequest) -> HttpResponse:
    """Greet by name."""
    return HttpResponse(f"{request.user.get_username() or 'nobody'} {next(made)} {LONG}")


async def ahello(request: HttpRequest) -> HttpResponse:
    """Greet by name."""
    user = await request.auser()
    return HttpResponse(f"{user.get_username() or 'nobody'} {next(made)} {LONG}")


def edge(request: HttpRequest) -> HttpResponse:
    """Greet by name, and tell caches on the way something of their own."""
    response = hello(request)
    response.headers[request.GET["header"]] = request.GET["value"]
    return response


def form(request: HttpRequest) -> HttpResponse:
    """Show what a form of this visitor has to send along."""
    return HttpResponse(get_token(request))


urlpatterns = [
    path("accounts/", include("django_jwt_cookie.urls")),
    path("admin/", admin.site.urls),
    path("about/", about),
    path("hello/", hello),
    path("ahello/", ahello),
    path("decorated/", cache_page(60)(vary_on_cookie(hello))),
    path("public/", cache_control(public=True, max_age=60)(hello)),
    path("edge/", edge),
    path("form/", form),
]

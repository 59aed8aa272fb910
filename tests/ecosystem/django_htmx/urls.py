"""Parts of a page, for htmx to load."""

from django.contrib.auth.decorators import login_required as django_login_required
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django_htmx.http import HttpResponseClientRedirect

from django_jwt_cookie.decorators import login_required


def who(request: HttpRequest) -> HttpResponse:
    htmx = request.htmx  # type: ignore[attr-defined]
    return HttpResponse(f"{request.user.get_username()} at {htmx.current_url_abs_path}")


async def who_async(request: HttpRequest) -> HttpResponse:
    htmx = request.htmx  # type: ignore[attr-defined]
    user = await request.auser()
    return HttpResponse(f"{user.get_username()} at {htmx.current_url_abs_path}")


def leave(request: HttpRequest) -> HttpResponse:
    return (
        HttpResponseClientRedirect("/elsewhere/") if request.user.is_authenticated else who(request)
    )


urlpatterns = [
    path("accounts/", include("django_jwt_cookie.urls")),
    path("who/", login_required(who)),
    path("who-async/", login_required(who_async)),
    path("django/", django_login_required(who)),
    path("leave/", login_required(leave)),
]

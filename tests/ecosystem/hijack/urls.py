"""A site whose superusers may see it with the eyes of a member."""

from datetime import timedelta

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from django_jwt_cookie.decorators import login_required, recent_login_required


@login_required
def hello(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"<body>Hello, {request.user}</body>")


@login_required
async def ahello(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"<body>Hello, {await request.auser()}</body>")


@login_required
def cart(request: HttpRequest, what: str = "") -> HttpResponse:
    if what:
        request.session["cart"] = what
    return HttpResponse(request.session.get("cart", ""))


@recent_login_required(max_age=timedelta(minutes=5))
def vault(request: HttpRequest) -> HttpResponse:
    return HttpResponse("gold")


urlpatterns = [
    path("accounts/", include("django_jwt_cookie.urls")),
    path("admin/", admin.site.urls),
    path("hijack/", include("hijack.urls")),
    path("hello/", hello),
    path("ahello/", ahello),
    path("cart/", cart),
    path("cart/<what>/", cart),
    path("vault/", vault),
]

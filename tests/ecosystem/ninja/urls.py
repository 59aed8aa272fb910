"""The API of docs/ecosystem.md, and the same with the framework's own classes."""

from typing import Any

from django.http import HttpRequest
from django.urls import include, path
from ninja import NinjaAPI, Schema
from ninja.security import HttpBearer, django_auth

from django_jwt_cookie.contrib.ninja import JWTCookieAuth
from tests.ecosystem.documented import run_documented


class Who(Schema):
    username: str


class Bearer(HttpBearer):
    def authenticate(self, request: HttpRequest, token: str) -> str | None:
        return token if token == "opensesame" else None


def add_operations(api: NinjaAPI) -> NinjaAPI:
    """Let ``api`` say who asks, in each way in which operations are written."""

    @api.get("/whoami/", response=Who)
    def whoami(request: HttpRequest) -> Any:
        return request.auth  # type: ignore[attr-defined]

    @api.post("/whoami/", response=Who)
    def post_whoami(request: HttpRequest) -> Any:
        return request.user

    @api.get("/async/", response=Who)
    async def whoami_async(request: HttpRequest) -> Any:
        return await request.auser()

    @api.post("/async/", response=Who)
    async def post_whoami_async(request: HttpRequest) -> Any:
        return request.auth  # type: ignore[attr-defined]

    @api.get("/public/", response=Who, auth=None)
    def public(request: HttpRequest) -> Any:
        return request.user

    return api


api = add_operations(run_documented("ninja/api.py")["api"])


@api.get("/either/", auth=[JWTCookieAuth(), Bearer()])
def either(request: HttpRequest) -> str:
    return str(request.auth)  # type: ignore[attr-defined]


plain_api = add_operations(NinjaAPI(auth=JWTCookieAuth(), urls_namespace="plain"))
django_api = add_operations(NinjaAPI(auth=django_auth, urls_namespace="django"))

urlpatterns = [
    path("accounts/", include("django_jwt_cookie.urls")),
    path("api/", api.urls),
    path("plain/", plain_api.urls),
    path("django/", django_api.urls),
]

"""Moving from dj-rest-auth: the tokens in its cookies become logins of ours."""

from collections.abc import Iterator
from operator import attrgetter

from dj_rest_auth.app_settings import api_settings
from django.http import HttpRequest
from rest_framework_simplejwt.authentication import JWTAuthentication

from ..adopters import OldCookie, OldLogin
from .simplejwt import SimpleJWTAdopter


class DjRestAuthAdopter(SimpleJWTAdopter):
    """Takes a token from the header, or from the cookies, as that package does.

    Of the cookies the one with the refresh token counts, if it has come: the login lasts longer,
    and where it was ended, the access token must not begin another. It counts beside the access
    token in a header too, where front ends have that in memory.
    """

    def find(self, request: HttpRequest) -> OldLogin | None:
        """Return the login of the token in the header, or else in the cookies."""
        if JWTAuthentication().get_header(request) is None:
            return self._find_in_cookies(request)
        named = super().find(request)
        beside = self._find_in_cookies(request) if named is not None else None
        # Of the same user only: whoever plants a cookie must not win over the header.
        if named is None or beside is None or beside.user != named.user:
            return named
        return max(named, beside, key=attrgetter("expires_at"))

    def _find_in_cookies(self, request: HttpRequest) -> OldLogin | None:
        refresh = request.COOKIES.get(api_settings.JWT_AUTH_REFRESH_COOKIE)
        if refresh is not None:
            return self.find_by_refresh(refresh)
        access = request.COOKIES.get(api_settings.JWT_AUTH_COOKIE)
        return self.find_by_access(access) if access is not None else None

    def cookies(self) -> Iterator[OldCookie]:
        """Name both cookies, as that package sets them."""
        paths = {
            api_settings.JWT_AUTH_COOKIE: "/",
            api_settings.JWT_AUTH_REFRESH_COOKIE: api_settings.JWT_AUTH_REFRESH_COOKIE_PATH,
        }
        for name, path in paths.items():
            if name:
                yield OldCookie(
                    name,
                    path,
                    domain=api_settings.JWT_AUTH_COOKIE_DOMAIN,
                    samesite=api_settings.JWT_AUTH_SAMESITE,
                )

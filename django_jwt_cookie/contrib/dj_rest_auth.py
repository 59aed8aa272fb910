"""Moving from dj-rest-auth: the tokens in its cookies become logins of ours."""

from collections.abc import Iterator

from dj_rest_auth.app_settings import api_settings
from django.http import HttpRequest

from ..authentication.migrating import OlderCookie
from .simplejwt import Found, find_by_access, find_by_refresh


def move(request: HttpRequest) -> Found:
    """Return the login of the tokens in the cookies, for ``MOVE_FROM``.

    The one with the refresh token counts, if it has come: the login lasts longer, and where it was
    ended, the access token must not begin another.
    """
    refresh = request.COOKIES.get(api_settings.JWT_AUTH_REFRESH_COOKIE)
    if refresh is not None:
        return find_by_refresh(refresh)
    access = request.COOKIES.get(api_settings.JWT_AUTH_COOKIE)
    return find_by_access(access) if access is not None else None


def _cookies() -> Iterator[OlderCookie]:
    """Name both cookies, as that package sets them."""
    paths = {
        api_settings.JWT_AUTH_COOKIE: "/",
        api_settings.JWT_AUTH_REFRESH_COOKIE: api_settings.JWT_AUTH_REFRESH_COOKIE_PATH,
    }
    for name, path in paths.items():
        if name:
            yield OlderCookie(
                name,
                path,
                domain=api_settings.JWT_AUTH_COOKIE_DOMAIN,
                samesite=api_settings.JWT_AUTH_SAMESITE,
            )


move.cookies = _cookies  # type: ignore[attr-defined]

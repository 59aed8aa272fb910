"""The scheme of `JWTCookieAuthentication` in the documents of drf-spectacular.

It registers itself when it is imported, which is done where ``drf_spectacular`` is installed.
"""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

from ..cookies import get_cookie_names


class JWTCookieScheme(OpenApiAuthenticationExtension):
    """A key in a cookie, by the name that the cookie has on this site."""

    target_class = "django_jwt_cookie.contrib.rest_framework.JWTCookieAuthentication"
    name = "jwtCookie"
    match_subclasses = True

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the security scheme object (OpenAPI 3.1, section 4.8.27)."""
        return {"type": "apiKey", "in": "cookie", "name": get_cookie_names()[1]}

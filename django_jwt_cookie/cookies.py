"""The cookie: its attributes in one place, for setting, deleting and reading."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control, patch_vary_headers

from .conf import Settings, get_settings

MAX_SIZE = 4096
"""RFC 6265, section 6.1: what a browser stores at least of one cookie, attributes included."""

MAX_DUPLICATES = 8
"""Cookies of our name that are looked at. More are an attempt to keep us busy."""

EPOCH = "Thu, 01 Jan 1970 00:00:00 GMT"


@dataclass(frozen=True)
class CookieSpec:
    """Name and attributes of the cookie.

    A browser deletes a cookie only if name, domain and path agree with how it was set, so that
    set and delete are made from the same values.
    """

    name: str
    domain: str | None
    path: str
    samesite: str
    secure: bool

    @classmethod
    def from_settings(cls, settings: Settings) -> "CookieSpec":
        """Take the attributes from ``settings``."""
        return cls(
            name=settings.cookie_name,
            domain=settings.cookie_domain,
            path=settings.cookie_path,
            samesite=settings.cookie_samesite,
            secure=settings.cookie_secure,
        )

    def read(self, request: HttpRequest) -> list[str]:
        """Return every value that the browser sent under our name.

        Two cookies of one name, from an earlier domain or path, or planted by a sibling domain,
        arrive in one header, and ``request.COOKIES`` keeps the last of them.
        """
        if self.name not in request.COOKIES:
            return []
        pairs = (pair.partition("=") for pair in request.META.get("HTTP_COOKIE", "").split(";"))
        values = [value.strip() for name, _, value in pairs if name.strip() == self.name]
        return values[:MAX_DUPLICATES] if len(values) > 1 else [request.COOKIES[self.name]]

    def set(self, response: HttpResponseBase, token: str, max_age: int | None) -> None:
        """Put ``token`` into the cookie for ``max_age`` seconds; none: until the browser closes."""
        self._write(response, token, max_age=max_age, expires=None)

    def delete(self, response: HttpResponseBase) -> None:
        """Tell the browser to forget the cookie."""
        self._write(response, "", max_age=0, expires=EPOCH)

    def size(self, token: str) -> int:
        """Return how many bytes the cookie would take in a browser's jar."""
        response = HttpResponseBase()
        self._write(response, token, max_age=10**9, expires=None)
        return len(response.cookies[self.name].OutputString().encode())

    def _write(
        self, response: HttpResponseBase, value: str, *, max_age: int | None, expires: str | None
    ) -> None:
        response.set_cookie(
            self.name,
            value,
            max_age=max_age,
            expires=expires,
            path=self.path,
            domain=self.domain,
            secure=self.secure,
            httponly=True,
            samesite=self.samesite,  # type: ignore[arg-type]
        )
        # A shared cache that stored this response would hand one visitor's login to the next.
        patch_cache_control(response, private=True, no_store=True)
        patch_vary_headers(response, ("Cookie",))


def get_cookie_spec() -> CookieSpec:
    """Return the cookie of the settings in force."""
    return get_settings().derive(CookieSpec.from_settings)

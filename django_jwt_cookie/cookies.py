"""The cookie: its attributes in one place, for setting, deleting and reading."""

import re
from dataclasses import dataclass, replace
from functools import cached_property

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control, patch_vary_headers

from .conf import Settings, get_settings
from .conf.validation import prefix_of

MAX_SIZE = 4096
"""RFC 6265, section 6.1: what a browser stores at least of one cookie, attributes included."""

MAX_DUPLICATES = 8
"""Cookies of our name that are looked at. More are an attempt to keep us busy."""

EMPTY = ("", '""')
"""A cookie that was deleted, as Django's test client goes on to send it."""

BLANKS = " \t"
"""RFC 6265, section 5.2: what a browser takes off the ends of a name and of a value."""

FOR_CACHES_ON_THE_WAY = re.compile(r"(?i:.*CDN-Cache-Control|Surrogate-Control)")
"""What they heed more than ``Cache-Control``: RFC 9213, and what was there before."""

KEPT = re.compile(r"public|(?:max-age|s-maxage)\s*=\s*\W?0*[1-9]", re.IGNORECASE)
NOT_KEPT = re.compile(r"private|no-store|no-cache", re.IGNORECASE)

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
    def from_settings(cls, settings: Settings, *, secure: bool) -> "CookieSpec":
        """Take the attributes from ``settings``."""
        name = settings.cookie_name
        return cls(
            name=name if secure else name[len(prefix_of(name)) :],
            domain=settings.cookie_domain,
            path=settings.cookie_path,
            samesite=settings.cookie_samesite,
            secure=secure,
        )

    def read(self, request: HttpRequest) -> list[str]:
        """Return every value that the browser sent under our name; an empty cookie is none.

        Two cookies of one name, from an earlier domain or path, or planted by a sibling domain,
        arrive in one header, and ``request.COOKIES`` keeps the last of them. It also takes off
        every kind of blank that Unicode knows, and browsers only two: to them a name that begins
        with U+2000 does not begin with ``__Host-``, so that a sibling domain may set it.
        """
        header = request.META.get("HTTP_COOKIE")
        if not header:
            # Put there by hand, as tests of a site do, or not at all.
            return [value] if (value := request.COOKIES.get(self.name)) else []
        pairs = [pair.partition("=") for pair in header.split(";")]
        ours = [value.strip(BLANKS) for name, _, value in pairs if name.strip(BLANKS) == self.name]
        return [value for value in ours if value not in EMPTY][:MAX_DUPLICATES]

    def set(self, response: HttpResponseBase, token: str, max_age: int | None) -> None:
        """Put ``token`` into the cookie for ``max_age`` seconds; none: until the browser closes."""
        self._write(response, token, max_age=max_age, expires=None)

    def delete(self, response: HttpResponseBase) -> None:
        """Tell the browser to forget the cookie.

        With a domain, also one that it has of this host alone, from before there was a domain: it
        would be sent after a logout, and without records its login would go on.
        """
        if self.domain is not None:
            leftover = replace(self, domain=None)
            leftover._write(response, "", max_age=0, expires=EPOCH)
            # Under another key: Django keeps one cookie per key, and sends each by its own name.
            response.cookies[f"{self.name} of this host"] = response.cookies.pop(self.name)
        self._write(response, "", max_age=0, expires=EPOCH)

    def size(self, token: str) -> int:
        """Return how many bytes the cookie would take in a browser's jar."""
        return self._overhead + len(token)

    @cached_property
    def _overhead(self) -> int:
        """What name and attributes take; no character of a token needs quotes."""
        response = HttpResponseBase()
        self._write(response, "x", max_age=10**9, expires=None)
        return len(response.cookies[self.name].OutputString().encode()) - len("x")

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
        keep_private(response)
        vary_on_cookie(response)


def keep_private(response: HttpResponseBase) -> None:
    """Keep ``response`` out of every cache."""
    patch_cache_control(response, private=True, no_store=True)
    for name in _kept_by(response):
        del response.headers[name]


def is_public(response: HttpResponseBase) -> bool:
    """Tell whether a shared cache may keep ``response``: no place for a renewed token."""
    return bool(_kept_by(response)) or "public" in response.headers.get("Cache-Control", "")


def _kept_by(response: HttpResponseBase) -> list[str]:
    """Name the headers by which caches on the way would keep ``response`` all the same."""
    told = [each for each in response.headers.items() if FOR_CACHES_ON_THE_WAY.fullmatch(each[0])]
    return [name for name, value in told if KEPT.search(value) and not NOT_KEPT.search(value)]


def vary_on_cookie(response: HttpResponseBase) -> None:
    """Tell caches that another cookie would have brought another response."""
    if "Vary" in response.headers:
        patch_vary_headers(response, ("Cookie",))
    else:
        # What comes out of the above, with each response, at a fourth of its cost.
        response.headers["Vary"] = "Cookie"


def get_cookie_spec(request: HttpRequest) -> CookieSpec:
    """Return the cookie of a request: ``Secure`` and with its prefix where it came over https.

    There no other name is read: whoever is between a browser and a site can set a cookie over
    plain http, but none with that prefix (RFC 6265bis, section 4.1.3).
    """
    plain, secure = get_settings().derive(_make_specs)
    return secure if request.is_secure() else plain


def needs_https(request: HttpRequest) -> bool:
    """Tell whether a browser would drop the cookie, since ``request`` came over plain http."""
    return get_cookie_spec(request).secure and not request.is_secure()


def get_cookie_names() -> tuple[str, str]:
    """Return the cookie's name over plain http and over https, which may be the same."""
    plain, secure = get_settings().derive(_make_specs)
    return plain.name, secure.name


def _make_specs(settings: Settings) -> tuple[CookieSpec, CookieSpec]:
    """Return the cookie for plain http and that for https."""
    given = settings.cookie_secure
    over_http = CookieSpec.from_settings(settings, secure=given is True)
    return over_http, CookieSpec.from_settings(settings, secure=given is not False)

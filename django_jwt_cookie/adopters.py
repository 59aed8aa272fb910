"""Logins of an older scheme, for a site that moves: until a date they are taken over.

A site names subclasses of `Adopter` in ``JWT_COOKIE["ADOPTERS"]``, and the date in
``ADOPT_UNTIL``. What becomes of the logins that they find is decided in `django_jwt_cookie.swap`.
"""

import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar, Literal

from django.conf import settings as django_settings
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.utils.module_loading import import_string

from .conf import Settings, get_settings
from .models import LoginSession


@dataclass(frozen=True)
class OldCookie:
    """A cookie of the older scheme, with what a browser deletes it by."""

    name: str
    path: str = "/"
    domain: str | None = None
    samesite: Literal["Lax", "Strict", "None", False] | None = None


@dataclass(frozen=True, kw_only=True)
class OldLogin:
    """A login of the older scheme, verified by the rules of that scheme."""

    user: AbstractBaseUser = field(repr=False)

    credential: str = field(repr=False)
    """What tells this credential from all others, such as the ``jti`` of a token.

    One credential becomes one login, whoever comes with it and however often, and none any more
    once that login was ended. The same for each way to write it: a token in base64 has several.
    """

    expires_at: datetime
    """When the credential ends by itself, and at the latest the login that it becomes: a token of
    five minutes must not be worth more to a thief than five minutes."""


class Adopter(ABC):
    """Knows the logins of an older scheme. A subclass says how; one instance serves all requests.

    It may ask the database: in asynchronous code it runs in a thread.
    """

    scheme: ClassVar[str] = ""
    """Whose credentials it knows: one of them is one login, whichever adopter finds it, and two
    schemes may number alike. If left out, the path of the class."""

    @abstractmethod
    def find(self, request: HttpRequest) -> OldLogin | None:
        """Return the login that ``request`` comes with, verified; none if there is none.

        Asked where nobody is logged in by the cookie of this package. It must not raise for what
        a browser sends: that is nobody's login.
        """

    def cookies(self) -> Iterable[OldCookie]:
        """Name the cookies of the older scheme, for the browser to delete once they are taken."""
        return ()

    def end(self, session: LoginSession) -> None:  # noqa: B027
        """Take note that a login was ended which an old one had become: end that one too.

        Or one that came in the place of such, by impersonation: compare the id with `make_ids`.
        """

    def make_ids(self, credential: str) -> list[uuid.UUID]:
        """Return the ids that the login of ``credential`` may have: the first, if it begins now.

        A keyed hash: an id is in each token and tells whoever reads it nothing of the credential.
        """
        secrets = (django_settings.SECRET_KEY, *django_settings.SECRET_KEY_FALLBACKS)
        salt = self.scheme or f"{type(self).__module__}.{type(self).__qualname__}"
        digests = (
            salted_hmac(salt, credential, secret=secret, algorithm="sha256") for secret in secrets
        )
        return [uuid.UUID(bytes=digest.digest()[:16], version=4) for digest in digests]


def get_adopters() -> tuple[Adopter, ...]:
    """Return the adopters of the settings; none after ``ADOPT_UNTIL``."""
    settings = get_settings()
    if settings.adopt_until is None or datetime.now(UTC) >= settings.adopt_until:
        return ()
    return settings.derive(_make_adopters)


def get_old_cookies() -> Iterator[OldCookie]:
    """Name the cookies of all of them."""
    for adopter in get_adopters():
        yield from adopter.cookies()


def _make_adopters(settings: Settings) -> tuple[Adopter, ...]:
    return tuple(import_string(path)() for path in settings.adopters)

"""What a login token says: `Claims`, with the type of each checked."""

import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from types import NoneType
from typing import Any, TypeGuard, TypeVar

from jwt.utils import base64url_decode, base64url_encode

from ..exceptions import TokenInvalid

T = TypeVar("T")

SCALARS = (str, int, float, NoneType)
"""What JSON makes that can't be changed."""

MAX_TIME = 253_402_300_799
"""9999-12-31T23:59:59Z, the last second that a ``datetime`` can hold."""

SID = re.compile(r"[A-Za-z0-9_-]{22}")

NUMBERS = ("gen", "iat", "exp", "auth_time")
REQUIRED_CLAIMS = ("sub", "sid", *NUMBERS)
STATELESS_CLAIMS = ("started_at", "idle_timeout", "persistent", "ath")
OPTIONAL_CLAIMS = ("iss", "aud", "nbf", "jti", "new")
RESERVED_CLAIMS = frozenset({*REQUIRED_CLAIMS, *STATELESS_CLAIMS, *OPTIONAL_CLAIMS})


@dataclass(frozen=True, slots=True)
class StatelessClaims:
    """What a record would say, in a token that has none (``TRACK_SESSIONS = False``)."""

    started_at: int
    """When the login began."""

    idle_timeout: int
    """How many seconds it may be unused: less than the settings say, if the site has said so."""

    persistent: bool
    """Whether it is to outlive the browser."""

    ath: str
    """A keyed hash of backend and session auth hash: a new password ends the login."""

    def __repr__(self) -> str:
        """Name no value, like `Claims`."""
        return f"<StatelessClaims: {', '.join(STATELESS_CLAIMS)}>"

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> "StatelessClaims | None":
        """Return these claims of ``payload``, if they are all there and of the right types."""
        started_at, idle_timeout, persistent, ath = map(payload.get, STATELESS_CLAIMS)
        if (
            is_time(started_at)
            and is_time(idle_timeout)
            and isinstance(persistent, bool)
            and isinstance(ath, str)
        ):
            return cls(started_at, idle_timeout, persistent, ath)
        return None


class ExtraClaims(Mapping[str, Any]):
    """Claims of the site's own. A list or an object that is read from it is a copy.

    What is remembered of a token serves many requests. A view that appends to ``roles`` must not
    give a role to the next one.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> Any:
        """Return the claim ``name``; raises ``KeyError`` if the token has none of that name."""
        value = self._values[name]
        return value if isinstance(value, SCALARS) else deepcopy(value)

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self._values)

    def __len__(self) -> int:
        """Count the claims."""
        return len(self._values)

    def __repr__(self) -> str:
        """Name no value, like `Claims`."""
        return f"<ExtraClaims: {', '.join(self)}>"


@dataclass(frozen=True, slots=True)
class Claims:
    """What a login token says. Immutable; ``claims["name"]`` reads any claim, extra ones included.

    Times are whole seconds since 1970 (``NumericDate``, RFC 7519, section 2), not milliseconds.
    """

    sub: str
    """The user's primary key, as a string."""

    sid: uuid.UUID
    """The login session: a UUID that nobody can guess, as 22 characters of base64url."""

    gen: int
    """The generation of the login session that this token belongs to."""

    iat: int
    """When this token was issued."""

    exp: int
    """Until when this token is honoured."""

    auth_time: int
    """When the user gave the password; 0 if unknown. From OpenID Connect Core, section 2."""

    aud: str | None = None
    """For whom the token is, where a site has an ``AUDIENCE``."""

    new: bool = False
    """Whether this is the first token of its generation: its record is asked, whatever the site
    says, so that the generation is noted as seen and a theft is noticed."""

    stateless: StatelessClaims | None = None
    """What stands in for a record, where there is none."""

    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """Claims of the site's own."""

    _derived: dict[Callable[..., Any], Any] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "extra", ExtraClaims(self.extra))

    def __getitem__(self, name: str) -> Any:
        """Return the claim ``name``; raises ``KeyError`` if the token has none of that name."""
        return self.extra[name] if name in self.extra else self.to_payload()[name]

    def __repr__(self) -> str:
        """Name the claims, and no value: a ``repr`` ends up in logs and error reports."""
        return f"<Claims: {', '.join(self.to_payload())}>"

    def to_payload(self) -> dict[str, Any]:
        """Return the claims as the JSON object that is signed."""
        return {
            "sub": self.sub,
            "sid": base64url_encode(self.sid.bytes).decode(),
            "gen": self.gen,
            "iat": self.iat,
            "exp": self.exp,
            "auth_time": self.auth_time,
            **({} if self.aud is None else {"aud": self.aud}),
            **({"new": True} if self.new else {}),
            **(asdict(self.stateless) if self.stateless else {}),
            **self.extra,
        }

    def derive(self, factory: Callable[["Claims"], T]) -> T:
        """Return ``factory(self)``, made once and kept for as long as the token is remembered."""
        if factory not in self._derived:
            self._derived[factory] = factory(self)
        result: T = self._derived[factory]
        return result

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> "Claims":
        """Check the type of each claim; raises `TokenInvalid` that names the first wrong one."""
        sub, sid = payload.get("sub"), payload.get("sid")
        if not (isinstance(sub, str) and sub):
            raise TokenInvalid("the claim 'sub' is not a string")
        if not (isinstance(sid, str) and SID.fullmatch(sid)):
            raise TokenInvalid("the claim 'sid' is not 128 bits in base64url")
        for name in NUMBERS:
            if not is_time(payload.get(name)):
                raise TokenInvalid(f"the claim {name!r} is not a number of seconds or generations")
        audience, is_new = payload.get("aud"), payload.get("new", False)
        if not (audience is None or isinstance(audience, str)) or not isinstance(is_new, bool):
            raise TokenInvalid("the claim 'aud' or 'new' has the wrong type")
        return cls(
            sub,
            uuid.UUID(bytes=base64url_decode(sid)),
            aud=audience,
            new=is_new,
            **{name: payload[name] for name in NUMBERS},
            stateless=StatelessClaims.from_payload(payload),
            extra={name: payload[name] for name in payload if name not in RESERVED_CLAIMS},
        )


def is_time(value: object) -> TypeGuard[int]:
    """Tell whether ``value`` is a number of seconds that is a date.

    ``bool`` is an ``int`` in Python and a different type in JSON.
    """
    return type(value) is int and 0 <= value <= MAX_TIME

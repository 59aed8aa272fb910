"""The checks that a request makes of its token, one by one, for `jwt_cookie_inspect`."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jwt
from django.utils import timezone

from .. import token_users, users
from ..claims import REQUIRED_CLAIMS, Claims
from ..conf import get_settings
from ..exceptions import JWTCookieError, SessionRevoked, TokenExpired, TokenInvalid, TokenReused
from ..keys import Key, get_key_ring
from ..models import LoginSession
from ..renewal import Verdict, judge
from ..store import get_store
from ..tokens import COMPACT_JWS, HEADER, MAX_LENGTH, TYPE, decode

NOTHING = {
    f"verify_{name}": False for name in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")
} | {"strict_aud": True}
"""Options of PyJWT for the signature alone."""

MEANINGS = {
    Verdict.CURRENT: "the newest",
    Verdict.LOST: "its successor was issued, and nobody has come with it yet",
    Verdict.LATE: "its successor came lately: taken for a request that was long on its way",
    Verdict.AHEAD: "newer than the record: the database was restored from a backup",
}

ELSEWHERE = "known where it was issued"
"""What a site that only verifies can say of the record."""


@dataclass
class Inspection:
    """A token, and what the checks have found out about it so far."""

    token: str
    header: dict[str, Any] = field(default_factory=dict)
    key: Key | None = None
    claims: Claims | None = None
    session: LoginSession | None = None

    def verify(self, *names: str, **expected: Any) -> dict[str, Any]:
        """Have PyJWT make the checks ``names`` beside that of the signature."""
        assert self.key is not None
        options = NOTHING | dict.fromkeys(names, True)
        return self.key.verify(self.token, options=options, **expected)


def check_shape(found: Inspection) -> str:
    """Ask for three parts of base64url, no longer than a browser stores."""
    if len(found.token) > MAX_LENGTH:
        raise TokenInvalid(f"longer than {MAX_LENGTH} characters")
    if not COMPACT_JWS.fullmatch(found.token):
        raise TokenInvalid("not three parts of base64url")
    return ""


def check_header(found: Inspection) -> str:
    """Ask for exactly the entries that this site writes."""
    found.header = jwt.get_unverified_header(found.token)
    if found.header.keys() != HEADER:
        raise TokenInvalid(f"its entries are not {', '.join(sorted(HEADER))}")
    return ""


def check_type(found: Inspection) -> str:
    """Ask for a login, and not another JWT of the same site."""
    if found.header["typ"] != TYPE:
        raise TokenInvalid(f"not {TYPE!r}")
    return ""


def check_key(found: Inspection) -> str:
    """Ask for a key of the ring."""
    ring = get_key_ring()
    found.key = ring.find(found.header["kid"])
    if found.key is None:
        raise TokenInvalid(f"not one of {', '.join(key.kid for key in ring.keys)}")
    signs = ring.can_sign and found.key == ring.signing_key
    return "the one that signs" if signs else "one that only verifies"


def check_signature(found: Inspection) -> str:
    """Ask for one made with that key over this header and payload."""
    found.verify()
    return ""


def check_issuer(found: Inspection) -> str:
    """Ask for ourselves."""
    found.verify("verify_iss", issuer=get_settings().issuer)
    return "" if get_settings().issuer else "none demanded"


def check_audience(found: Inspection) -> str:
    """Ask for ourselves, in the other direction."""
    found.verify("verify_aud", audience=get_settings().audience)
    return "" if get_settings().audience else "none demanded"


def check_claims(found: Inspection) -> str:
    """Ask for all that are required, of the right types, and not from the future."""
    found.verify(
        "verify_iat", "verify_nbf", "verify_sub", "verify_jti", leeway=get_settings().leeway
    )
    found.claims = decode(found.token, allow_expired=True)
    return f"{', '.join(REQUIRED_CLAIMS)} are there"


def check_time(found: Inspection) -> str:
    """Tell how long the token is good; past its ``exp`` the login behind it decides."""
    assert found.claims is not None
    left = found.claims.exp - int(time.time())
    if left > 0:
        return f"{left} seconds left"
    if not get_key_ring().can_sign:
        raise TokenExpired(f"over for {-left} seconds; renewed where it was issued")
    return f"over for {-left} seconds; renewed with the next request while the login goes on"


def check_login(found: Inspection) -> str:
    """Ask for a login that goes on."""
    assert found.claims is not None
    if not get_key_ring().can_sign:
        return ELSEWHERE
    found.session = get_store().look_up(found.claims)
    return f"goes on until {found.session.expires_at:%Y-%m-%dT%H:%M:%S%z} if it is not used"


def check_user(found: Inspection) -> str:
    """Ask for a user who is there, is let in, and has the same password."""
    assert found.claims is not None
    if found.session is None:
        return json.dumps(token_users.from_claims(found.claims).get_username())
    user = users.load(found.session)
    if users.subject(user) != found.claims.sub:
        raise SessionRevoked("the record is of another user")
    users.current_auth_hash(user, found.session.auth_hash)
    return json.dumps(user.get_username())


def check_generation(found: Inspection) -> str:
    """Look for a copy that somebody else goes on with; unlike a request, end nothing for it."""
    assert found.claims is not None
    if found.session is None:
        return ELSEWHERE
    if not get_settings().track_sessions:
        return "not known without a record"
    verdict = judge(found.session, found.claims.gen, timezone.now())
    if verdict is Verdict.THEFT:
        raise TokenReused("its successor came long ago: a copy")
    return MEANINGS[verdict]


CHECKS: dict[str, Callable[[Inspection], str]] = {
    "shape": check_shape,
    "header": check_header,
    "type": check_type,
    "key": check_key,
    "signature": check_signature,
    "issuer": check_issuer,
    "audience": check_audience,
    "claims": check_claims,
    "time": check_time,
    "login": check_login,
    "user": check_user,
    "generation": check_generation,
}
"""In the order in which a request makes them; each counts on those before."""


def run(check: Callable[[Inspection], str], found: Inspection) -> tuple[bool, str]:
    """Make one check; return whether the token is refused, and what to say."""
    try:
        remark = check(found)
    except JWTCookieError as error:
        return True, f"refused: {error}"
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        return True, f"refused: {type(error).__name__}"
    return False, f"ok, {remark}" if remark else "ok"

"""The checks that a request makes of its token, one by one, for `jwt_cookie_inspect`."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

import jwt
from jwt.utils import base64url_decode

from .. import users
from ..conf import find_audience, get_settings
from ..exceptions import JWTCookieError, SessionRevoked, TokenExpired, TokenInvalid, TokenReused
from ..keys import Key, get_key_ring
from ..models import LoginSession
from ..sessions import get_store
from ..sessions.rotation import Verdict, judge
from ..tokens import Claims, verify
from ..tokens.claims import REQUIRED_CLAIMS
from ..tokens.codec import COMPACT_JWS, MAX_LENGTH
from ..users.from_token import from_claims

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
    key: Key | None = None
    claims: Claims | None = None
    session: LoginSession | None = None


def check_shape(found: Inspection) -> str:
    """Ask for three parts of base64url, no longer than a browser stores."""
    if len(found.token) > MAX_LENGTH:
        raise TokenInvalid(f"longer than {MAX_LENGTH} characters")
    if not COMPACT_JWS.fullmatch(found.token):
        raise TokenInvalid("not three parts of base64url")
    return ""


def check_header(found: Inspection) -> str:
    """Ask for exactly the header that a key of this site writes."""
    ring = get_key_ring()
    found.key = ring.find(found.token.partition(".")[0])
    if found.key is None:
        headers = (f"{key.kid} ({key.algorithm})" for key in ring.keys)
        raise TokenInvalid(f"not what one of these keys writes: {', '.join(headers)}")
    signs = ring.can_sign and found.key == ring.signing_key
    return "of the key that signs" if signs else "of a key that only verifies"


def check_signature(found: Inspection) -> str:
    """Ask for one made with that key over this header and payload."""
    signing_input, _, signature = found.token.rpartition(".")
    assert found.key is not None
    if not found.key.has_signed(signing_input.encode(), base64url_decode(signature)):
        raise TokenInvalid("the signature does not fit")
    return ""


def check_claims(found: Inspection) -> str:
    """Ask for all that are required, of the right types, and for the issuer."""
    found.claims = verify(found.token)
    return f"{', '.join(REQUIRED_CLAIMS)} are there"


def check_audience(found: Inspection) -> str:
    """Ask for the audience of this site; which tenant it is for, a request decides."""
    assert found.claims is not None
    settings = get_settings()
    if find_audience(settings) is not None:
        return "decided by each request"
    if found.claims.aud != settings.audience:
        raise TokenInvalid("for somebody else")
    return "none demanded" if settings.audience is None else ""


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
    return f"goes on until {found.session.ends_at:%Y-%m-%dT%H:%M:%S%z} if it is not used"


def check_user(found: Inspection) -> str:
    """Ask for a user who is there, is let in, and has the same password."""
    assert found.claims is not None
    if found.session is None:
        return json.dumps(from_claims(found.claims).get_username())
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
    verdict = judge(found.session, found.claims.gen, time.time())
    if verdict is Verdict.THEFT:
        raise TokenReused("its successor came long ago: a copy")
    return MEANINGS[verdict]


CHECKS: dict[str, Callable[[Inspection], str]] = {
    "shape": check_shape,
    "header": check_header,
    "signature": check_signature,
    "claims": check_claims,
    "audience": check_audience,
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
        because = getattr(error, "ended_because", "")
        return True, f"refused: {error} ({because})" if because else f"refused: {error}"
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        return True, f"refused: {type(error).__name__}"
    return False, f"ok, {remark}" if remark else "ok"

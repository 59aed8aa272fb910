"""What can go wrong with a login, as exceptions.

::

    JWTCookieError                 never raised itself
    ├── TokenError                 the token is not one of ours, or not any more
    │   ├── TokenInvalid           forged, tampered with, malformed, foreign
    │   │   └── TokenElsewhere     genuine, and for another audience
    │   └── TokenExpired           ours, but past its ``exp``
    ├── SessionError               the token is ours, the login behind it is over
    │   ├── SessionRevoked         ended: logout, another login, revocation
    │   │   └── PasswordChanged    ended: not by the password of now
    │   ├── SessionExpired         ended by itself, at ``LoginSession.expires_at``
    │   ├── TokenReused            ended: a token came back long after its successor was seen
    │   ├── UserInactive           ended: the account was deactivated
    │   └── UserUnavailable        the backend does not know the user right now; nothing ends
    ├── TokenTooLarge              a token that no browser would store
    ├── KeysUnavailable            the keys of another site can't be fetched right now
    └── KeyRingError               no usable key: a mistake in the settings

Messages never hold a token, the value of a claim or a key.
"""

from django.core.exceptions import ImproperlyConfigured


class JWTCookieError(Exception):
    """The base of all errors of this package; never raised itself."""


class TokenError(JWTCookieError):
    """A token was refused; ``code`` says why, for programs."""

    code = "token_invalid"


class TokenInvalid(TokenError):
    """Not a token of ours: forged, tampered with, malformed, or meant for somebody else."""


class TokenElsewhere(TokenInvalid):
    """A token of ours for another audience, such as another tenant, where it may be good."""


class TokenExpired(TokenError):
    """A token of ours whose ``exp`` (RFC 7519 section 4.1.4) has passed."""

    code = "token_expired"


class SessionError(JWTCookieError):
    """The login that a genuine token belongs to is over; ``code`` says why, for programs."""

    code = "session_revoked"


class SessionRevoked(SessionError):
    """The login was ended, or its record is gone. No record, no login."""

    def __init__(self, message: str, *, ended_because: str = "") -> None:
        super().__init__(message)
        self.ended_because = ended_because
        """A `LoginSession.EndReason`, as far as the record says."""


class PasswordChanged(SessionRevoked):
    """The password was changed since, somewhere else."""


class SessionExpired(SessionError):
    """The login reached its end by itself."""

    code = "session_expired"


class TokenReused(SessionError):
    """An old token came back long after its successor was seen: somebody has a copy."""

    code = "token_reused"


class UserInactive(SessionError):
    """The user was deactivated."""

    code = "user_inactive"


class UserUnavailable(SessionError):
    """The backend of the login does not know the user right now, or is not in use here.

    Ends nothing: a directory that is away for a moment must not log its users out.
    """

    code = "user_inactive"


class TokenTooLarge(JWTCookieError):
    """The cookie would exceed what browsers store; the message lists the size of each claim."""


class KeysUnavailable(JWTCookieError):
    """Whether a token is good can't be told right now: its key may be one that we can't fetch."""


class KeyRingError(JWTCookieError, ImproperlyConfigured):
    """The keys in the settings can't be used; the message says which one, why, and the remedy."""

"""Signals about logins. Django's ``user_logged_in`` and ``user_logged_out`` are sent as well.

Each is sent with ``sender=LoginSession``.
"""

from django.dispatch import Signal

session_started = Signal()
"""A login began. Argument: ``session``, the ``LoginSession``."""

session_renewed = Signal()
"""A login went on with a new generation of tokens. Argument: ``session``."""

token_reused = Signal()
"""An old token came back: somebody has a copy. Argument: ``session``, the login it is of."""

session_ended = Signal()
"""A login was ended before its time. Argument: ``session``; ``revoked_because`` tells why."""

"""Signals about logins. Django's ``user_logged_in`` and ``user_logged_out`` are sent as well.

Each is sent with ``sender=LoginSession``.
"""

from django.dispatch import Signal

session_started = Signal()
"""A login began. Argument: ``session``, the ``LoginSession``."""

session_ended = Signal()
"""A login was ended before its time. Argument: ``session``; ``revoked_because`` tells why."""

"""Logins of a Django site in a signed, revocable JWT cookie."""

__version__ = "0.1.0"

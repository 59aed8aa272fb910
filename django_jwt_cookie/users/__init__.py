"""Between a login and its user: by its authentication backend, or from the token alone."""

from .backends import (
    current_auth_hash,
    find_backend,
    find_fresh,
    find_row,
    find_without_record,
    load,
    make_ath,
    may_begin,
    subject,
)

__all__ = [
    "current_auth_hash",
    "find_backend",
    "find_fresh",
    "find_row",
    "find_without_record",
    "load",
    "make_ath",
    "may_begin",
    "subject",
]

"""Start, find and end a login; the only modules that write its record."""

from .ending import arevoke, arevoke_all, end, end_all, end_by_id, end_others, revoke, revoke_all
from .finding import active, find, look_up
from .going_on import change_auth_hash, forget_unsure, glance, knows, present, renew
from .joining import recall, use
from .recording import EndReason, are_recorded, goes_on, in_transaction, is_newest, records
from .starting import prepare, start, succeed

__all__ = [
    "EndReason",
    "active",
    "are_recorded",
    "arevoke",
    "arevoke_all",
    "change_auth_hash",
    "end",
    "end_all",
    "end_by_id",
    "end_others",
    "find",
    "forget_unsure",
    "glance",
    "goes_on",
    "in_transaction",
    "is_newest",
    "knows",
    "look_up",
    "prepare",
    "present",
    "recall",
    "records",
    "renew",
    "revoke",
    "revoke_all",
    "start",
    "succeed",
    "use",
]

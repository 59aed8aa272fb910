"""Tokens: what they say, and strings from and to them. Neither requests nor users are asked."""

from .claims import Claims, StatelessClaims
from .codec import decode, encode, verify

__all__ = ["Claims", "StatelessClaims", "decode", "encode", "verify"]

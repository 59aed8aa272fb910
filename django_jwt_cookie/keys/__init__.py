"""Keys: what signs tokens and what verifies them. Neither requests nor users are known here."""

from .fetched import FetchedKeyRing
from .key import Key, KeyRing
from .ring import AnyKeyRing, build_key_ring, get_key_ring

__all__ = ["AnyKeyRing", "FetchedKeyRing", "Key", "KeyRing", "build_key_ring", "get_key_ring"]

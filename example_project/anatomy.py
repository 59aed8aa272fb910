"""A token taken apart for display, and a token with one character flipped.

Nothing here knows a key: header and payload are base64url of JSON, and that is all it takes to read
them. Whoever has the token can do what this module does.
"""

import json
import secrets
import string
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
"""The 64 characters of base64url, in order (RFC 4648, section 5)."""

PART_NAMES = ("header", "payload", "signature")

SHOWN = 8
"""Characters of the signature that are shown. Header and payload log nobody in without the rest."""

TIMES = ("iat", "exp", "auth_time")
"""Claims that are seconds since 1970 (``NumericDate``, RFC 7519, section 2)."""

MEANINGS = {
    "sub": "Subject: whose login this is, as the primary key of the user.",
    "sid": "Session: the record of this login on the server. Once that is ended, no token helps.",
    "gen": "Generation: how often this login was renewed. An old one that comes back is a theft.",
    "iat": "Issued at: when this token was signed.",
    "exp": "Expires: the end of this token. If the login goes on, a fresh one takes its place.",
    "auth_time": "Authentication time: when the password was given.",
    "iss": "Issuer: which server signed the token.",
    "aud": "Audience: which server it is meant for.",
    "roles": "This site's own claim, from example_project/claims.py.",
}
UNKNOWN = "No claim that this page knows: of your own making, or its name was flipped."


@dataclass(frozen=True)
class Part:
    """One of the three parts, and where a character of it was flipped, if any was."""

    name: str
    text: str
    flipped: int | None = None

    @property
    def shown(self) -> str:
        """What a page may show: of the signature only its beginning."""
        return self.text[:SHOWN] if self.name == "signature" else self.text

    @property
    def hidden(self) -> str:
        """A dot for each character that is not shown."""
        return "•" * (len(self.text) - len(self.shown))

    @property
    def pieces(self) -> tuple[str, str, str]:
        """The shown text before the flipped character, that character, and the text after it."""
        if self.flipped is None:
            return self.shown, "", ""
        return (
            self.shown[: self.flipped],
            self.shown[self.flipped : self.flipped + 1],
            self.shown[self.flipped + 1 :],
        )

    @property
    def decoded(self) -> dict[str, Any] | None:
        """The JSON object inside; None if there is none (any more)."""
        try:
            content = json.loads(self.raw)
            # JSON can name half of a surrogate pair, which no page can be made of.
            json.dumps(content, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            return None
        return content if isinstance(content, dict) else None

    @property
    def readable(self) -> str:
        """What is inside: formatted JSON, or the text that a flipped character made of it."""
        if self.decoded is None:
            return self.raw.decode(errors="replace")
        return json.dumps(self.decoded, indent=2, ensure_ascii=False)

    @property
    def raw(self) -> bytes:
        """The bytes that the text stands for."""
        try:
            return urlsafe_b64decode(self.text + "=" * (-len(self.text) % 4))
        except ValueError:
            return b""


@dataclass(frozen=True)
class Claim:
    """A row of the table of claims."""

    name: str
    value: Any

    @property
    def json(self) -> str:
        """The value as it stands in the token."""
        return json.dumps(self.value, ensure_ascii=False)

    @property
    def meaning(self) -> str:
        """What the claim says, in a sentence."""
        return MEANINGS.get(self.name, UNKNOWN)

    @property
    def time(self) -> datetime | None:
        """The value as a time; None if it is not one."""
        if self.name not in TIMES or type(self.value) is not int:
            return None
        try:
            return datetime.fromtimestamp(self.value, tz=UTC)
        except (ValueError, OverflowError, OSError):
            return None


@dataclass(frozen=True)
class Flip:
    """A token of which one character was flipped."""

    token: str
    part: str
    position: int
    """Where in the part, counted from 0."""
    before: str
    after: str

    @property
    def number(self) -> int:
        """Where in the part, counted from 1 as people do."""
        return self.position + 1


def dissect(token: str, flip: Flip | None = None) -> list[Part]:
    """Cut ``token`` into its named parts; empty if it does not have three."""
    texts = token.split(".")
    if len(texts) != len(PART_NAMES):
        return []
    return [
        Part(name, text, flip.position if flip and flip.part == name else None)
        for name, text in zip(PART_NAMES, texts, strict=True)
    ]


def claims_of(payload: Part) -> Iterator[Claim]:
    """The claims of ``payload``, in the order in which they stand there."""
    return (Claim(name, value) for name, value in (payload.decoded or {}).items())


def flip(token: str, name: str) -> Flip | None:
    """Flip one character of the part ``name``; None if there is nothing to flip.

    Always one that is shown, and never the last of a part: 32 bytes of signature are 43 characters,
    which could hold two bits more. Flipping one of those two bits changes the text and not the
    bytes, so that a tolerant decoder would find the signature intact.
    """
    parts = {part.name: part for part in dissect(token)}
    if name not in parts or len(parts[name].text) < 2:
        return None
    text = parts[name].text
    position = secrets.randbelow(min(len(text) - 1, len(parts[name].shown)))
    # The lowest of the character's six bits. Found nowhere in the alphabet, it becomes "A".
    other = ALPHABET[ALPHABET.find(text[position]) ^ 1] if text[position] in ALPHABET else "A"
    texts = {part.name: part.text for part in parts.values()}
    texts[name] = text[:position] + other + text[position + 1 :]
    return Flip(".".join(texts.values()), name, position, before=text[position], after=other)

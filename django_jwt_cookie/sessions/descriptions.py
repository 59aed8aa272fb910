"""A login as people read it: which browser on which system, since when, last seen when."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from ..models import LoginSession

try:
    from ua_parser import parse
except ImportError:
    parse = None  # type: ignore[assignment]

MAX_LENGTH = 80
"""Characters of a name that are shown; a browser may call itself whatever it likes."""

COMMON_BROWSERS = {
    "Edge": r"Edg(?:e|A|iOS)?/([0-9]{1,5})",
    "Opera": r"OPR/([0-9]{1,5})",
    "Samsung Internet": r"SamsungBrowser/([0-9]{1,5})",
    "Firefox": r"(?:Firefox|FxiOS)/([0-9]{1,5})",
    "Chrome": r"(?:Chrome|CriOS)/([0-9]{1,5})",
    "Safari": r"Version/([0-9]{1,5})\S* (?:Mobile/\S+ )?Safari/",
}
"""What they are known by, without ua-parser. The first counts: Edge says that it is Chrome, too,
and Chrome that it is Safari.
"""

COMMON_SYSTEMS = {
    "iOS": "iPhone|iPad",
    "Android": "Android",
    "Windows": "Windows",
    "macOS": "Mac OS X",
    "ChromeOS": "CrOS",
    "Linux": "Linux",
}


@dataclass(frozen=True)
class Device:
    """What a browser says of itself; either may be empty.

    Without numbers of systems: browsers have frozen them, and call every Windows "10".
    """

    browser: str
    system: str

    def __str__(self) -> str:
        """Name both, or the one that is known."""
        if self.browser and self.system:
            return _("%(browser)s on %(system)s") % {
                "browser": self.browser,
                "system": self.system,
            }
        return self.browser or self.system


def recognise(user_agent: str) -> Device:
    """Return the device that sends ``user_agent``: when its login begins, and never again.

    With ua-parser, which the extra ``devices`` installs, one of very many; else a common one.
    """
    text = printable(user_agent)
    if parse is None:
        return recognise_common(text)
    found = parse(text)
    browser = (
        f"{found.user_agent.family} {found.user_agent.major or ''}" if found.user_agent else ""
    )
    system = found.os.family.replace("Mac OS X", "macOS") if found.os else ""
    return Device(shorten(browser.strip()), shorten(system))


def recognise_common(text: str) -> Device:
    """Return the device if it is one of the most common."""
    browsers = ((name, re.search(pattern, text)) for name, pattern in COMMON_BROWSERS.items())
    systems = (name for name, pattern in COMMON_SYSTEMS.items() if re.search(pattern, text))
    return Device(
        next((f"{name} {found[1]}" for name, found in browsers if found), ""), next(systems, "")
    )


def printable(text: str) -> str:
    """Leave out what has no shape of its own.

    Escaping does nothing about a mark that turns the direction of the text around it: a login could
    read as another one in the list.
    """
    return "".join(character for character in text if character.isprintable())


def shorten(text: str) -> str:
    """Cut ``text`` where a list would overflow."""
    return text if len(text) <= MAX_LENGTH else f"{text[: MAX_LENGTH - 1]}…"


@dataclass(frozen=True)
class Description:
    """What is told of a login."""

    session: LoginSession
    is_current: bool = False
    """Whether it is the login that asks."""

    @property
    def device(self) -> Device | None:
        """The browser and its system, if they are known."""
        device = Device(self.session.browser, self.session.system)
        return device if str(device) else None

    @property
    def name(self) -> str:
        """What to call the browser."""
        if self.device:
            return str(self.device)
        return shorten(printable(self.session.user_agent).strip()) or _("Unknown browser")

    @property
    def last_seen_at(self) -> datetime:
        """When the login was last used; up to half a token's life ago it may have been since."""
        return max(self.session.rotated_at, self.session.seen_at or self.session.rotated_at)

    @property
    def expires_at(self) -> datetime:
        """When it ends if it is not used again, by the settings of now."""
        return self.session.ends_at

    def to_document(self) -> dict[str, Any]:
        """Return what a program is told. Times are Unix time in seconds."""
        device = self.device
        return {
            "id": str(self.session.pk),
            "created_at": int(self.session.created_at.timestamp()),
            "last_seen_at": int(self.last_seen_at.timestamp()),
            "expires_at": int(self.expires_at.timestamp()),
            "current": self.is_current,
            "persistent": self.session.persistent,
            "device": {"browser": device.browser, "system": device.system} if device else None,
            "user_agent": printable(self.session.user_agent),
            "ip_address": self.session.ip_address,
        }

"""The `.env` file of the example: made once, with secrets of its own, and never touched again.

A clone starts without any setting by hand, and still no two clones share a secret. The generated
file is complete the moment it appears and readable by its owner alone.
"""

import os
import re
import secrets
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

# Without letters and digits that look alike, because somebody has to type it.
READABLE = "abcdefghjkmnpqrstuvwxyz23456789"


def _random_secret() -> str:
    """64 characters from 48 random bytes, none of which means anything in an env file."""
    return secrets.token_urlsafe(48)


def _readable_password() -> str:
    """Four groups of four, as in `h4xn-p2wd-7mkq-zt9c`: 79 bits."""
    groups = ("".join(secrets.choice(READABLE) for _ in range(4)) for _ in range(4))
    return "-".join(groups)


GENERATED: Mapping[str, Callable[[], str]] = {
    "SECRET_KEY": _random_secret,
    "JWT_COOKIE_SECRET": _random_secret,
    "DEMO_PASSWORD": _readable_password,
}


def ensure_env_file(example: Path, target: Path) -> bool:
    """Make `target` from `example` unless it is there or not needed; say whether it was made.

    It is not needed where the environment has all the secrets already, as in a container.
    """
    if os.path.lexists(target) or all(os.environ.get(name) for name in GENERATED):
        return False
    try:
        return _create(target, _fill_in(example.read_text(encoding="utf-8")))
    except OSError as error:
        names = ", ".join(GENERATED)
        message = (
            f"Cannot create {target} from {example.name}: {error.strerror or error}. "
            f"Make that folder writable, or set {names} in the environment."
        )
        raise ImproperlyConfigured(message) from error


def _fill_in(example: str) -> str:
    """Give every empty variable of `GENERATED` a fresh value."""
    for name, generate in GENERATED.items():
        example = re.sub(rf"^{name}=[ \t]*$", f"{name}={generate()}", example, flags=re.MULTILINE)
    return example


def _create(target: Path, content: str) -> bool:
    """Write the file aside, then give it its name in one step that fails if the name is taken.

    Two processes that start together (the autoreloader, two workers) thus agree on the secrets of
    whoever came first, and none of them reads half a file. `mkstemp` makes files of mode 0600.
    """
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f"{target.name}.")
    draft = Path(name)
    try:
        with open(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(content)
        return _publish(draft, target)
    finally:
        draft.unlink(missing_ok=True)


def _publish(draft: Path, target: Path) -> bool:
    try:
        # Unlike rename(2), link(2) refuses to replace a file.
        os.link(draft, target)
    except FileExistsError:
        return False
    except OSError:
        # Some shared folders (FAT, virtual machines) have no hard links.
        return _publish_exclusively(draft, target)
    return True


def _publish_exclusively(draft: Path, target: Path) -> bool:
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with open(descriptor, "wb") as file:
        file.write(draft.read_bytes())
    return True

"""The code of docs/ecosystem.md and docs/moving.md, which the sites run as it stands there."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.documents import ROOT, files

PAGES = [ROOT / "docs" / "ecosystem.md", ROOT / "docs" / "moving.md"]
DOCUMENTED = {name: block for page in PAGES for name, block in files(page).items()}

NOT_OVER = {"MOVE_UNTIL": datetime.now(UTC) + timedelta(days=30)}
"""In place of the document's date, which is one like those that sites write, and will be over."""


def run_documented(name: str) -> dict[str, Any]:
    """Run the block of that name, as that module of the folder; return what it defines."""
    folder, _, module = name.removesuffix(".py").partition("/")
    package = f"{__package__}.{folder}"
    namespace: dict[str, Any] = {"__name__": f"{package}.{module}", "__package__": package}
    exec(compile(DOCUMENTED[name], f"<{name}>", "exec"), namespace)  # noqa: S102 - ours
    return namespace

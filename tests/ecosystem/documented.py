"""The code of docs/ecosystem.md, which the sites run as it stands there."""

from typing import Any

from tests.documents import ROOT, files

PAGE = ROOT / "docs" / "ecosystem.md"
DOCUMENTED = files(PAGE)


def run_documented(name: str) -> dict[str, Any]:
    """Run the block of that name; return what it defines."""
    namespace: dict[str, Any] = {"__name__": name}
    exec(compile(DOCUMENTED[name], f"{PAGE.name}, {name}", "exec"), namespace)  # noqa: S102 - ours
    return namespace

"""Draws the pictures of docs/architecture.md, as Mermaid, from the imports of the package.

``.venv/bin/python -m tools.architecture`` brings the page up to date, and a test compares it.
"""

import re
from graphlib import TopologicalSorter
from pathlib import Path

import grimp

PACKAGE = "django_jwt_cookie"
DRAWN = (PACKAGE, f"{PACKAGE}.authentication")
"""Whose rooms are drawn, in the order of the pictures on the page."""

PAGE = Path(__file__).resolve().parent.parent / "docs" / "architecture.md"
PICTURE = re.compile(r"(^```mermaid\n).*?(^```$)", re.MULTILINE | re.DOTALL)


def draw(package: str) -> str:
    """Return who imports whom among the modules and packages that ``package`` consists of.

    An import that a longer way says already is left out. Raises ``CycleError`` for a circle.
    """
    graph = grimp.build_graph(PACKAGE, cache_dir=None)
    rooms = sorted(graph.find_children(package))
    for room in rooms:
        graph.squash_module(room)
    uses = {
        room: graph.find_modules_directly_imported_by(room) & {*rooms} - {room} for room in rooms
    }
    below: dict[str, set[str]] = {}
    for room in TopologicalSorter(uses).static_order():
        below[room] = uses[room].union(*(below[other] for other in uses[room]))
    arrows = [
        f"    {_name(room)} --> {_name(other)}\n"
        for room in rooms
        for other in sorted(uses[room])
        if not any(other in below[between] for between in uses[room])
    ]
    return "".join(["flowchart TD\n", *arrows])


def _name(room: str) -> str:
    return room.rpartition(".")[2]


def update(page: str) -> str:
    """Return the text of ``page`` with the pictures as they are now."""
    pictures = iter([draw(package) for package in DRAWN])
    return PICTURE.sub(lambda found: found[1] + next(pictures) + found[2], page)


if __name__ == "__main__":
    PAGE.write_text(update(PAGE.read_text(encoding="utf-8")), encoding="utf-8")

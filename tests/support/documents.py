"""What stands in the documents, for tests to run."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
BLOCK = re.MULTILINE | re.DOTALL


def blocks(page: Path, language: str) -> list[str]:
    """Return the blocks of code in ``page`` that are in ``language``."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(encoding="utf-8"), BLOCK)


def files(page: Path) -> dict[str, str]:
    """Return the blocks of ``page`` by the name of the file that the first line of each says."""
    return {block.split("\n")[0].split()[1]: block for block in blocks(page, r"\w+")}


def write_files(page: Path, folder: Path) -> list[str]:
    """Write each block into the file that its first line names; return the names."""
    found = files(page)
    for name, block in found.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(block, encoding="utf-8")
    return sorted(found)

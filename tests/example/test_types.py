"""The scripts of the single-page app are well typed."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import NODE
from tests.support.documents import ROOT, write_files

EXAMPLE = ROOT / "example_project"
PAGE = ROOT / "docs" / "spa.md"


@pytest.mark.needs_node
class TestTypes:
    @staticmethod
    def check(folder: Path) -> str:
        """Return what the compiler has to say of the example in ``folder``."""
        run = subprocess.run(  # noqa: S603
            [NODE / "node_modules" / ".bin" / "tsc", "--project", folder],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (run.returncode == 0) is (run.stdout == "")
        return run.stdout

    @pytest.fixture
    def copy(self, tmp_path: Path) -> Path:
        """Return the scripts of the example, and that of the page, in a place of their own."""
        app = tmp_path / "static" / "example_project" / "app"
        shutil.copytree(EXAMPLE / "static" / "example_project" / "app", app)
        shutil.copy(EXAMPLE / "tsconfig.json", tmp_path)
        assert write_files(PAGE, app) == ["page.js"]
        return tmp_path

    def test_the_app_and_the_page_about_it_are_well_typed(self, copy: Path) -> None:
        """Strictly, as the project file says."""
        assert self.check(EXAMPLE) == ""
        assert self.check(copy) == ""

    def test_a_mistake_would_be_found(self, copy: Path) -> None:
        """A time in seconds where there is none."""
        page = copy / "static" / "example_project" / "app" / "page.js"
        page.write_text(page.read_text().replace("expires_at", "expires"))
        assert "Property 'expires' does not exist on type 'LoginDocument'" in self.check(copy)

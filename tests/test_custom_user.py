"""Another user model: another process, since Django takes the model from the settings once."""

import subprocess
import sys
from pathlib import Path


def test_the_story_holds_for_users_with_an_address_and_a_uuid():
    """`tests/custom_user` passes under its own settings."""
    folder = Path(__file__).parent
    command = [
        *(sys.executable, "-X", "dev", "-W", "error", "-m", "pytest", "--quiet", "--no-cov"),
        *("--ds=tests.custom_user.settings", str(folder / "custom_user")),
    ]
    run = subprocess.run(  # noqa: S603
        command, cwd=folder.parent, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "passed" in run.stdout

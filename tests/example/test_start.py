"""A newcomer's first minutes with the example, and their typing errors; as processes of their own.

Settings are read once per process, and these are not the suite's.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import django_jwt_cookie
from example_project.tour.server import MANAGE, environment_for
from tests.support.cases import spread

ROOT = MANAGE.parents[1]


def manage(
    *arguments: str, cwd: Path, script: Path = MANAGE, environment: dict[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run ``manage.py`` with no more of this process's environment than the way to the package."""
    package = str(Path(django_jwt_cookie.__file__).parents[1])
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(  # noqa: S603
        [sys.executable, str(script), *arguments],
        cwd=cwd,
        env=kept | {"PYTHONPATH": package} | (environment or {}),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Copy what is committed of the example, as a clone of the repository would have it."""
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(MANAGE.parent, tmp_path / "example_project", ignore=ignore)
    shutil.copy(ROOT / ".env.example", tmp_path)
    return tmp_path


@pytest.mark.slow
def test_from_a_clone_to_a_demo_user(clone: Path) -> None:
    """The three commands that the documentation names, twice: the second time nothing changes."""
    script = clone / "example_project" / "manage.py"
    outputs = []
    for _ in range(2):
        assert manage("migrate", cwd=clone, script=script).returncode == 0
        assert manage("check", cwd=clone, script=script).stderr == ""
        outputs.append(manage("demo_user", cwd=clone, script=script).stdout)
    (password,) = re.findall(r"Password: (\S+)", outputs[0])
    assert outputs[0] == outputs[1]
    assert f"DEMO_PASSWORD={password}\n" in (clone / ".env").read_text()
    assert {path.name for path in clone.iterdir()} == {
        *(".env", ".env.example", "example.sqlite3", "example_project")
    }


def test_from_another_folder_it_is_the_same_site(clone: Path, tmp_path: Path) -> None:
    """The same .env and the same database."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    script = clone / "example_project" / "manage.py"
    assert manage("migrate", cwd=elsewhere, script=script).returncode == 0
    assert list(elsewhere.iterdir()) == []
    assert (clone / "example.sqlite3").exists()


def test_the_demo_user_before_the_database(clone: Path) -> None:
    """Says which command comes first."""
    script = clone / "example_project" / "manage.py"
    result = manage("demo_user", cwd=clone, script=script)
    assert result.returncode == 1
    assert "Run `python example_project/manage.py migrate` first" in result.stderr
    assert "Traceback" not in result.stderr


def test_without_what_the_example_needs(tmp_path: Path) -> None:
    """A Python without Django is told how to get there."""
    result = subprocess.run(  # noqa: S603
        [sys.executable, "-S", str(MANAGE), "check"],
        cwd=tmp_path,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "make demo" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("name", "value", "message"),
    spread(
        [
            ("SECRET_KEY", " ", "SECRET_KEY is missing or empty"),
            ("DEBUG", "ture", "DEBUG is 'ture'; it has to be true or false"),
            ("TOKEN_LIFETIME", "10m", "TOKEN_LIFETIME is '10m'; it has to be a whole number"),
            ("TOKEN_LIFETIME", "0", "TOKEN_LIFETIME must be"),
            ("TOKEN_LIFETIME", "50000", "TOKEN_LIFETIME (13:53:20) is longer than BROWSER_SESSION"),
            ("JWT_COOKIE_SECRET", "short", "32"),
            ("DATABASE_URL", "nonsense", "DATABASE_URL is not understood"),
            ("CACHE_URL", "nonsense", "CACHE_URL is not understood"),
        ],
        3,
    ),
)
def test_a_value_that_can_t_work_is_named(
    tmp_path: Path, name: str, value: str, message: str
) -> None:
    """Before the first request, and with what it has to be."""
    result = manage("check", cwd=tmp_path, environment=environment_for(tmp_path) | {name: value})
    assert result.returncode == 1
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_a_public_site_passes_the_checks_for_one(tmp_path: Path) -> None:
    """Django's own and the package's, with warnings counting as errors."""
    environment = environment_for(tmp_path) | {"DEBUG": "false"}
    command = ("check", "--deploy", "--fail-level=WARNING")
    result = manage(*command, cwd=tmp_path, environment=environment)
    assert (result.returncode, result.stderr) == (0, "")


def test_no_migration_is_missing(tmp_path: Path) -> None:
    """With the example's settings too, among them the type of primary keys."""
    result = manage(
        "makemigrations", "--check", cwd=tmp_path, environment=environment_for(tmp_path)
    )
    assert result.returncode == 0


@pytest.mark.parametrize("module", ["wsgi", "asgi"])
def test_other_servers_find_the_application(tmp_path: Path, module: str) -> None:
    """By the names that `startproject` gives."""
    command = f"from example_project.{module} import application; print(application)"
    result = subprocess.run(  # noqa: S603
        [sys.executable, "-c", command],
        cwd=ROOT,
        env=os.environ | environment_for(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    assert module.upper() in result.stdout


def test_the_example_env_file_says_what_the_settings_read() -> None:
    """No line of it is without effect, and the tour sets each, so that no .env gets in its way."""
    example = (ROOT / ".env.example").read_text()
    read = set(
        re.findall(r'environment\.\w+\(\s*"(\w+)"', (MANAGE.parent / "settings.py").read_text())
    )
    said = set(re.findall(r"^(\w+)=", example, flags=re.MULTILINE))
    assert said == read | {"DEMO_PASSWORD"}
    assert said == environment_for(Path()).keys() - {"DJANGO_SETTINGS_MODULE", "PYTHONUNBUFFERED"}


def test_the_example_env_file_says_the_defaults(tmp_path: Path) -> None:
    """Without a line of it, the setting is the same."""
    settings = (MANAGE.parent / "settings.py").read_text()
    example = dict(re.findall(r"^(\w+)=(.+)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    defaults = dict(re.findall(r'environment\.\w+\(\s*"(\w+)", default="?([^,")]+)', settings))
    assert {name: defaults[name].replace("_", "") for name in defaults if "_T" in name} == {
        name: example[name] for name in defaults if "_T" in name
    }

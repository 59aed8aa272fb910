"""The example's first start: a .env of its own, made once and whole."""

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from example_project import env_file
from example_project.env_file import GENERATED, ensure_env_file

EXAMPLE = Path(__file__).resolve().parents[2] / ".env.example"


@pytest.fixture(autouse=True)
def no_secrets_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in GENERATED:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def variables(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_committed_example_holds_no_secret() -> None:
    """Each of them is there to be filled in, and nowhere else."""
    assert {name: variables(EXAMPLE)[name] for name in GENERATED} == dict.fromkeys(GENERATED, "")


def test_the_first_start_fills_in_the_secrets(target: Path) -> None:
    """Everything else stays as the example says."""
    assert ensure_env_file(EXAMPLE, target)
    made, example = variables(target), variables(EXAMPLE)
    assert made.keys() == example.keys()
    assert {name for name in made if made[name] != example[name]} == GENERATED.keys()
    assert len(made["SECRET_KEY"]) == len(made["JWT_COOKIE_SECRET"]) == 64
    assert re.fullmatch(r"([a-z2-9]{4}-){3}[a-z2-9]{4}", made["DEMO_PASSWORD"])


def test_no_two_secrets_are_the_same(target: Path, tmp_path: Path) -> None:
    """Neither within a file nor between two clones."""
    other = tmp_path / "other"
    assert ensure_env_file(EXAMPLE, target)
    assert ensure_env_file(EXAMPLE, other)
    values = [variables(path)[name] for path in (target, other) for name in GENERATED]
    assert len(set(values)) == 2 * len(GENERATED)


def test_only_its_owner_may_read_it(target: Path) -> None:
    """Whatever the umask."""
    ensure_env_file(EXAMPLE, target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_leaves_nothing_else_behind(target: Path) -> None:
    """The draft is gone, which no .gitignore would cover."""
    ensure_env_file(EXAMPLE, target)
    assert [target] == list(target.parent.iterdir())


def test_the_second_start_changes_nothing(target: Path) -> None:
    """Neither does a third: logins and passwords go on."""
    ensure_env_file(EXAMPLE, target)
    before = target.read_bytes()
    assert not ensure_env_file(EXAMPLE, target)
    assert target.read_bytes() == before


def test_a_file_of_the_user_s_own_is_never_touched(target: Path) -> None:
    """Not even an empty one."""
    target.touch()
    assert not ensure_env_file(EXAMPLE, target)
    assert target.read_bytes() == b""


def test_a_link_that_leads_nowhere_is_not_followed(target: Path, tmp_path: Path) -> None:
    """Secrets are not written where somebody else's link points."""
    target.symlink_to(tmp_path / "elsewhere")
    assert not ensure_env_file(EXAMPLE, target)
    assert not (tmp_path / "elsewhere").exists()


def test_secrets_of_the_environment_need_no_file(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container, where the folder may not be writable."""
    for name in GENERATED:
        monkeypatch.setenv(name, "given")
    assert not ensure_env_file(EXAMPLE, target)
    assert not target.exists()


def test_a_folder_that_can_t_be_written_is_named(tmp_path: Path) -> None:
    """With what to do about it."""
    target = tmp_path / "missing" / ".env"
    with pytest.raises(ImproperlyConfigured, match=r"missing/\.env.*SECRET_KEY.*environment"):
        ensure_env_file(EXAMPLE, target)


def no_hard_links(*_: Any) -> None:
    raise PermissionError("Operation not permitted")


@pytest.mark.parametrize("link", [os.link, no_hard_links])
def test_starting_many_times_at_once_makes_one_file(
    target: Path, monkeypatch: pytest.MonkeyPatch, link: Callable[..., None]
) -> None:
    """One of them says that it made the file, and what it wrote is what stands there."""
    monkeypatch.setattr(os, "link", link)
    barrier, made = Barrier(8), []

    def start() -> None:
        barrier.wait()
        made.append(ensure_env_file(EXAMPLE, target))

    threads = [Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [False] * 7 + [True]
    assert variables(target).keys() == variables(EXAMPLE).keys()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


@pytest.mark.parametrize("link", [os.link, no_hard_links])
def test_whoever_comes_second_leaves_the_first_one_s_file(
    target: Path, monkeypatch: pytest.MonkeyPatch, link: Callable[..., None]
) -> None:
    """The file appeared between the look and the writing."""
    monkeypatch.setattr(os, "link", link)
    target.write_text("theirs")
    assert not env_file._create(target, "ours")
    assert target.read_text() == "theirs"
    assert [target] == list(target.parent.iterdir())

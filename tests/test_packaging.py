"""What is said in two places is the same in both."""

import configparser
import json
import re
import tomllib
from pathlib import Path

import django_jwt_cookie
from tools import environment

ROOT = Path(__file__).resolve().parent.parent


def ini(name):
    """Read a file of that kind."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string((ROOT / name).read_text(encoding="utf-8"))
    return parser


SETUP = ini("setup.cfg")
CLASSIFIERS = SETUP["metadata"]["classifiers"].split("\n")


def versions(prefix):
    """Return the versions among the classifiers that start so."""
    found = [re.fullmatch(rf"{prefix} :: (\d+\.\d+)", line) for line in CLASSIFIERS]
    return {match[1] for match in found if match}


def matrix():
    """Return the pairs of Python and Django that tox runs."""
    env_list = ini("tox.ini")["tox"]["env_list"]
    found = re.findall(r"py3(\d+)-django(?:\{([\d,]+)\}|(\d+))", env_list)
    return {
        (f"3.{python}", f"{django[0]}.{django[1]}")
        for python, several, one in found
        for django in (several or one).split(",")
    }


def test_the_changelog_begins_with_this_version():
    """A release whose changes nobody wrote down can't be built."""
    headings = re.findall(
        r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert headings[0] == django_jwt_cookie.__version__


def test_the_versions_that_are_promised_are_tested():
    """Classifiers and tox."""
    assert {python for python, _ in matrix()} == versions("Programming Language :: Python")
    assert {django for _, django in matrix()} == versions("Framework :: Django")


def test_the_readme_names_the_versions_that_are_promised():
    """All of them, the oldest first."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    python = enumerate_all(versions("Programming Language :: Python"))
    django = enumerate_all(versions("Framework :: Django"))
    assert f"\nPython {python}; Django {django}.\n" in readme


def enumerate_all(names):
    """Return "1, 2 or 3"."""
    *others, last = sorted(names)
    return f"{', '.join(others)} or {last}"


def test_the_oldest_python_is_the_same_everywhere():
    """What pip demands, what `make` demands, what is tested, what the tools assume."""
    oldest = min(versions("Programming Language :: Python"))
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    assert SETUP["options"]["python_requires"] == f">={oldest}"
    assert ".".join(map(str, environment.MINIMUM)) == oldest
    assert tools["mypy"]["python_version"] == oldest
    assert tools["ruff"]["target-version"] == f"py{oldest.replace('.', '')}"


def test_the_oldest_django_is_the_same_everywhere():
    """And the package needs nothing but Django and PyJWT."""
    requirements = SETUP["options"]["install_requires"].split()
    assert requirements[0] == f"Django>={min(versions('Framework :: Django'))}"
    assert [re.split("[<>=]", line)[0] for line in requirements] == ["Django", "PyJWT"]


def test_no_lock_file_names_where_packages_are_fetched_from():
    """Everybody has them from the registry that their npm is set up for; the hashes hold."""
    lock = ROOT / "tests" / "services" / "node" / "package-lock.json"
    packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    wanted = json.loads((lock.parent / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert packages.pop("") == {"dependencies": wanted}
    # What TypeScript has for each kind of machine is optional.
    needed = {name for name, package in packages.items() if not package.get("optional")}
    assert needed == {f"node_modules/{name}" for name in wanted}
    for package in packages.values():
        assert package["integrity"].startswith("sha512-")
        assert "resolved" not in package


def test_the_help_lists_every_target():
    """A target without a word of explanation is one that nobody finds."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)", makefile, re.MULTILINE)
    assert phony
    assert phony[1].split() == re.findall(r"^(\w+):.*## ", makefile, re.MULTILINE)

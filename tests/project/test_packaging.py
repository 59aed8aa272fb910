"""What is said in two places is the same in both."""

import configparser
import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import django_jwt_cookie

ROOT = Path(__file__).resolve().parents[2]


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


def text_of(name):
    """Read a file."""
    return (ROOT / name).read_text(encoding="utf-8")


PROJECT = tomllib.loads(text_of("pyproject.toml"))
GROUPS = PROJECT["dependency-groups"]
LOCKS = [path.name for path in sorted((ROOT / "requirements").glob("*.txt"))]


def locked(name):
    """Return the requirements of a lock file, each with its hashes."""
    lines = text_of(f"requirements/{name}").replace("\\\n", "").splitlines()
    found = [line.split("--hash=") for line in lines if not line.startswith("#")]
    return [(Requirement(what), [each.strip() for each in hashes]) for what, *hashes in found]


def versions_of(*names):
    """Return the versions that these files have of each package: one, or one for each Python."""
    found = {}
    for requirement, _ in (each for name in names for each in locked(name)):
        (pin,) = requirement.specifier
        found.setdefault(canonicalize_name(requirement.name), set()).add(pin.version)
    return found


def demanded():
    """Return what the groups, the package, its extras and its build need."""
    lines = [line for group in GROUPS.values() for line in group if isinstance(line, str)]
    lines += PROJECT["build-system"]["requires"]
    lines += SETUP["options"]["install_requires"].split()
    for extra in SETUP["options.extras_require"].values():
        lines += extra.split()
    return sorted(set(lines))


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
    tools = PROJECT["tool"]
    assert SETUP["options"]["python_requires"] == f">={oldest}"
    assert f"sys.version_info >= ({oldest.replace('.', ', ')})" in text_of("tools/environment.sh")
    assert f"Python {oldest} or later" in text_of("tools/environment.sh")
    assert f"--python-version {oldest} --group lock" in text_of("Makefile")
    assert tools["mypy"]["python_version"] == oldest
    assert tools["ruff"]["target-version"] == f"py{oldest.replace('.', '')}"


def test_the_oldest_django_is_the_same_everywhere():
    """And the package needs nothing but Django and PyJWT."""
    requirements = SETUP["options"]["install_requires"].split()
    assert requirements[0] == f"Django>={min(versions('Framework :: Django'))}"
    assert [re.split("[<>=]", line)[0] for line in requirements] == ["Django", "PyJWT"]


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_exact_versions_with_hashes(name):
    """And no address: everybody has the packages from the registry that they are set up for."""
    assert "://" not in text_of(f"requirements/{name}")
    for requirement, hashes in locked(name):
        assert [pin.operator for pin in requirement.specifier] == ["=="]
        assert not requirement.url
        assert hashes
        assert all(re.fullmatch("sha256:[0-9a-f]{64}", each) for each in hashes)


@pytest.mark.parametrize("line", demanded())
def test_the_lock_has_what_is_demanded(line):
    """In a version that will do; `make lock` renews it."""
    requirement = Requirement(line)
    versions = versions_of("lock.txt", "django.txt")[canonicalize_name(requirement.name)]
    assert versions
    assert all(requirement.specifier.contains(version) for version in versions)


def test_the_lock_is_of_all_groups():
    """Each group is in the one called lock, at some depth."""

    def within(group):
        inner = {each["include-group"] for each in GROUPS[group] if isinstance(each, dict)}
        return inner.union(*map(within, inner))

    assert within("lock") == GROUPS.keys() - {"lock"}


def test_the_django_of_an_environment_is_what_its_name_says():
    """In the file that tox names for it; without a name it is the newest that a Python can have."""
    constraints = ini("tox.ini")["testenv"]["set_env"]
    newest = max(versions("Framework :: Django"))
    for django in versions("Framework :: Django"):
        file = f"django{django.replace('.', '')}.txt"
        if django == newest:
            assert file not in constraints
            file = "django.txt"
        assert f"= requirements/lock.txt requirements/{file}\n" in f"{constraints}\n"
        (*_, found) = sorted(versions_of(file)["django"])
        assert found.startswith(f"{django}.")
    assert versions_of("django52.txt")["django"] < versions_of("django.txt")["django"]


def test_uv_is_the_locked_one():
    """What pip fetches is the version that tox finds."""
    assert versions_of("uv.txt") == {"uv": versions_of("lock.txt")["uv"]}


def installing(text):
    """Return the commands that install something from a registry."""
    lines = text.replace("\\\n", "").splitlines()
    return [
        line for line in lines if re.search(r"pip install|(uv|npm) (build|add|sync|ci|i)", line)
    ]


def test_make_installs_by_the_lock_alone():
    """But for `make test-newest`, which is there for that."""
    rules = re.split(r"^(?=[\w-]+:)", text_of("Makefile"), flags=re.MULTILINE)
    found = {rule.partition(":")[0] for rule in rules if installing(rule)}
    assert found == {"test-newest"}
    commands = installing(text_of("tools/environment.sh"))
    assert len(commands) == 2
    assert all("--require-hashes" in command for command in commands)


def test_tox_installs_by_the_lock_alone():
    """With groups, of which uv demands hashes; the wheel, which has none, comes alone."""
    tox = ini("tox.ini")
    assert "UV_REQUIRE_HASHES = 1\n" in tox["testenv"]["set_env"]
    assert tox["testenv"].getboolean("skip_install")
    for command in tox["testenv"]["commands_pre"].strip().splitlines():
        assert re.fullmatch(r"(\w+: )?uv pip install --quiet( --group [\w-]+)+", command)
    own = {option for section in tox for option in tox[section]} - {*tox["testenv"], *tox["tox"]}
    assert own == {"base_python", "allowlist_externals"}
    assert [name for name in tox if installing("".join(tox[name].values()))] == ["testenv"]
    build, wheel = installing(text_of("tools/package.sh"))
    assert "--require-hashes" in build
    assert "--no-deps" in wheel


def test_ci_installs_by_make_and_tox_alone():
    """And what Node has, by its own lock."""
    scripts = "".join(text_of(f".ci/{path.name}") for path in sorted((ROOT / ".ci").iterdir()))
    assert [line.split(" --")[0] for line in installing(scripts)] == ["npm ci"]


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
    assert phony[1].split() == re.findall(r"^([\w-]+):.*## ", makefile, re.MULTILINE)

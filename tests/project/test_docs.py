"""What the documents say is true: their code runs, their tables and links agree."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command, load_command_class
from django.core.management.base import BaseCommand
from django.dispatch import Signal
from django.test import Client
from django.urls import resolve

import django_jwt_cookie
from django_jwt_cookie import signals as signals_module
from django_jwt_cookie import well_known
from django_jwt_cookie.authentication import RequestJWT
from django_jwt_cookie.checks.configuration import check_keys
from django_jwt_cookie.conf import KEYS
from django_jwt_cookie.cookies import get_cookie_names
from django_jwt_cookie.responses import REASONS
from django_jwt_cookie.test.logins import age_login
from django_jwt_cookie.urls import urlpatterns
from django_jwt_cookie.views.jwks import jwks
from tests.support.accounts import JSON, NAME, PASSWORD, log_in
from tests.support.cases import spread
from tests.support.documents import BLOCK, ROOT, blocks, files
from tools import architecture

LINES = re.MULTILINE
PACKAGE = Path(django_jwt_cookie.__file__).parent
README = ROOT / "README.md"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
PAGES = [README, CONTRIBUTING, *sorted((ROOT / "docs").glob("*.md"))]

TRY = """
import django
django.setup()
from django.core.management import call_command
call_command("check", "--fail-level=WARNING")
call_command("migrate", verbosity=0)
from django.test import Client
client = Client(headers={"host": "localhost"})
signup = {"username": "ada", "password1": "Wieliczka-1044", "password2": "Wieliczka-1044"}
assert client.get("/editors/").status_code == 302
assert client.post("/accounts/signup/", signup).status_code == 302
assert client.get("/editors/").status_code == 403
from django.contrib.auth.models import User
User.objects.update(is_staff=True)
login = {"username": "ada", "password": "Wieliczka-1044"}
assert client.post("/accounts/login/", login).status_code == 302
assert client.get("/editors/").content.startswith(b"Logged in since ")
print(dict(client.cookies)["jwt"].OutputString())
"""


@pytest.mark.parametrize("in_a_clone", spread([False, True], 1))
def test_the_readme_works_on_a_new_site(tmp_path, in_a_clone):
    """`startproject`, the README's lines in their order and nothing else.

    Signup, roles, tamper-proof cookie. In a clone all but the secret is there already.
    """
    call_command("startproject", "site_", str(tmp_path))
    settings, urls = tmp_path / "site_" / "settings.py", tmp_path / "site_" / "urls.py"
    (diff,) = blocks(README, "diff")
    removed, added = (line[1:] for line in diff.splitlines())
    # `startproject` writes single quotes, unless it finds a formatter.
    started = settings.read_text().replace("'", '"')
    assert started.count(removed) == 1
    parts = {"settings.py": [], "urls.py": [], "views.py": []}
    for block in blocks(README, "python"):
        parts[block.splitlines()[0].removeprefix("# ")].append(block)
    *plain, secret = parts["settings.py"]
    plain = [started.replace(removed, added), *plain, 'ALLOWED_HOSTS = ["localhost"]\n']
    finished = [*plain, secret, '\nJWT_COOKIE["CLAIMS"] = "views.roles"\n']
    (tmp_path / "views.py").write_text("".join(parts["views.py"]))
    more = '\nimport views\nurlpatterns += [path("editors/", views.editors)]\n'
    urls.write_text(urls.read_text() + "".join(parts["urls.py"]) + more)
    make, remake = re.findall(
        r"^python .*>> \.env$|(?<=`)python .*>> \.env(?=`)", README.read_text(), LINES
    )

    settings.write_text("".join(finished if in_a_clone else plain))
    python = shlex.quote(sys.executable)
    made = run_in(tmp_path, (remake if in_a_clone else make).replace("python", python, 1))
    assert (made.returncode, made.stdout) == (0, ""), made.stderr
    settings.write_text("".join(finished))
    tried = run_in(tmp_path, f"{python} -c {shlex.quote(TRY)}")
    assert tried.returncode == 0, tried.stderr
    assert "HttpOnly" in tried.stdout


def run_in(folder, lines):
    """Run lines of a shell there, with the settings of the site if it has one."""
    environment = {
        "DJANGO_SETTINGS_MODULE": "site_.settings",
        "PYTHONPATH": os.pathsep.join([str(folder), *filter(None, sys.path)]),
    }
    command = [shutil.which("sh"), "-c", lines]
    return subprocess.run(  # noqa: S603
        command,
        cwd=folder,
        env={k: v for k, v in os.environ.items() if k != "JWT_COOKIE_SECRET"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_command_of_the_readme_is_there():
    """In the Makefile, or on the package index."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), LINES))
    commands = "".join(blocks(README, "sh")).splitlines()
    assert commands == [
        "make demo",
        "make test",
        "pip install django-jwt-cookie",
        "echo .env >> .gitignore",
        "python manage.py jwt_cookie_key >> .env",
        "pip install django-environ",
    ]
    named = re.findall(r"`make ([a-z-]+)`", "".join(page.read_text() for page in PAGES))
    assert {"demo", "test"} <= {*named} <= targets


def test_every_block_of_code_is_run_or_compared():
    """A new kind of block needs a test here."""
    found = {
        (page.name, language)
        for page in PAGES
        for language in re.findall(r"^```(\w*)\n(?:.*?)^```$", page.read_text(), BLOCK)
    }
    assert found == {
        ("README.md", "diff"),
        ("README.md", "python"),
        ("README.md", "sh"),
        ("architecture.md", "mermaid"),
        ("async.md", "js"),
        ("async.md", "python"),
        ("ecosystem.md", "python"),
        ("http.md", "json"),
        ("http.md", "sh"),
        ("keys.md", "python"),
        ("moving.md", "js"),
        ("moving.md", "python"),
        ("pages.md", "html"),
        ("pages.md", "sh"),
        ("services.md", "js"),
        ("services.md", "nginx"),
        ("services.md", "python"),
        ("spa.md", "js"),
        ("tenants.md", "python"),
        ("testing.md", "ini"),
        ("testing.md", "python"),
    }


def test_the_settings_page_lists_every_setting():
    """In the order in which they are declared."""
    names = re.findall(r"^\| `([A-Z_]+)`", (ROOT / "docs" / "settings.md").read_text(), LINES)
    assert tuple(names) == KEYS


def test_the_keys_of_the_keys_page_are_valid(settings, monkeypatch):
    """The blocks of the page are settings, or the site's addresses."""
    monkeypatch.setenv("JWT_COOKIE_SECRET", "x" * 32)
    for block in blocks(ROOT / "docs" / "keys.md", "python"):
        namespace = {}
        exec(block, namespace)  # noqa: S102
        if "urlpatterns" in namespace:
            settings.ROOT_URLCONF = tuple(namespace["urlpatterns"])
            assert resolve("/.well-known/jwks.json").func is jwks
        else:
            settings.JWT_COOKIE = namespace["JWT_COOKIE"]
            assert check_keys() == []


@pytest.mark.django_db
def test_the_login_document_looks_as_documented(client):
    """The same keys, the same types."""
    block, _ = blocks(ROOT / "docs" / "http.md", "json")
    User.objects.create_user("ada", password="x")
    actual, documented = log_in(client, password="x").json(), json.loads(block)
    for one, other in ((actual, documented), (actual["session"], documented["session"])):
        assert {key: type(value) for key, value in one.items()} == {
            key: type(value) for key, value in other.items()
        }
    assert actual["user"].keys() == documented["user"].keys()


@pytest.mark.django_db
def test_the_list_of_logins_looks_as_documented(client):
    """The same keys, the same types, and what the documented browser is called."""
    _, block = blocks(ROOT / "docs" / "http.md", "json")
    (documented,) = json.loads(block)["sessions"]
    User.objects.create_user("ada", password="x")
    client.defaults["HTTP_USER_AGENT"] = documented["user_agent"]
    log_in(client, password="x")
    (actual,) = client.get("/accounts/sessions/", headers=JSON).json()["sessions"]
    same = ("device", "user_agent", "current", "ip_address")
    assert {key: actual[key] for key in same} == {key: documented[key] for key in same}
    assert {key: type(value) for key, value in actual.items()} == {
        key: type(value) for key, value in documented.items()
    }


@pytest.mark.needs_curl
@pytest.mark.django_db(transaction=True)
def test_a_program_logs_in_as_documented(live_server, settings, tmp_path):
    """By the lines of the page: a token, a login, and whose it is."""
    settings.JWT_COOKIE = {"COOKIE_SECURE": False}
    User.objects.create_user("ada", password="x")
    (lines,) = blocks(ROOT / "docs" / "http.md", "sh")
    lines = lines.replace("https://example.com", live_server.url).replace("…", "x")
    run = run_in(tmp_path, lines)
    login, whose = re.findall(r"{.*?}.*?}}", run.stdout)
    assert json.loads(login) == json.loads(whose)
    assert json.loads(login)["user"]["username"] == "ada"


def test_every_address_is_documented():
    """By its name, with its path."""
    rows = re.findall(r"^\| `(\w+)` \| `(\S+)` \|", (ROOT / "docs" / "http.md").read_text(), LINES)
    pages = re.findall(
        r"^The pages (.*) are for people", (ROOT / "docs" / "http.md").read_text(), LINES
    )
    named = {name for name, _ in rows} | set(re.findall(r"`(\w+)`", pages[0]))
    patterns = [*urlpatterns, *well_known.urlpatterns]
    assert named == {pattern.name for pattern in patterns}
    paths = {pattern.name: str(pattern.pattern).replace("uuid:pk", "uuid") for pattern in patterns}
    assert dict(rows) == {name: paths[name] for name, _ in rows}


def test_the_commands_page_lists_every_command_and_option():
    """And no other. What a default is said to be, it is."""
    page = (ROOT / "docs" / "commands.md").read_text()
    documented = {
        section.partition("`")[0]: re.findall(r"`([^`]+)`", "".join(_first_cells(section)))
        for section in page.split("## `")[1:]
    }
    folder = PACKAGE / "management" / "commands"
    names = {path.stem for path in folder.glob("jwt_*.py")}
    assert documented == {name: _arguments_of(name) for name in names}
    parser = load_command_class("django_jwt_cookie", "jwt_cookie_clear").create_parser("", "")
    for option in ("keep_days", "batch_size"):
        assert f"; {parser.get_default(option)} if left out" in page


def _first_cells(section):
    return re.findall(r"^\| (`.*?) \|", section, LINES)


def _arguments_of(name):
    """Return what a command takes that not every command does."""
    command, plain = load_command_class("django_jwt_cookie", name), BaseCommand()
    every = {action.dest for action in plain.create_parser("", "")._actions}
    actions = [each for each in command.create_parser("", "")._actions if each.dest not in every]
    return [name for each in actions for name in each.option_strings or [str(each.metavar)]]


def test_the_names_of_the_python_page_are_there():
    """Each import of it works, and ``request.jwt`` has what it says."""
    page = (ROOT / "docs" / "api.md").read_text()
    imports = re.findall(r"`(from [\w.]+ import [\w, ]+)`", page)
    assert len(imports) == 9
    for line in imports:
        exec(line, {})  # noqa: S102 - ours
    section = page.split("## `request.jwt`")[1].split("## Functions")[0]
    names = re.findall(r"`(\w+)", "".join(_first_cells(section)))
    assert [name for name in names if not hasattr(RequestJWT, name)] == []
    assert len(names) == 7
    signals = page.split("## Signals")[1]
    documented = re.findall(r"^\| `(\w+)`", signals, LINES)
    assert {*documented} == {
        name for name, value in vars(signals_module).items() if isinstance(value, Signal)
    }


def test_every_code_of_an_error_is_documented():
    """And none that does not exist."""
    rows = re.findall(r"^\| (4\d\d) \| `(\w+)`", (ROOT / "docs" / "http.md").read_text(), LINES)
    sources = "".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    for status, code in rows:
        assert f'"{code}"' in sources
        assert (status == "401") == (code in REASONS)
    undocumented = set(REASONS) - {code for _, code in rows}
    assert undocumented == set()


def test_every_link_leads_somewhere():
    """Those within the repository, to a file and to a heading of it."""
    for page in PAGES:
        for target, heading in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", page.read_text()):
            path = page.parent / target if target else page
            assert path.exists(), f"{page.name}: {target}"
            assert not heading or heading in _anchors_of(path), f"{page.name}: #{heading}"


def _anchors_of(page):
    """Return what the headings of a page are called in addresses, where GitHub shows it."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), LINES)
    return {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings}


def test_the_table_of_new_things_names_what_is_there():
    """In CONTRIBUTING: each file and folder."""
    section = CONTRIBUTING.read_text().split("## Where a new thing goes")[1]
    _, _, *rows = re.findall(r"^\|(.*)\|$", section, LINES)
    assert len(rows) > 12
    for row in rows:
        _, code, tests, documents = row.split("|")
        assert [each for each in _paths_in(code) if not [*PACKAGE.rglob(each)]] == []
        named = [*_paths_in(tests), *_paths_in(documents)]
        assert [each for each in named if not (ROOT / each).exists()] == []


def _paths_in(cell):
    names = re.findall(r"`([\w/.]+)`", cell)
    return [each for each in names if "/" in each or each.endswith(".py")]


def test_the_tenants_page_has_what_is_tried():
    """Word for word."""
    for name in ("by_schema.py", "by_host.py"):
        _, documented = files(ROOT / "docs" / "tenants.md")[name].split("\n", 1)
        assert documented in (ROOT / "tests" / "tenants" / name).read_text()


def test_the_index_lists_every_page():
    """Each once; and the README leads to it."""
    index = ROOT / "docs" / "README.md"
    listed = re.findall(r"^- \[.*?\]\((.*?)\)", index.read_text(), LINES)
    assert sorted(listed) == sorted(
        {page.name for page in index.parent.glob("*.md")} - {index.name}
    )
    assert "](docs/README.md)" in README.read_text()


def test_every_picture_is_shown_somewhere():
    """None is left over, and together they are small."""
    shown = {
        target
        for page in PAGES
        for target in re.findall(r"!\[.*?\]\((?:docs/)?images/(.*?)\)", page.read_text())
    }
    there = {path.name: path.stat().st_size for path in (ROOT / "docs" / "images").iterdir()}
    assert shown == there.keys()
    assert sum(there.values()) < 3_000_000


ARCHITECTURE = ROOT / "docs" / "architecture.md"


def test_the_pictures_show_the_real_imports():
    """If not, `python -m tools.architecture` draws them anew."""
    page = ARCHITECTURE.read_text(encoding="utf-8")
    assert len(blocks(ARCHITECTURE, "mermaid")) == len(architecture.DRAWN)
    assert architecture.update(page) == page


def test_the_table_of_rooms_has_each_of_them():
    """Each module at the top of the package, and those of the packages that are more than one."""
    rows = re.findall(r"^\| (`.*?) \| .*? \| (.*?)\|$", ARCHITECTURE.read_text(), LINES)
    rooms, modules = (
        {*re.findall(r"`(\w+)`", " ".join(cells))} for cells in zip(*rows, strict=True)
    )
    assert rooms == _names_in(PACKAGE) - {"migrations"}
    packages = rooms - {"contrib", "management", "test"}
    assert modules == {name for room in packages for name in _names_in(PACKAGE / room)}


def _names_in(folder):
    found = {path.stem for path in folder.glob("*.py")}
    found |= {path.parent.name for path in folder.glob("*/__init__.py")}
    return found - {"__init__"}


def log_in_by_the_form(client):
    """Log in as a person does."""
    User.objects.create_user(NAME, password=PASSWORD)
    form = {"username": NAME, "password": PASSWORD}
    return lambda: client.post("/accounts/login/", form)


def come_with_half_a_token(client):
    """Come with a token that is half over to a page that asks who is there."""
    client.force_login(User.objects.create_user(NAME))
    client.get("/members/")
    age_login(client, timedelta(minutes=6))
    return lambda: client.get("/members/")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("heading", "prepare"),
    [("One request", come_with_half_a_token), ("One login", log_in_by_the_form)],
)
def test_a_story_passes_the_functions_that_it_names(heading, prepare):
    """In this order, and each in the file that it names."""
    section = ARCHITECTURE.read_text().split(f"## {heading}")[1].split("\n## ")[0]
    told = re.findall(r"^\d+\..*?`([\w/]+\.py)`, `([\w.]+)`", section, LINES)
    assert len(told) == len(re.findall(r"^\d+\.", section, LINES)) >= 10
    act, passed = prepare(Client()), []

    def note(frame, event, _):  # pragma: no cover - what profiles is not traced
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.is_relative_to(PACKAGE):
            passed.append((str(path.relative_to(PACKAGE)), frame.f_code.co_qualname))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        response = act()
    finally:
        sys.setprofile(before)
    assert {*response.cookies}.intersection(get_cookie_names())
    rest = iter(passed)
    assert [each for each in told if each not in rest] == []

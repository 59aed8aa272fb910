"""The command that makes keys, shows them, and replaces one that has leaked."""

import re
import stat
import sys
import time
from io import StringIO

import environ
import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError

from django_jwt_cookie import sessions
from django_jwt_cookie.conf import ALGORITHMS
from django_jwt_cookie.keys import get_key_ring
from tests.keys.test_fetched import Issuer, serving
from tests.support.accounts import NAME, sign_up, start_session, who
from tests.support.cases import spread
from tests.support.documents import ROOT, blocks
from tests.support.key_samples import HMAC, PAIRS, entry, public_pem, secret

KEYS_PAGE = ROOT / "docs" / "keys.md"
NAME_OF_KEY = "JWT_COOKIE_SECRET"


def run(*arguments):
    """Run the command; return what it prints."""
    output = StringIO()
    call_command("jwt_cookie_key", *map(str, arguments), stdout=output)
    return output.getvalue()


@pytest.mark.parametrize("algorithm", spread(ALGORITHMS, 4))
def test_what_is_printed_is_a_line_of_an_env_file(settings, tmp_path, monkeypatch, algorithm):
    """The settings take its value as it is; each is another key."""
    monkeypatch.setattr(environ.Env, "ENVIRON", {})  # Which is that of the process.
    kids = set()
    for _ in range(2):
        settings.JWT_COOKIE = {}
        printed = run("--algorithm", algorithm)
        assert printed.count("\n") == 1
        (tmp_path / ".env").write_text(printed)
        env = environ.Env()
        env.read_env(tmp_path / ".env", overwrite=True)
        settings.JWT_COOKIE = {"SECRET": env.str("JWT_COOKIE_SECRET"), "ALGORITHM": algorithm}
        kids.add(get_key_ring().signing_key.kid)
    assert len(kids) == 2


@pytest.fixture
def env_file(monkeypatch, tmp_path, settings):
    """Return a ``.env`` and what reads it into the settings, by the block of docs/keys.md."""
    path = tmp_path / ".env"
    (block,) = [each for each in blocks(KEYS_PAGE, "python") if "os.environ" in each]

    def start():
        for name in re.findall(r'"(JWT_COOKIE_SECRET\w*)"', block):
            monkeypatch.delenv(name, raising=False)
        with monkeypatch.context() as patch:
            found = {}
            patch.setattr(environ.Env, "ENVIRON", found)
            environ.Env.read_env(path)
        for name, value in found.items():
            monkeypatch.setenv(name, value)
        namespace = {}
        exec(block, namespace)  # noqa: S102 - ours
        settings.JWT_COOKIE = namespace["JWT_COOKIE"]

    return path, start


def append(path):
    """Do what ``python manage.py jwt_cookie_key >> .env`` does."""
    with path.open("a") as file:
        call_command("jwt_cookie_key", stdout=file, stderr=StringIO())


@pytest.mark.django_db
def test_a_rotation_by_the_env_file_logs_nobody_out(client, env_file, time_machine):
    """The steps of docs/keys.md, each with a start of the site; a browser comes in between."""
    path, start = env_file
    append(path)
    start()
    sign_up(client)
    kids = [get_key_ring().signing_key.kid]
    append(path)
    lines = path.read_text().splitlines()
    assert [line.partition("=")[0] for line in lines] == [NAME_OF_KEY, f"{NAME_OF_KEY}_NEXT"]
    start()
    assert (who(client), len(get_key_ring().keys)) == (NAME, 2)
    kids.append(get_key_ring().keys[1].kid)
    now, following = (line.partition("=")[2] for line in lines)
    path.write_text(f"{NAME_OF_KEY}_OLD={now}\n{NAME_OF_KEY}={following}\n")
    start()
    assert [key.kid for key in get_key_ring().keys] == kids[::-1]
    time_machine.move_to(time.time() + 360)
    assert who(client) == NAME
    path.write_text(f"{NAME_OF_KEY}={following}\n")
    start()
    assert [key.kid for key in get_key_ring().keys] == kids[1:]
    assert who(client) == NAME


@pytest.mark.django_db
def test_a_line_too_many_in_the_env_file_logs_nobody_out(client, env_file):
    """Twice, three times: a name that is there is not written again."""
    path, start = env_file
    append(path)
    start()
    sign_up(client)
    append(path)
    start()
    lines = path.read_text()
    with pytest.raises(CommandError, match="_NEXT is there already, and not written again"):
        append(path)
    assert path.read_text() == lines
    assert who(client) == NAME


@pytest.mark.parametrize("given", [{"SECRET": secret("HS256")}, {"KEYS": [secret("HS256")]}])
def test_a_key_from_elsewhere_is_in_use_too(settings, given):
    """Whatever reads ``.env`` need not put it into the environment."""
    settings.JWT_COOKIE = given
    assert run().startswith(f"{NAME_OF_KEY}_NEXT=")


@pytest.mark.parametrize("algorithm", ["HS512", "PS256", "ES384", "EdDSA"])
def test_a_file_is_for_its_owner_alone(settings, tmp_path, algorithm):
    """And what to write into the settings is printed; the key is not."""
    path = tmp_path / "key"
    settings.JWT_COOKIE = {"ALGORITHM": algorithm}
    printed = run("--out", path)
    assert printed == f'Made a key for {algorithm}. In the settings: "file:{path}"\n'
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    settings.JWT_COOKIE = {"SECRET": f"file:{path}", "ALGORITHM": algorithm}
    assert get_key_ring().signing_key.algorithm == algorithm


def test_no_file_is_overwritten(tmp_path):
    """Whoever calls it twice still has the key that is in use; a link is not followed."""
    path, link = tmp_path / "key", tmp_path / "link"
    path.write_text("in use")
    link.symlink_to(tmp_path / "elsewhere")
    for there in (path, link):
        with pytest.raises(CommandError, match="is there already"):
            run("--out", there)
    with pytest.raises(CommandError, match="can't be written: No such file or directory"):
        run("--out", tmp_path / "no" / "folder")
    assert path.read_text() == "in use"
    assert not (tmp_path / "elsewhere").exists()


def test_a_key_can_be_made_before_there_is_one(settings):
    """Checks would refuse these settings. Impossible ones are told in a sentence."""
    settings.JWT_COOKIE = {"ALGORITHM": "ES256"}
    assert '"crv":"P-256"' in run()
    settings.JWT_COOKIE = {"ALGORITHM": "XX"}
    with pytest.raises(CommandError, match="ALGORITHM must be one of"):
        run()


def test_the_keys_in_use_are_shown_without_any_key(settings):
    """Name, algorithm, what it does, whether everybody can fetch it."""
    keys = [entry("EdDSA"), secret("HS256"), public_pem("ES256")]
    settings.JWT_COOKIE = {"KEYS": keys, "ALGORITHM": "EdDSA"}
    printed = run("--show")
    names = [key.kid for key in get_key_ring().keys]
    assert [line.split() for line in printed.splitlines()] == [
        ["kid", "algorithm", "does", "public"],
        [names[0], "EdDSA", "signs", "yes"],
        [names[1], "HS256", "verifies", "no"],
        [names[2], "ES256", "verifies", "yes"],
    ]
    assert keys[1] not in printed
    settings.JWT_COOKIE = {"KEYS": ["short"]}
    with pytest.raises(CommandError, match=r"KEYS\[0\]: a key of 5 bytes"):
        run("--show")


def test_the_keys_of_another_site_are_shown(settings, monkeypatch):
    """They are fetched for it, if that is possible."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving(Issuer()) as issuer:
        settings.JWT_COOKIE = {"JWKS_URL": issuer.url, "USER_SOURCE": "token"}
        issuer.status = 503
        assert len(run("--show").splitlines()) == 1
        settings.JWT_COOKIE = {"JWKS_URL": issuer.url, "USER_SOURCE": "token", "AUDIENCE": "web"}
        issuer.status = 200
        assert run("--show").splitlines()[1].split()[1:] == ["ES256", "verifies", "yes"]


@pytest.mark.django_db
@pytest.mark.parametrize("algorithm", [HMAC[0], PAIRS[-1]])
def test_on_the_worst_day_there_is_a_new_key_and_every_login_ends(algorithm, ended):
    """And it is said that this is not enough."""
    for name in ("ada", "bob"):
        start_session(User.objects.create_user(name))
    line, count, *words = run("--replace-all", "--yes", "--algorithm", algorithm).splitlines()
    assert line.startswith("JWT_COOKIE_SECRET=")
    assert count == "Ended 2 logins."
    assert [because for _, because in ended] == ["revoked"] * 2
    assert "still good" in words[0]
    assert "do not keep the old one in KEYS, and restart" in words[0]


@pytest.mark.django_db
def test_on_the_worst_day_too_somebody_is_asked(monkeypatch, tmp_path):
    """Nothing is made and nothing ends without a "yes", nor if the key can't be written."""
    session = start_session(User.objects.create_user("ada"))
    path, there = tmp_path / "key", tmp_path / "there"
    there.touch()
    monkeypatch.setattr("builtins.input", lambda _: "no")
    with pytest.raises(CommandError, match="No login was ended"):
        run("--replace-all", "--out", path)
    monkeypatch.setattr("builtins.input", lambda _: "yes")
    with pytest.raises(CommandError, match="is there already"):
        run("--replace-all", "--out", there)
    assert not path.exists()
    assert [*sessions.active(session.user)] == [session]
    assert "Ended 1 login." in run("--replace-all", "--out", path)
    assert path.exists()


def test_one_thing_at_a_time():
    """To show is not to replace."""
    with pytest.raises(CommandError, match="not allowed with"):
        run("--show", "--replace-all")


def test_where_nobody_can_answer_nothing_is_made(monkeypatch, db):
    """A script without ``--yes``."""
    monkeypatch.setattr(sys, "stdin", StringIO(""))
    with pytest.raises(CommandError, match="Give --yes"):
        run("--replace-all")

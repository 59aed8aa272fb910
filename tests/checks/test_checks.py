"""System checks: each message, and that ``manage.py check`` asks for it."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.checks import run_checks

from django_jwt_cookie import checks
from django_jwt_cookie.checks.chain import OURS
from django_jwt_cookie.checks.configuration import LOOKS_AT_ROWS
from django_jwt_cookie.models import LoginSession
from tests.support.accounts import NAME, log_in, sign_up, who
from tests.support.key_samples import PAIRS, oct_jwk, pem, public_pem

LOGIN_REQUIRED = "django_jwt_cookie.middleware.LoginRequiredMiddleware"
AUTH = "django.contrib.auth.middleware."
CACHE = "django.middleware.cache."
SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"
GOOD = [SESSION, CSRF, OURS]
PATTERN = r"jwt_cookie\.[EW]\d{3}"
SECURE = {"COOKIE_SECURE": True}
MOVE = {"MOVE_UNTIL": datetime(2500, 1, 1, tzinfo=UTC)}
AUDIENCE = {"AUDIENCE": "tests.conf.test_audience.tenant"}


def ids(*, deploy=False):
    """Return the ids of our messages, as ``manage.py check`` finds them."""
    return ids_of(run_checks(include_deployment_checks=deploy))


def ids_of(messages):
    """Return the ids of those messages that are ours."""
    return [message.id for message in messages if message.id.startswith("jwt_cookie.")]


def test_a_site_as_documented_has_nothing_to_report(settings):
    """Nor with ``--deploy``, once it says that its cookie is for https alone."""
    assert ids() == []
    settings.JWT_COOKIE = SECURE
    assert ids(deploy=True) == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("text", ["jwt_cookie.E001"]),
        ({"TOKEN_LIFETIME": 600}, ["jwt_cookie.E001"]),
        ({"COOKIE_NAME": "__Host-x", "COOKIE_DOMAIN": "a.example"}, ["jwt_cookie.E001"]),
        ({"COOKIE_SAMESITE": "None", "COOKIE_SECURE": False}, ["jwt_cookie.E001"]),
        ({"SECRET": "short"}, ["jwt_cookie.E002"]),
        ({"SECRET": ""}, ["jwt_cookie.E002"]),
        (
            {"SECRET": "a-random-secret-of-more-than-32-bytes", "ALGORITHM": "HS512"},
            ["jwt_cookie.E002"],
        ),
        ({"ALGORITHM": "ES256"}, ["jwt_cookie.E002"]),
        ({"SECRET": public_pem("ES256"), "ALGORITHM": "ES256"}, ["jwt_cookie.E002"]),
        ({"CLAIMS": "nowhere.claims"}, ["jwt_cookie.E008"]),
        ({"SIGNUP_FORM": "django_jwt_cookie.forms.Nothing"}, ["jwt_cookie.E008"]),
        ({"SIGNUP_FORM": None, "CLAIMS": "tests.checks.test_checks.ids"}, []),
        ({"USER_SERIALIZER": "nodots"}, ["jwt_cookie.E008"]),
        ({"AUDIENCE": "https://shop.example/"}, []),
        ({"AUDIENCE": "shop"}, []),
        (AUDIENCE, []),
        ({"AUDIENCE": "tests.checks.test_checks.audiense"}, ["jwt_cookie.E008"]),
        ({"AUDIENCE": "tests.chekcs.audience"}, ["jwt_cookie.E008"]),
        ({"USER_SOURCE": "token"}, []),
        ({"USER_SOURCE": "token", "TOKEN_FIELDS": ["email", "is_staff"]}, []),
        ({"USER_SOURCE": "token", "TOKEN_FIELDS": ["emial"]}, ["jwt_cookie.E010"]),
        ({"USER_SOURCE": "token", "TOKEN_FIELDS": ["groups"]}, ["jwt_cookie.E010"]),
        ({"USER_SOURCE": "token", "TOKEN_FIELDS": ["logentry"]}, ["jwt_cookie.E010"]),
        ({"USER_SOURCE": "token", "TOKEN_FIELDS": ["password"]}, ["jwt_cookie.E010"]),
        ({"USER_SOURCE": "token", "TOKEN_FIELDS": "email"}, ["jwt_cookie.E001"]),
        ({"REVOCATION_CACHE": "nowhere"}, ["jwt_cookie.E011"]),
        ({"MOVE_FROM": ["tests.checks.test_checks.ids"]}, ["jwt_cookie.E001"]),
        (MOVE | {"MOVE_FROM": ["tests.checks.test_checks.ids"]}, []),
        (MOVE | {"MOVE_FROM": ["tests.checks.test_checks.nothing"]}, ["jwt_cookie.E008"]),
        ({"REVOCATION_CACHE": "default"}, []),
    ],
    ids=lambda value: str(value)[:60],
)
def test_settings_and_keys(settings, given, expected):
    """What can't work is an error, whatever else could be said of it."""
    settings.JWT_COOKIE = given
    assert ids() == expected
    assert set(expected) <= set(ids(deploy=True))


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        ([SESSION, CSRF], ["jwt_cookie.E003"]),
        ([SESSION, CSRF, f"{AUTH}RemoteUserMiddleware"], ["jwt_cookie.E003"]),
        ([SESSION, CSRF, f"{AUTH}AuthenticationMiddleware"], ["jwt_cookie.W002"]),
        ([*GOOD, OURS], ["jwt_cookie.E004"]),
        ([*GOOD, f"{AUTH}AuthenticationMiddleware"], ["jwt_cookie.E005"]),
        ([CSRF, OURS, SESSION], ["jwt_cookie.E006"]),
        ([SESSION, CSRF, f"{AUTH}LoginRequiredMiddleware", OURS], ["jwt_cookie.E007"]),
        ([SESSION, CSRF, LOGIN_REQUIRED, OURS], ["jwt_cookie.E007"]),
        ([SESSION, CSRF, f"{AUTH}RemoteUserMiddleware", OURS], ["jwt_cookie.E009"]),
        ([SESSION, CSRF, f"{AUTH}PersistentRemoteUserMiddleware", OURS], ["jwt_cookie.E009"]),
        ([SESSION, OURS], ["jwt_cookie.W001"]),
        ([*GOOD, f"{CACHE}UpdateCacheMiddleware"], ["jwt_cookie.W010"]),
        ([*GOOD, f"{CACHE}CacheMiddleware"], ["jwt_cookie.W010"]),
        ([f"{CACHE}UpdateCacheMiddleware", *GOOD, f"{CACHE}FetchFromCacheMiddleware"], []),
        ([CSRF, OURS], []),
        ([*GOOD, f"{AUTH}LoginRequiredMiddleware"], []),
        ([*GOOD, f"{AUTH}RemoteUserMiddleware"], []),
        ([*GOOD, LOGIN_REQUIRED], []),
        ([*GOOD, "no.such.Middleware", "tests.checks.test_checks.ids"], []),
    ],
    ids=lambda value: str(value)[:60],
)
def test_the_place_of_the_middleware(settings, chain, expected):
    """Missing, twice, beside Django's, too early, too late."""
    settings.MIDDLEWARE = chain
    assert ids() == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"COOKIE_SECURE": False}, ["jwt_cookie.W003"]),
        ({"COOKIE_SECURE": "auto"}, ["jwt_cookie.W003"]),
        ({"REVOCATION_CACHE": "default"}, ["jwt_cookie.W007"]),
        ({"SECRET": "a" * 64}, ["jwt_cookie.W005"]),
        ({"KEYS": ["a-random-secret-of-more-than-32-bytes", b"b" * 64]}, ["jwt_cookie.W005"]),
        ({"SECRET": "a-random-secret-of-more-than-32-bytes"}, []),
        ({"SECRET": "django-insecure-0123456789abcdefghijklmnopq"}, ["jwt_cookie.W005"]),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_works_and_is_not_safe(settings, given, expected):
    """For ``check --deploy`` alone: development may be like that."""
    settings.JWT_COOKIE = SECURE | given
    assert ids() == []
    assert ids(deploy=True) == expected


def test_sessions_that_lasted_for_an_hour(settings):
    """The swap must not make two weeks of it without a word."""
    settings.SESSION_COOKIE_AGE = 3600
    del settings.JWT_COOKIE
    assert ids() == ["jwt_cookie.W008"]
    settings.JWT_COOKIE = {
        "IDLE_TIMEOUT": timedelta(hours=1),
        "BROWSER_SESSION_TIMEOUT": timedelta(hours=1),
    }
    assert ids() == []
    settings.JWT_COOKIE = {"SECRET": public_pem("EdDSA"), "USER_SOURCE": "token"}
    assert ids() == []
    settings.JWT_COOKIE = None
    assert ids() == ["jwt_cookie.E001"]


@pytest.mark.parametrize(
    ("name", "value"), [("DOMAIN", ".example.com"), ("PATH", "/shop/"), ("SAMESITE", "Strict")]
)
def test_a_session_cookie_that_went_to_other_places(settings, name, value):
    """The swap must not take a login from a site's sub-domains without a word."""
    setattr(settings, f"SESSION_COOKIE_{name}", value)
    assert ids() == ["jwt_cookie.W012"]
    settings.JWT_COOKIE = {f"COOKIE_{name}": value}
    assert ids() == []
    settings.JWT_COOKIE = {"SECRET": public_pem("EdDSA"), "USER_SOURCE": "token"}
    assert ids() == []


@pytest.mark.parametrize("name", LOOKS_AT_ROWS)
def test_an_app_that_looks_at_the_rows_of_sessions(settings, monkeypatch, name):
    """To list or end logins, or to note who it is: it finds none, in silence. Its name is said."""
    is_installed = apps.is_installed
    monkeypatch.setattr(apps, "is_installed", lambda app: app == name or is_installed(app))
    (found,) = [each for each in run_checks() if each.id == "jwt_cookie.W014"]
    assert found.msg.startswith(f"{name} ")
    page = Path(__file__).parents[2] / "docs" / "ecosystem.md"
    assert name in page.read_text(encoding="utf-8")
    settings.DJANGO_EASY_AUDIT_WATCH_REQUEST_EVENTS = False
    assert (ids() == []) == (name == "easyaudit")


def test_a_field_that_has_the_name_of_a_claim(settings, monkeypatch):
    """It would be refused at the first login."""
    settings.JWT_COOKIE = {"USER_SOURCE": "token", "TOKEN_FIELDS": ["email"]}
    assert ids() == []
    monkeypatch.setattr(User._meta.get_field("email"), "name", "iat")
    assert ids() == ["jwt_cookie.E010"]


def test_a_revocation_cache_that_processes_share(settings):
    """Nothing to report of it."""
    settings.CACHES = {"ends": {"BACKEND": "django.core.cache.backends.db.DatabaseCache"}}
    settings.JWT_COOKIE = SECURE | {"REVOCATION_CACHE": "ends"}
    assert ids(deploy=True) == []


@pytest.mark.parametrize("algorithm", PAIRS)
def test_a_key_pair_is_no_weak_secret(settings, algorithm):
    """Nor is ``SECRET_KEY`` looked at where it signs nothing."""
    settings.SECRET_KEY = "django-insecure-0123456789abcdefghijklmnopq"
    settings.JWT_COOKIE = SECURE | {"SECRET": pem(algorithm), "ALGORITHM": algorithm}
    assert ids(deploy=True) == []


@pytest.mark.parametrize("form", [str, lambda secret: json.dumps(oct_jwk(secret)), "file:{}"])
def test_a_weak_secret_is_found_in_every_form(settings, tmp_path, form):
    """In a JWK and in a file, too."""
    path = tmp_path / "secret"
    path.write_text("a" * 64)
    path.chmod(0o600)
    settings.JWT_COOKIE = SECURE | {
        "SECRET": form.format(path) if form == "file:{}" else form("a" * 64)
    }
    assert ids(deploy=True) == ["jwt_cookie.W005"]


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640, 0o604, 0o620])
def test_a_key_file_that_others_can_open(settings, tmp_path, mode):
    """Whoever reads the key can log in as anybody. A public key is for everybody."""
    path = tmp_path / "key.pem"
    path.write_text(pem("ES256"))
    path.chmod(mode)
    settings.JWT_COOKIE = SECURE | {"SECRET": f"file:{path}", "ALGORITHM": "ES256"}
    assert ids(deploy=True) == ([] if mode in (0o600, 0o400) else ["jwt_cookie.W006"])
    assert ids() == []
    path.chmod(0o600)
    path.write_text(public_pem("ES256"))
    path.chmod(mode)
    settings.JWT_COOKIE = SECURE | {
        "KEYS": ["a-random-secret-of-more-than-32-bytes", f"file:{path}"]
    }
    assert ids(deploy=True) == []


def test_a_secret_that_is_secret_key_too(settings):
    """Whoever learns one learns the other."""
    settings.JWT_COOKIE = SECURE | {"SECRET": settings.SECRET_KEY}
    assert ids(deploy=True) == ["jwt_cookie.W004"]


def test_a_derived_secret_is_as_good_as_secret_key(settings):
    """Without a secret of its own the package is judged by Django's."""
    settings.JWT_COOKIE = SECURE
    settings.SECRET_KEY = "django-insecure-0123456789abcdefghijklmnopq"
    assert ids(deploy=True) == ["jwt_cookie.W005"]


def test_no_message_tells_a_secret(settings):
    """The output of a check ends up in the logs of a deployment."""
    secret = "s3cr3t-and-django-insecure"
    settings.JWT_COOKIE = {"KEYS": [secret]}
    messages = run_checks(include_deployment_checks=True)
    assert messages
    assert all(secret not in str(message) for message in messages)


def test_a_remote_user_from_the_token(settings):
    """What asks the database each time gains nothing by it."""
    settings.JWT_COOKIE = {"USER_SOURCE": "token"}
    settings.MIDDLEWARE = [*GOOD, f"{AUTH}RemoteUserMiddleware"]
    assert ids() == ["jwt_cookie.E013"]


def test_functions_that_nobody_asks_any_more(settings):
    """What is over is to be deleted."""
    until = datetime.now(UTC) + timedelta(minutes=1)
    settings.JWT_COOKIE = {"MOVE_FROM": ["tests.checks.test_checks.ids"], "MOVE_UNTIL": until}
    assert ids() == []
    settings.JWT_COOKIE |= {"MOVE_UNTIL": until - timedelta(minutes=1)}
    assert ids() == ["jwt_cookie.W009"]


class Router:
    """Sends requests to different databases, as sites with tenants do."""


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, []),
        ({"USER_SOURCE": "token"}, ["jwt_cookie.E012"]),
        ({"TRACK_SESSIONS": False}, ["jwt_cookie.E012"]),
        ({"TRACK_SESSIONS": False, "AUDIENCE": "shop"}, ["jwt_cookie.E012"]),
        ({"TRACK_SESSIONS": False} | AUDIENCE, []),
        ({"USER_SOURCE": "token"} | AUDIENCE, []),
        ({"USER_SOURCE": "token", "AUDIENCE": "tests.nothing"}, ["jwt_cookie.E008"]),
    ],
    ids=str,
)
@pytest.mark.parametrize("tenants", ["router", "engine"])
def test_tenants_of_which_one_would_take_the_tokens_of_another(
    settings, monkeypatch, given, expected, tenants
):
    """User 1 is somebody else there, unless a function says which tenant a request is of."""
    settings.JWT_COOKIE = given
    if tenants == "router":
        settings.DATABASE_ROUTERS = [Router]
    else:
        engine = "django_tenants.postgresql_backend"
        monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", engine)
    assert ids() == expected


class AuthRouter:
    """The router of Django's documentation: users in a database of their own."""

    route_app_labels: ClassVar = {"auth", "contenttypes"}

    def db_for_read(self, model, **hints):
        return "second" if model._meta.app_label in self.route_app_labels else None

    db_for_write = db_for_read

    def allow_relation(self, one, other, **hints):
        labels = {one._meta.app_label, other._meta.app_label}
        return True if labels & self.route_app_labels else None


class BothRouter(AuthRouter):
    """The same with the line that the documentation has for it."""

    route_app_labels: ClassVar = {"auth", "contenttypes", "django_jwt_cookie"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ["jwt_cookie.E014"]),
        ({"USER_SOURCE": "token"} | AUDIENCE, ["jwt_cookie.E014"]),
        ({"TRACK_SESSIONS": False} | AUDIENCE, []),
        ({"SECRET": public_pem("EdDSA"), "USER_SOURCE": "token"} | AUDIENCE, []),
        ({"AUDIENCE": 1}, ["jwt_cookie.E001"]),
    ],
    ids=["records", "token", "no records", "only verifies", "bad settings"],
)
def test_users_in_another_database_than_logins(settings, given, expected):
    """Each login would be a 500. What has no row here is in no other database."""
    settings.JWT_COOKIE = given
    settings.DATABASE_ROUTERS = [AuthRouter()]
    assert ids() == expected
    settings.DATABASE_ROUTERS = [BothRouter()]
    assert "jwt_cookie.E014" not in ids()


def test_both_in_a_database_of_their_own(settings, second_database, client):
    """By the line of the documentation, people log in there."""
    page = Path(__file__).parents[2] / "docs" / "scaling.md"
    (line,) = re.findall(r"`route_app_labels = (\{.*?\})`", page.read_text(encoding="utf-8"))
    assert set(json.loads(f"[{line[1:-1]}]")) == BothRouter.route_app_labels
    settings.DATABASE_ROUTERS = [BothRouter()]
    sign_up(client)
    log_in(client)
    assert who(client) == NAME
    assert LoginSession.objects.using(second_database).alive().count() == 1
    assert not LoginSession.objects.using("default").exists()


def test_what_is_wrong_in_the_settings_is_said_once(settings):
    """By the check of the settings, and by none that builds on them."""
    settings.JWT_COOKIE = {"AUDIENCE": 1, "USER_SOURCE": "token"}
    settings.DATABASE_ROUTERS = [Router]
    assert ids() == ["jwt_cookie.E001"]


def test_a_setting_beside_the_dict(settings):
    """It does nothing, and the hint says where it belongs."""
    settings.JWT_COOKIE_SECURE = True
    settings.JWT_COOKIE_TOKEN_LIFETIME = timedelta(minutes=5)
    found = {each.msg: each.hint for each in run_checks() if each.id == "jwt_cookie.W013"}
    assert [message.split()[0] for message in found] == [
        "JWT_COOKIE_SECURE",
        "JWT_COOKIE_TOKEN_LIFETIME",
    ]
    assert list(found.values())[1] == "Set JWT_COOKIE = {'TOKEN_LIFETIME': ...}."


def ids_in(*files):
    """Return the ids that are named in files."""
    return {found for each in files for found in re.findall(PATTERN, each.read_text())}


def test_each_id_is_tested_and_documented():
    """What is said twice is compared."""
    root = Path(__file__).parents[2]
    package = Path(checks.__file__).parent.parent
    tests = [Path(__file__), *(root / "tests" / "ecosystem").glob("*/test_checks.py")]
    declared = ids_in(*package.glob("checks/*.py"), *package.glob("contrib/*.py"))
    assert len(declared) == 28
    assert ids_in(*tests) == declared
    assert ids_in(root / "docs" / "checks.md") == declared

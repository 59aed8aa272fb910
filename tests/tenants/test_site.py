"""What a cookie of one tenant is worth at another: nothing. `test_tenants.py` runs this."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.db import connections
from django.http.cookie import SimpleCookie

from django_jwt_cookie import sessions
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.tokens import verify
from tests.support.accounts import COOKIE, JSON, PASSWORD, log_in, who

from .conftest import NAMES, TENANTS, at

pytestmark = pytest.mark.usefixtures("people")

NEW = "Bochnia-1248-salt"
OTHER = {"a": "b", "b": "a"}
TOKEN: dict[str, Any] = {"USER_SOURCE": "token"}
STATELESS: dict[str, Any] = {"TRACK_SESSIONS": False}
MODES: dict[str, dict[str, Any]] = {
    "database": {},
    "token": TOKEN,
    "token and cache": TOKEN | {"REVOCATION_CACHE": "default"},
    "database without records": STATELESS,
    "token without records": TOKEN | STATELESS,
}
RECORDED = [name for name, mode in MODES.items() if "TRACK_SESSIONS" not in mode]
every_tenant = pytest.mark.parametrize("tenant", TENANTS)


@pytest.fixture(params=MODES)
def mode(request, settings):
    """Run with each mode; return its name."""
    settings.JWT_COOKIE = {"AUDIENCE": settings.AUDIENCE} | MODES[request.param]
    return request.param


def person(client):
    """Return who somebody is, as the site finds out."""
    return client.get("/person/").json()


def token_of(client):
    return client.cookies[COOKIE].value


def carried_to(client, visitor, tenant):
    """Return the browser of an attacker who sends the cookies of ``client`` to another tenant."""
    return visitor(tenant, cookies=SimpleCookie({k: v.value for k, v in client.cookies.items()}))


def assert_nobody(client):
    """Neither a page of the members', nor a permission, nor the admin."""
    assert client.get("/members/").status_code == 302
    assert client.get("/dangerous/").status_code == 403
    assert client.get("/admin/").status_code == 302
    assert client.get("/admin/auth/user/").status_code == 302
    found = person(client)
    assert (found["name"], found["permissions"], found["is_superuser"]) == ("", [], False)
    assert who(client) is None


def assert_at_home(client, tenant):
    """The name and rights that this tenant's user 1 has."""
    found = person(client)
    assert (found["name"], found["note"]) == (NAMES[tenant], f"of {tenant}")
    assert found["is_superuser"] is (tenant == "b")
    if tenant == "a":
        assert found["permissions"] == ["auth.view_group"]
    else:
        assert "auth.delete_user" in found["permissions"]
    assert client.get("/members/").content.decode() == NAMES[tenant]
    assert client.get("/dangerous/").status_code == (200 if tenant == "b" else 403)
    assert client.get("/admin/auth/user/").status_code == (200 if tenant == "b" else 302)


@every_tenant
def test_user_1_of_one_is_nobody_at_the_other(visitor, mode, tenant):
    """In both directions, whoever is asked first; at home the login goes on."""
    client = visitor(tenant, NAMES[tenant])
    assert_nobody(carried_to(client, visitor, OTHER[tenant]))
    assert_at_home(client, tenant)
    assert_nobody(carried_to(client, visitor, OTHER[tenant]))
    assert_at_home(client, tenant)


def test_the_same_hash_of_a_password_makes_nobody_the_administrator(visitor, mode, people):
    """Attack: of a tenant whose rows were copied from another's."""
    with at("b"):
        User.objects.update(password=people["a"].password)
    client = visitor("a", "mallory")
    assert_nobody(carried_to(client, visitor, "b"))


def test_an_id_that_both_have_makes_nobody_the_administrator(visitor, mode, people):
    """Attack: the rows were copied with the records of logins."""
    client = visitor("a", "mallory")
    with at("b"):
        User.objects.update(password=people["a"].password)
    with at("a"):
        records = list(LoginSession.objects.all())
    with at("b"):
        for record in records:
            LoginSession(
                **{f.attname: getattr(record, f.attname) for f in record._meta.fields}
            ).save(force_insert=True)
    assert_nobody(carried_to(client, visitor, "b"))


def test_a_refusal_elsewhere_leaves_the_cookie_alone(visitor, mode):
    """With a cookie for all of a domain, a visit elsewhere must not log anybody out."""
    client = visitor("a", "mallory")
    elsewhere = carried_to(client, visitor, "b")
    answer = elsewhere.get("/person/")
    assert answer.json()["reason"] == "token_invalid"
    assert COOKIE not in answer.cookies
    assert person(client)["name"] == "mallory"


def test_both_cookies_in_one_header(visitor, mode):
    """Attack, or a cookie for all of a domain: each tenant takes its own."""
    mallory, boss = visitor("a", "mallory"), visitor("b", "boss")
    for tokens in ((mallory, boss), (boss, mallory)):
        header = "; ".join(f"{COOKIE}={token_of(client)}" for client in tokens)
        for tenant in TENANTS:
            answer = visitor(tenant).get("/person/", headers={"cookie": header})
            assert answer.json()["name"] == NAMES[tenant]
            assert COOKIE not in answer.cookies


@pytest.mark.parametrize(
    "headers",
    [
        {"x-forwarded-host": "a.example.com"},
        {"x-host": "a.example.com"},
        {"forwarded": "host=a.example.com"},
        {"host": "B.example.com"},
        {"host": "b.example.com:8000"},
        {"host": "b.example.com."},
    ],
    ids=str,
)
def test_no_header_names_another_tenant_than_that_of_the_database(visitor, settings, headers):
    """Attack: have the audience of one with the users of the other."""
    settings.JWT_COOKIE = {"AUDIENCE": settings.AUDIENCE} | TOKEN | STATELESS
    elsewhere = carried_to(visitor("a", "mallory"), visitor, "b")
    answer = elsewhere.get("/person/", headers=headers)
    assert answer.status_code in (200, 400, 404)
    assert answer.status_code != 200 or answer.json()["name"] == ""


def test_one_process_serves_both_in_turn(visitor, mode):
    """What it remembers of a token is of no use to the other tenant."""
    clients = {tenant: visitor(tenant, NAMES[tenant]) for tenant in TENANTS}
    strays = {tenant: carried_to(clients[OTHER[tenant]], visitor, tenant) for tenant in TENANTS}
    for _ in range(5):
        for tenant in TENANTS:
            assert person(clients[tenant])["note"] == f"of {tenant}"
            assert person(strays[tenant])["name"] == ""


def test_threads_serve_both_at_once(visitor, mode):
    """Eight of them, with the same four cookies."""
    clients = {tenant: visitor(tenant, NAMES[tenant]) for tenant in TENANTS}
    cases = [
        (tenant, token_of(clients[whose]), f"of {tenant}" if tenant == whose else "")
        for tenant in TENANTS
        for whose in TENANTS
    ]

    def ask(number):
        tenant, token, _ = cases[number % len(cases)]
        client = visitor(tenant, cookies=SimpleCookie({COOKIE: token}))
        try:
            return [person(client)["note"] for _ in range(3)]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(32)))
    assert found == [[cases[number % len(cases)][2]] * 3 for number in range(32)]


@every_tenant
def test_the_whole_story_at_each(visitor, mode, tenant, time_machine):
    """Login, renewal, a new password, logout; the other tenant's user 1 notices nothing."""
    time_machine.move_to(time.time(), tick=False)
    elsewhere = visitor(OTHER[tenant], NAMES[OTHER[tenant]])
    client, second = visitor(tenant, NAMES[tenant]), visitor(tenant, NAMES[tenant])
    first_token = token_of(client)
    assert verify(first_token).aud is not None
    assert verify(first_token).aud != verify(token_of(elsewhere)).aud

    time_machine.shift(timedelta(minutes=6))
    assert person(client)["name"] == NAMES[tenant]
    renewed = token_of(client)
    assert renewed != first_token
    assert verify(renewed).aud == verify(first_token).aud
    assert_nobody(carried_to(client, visitor, OTHER[tenant]))
    time_machine.shift(timedelta(seconds=1))
    assert client.post("/accounts/refresh/").status_code == 200
    assert token_of(client) != renewed
    assert_nobody(carried_to(client, visitor, OTHER[tenant]))

    form = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    before = carried_to(client, visitor, tenant)
    assert client.post("/accounts/password_change/", form, headers=JSON).status_code == 200
    time_machine.shift(timedelta(minutes=6))  # A token is believed for five.
    assert person(client)["name"] == NAMES[tenant]
    assert [person(each)["name"] for each in (second, before)] == ["", ""]
    assert person(elsewhere)["name"] == NAMES[OTHER[tenant]]
    assert_nobody(carried_to(client, visitor, OTHER[tenant]))

    kept = carried_to(client, visitor, tenant)
    assert client.post("/accounts/logout/", headers=JSON).status_code == 204
    assert COOKIE not in client.cookies or token_of(client) == ""
    assert person(client)["name"] == ""
    if mode in RECORDED:
        time_machine.shift(timedelta(minutes=6))
        assert person(kept)["name"] == ""
    assert person(elsewhere)["name"] == NAMES[OTHER[tenant]]


def test_a_logout_elsewhere_ends_nothing(visitor, mode):
    """Attack: end the login of a tenant's member at another tenant."""
    client = visitor("a", "mallory")
    stray = carried_to(client, visitor, "b")
    assert stray.post("/accounts/logout/", headers=JSON).status_code == 204
    assert person(client)["name"] == "mallory"
    with at("a"):
        assert not LoginSession.objects.exclude(revoked_at=None).exists()


def test_a_login_beside_a_cookie_of_another_tenant_ends_nothing(visitor, mode):
    """Whose cookie it is, was never known there."""
    client = visitor("a", "mallory")
    stray = carried_to(client, visitor, "b")
    assert log_in(stray, "boss").status_code == 200
    assert_at_home(stray, "b")
    assert person(client)["name"] == "mallory"
    with at("a"):
        assert not LoginSession.objects.exclude(revoked_at=None).exists()


@pytest.mark.parametrize("name", RECORDED)
def test_nobody_ends_a_login_of_another_tenant_by_its_id(visitor, settings, name):
    """Attack: by the list of devices, with an id from a token."""
    settings.JWT_COOKIE = {"AUDIENCE": settings.AUDIENCE} | MODES[name]
    mallory, boss = visitor("a", "mallory"), visitor("b", "boss")
    sid = verify(token_of(mallory)).sid
    assert boss.delete(f"/accounts/sessions/{sid}/").status_code == 404
    assert boss.delete("/accounts/sessions/others/").status_code == 204
    listed = boss.get("/accounts/sessions/", headers=JSON).json()["sessions"]
    assert [each["id"] for each in listed] == [str(verify(token_of(boss)).sid)]
    assert person(mallory)["name"] == "mallory"


@pytest.mark.parametrize("engine", ["db", "cache"])
def test_what_is_in_a_session_is_not_seen_elsewhere(visitor, mode, settings, engine):
    """Attack: not even where the sessions of all tenants are in one cache."""
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    client = visitor("a", "mallory")
    client.get("/cart/lamp/")
    assert client.get("/cart/").content == b"lamp"
    stray = carried_to(client, visitor, "b")
    assert stray.get("/cart/").content == b"-"
    stray.get("/cart/poison/")
    assert client.get("/cart/").content == b"lamp"


@every_tenant
def test_a_token_that_is_half_over_is_nobody_elsewhere(visitor, mode, tenant, time_machine):
    """Its record is asked, and must not be asked of another tenant; nor when it is over."""
    time_machine.move_to(time.time(), tick=False)
    client = visitor(tenant, NAMES[tenant])
    for minutes in (6, 10):
        time_machine.shift(timedelta(minutes=minutes))
        assert_nobody(carried_to(client, visitor, OTHER[tenant]))
        stray = carried_to(client, visitor, OTHER[tenant])
        assert stray.post("/accounts/refresh/").status_code == 401
    assert_at_home(client, tenant)


@pytest.mark.parametrize("engine", ["db", "cache", "signed_cookies"])
def test_a_login_in_a_session_of_django_moves_in_at_its_own_tenant(
    visitor, mode, settings, people, *, engine
):
    """As the test client's ``force_login()`` leaves it, or Django's middleware before the swap."""
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    client = visitor("a")
    with at("a"):
        client.force_login(people["a"])
    stray = carried_to(client, visitor, "b")
    if engine != "cache":  # Whoever asks there has a session of both flushed, as Django does.
        assert_nobody(stray)
    assert_at_home(client, "a")
    assert_nobody(stray)
    assert verify(token_of(client)).aud is not None
    assert_nobody(carried_to(client, visitor, "b"))


# --- Without an audience


@pytest.mark.parametrize("name", RECORDED)
def test_without_an_audience_each_token_asks_its_record(
    visitor, settings, name, django_assert_num_queries
):
    """Also in `token` mode; so a cookie of one tenant is nobody at the other, by one query."""
    settings.JWT_COOKIE = MODES[name]
    clients = {tenant: visitor(tenant, NAMES[tenant]) for tenant in TENANTS}
    for tenant in TENANTS * 2:
        stray = carried_to(clients[OTHER[tenant]], visitor, tenant)
        assert_nobody(stray)
        assert_at_home(clients[tenant], tenant)
    asked = []
    for database in connections.all():
        database.force_debug_cursor = True
    for tenant in TENANTS:
        for database in connections.all():
            database.queries_log.clear()
        assert clients[tenant].get("/accounts/me/").status_code == 200
        asked += [q["sql"] for each in connections.all() for q in each.queries]
    assert sum('FROM "django_jwt_cookie_loginsession"' in sql for sql in asked) == len(TENANTS)


def complaints():
    return [message.id for message in run_checks() if message.id == "jwt_cookie.E012"]


def test_the_check_demands_an_audience_where_tokens_are_believed(settings):
    """And is content with records that the database is asked for."""
    for name, mode in MODES.items():
        settings.JWT_COOKIE = mode
        assert complaints() == ([] if name == "database" else ["jwt_cookie.E012"]), name
        settings.JWT_COOKIE = mode | {"AUDIENCE": "https://shop.example.com"}
        assert complaints() == ([] if name == "database" else ["jwt_cookie.E012"]), name
        settings.JWT_COOKIE = mode | {"AUDIENCE": settings.AUDIENCE}
        assert complaints() == []


# --- Outside of requests


def both_logged_in(visitor):
    return {tenant: visitor(tenant, NAMES[tenant]) for tenant in TENANTS}


def assert_only_b_has_ended(clients, time_machine):
    time_machine.move_to(time.time() + 360, tick=False)
    assert person(clients["b"])["name"] == ""
    assert person(clients["a"])["name"] == "mallory"


@pytest.mark.parametrize("name", RECORDED)
def test_what_is_done_at_one_tenant_ends_no_login_of_another(visitor, settings, name, time_machine):
    """By code of the site: all logins of user 1, who is somebody else elsewhere."""
    settings.JWT_COOKIE = {"AUDIENCE": settings.AUDIENCE} | MODES[name]
    clients = both_logged_in(visitor)
    with at("b"):
        assert sessions.revoke_all(User.objects.get()) == 1
    assert_only_b_has_ended(clients, time_machine)


@pytest.mark.parametrize("name", MODES)
def test_a_password_that_is_set_at_one_tenant_ends_no_login_of_another(
    visitor, settings, name, time_machine
):
    settings.JWT_COOKIE = {"AUDIENCE": settings.AUDIENCE} | MODES[name]
    clients = both_logged_in(visitor)
    with at("b"):
        user = User.objects.get()
        user.set_password(NEW)
        user.save()
    assert_only_b_has_ended(clients, time_machine)

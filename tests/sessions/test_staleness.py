"""How soon each change is noticed: the table of the README, cell by cell.

By signal, by ``QuerySet.update()`` that goes around signals, with records and without.
"""

import pytest
from django.contrib.auth.models import Group, User
from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.urls import include, path

from django_jwt_cookie import sessions
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.sessions.revocation_cache import EPOCH
from django_jwt_cookie.signals import session_ended
from django_jwt_cookie.tokens import decode
from tests.conftest import NOW
from tests.support.accounts import COOKIE, NAME, PASSWORD, log_in, who

pytestmark = pytest.mark.django_db

STATELESS = {"TRACK_SESSIONS": False}


def name(request):
    return HttpResponse(request.user.get_username())


def untouched(request):
    return HttpResponse()


urlpatterns = [
    path("accounts/", include("django_jwt_cookie.urls")),
    path("name/", name),
    path("untouched/", untouched),
]


@pytest.fixture(autouse=True)
def ada():
    """Return a user with a password."""
    return User.objects.create_user(NAME, password=PASSWORD)


@pytest.fixture
def ended():
    """Collect why logins end, as it is told."""
    reasons = []

    def collect(session, **kwargs):
        reasons.append(session.revoked_because)

    session_ended.connect(collect)
    yield reasons
    session_ended.disconnect(collect)


def save(**changes):
    """Change the user as a form does."""

    def change():
        user = User.objects.get(username=NAME)
        for name, value in changes.items():
            setattr(user, name, value)
        user.save()

    return change


def update(**changes):
    """Change the user around signals."""
    return lambda: User.objects.filter(username=NAME).update(**changes)


def delete():
    """Delete the user as a page does."""
    User.objects.get(username=NAME).delete()


def delete_around_signals():
    """Delete the rows as SQL does."""
    LoginSession.objects.all()._raw_delete("default")
    User.objects.all()._raw_delete("default")


CHANGES = {
    "new password": (save(password="!x"), "session_revoked", "password_changed", False),
    "new password, around signals": (
        update(password="!x"),
        "session_revoked",
        "password_changed",
        False,
    ),
    "deactivation": (save(is_active=False), "session_revoked", "user_inactive", True),
    "deactivation, around signals": (
        update(is_active=False),
        "user_inactive",
        "user_inactive",
        True,
    ),
    "deletion": (delete, "session_revoked", "user_deleted", True),
    "deletion, around signals": (delete_around_signals, "session_revoked", None, True),
}
"""What is changed, what programs are told, why the login ends, and whether the cookie is deleted:
after a new password, its browser may have got another one."""


ENDS = {
    "logout": lambda client: client.post("/accounts/logout/"),
    "revoked": lambda _: sessions.revoke(LoginSession.objects.get()),
    "all revoked": lambda _: sessions.revoke_all(User.objects.get()),
    "record deleted": lambda _: LoginSession.objects.all().delete(),
    "replaced": log_in,
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_user_is_noticed_at_the_next_request(client, ended, name):
    """And told once, with the reason."""
    change, code, reason, is_deleted = CHANGES[name]
    log_in(client)
    assert who(client) == NAME
    change()
    for _ in range(2):
        copy = client.cookies[COOKIE].value
        response = client.get("/accounts/me/")
        assert response.status_code == 401
        assert (COOKIE in response.cookies) == is_deleted
        assert response.json()["code"] in (code, "session_revoked")
        client.cookies[COOKIE] = copy
    assert ended == ([reason] if reason else [])


@pytest.mark.parametrize("name", CHANGES)
def test_without_records_too(client, settings, name):
    """The hash in the token, and the user, are looked at with each request."""
    settings.JWT_COOKIE = STATELESS
    log_in(client)
    assert who(client) == NAME
    CHANGES[name][0]()
    assert client.get("/accounts/me/").status_code == 401


# --- The user from the token: processes share nothing, and remember nothing of any login, so that
#     it does not matter which of them a change is made by

WITH_CACHE = {"USER_SOURCE": "token", "REVOCATION_CACHE": "ends"}
HALF_OVER = 300


def welcome(client, token):
    """Tell whether the page for members lets the bearer of this token in."""
    client.cookies[COOKIE] = token
    return client.get("/members/").status_code == 200


def changes_and_ends():
    """Yield everything that puts an end to a login, each as something that a client may do."""
    yield from ENDS.items()
    for name, (change, *_) in CHANGES.items():
        yield name, lambda _, change=change: change()


@pytest.mark.parametrize(("name", "change"), [*changes_and_ends()])
def test_a_token_is_believed_for_half_of_its_lifetime_at_most(
    client, settings, clock, name, change
):
    """From then on its record is asked."""
    settings.JWT_COOKIE = {"USER_SOURCE": "token"}
    log_in(client)
    token = client.cookies[COOKIE].value
    change(client)
    clock.shift(HALF_OVER - 1)
    assert welcome(client, token)
    clock.shift(1)
    assert not welcome(client, token)


AROUND_SIGNALS = {name for name in CHANGES if "around signals" in name} | {"record deleted"}


@pytest.fixture
def cache(settings, clock):
    """Have a cache for what has ended, which has been listening for an hour."""
    settings.CACHES = {
        "ends": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "ends"}
    }
    caches["ends"].clear()
    caches["ends"].set(EPOCH, NOW - 3600, timeout=None)


@pytest.mark.parametrize(("name", "change"), [*changes_and_ends()])
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("cache")
def test_with_a_cache_an_end_is_noticed_at_the_next_request(client, settings, clock, name, change):
    """Unless it went around signals: nobody could tell the cache."""
    settings.JWT_COOKIE = WITH_CACHE
    log_in(client)
    token = client.cookies[COOKIE].value
    change(client)
    assert welcome(client, token) == (name in AROUND_SIGNALS)
    clock.shift(HALF_OVER)
    assert not welcome(client, token)


@pytest.mark.parametrize("given", [{"USER_SOURCE": "token"}, WITH_CACHE])
@pytest.mark.usefixtures("cache")
def test_what_is_carried_of_a_user_is_noticed_after_half_a_life(client, settings, clock, given):
    """Such as a new name."""
    settings.JWT_COOKIE, settings.ROOT_URLCONF = given, __name__
    log_in(client)
    User.objects.update(username="augusta")
    clock.shift(HALF_OVER - 1)
    assert client.get("/name/").content == b"ada"
    clock.shift(1)
    assert client.get("/name/").content == b"augusta"


def editors_by_claim(user, request):
    """Give the groups, as ``JWT_COOKIE["CLAIMS"]``."""
    return {"roles": [group.name for group in user.groups.all()]}


@pytest.mark.parametrize("given", [{"USER_SOURCE": "token"}, WITH_CACHE])
@pytest.mark.usefixtures("cache")
def test_a_role_in_the_claims_counts_from_the_next_token_on(client, settings, clock, given):
    """Which comes with the first answer after half a life, if the visitor is there."""
    settings.JWT_COOKIE = given | {"CLAIMS": f"{__name__}.editors_by_claim"}
    log_in(client)
    User.objects.get().groups.add(Group.objects.create(name="editors"))
    clock.shift(HALF_OVER - 1)
    client.get("/members/")
    assert decode(client.cookies[COOKIE].value)["roles"] == []
    clock.shift(1)
    client.get("/members/")
    assert decode(client.cookies[COOKIE].value)["roles"] == ["editors"]


@pytest.mark.parametrize("given", [{}, STATELESS])
def test_a_role_that_was_given_or_taken_counts_at_the_next_request(client, settings, given):
    """The user is the database's."""
    settings.JWT_COOKIE = given
    settings.ROOT_URLCONF = "tests.support.urls_roles"
    log_in(client)
    editors = Group.objects.create(name="editors")
    assert client.get("/roles/").json() == []
    User.objects.get().groups.add(editors)
    assert client.get("/roles/").json() == ["editors"]
    User.objects.get().groups.clear()
    assert client.get("/roles/").json() == []


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_an_ended_login_is_over_at_the_next_request(client, end):
    """For every copy of the cookie."""
    log_in(client)
    copy = client.cookies[COOKIE].value
    end(client)
    client.cookies[COOKIE] = copy
    assert client.get("/accounts/me/").json()["code"] == "session_revoked"


@pytest.mark.parametrize("given", [{"USER_SOURCE": "token"}, WITH_CACHE])
@pytest.mark.usefixtures("cache")
def test_what_a_request_costs_with_the_user_from_the_token(
    client, settings, clock, given, django_assert_num_queries
):
    """User untouched 0; touched 0, and twice in each generation a SELECT and an UPDATE.

    When it is due, and when somebody first comes with its token.
    """
    settings.JWT_COOKIE, settings.ROOT_URLCONF = given, __name__
    log_in(client)
    with django_assert_num_queries(0):
        assert client.get("/untouched/").status_code == 200
    for _ in range(2):
        with django_assert_num_queries(0):
            assert client.get("/name/").content == b"ada"
    for _ in range(3):
        clock.shift(HALF_OVER)
        for queries in (2, 2, 0, 0):
            with django_assert_num_queries(queries):
                assert client.get("/name/").content == b"ada"


@pytest.mark.parametrize("given", [{}, STATELESS])
def test_what_a_request_costs(client, settings, given, django_assert_num_queries):
    """User untouched 0, user touched 1."""
    settings.JWT_COOKIE = given
    settings.ROOT_URLCONF = "tests.support.urls_roles"
    log_in(client)
    with django_assert_num_queries(0):
        assert client.get("/untouched/").status_code == 200
    with django_assert_num_queries(1):
        assert who(client) == NAME


class CountedCache(LocMemCache):
    """A cache that counts what would go over the wire."""

    asked = 0

    def get_many(self, keys, version=None):
        """Read several keys at once, as a server does; of a memory, one by one."""
        CountedCache.asked += 1
        return super().get_many(keys, version)


ON_THE_WIRE = {
    "database": ({}, [1, 1, 2, 2, 1]),
    "token": ({"USER_SOURCE": "token"}, [0, 0, 2, 2, 0]),
    "token, with a cache": (WITH_CACHE, [1, 1, 2, 2, 1]),
    "without records": (STATELESS, [1, 1, 1, 1, 1]),
}
"""What each request takes, of which the third comes when half of the token's life is over."""


@pytest.mark.parametrize("name", ON_THE_WIRE)
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("cache")
def test_round_trips_on_the_wire(client, settings, clock, name):
    """Of database and cache together, with whatever begins and ends a transaction."""
    settings.CACHES = {"ends": {"BACKEND": f"{__name__}.CountedCache", "LOCATION": "ends"}}
    settings.JWT_COOKIE, expected = ON_THE_WIRE[name]
    settings.ROOT_URLCONF = __name__
    log_in(client)
    for number, trips in enumerate(expected):
        if number == 2:
            clock.shift(HALF_OVER)
        CountedCache.asked = 0
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/name/").content == b"ada"
        assert len(queries) + CountedCache.asked == trips


# --- Changes that end nothing


def test_other_changes_of_a_user_end_nothing(client, django_assert_num_queries):
    """A new name, or when the last login was: no query for them either."""
    log_in(client)
    user = User.objects.get()
    user.first_name = "Ada"
    user.save()
    with django_assert_num_queries(1):
        user.save(update_fields=["last_name"])
    assert who(client) == NAME


def test_a_user_is_loaded_from_a_fixture(client):
    """``loaddata`` saves raw rows, before those that they belong to."""
    log_in(client)
    user = User.objects.get()
    user.password = "!x"
    user.save_base(raw=True)
    assert LoginSession.objects.get().revoked_at is None
    assert who(client) is None


def test_changing_anothers_password_ends_that_ones_logins(new_client, ended):
    """As an administrator does."""
    there = new_client()
    log_in(there)
    there_id = LoginSession.objects.get().pk
    User.objects.create_superuser("root", password=PASSWORD)
    here = new_client()
    log_in(here, "root")
    form = {"password1": "Bochnia-1248-salt", "password2": "Bochnia-1248-salt"}
    path = f"/admin/auth/user/{User.objects.get(username=NAME).pk}/password/"
    response = here.post(path, form | {"usable_password": "true"})
    assert response.status_code == 302
    assert LoginSession.objects.get(pk=there_id).revoked_because == "password_changed"
    assert (who(here), who(there)) == ("root", None)
    assert ended == ["password_changed"]


def test_a_backend_that_left_the_settings_may_come_back(client, settings):
    """A mistake in a deployment ends nobody's login."""
    log_in(client)
    copy = client.cookies[COOKIE].value
    own, other = settings.AUTHENTICATION_BACKENDS, ["tests.users.test_backends.LenientBackend"]
    settings.AUTHENTICATION_BACKENDS = other
    User.objects.get().save()
    assert who(client) is None
    settings.AUTHENTICATION_BACKENDS = own
    client.cookies[COOKIE] = copy
    assert who(client) == NAME

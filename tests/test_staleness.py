"""How soon each change is noticed: the table of the README, cell by cell.

By signal, by ``QuerySet.update()`` that goes around signals, with records and without.
"""

import pytest
from django.contrib.auth.models import Group, User

from django_jwt_cookie import sessions
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.signals import session_ended

from .accounts import COOKIE, NAME, PASSWORD, log_in, who

pytestmark = pytest.mark.django_db

STATELESS = {"TRACK_SESSIONS": False}


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
    "new password": (save(password="!x"), "session_revoked", "password_changed"),
    "new password, around signals": (update(password="!x"), "session_revoked", "password_changed"),
    "deactivation": (save(is_active=False), "session_revoked", "user_inactive"),
    "deactivation, around signals": (update(is_active=False), "user_inactive", "user_inactive"),
    "deletion": (delete, "session_revoked", "user_deleted"),
    "deletion, around signals": (delete_around_signals, "session_revoked", None),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_user_is_noticed_at_the_next_request(client, ended, name):
    """And told once, with the reason."""
    change, code, reason = CHANGES[name]
    log_in(client)
    assert who(client) == NAME
    change()
    for _ in range(2):
        copy = client.cookies[COOKIE].value
        response = client.get("/accounts/me/")
        assert (response.status_code, response.cookies[COOKIE].value) == (401, "")
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


@pytest.mark.parametrize("given", [{}, STATELESS])
def test_a_role_that_was_given_or_taken_counts_at_the_next_request(client, settings, given):
    """The user is the database's."""
    settings.JWT_COOKIE = given
    settings.ROOT_URLCONF = "tests.urls_roles"
    log_in(client)
    editors = Group.objects.create(name="editors")
    assert client.get("/roles/").json() == []
    User.objects.get().groups.add(editors)
    assert client.get("/roles/").json() == ["editors"]
    User.objects.get().groups.clear()
    assert client.get("/roles/").json() == []


ENDS = {
    "logout": lambda client: client.post("/accounts/logout/"),
    "revoked": lambda _: sessions.revoke(LoginSession.objects.get()),
    "all revoked": lambda _: sessions.revoke_all(User.objects.get()),
    "record deleted": lambda _: LoginSession.objects.all().delete(),
    "replaced": log_in,
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_an_ended_login_is_over_at_the_next_request(client, end):
    """For every copy of the cookie."""
    log_in(client)
    copy = client.cookies[COOKIE].value
    end(client)
    client.cookies[COOKIE] = copy
    assert client.get("/accounts/me/").json()["code"] == "session_revoked"


@pytest.mark.parametrize("given", [{}, STATELESS])
def test_what_a_request_costs(client, settings, given, django_assert_num_queries):
    """User untouched 0, user touched 1."""
    settings.JWT_COOKIE = given
    settings.ROOT_URLCONF = "tests.urls_roles"
    log_in(client)
    with django_assert_num_queries(0):
        assert client.get("/untouched/").status_code == 200
    with django_assert_num_queries(1):
        assert who(client) == NAME


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
    own, other = settings.AUTHENTICATION_BACKENDS, ["tests.test_users.LenientBackend"]
    settings.AUTHENTICATION_BACKENDS = other
    User.objects.get().save()
    assert who(client) is None
    settings.AUTHENTICATION_BACKENDS = own
    client.cookies[COOKIE] = copy
    assert who(client) == NAME

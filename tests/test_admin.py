"""Logins in the admin."""

import re
from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import include, path
from django.utils import timezone

from django_jwt_cookie import sessions
from django_jwt_cookie.models import LoginSession
from tests.support.accounts import NAME, PASSWORD, log_in, start_session, who

pytestmark = pytest.mark.django_db

urlpatterns = [
    path("b\u00fcro/", admin.site.urls),
    path("accounts/", include("django_jwt_cookie.urls")),
]

LIST = "/admin/django_jwt_cookie/loginsession/"


@pytest.fixture
def staff(client):
    """Return a client with the run of the admin."""
    User.objects.create_superuser(NAME, password=PASSWORD)
    log_in(client)
    return client


@pytest.fixture
def bob():
    """Return a user who has no part in the admin."""
    return User.objects.create_user("bob", password=PASSWORD)


def users_in(response):
    """Return whose logins the list shows."""
    return re.findall(r"field-user[^>]*><a[^>]*>(\w+)</a>", response.content.decode())


def act(client, action, *logins):
    """Choose ``action`` for ``logins`` in the list."""
    chosen = {"action": action, "_selected_action": [str(login.pk) for login in logins]}
    return client.post(LIST, chosen, follow=True)


def test_logins_are_listed_and_shown(staff):
    """Read-only, and without the hash."""
    session = LoginSession.objects.get()
    page = staff.get(LIST).content.decode()
    assert NAME in page
    assert session.auth_hash not in page
    page = staff.get(f"{LIST}{session.pk}/change/").content.decode()
    assert "django.contrib.auth.backends.ModelBackend" in page
    assert session.auth_hash not in page
    assert '<input type="text" name=' not in page


def test_nobody_writes_a_login(staff):
    """It begins with a password and ends on the server."""
    session = LoginSession.objects.get()
    assert staff.get(f"{LIST}add/").status_code == 403
    assert staff.post(f"{LIST}{session.pk}/change/", {}).status_code == 403


def test_deleting_a_login_ends_it(new_client, staff):
    """No row, no login."""
    other = new_client()
    User.objects.create_user("bob", password=PASSWORD)
    log_in(other, "bob")
    session = LoginSession.objects.get(user__username="bob")
    response = staff.post(f"{LIST}{session.pk}/delete/", {"post": "yes"})
    assert response.status_code == 302
    assert (who(other), who(staff)) == (None, NAME)


def test_the_list_names_the_device_and_the_state(staff, bob, settings):
    """Alive, expired, or why it ended."""
    sessions.revoke(start_session(bob, user_agent="curl/8.5.0"))
    LoginSession.objects.filter(pk=start_session(bob).pk).update(expires_at=timezone.now())
    unexplained = start_session(bob).pk
    LoginSession.objects.filter(pk=unexplained).update(revoked_at=timezone.now())
    page = staff.get(LIST).content.decode()
    states = re.findall(r'field-state">([^<]*)<', page)
    assert states == ["Ended", "Expired", "Revoked", "Alive"]
    assert "curl 8" in re.findall(r'field-device">([^<]*)<', page)
    settings.JWT_COOKIE = {"IDLE_TIMEOUT": timedelta(hours=13)}
    idle = timezone.now() - timedelta(hours=14)
    LoginSession.objects.filter(pk=unexplained).update(revoked_at=None, rotated_at=idle)
    page = staff.get(LIST).content.decode()
    assert re.findall(r'field-state">([^<]*)<', page)[0] == "Expired"


def test_logins_are_found_by_user(staff, bob):
    """By what the user model calls the name."""
    start_session(bob)
    assert sorted(users_in(staff.get(LIST))) == [NAME, "bob"]
    assert users_in(staff.get(f"{LIST}?q=bo")) == ["bob"]
    assert users_in(staff.get(f"{LIST}?q=%27%3B--")) == []


def test_logins_are_filtered(staff, bob):
    """By state, reason, "remember me" and date."""
    sessions.revoke(start_session(bob, persistent=False))
    expired = start_session(User.objects.create_user("eve"))
    LoginSession.objects.filter(pk=expired.pk).update(expires_at=timezone.now())
    found = {
        query: users_in(staff.get(f"{LIST}?{query}"))
        for query in (
            "state=alive",
            "state=ended",
            "state=expired",
            "state=nonsense",
            "revoked_because__exact=revoked",
            "persistent__exact=0",
        )
    }
    assert found == {
        "state=alive": [NAME],
        "state=ended": ["bob"],
        "state=expired": ["eve"],
        "state=nonsense": ["eve", "bob", NAME],
        "revoked_because__exact=revoked": ["bob"],
        "persistent__exact=0": ["bob", NAME],
    }
    week = {"created_at__gte": timezone.now() - timedelta(days=7)}
    assert len(users_in(staff.get(LIST, week))) == 3


def test_the_list_takes_as_many_queries_for_ten_as_for_one(
    staff, bob, django_assert_max_num_queries
):
    """Users and devices are not asked for one by one."""
    for _ in range(10):
        start_session(bob)
    with django_assert_max_num_queries(8):
        staff.get(LIST)


def test_the_list_is_counted_once(staff):
    """Also when it is filtered; a count looks at every login there is."""
    with CaptureQueriesContext(connection) as context:
        staff.get(LIST, {"state": "ended"})
    counts = [query["sql"] for query in context if "COUNT(" in query["sql"]]
    assert len(counts) == 1


def test_logins_are_ended_by_an_action(new_client, staff, bob, ended):
    """With signal and reason; one that had ended keeps its own, and is not counted."""
    other = new_client()
    log_in(other, "bob")
    alive = LoginSession.objects.get(user=bob)
    over = start_session(bob)
    sessions.get_store().end(over, sessions.EndReason.LOGOUT)
    ended.clear()
    response = act(staff, "revoke", alive, over)
    assert "1 login was ended." in response.content.decode()
    assert ended == [(alive.pk, "revoked")]
    assert (who(other), who(staff)) == (None, NAME)
    over.refresh_from_db()
    assert over.revoked_because == "logout"


@pytest.mark.parametrize("may", ["view", "delete"])
def test_who_may_delete_may_end(client, bob, may):
    """To look is not to end."""
    session = start_session(bob)
    viewer = User.objects.create_user("eve", password=PASSWORD, is_staff=True)
    for name in {"view", may}:
        viewer.user_permissions.add(Permission.objects.get(codename=f"{name}_loginsession"))
    log_in(client, "eve")
    assert (b'value="revoke"' in client.get(LIST).content) is (may == "delete")
    act(client, "revoke", session)
    session.refresh_from_db()
    assert session.revoked_because == ("revoked" if may == "delete" else "")


@pytest.mark.parametrize("at_once", [True, False])
def test_whoever_listens_hears_of_a_login_that_is_deleted(staff, bob, ended, at_once):
    """As of any other end; nothing is sent of one that had ended before."""
    alive, over = start_session(bob), start_session(bob)
    LoginSession.objects.filter(pk=over.pk).update(expires_at=timezone.now())
    if at_once:
        chosen = {"action": "delete_selected", "_selected_action": [str(alive.pk), str(over.pk)]}
        staff.post(LIST, chosen | {"post": "yes"})
    else:
        for session in (alive, over):
            staff.post(f"{LIST}{session.pk}/delete/", {"post": "yes"})
    assert ended == [(alive.pk, "revoked")]
    assert not LoginSession.objects.filter(user=bob).exists()


def test_attack_the_hash_is_not_found_out_by_a_filter(client, bob):
    """Bit by bit, by somebody who may only look."""
    session = start_session(bob)
    staff = User.objects.create_user(NAME, password=PASSWORD, is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_loginsession"))
    log_in(client)
    assert client.get(f"{LIST}?user__username__startswith=b").status_code in (200, 400)
    for lookup in ("auth_hash", "auth_hash__startswith", "auth_hash__regex"):
        assert client.get(f"{LIST}?{lookup}={session.auth_hash[0]}").status_code == 400


@pytest.mark.urls(__name__)
def test_attack_an_admin_at_an_address_that_is_not_ascii(client, bob):
    """The pages are known by their names: addresses are quoted here, and there not."""
    session = start_session(bob)
    staff = User.objects.create_user(NAME, password=PASSWORD, is_staff=True)
    for name in ("delete_user", "view_user", "view_loginsession"):
        staff.user_permissions.add(Permission.objects.get(codename=name))
    log_in(client)
    page = f"/b\u00fcro/django_jwt_cookie/loginsession/{session.pk}/delete/"
    assert client.post(page, {"post": "yes"}).status_code == 403
    assert client.get(f"/b\u00fcro/auth/user/{bob.pk}/delete/").status_code == 200


def test_who_may_delete_users_may_delete_one_who_was_logged_in(client, bob):
    """The logins go with the user; others stay out of reach."""
    session = start_session(bob)
    staff = User.objects.create_user(NAME, password=PASSWORD, is_staff=True)
    for name in ("delete_user", "view_user", "view_loginsession"):
        staff.user_permissions.add(Permission.objects.get(codename=name))
    log_in(client)
    assert client.get(f"{LIST}{session.pk}/delete/").status_code == 403
    assert client.post(f"{LIST}{session.pk}/delete/", {"post": "yes"}).status_code == 403
    assert 'value="revoke"' not in client.get(LIST).content.decode()
    delete = f"/admin/auth/user/{bob.pk}/delete/"
    assert client.get(delete).status_code == 200
    assert client.post(delete, {"post": "yes"}).status_code == 302
    assert not User.objects.filter(pk=bob.pk).exists()

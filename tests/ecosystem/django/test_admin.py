"""Django's admin, with its own pages for logging in and out and for passwords."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.urls import reverse

from django_jwt_cookie.models import LoginSession
from tests.ecosystem.sessions import left_in_sessions
from tests.support.accounts import COOKIE, PASSWORD, log_in, who

pytestmark = pytest.mark.django_db

STAFF, MEMBER = "grace", "ada"
USERS, LOGIN = "/admin/auth/user/", "/admin/login/"
NEW = "Bochnia-1248-salt"


@pytest.fixture(autouse=True)
def users():
    """Return both, by name."""
    return {
        STAFF: User.objects.create_superuser(STAFF, password=PASSWORD),
        MEMBER: User.objects.create_user(MEMBER, password=PASSWORD),
    }


@pytest.fixture
def staff(client):
    """Return the browser of a superuser, who has logged in at the admin's page."""
    assert enter(client).url == USERS
    yield client
    assert left_in_sessions == set()


def enter(client, name=STAFF, password=PASSWORD):
    """Send the admin's own form; return the response."""
    form = {"username": name, "password": password, "next": USERS}
    return client.post(f"{LOGIN}?next={USERS}", form)


def fields_of(response):
    """Return what the browser would send for the form that a page shows."""
    form = response.context["adminform"].form
    values = {name: form[name].value() for name in form.fields if name != "password"}
    initial = {name: value for name, value in values.items() if value not in (None, False)}
    joined = initial.pop("date_joined")
    last_login = initial.pop("last_login", None)
    for name, moment in (("date_joined", joined), ("last_login", last_login)):
        if moment:
            initial |= {f"{name}_0": f"{moment:%Y-%m-%d}", f"{name}_1": f"{moment:%H:%M:%S}"}
    return initial


def test_its_page_asks_for_a_login_and_leads_on(client):
    """To the page that was asked for; the login is in the cookie and nowhere else."""
    assert client.get(USERS).url == f"{LOGIN}?next={USERS}"
    assert enter(client, password="wrong").status_code == 200
    assert COOKIE not in client.cookies
    assert enter(client).url == USERS
    assert client.cookies[COOKIE].value
    assert client.get(USERS).status_code == 200
    assert "sessionid" not in client.cookies


def test_only_the_staff_comes_in(client):
    """A member is told so, whether already logged in or not."""
    assert enter(client, MEMBER).status_code == 200
    assert COOKIE not in client.cookies
    log_in(client, MEMBER)
    assert client.get(USERS).url == f"{LOGIN}?next={USERS}"
    assert f"authenticated as {MEMBER}" in client.get(LOGIN).content.decode()


def test_a_user_is_changed(staff, users):
    """And the log says by whom, as does the page of the history."""
    path = f"{USERS}{users[MEMBER].pk}/change/"
    form = fields_of(staff.get(path)) | {"first_name": "Ada"}
    assert staff.post(path, form).url == USERS
    assert User.objects.get(username=MEMBER).first_name == "Ada"
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_repr) == (users[STAFF], MEMBER)
    assert STAFF in staff.get(f"{USERS}{users[MEMBER].pk}/history/").content.decode()


def test_pages_that_ask_for_more(staff):
    """Search, filter, a popup and the script of translations."""
    search, popup = f"{USERS}?q=ada&is_staff__exact=0", f"{USERS}add/?_popup=1"
    for path in (search, popup, "/admin/jsi18n/", "/admin/"):
        assert staff.get(path).status_code == 200


def test_an_action_is_carried_out(staff):
    """After a page that asks again."""
    groups = [Group.objects.create(name=name) for name in ("authors", "editors")]
    form = {"action": "delete_selected", "_selected_action": [group.pk for group in groups]}
    path = reverse("admin:auth_group_changelist")
    assert staff.post(path, form).status_code == 200
    assert staff.post(path, form | {"post": "yes"}).url == path
    assert not Group.objects.exists()


def test_a_login_is_ended_there(staff, new_client):
    """By the action of our own page; the one that ends it goes on."""
    member = new_client()
    log_in(member, MEMBER)
    session = LoginSession.objects.get(user__username=MEMBER)
    path = reverse("admin:django_jwt_cookie_loginsession_changelist")
    assert MEMBER in staff.get(path).content.decode()
    staff.post(path, {"action": "revoke", "_selected_action": [session.pk]})
    assert (who(member), who(staff)) == (None, STAFF)


def test_ones_own_password_is_changed(staff, new_client):
    """This login goes on, and others of the user end."""
    other = new_client()
    enter(other)
    form = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert staff.post("/admin/password_change/", form).url == "/admin/password_change/done/"
    assert staff.get("/admin/password_change/done/").status_code == 200
    assert (who(staff), who(other)) == (STAFF, None)


@pytest.mark.parametrize("name", [STAFF, MEMBER])
def test_a_users_password_is_changed(staff, new_client, users, name):
    """By the page of the user: the logins of the user end, but for the one that changes it."""
    other = new_client()
    log_in(other, name)
    path = f"{USERS}{users[name].pk}/password/"
    form = {"password1": NEW, "password2": NEW, "usable_password": "true"}
    assert staff.post(path, form).status_code == 302
    assert (who(staff), who(other)) == (STAFF, None)


def test_it_logs_out(staff):
    """On the server and in the browser."""
    assert staff.post("/admin/logout/").status_code == 200
    assert staff.cookies[COOKIE].value == ""
    assert LoginSession.objects.get().revoked_because == "logout"
    assert staff.get(USERS).status_code == 302


@pytest.mark.parametrize("why", ["tampered", "ended", "deactivated"])
def test_with_a_bad_cookie_nothing_is_done(staff, users, why):
    """The page to log in is reached, and leads back; what was sent has changed nothing."""
    path = f"{USERS}{users[MEMBER].pk}/delete/"
    if why == "tampered":
        staff.cookies[COOKIE] = staff.cookies[COOKIE].value[:-1]
    elif why == "ended":
        LoginSession.objects.all().delete()
    else:
        User.objects.filter(username=STAFF).update(is_active=False)
    assert staff.post(path, {"post": "yes"}).url == f"{LOGIN}?next={path}"
    assert User.objects.filter(username=MEMBER).exists()
    assert staff.get(LOGIN).status_code == 200
    User.objects.update(is_active=True)
    assert enter(staff).url == USERS


def test_forms_of_other_sites_are_refused(new_client, users):
    """CSRF: whoever is logged in deletes nobody by a page elsewhere."""
    client, attacked = new_client(), new_client(enforce_csrf_checks=True)
    enter(client)
    attacked.cookies = client.cookies
    path = f"{USERS}{users[MEMBER].pk}/delete/"
    assert attacked.post(path, {"post": "yes"}).status_code == 403
    assert User.objects.filter(username=MEMBER).exists()

"""Packages that look at who is logged in: django-su, django-easy-audit, one login per user."""

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from easyaudit.models import CRUDEvent, LoginEvent, RequestEvent

from django_jwt_cookie.models import LoginSession
from tests.ecosystem.documented import run_documented
from tests.support.accounts import NAME, PASSWORD, log_in, who

pytestmark = pytest.mark.django_db

STAFF = "grace"
NEW = "Bochnia-1248-salt"


@pytest.fixture
def member():
    return User.objects.create_user(NAME, password=PASSWORD)


@pytest.fixture
def staff(client, member):
    """Return the browser of a superuser."""
    User.objects.create_superuser(STAFF, password=PASSWORD)
    log_in(client, STAFF)
    return client


def ends():
    """Return whose logins there were, and why those that are over have ended."""
    records = LoginSession.objects.order_by("created_at")
    return [(each.user.get_username(), each.revoked_because) for each in records]


def test_su_there_and_back(staff, member):
    """Each login ends where the next one begins, and there is one way back for each way there."""
    assert staff.post(f"/su/{member.pk}/").status_code == 302
    assert who(staff) == NAME
    assert staff.get("/su/").status_code == 302
    assert who(staff) == STAFF
    assert staff.get("/su/").status_code == 400
    assert ends() == [(STAFF, "replaced"), (NAME, "replaced"), (STAFF, "")]


def test_attack_a_member_becomes_somebody_by_su(client, member, staff, new_client):
    """Neither by the way there, nor by one back that others have left."""
    other = new_client()
    log_in(other)
    assert other.post(f"/su/{User.objects.get(username=STAFF).pk}/").status_code == 302
    assert other.get("/su/").status_code == 400
    assert who(other) == NAME


@pytest.mark.django_db(transaction=True)
def test_easy_audit_notes_who_has_done_what(staff, member):
    """What is changed, logins and logouts; and each request, by the middleware of the page."""
    staff.get("/who/?a=1")
    event = RequestEvent.objects.get(url="/who/")
    assert (event.user, event.method, event.query_string) == (member_of(STAFF), "GET", "a=1")
    staff.post(f"/su/{member.pk}/")
    form = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert staff.post("/accounts/password_change/", form).status_code == 302
    event = CRUDEvent.objects.get(changed_fields__contains="password")
    assert (event.user, event.object_id) == (member, str(member.pk))
    staff.post("/accounts/logout/")
    kinds = LoginEvent.objects.order_by("pk").values_list("login_type", "username")
    assert list(kinds) == [
        (LoginEvent.LOGIN, STAFF),
        (LoginEvent.LOGIN, NAME),
        (LoginEvent.LOGOUT, NAME),
    ]
    assert RequestEvent.objects.filter(url="/accounts/login/", user=None).exists()


def member_of(name):
    """Return the user of that name."""
    return User.objects.get(username=name)


def test_one_login_per_user(client, new_client, member):
    """By the receiver of the page: the first device is out as soon as the second comes in."""
    receiver = run_documented("other_logins/receivers.py")["end_earlier_logins"]
    try:
        second = new_client()
        log_in(client)
        assert who(client) == NAME
        log_in(second)
        assert (who(client), who(second)) == (None, NAME)
        log_in(second)
        assert who(second) == NAME
        assert ends() == [(NAME, "revoked"), (NAME, "revoked"), (NAME, "")]
    finally:
        assert user_logged_in.disconnect(receiver)

"""Somebody of the staff looks at the site as a member sees it, and comes back."""

import pytest
from django.contrib.auth.models import User

from django_jwt_cookie.models import LoginSession
from tests.support.accounts import COOKIE, JSON, PASSWORD, log_in, who

pytestmark = pytest.mark.django_db

STAFF, MEMBER = "grace", "ada"


@pytest.fixture(autouse=True)
def _users():
    User.objects.create_superuser(STAFF, password=PASSWORD)
    User.objects.create_user(MEMBER, password=PASSWORD)


@pytest.fixture
def staff(client):
    """Return the browser of a superuser."""
    log_in(client, STAFF, remember=True)
    return client


def acquire(client, name=MEMBER):
    """Press the button beside a name."""
    return client.post("/hijack/acquire/", {"user_pk": User.objects.get(username=name).pk})


def release(client):
    """Press the button of the notification."""
    return client.post("/hijack/release/")


def ends():
    """Return whose logins there were, and why those that are over have ended."""
    records = LoginSession.objects.order_by("created_at")
    return [(each.user.get_username(), each.revoked_because) for each in records]


@pytest.mark.parametrize("path", ["/hello/", "/ahello/"])
def test_there_and_back(staff, path):
    """A login of the member, and after it one of one's own again."""
    assert acquire(staff).status_code == 302
    page = staff.get(path).content.decode()
    assert f"Hello, {MEMBER}" in page
    assert "/hijack/release/" in page
    assert release(staff).status_code == 302
    page = staff.get(path).content.decode()
    assert f"Hello, {STAFF}" in page
    assert "/hijack/release/" not in page


def test_the_admin_has_the_buttons(staff):
    """Beside each user."""
    page = staff.get("/admin/auth/user/").content.decode()
    assert f'data-hijack-user="{User.objects.get(username=MEMBER).pk}"' in page


def test_each_login_ends_where_the_next_one_begins(staff):
    """No copy of the cookie from before works beside it, and there is one login at a time."""
    before = staff.cookies[COOKIE].value
    acquire(staff)
    assert ends() == [(STAFF, "replaced"), (MEMBER, "")]
    staff.cookies[COOKIE] = before
    assert who(staff) is None


def test_the_member_sees_it_and_may_end_it(staff, new_client):
    """On the page of devices, as a login like any other; then the staff is nobody."""
    acquire(staff)
    member = new_client()
    log_in(member, MEMBER)
    listed = member.get("/accounts/sessions/", headers=JSON).json()["sessions"]
    assert [each["current"] for each in listed] == [True, False]
    assert member.delete("/accounts/sessions/others/", headers=JSON).status_code == 204
    assert who(staff) is None
    assert release(staff).status_code == 403
    assert who(member) == MEMBER


def test_looking_with_a_members_eyes_is_no_password(staff):
    """Attack: borrow a browser of the staff, go there and back, and pass for who has given it."""
    assert staff.get("/vault/").content == b"gold"
    for step in (acquire, release):
        step(staff)
        assert staff.get("/vault/").url.endswith("reason=recent_login_required")


def test_a_login_that_ends_with_the_browser_goes_on_as_such(client):
    """No cookie that lasts for weeks comes of one that was not to be remembered."""
    log_in(client, STAFF, remember=False)
    for step in (acquire, release):
        cookie = step(client).cookies[COOKIE]
        assert cookie.value
        assert cookie["max-age"] == ""
        assert not LoginSession.objects.alive().get().persistent


def test_what_each_has_in_the_session_stays_with_them(staff):
    """Neither sees the other's cart, on the way there or back."""
    staff.get("/cart/lamp/")
    acquire(staff)
    assert staff.get("/cart/").content == b""
    staff.get("/cart/vase/")
    release(staff)
    assert staff.get("/cart/").content == b""


def test_after_a_logout_there_is_no_way_back(staff):
    """Attack: the member logs in at the browser that the staff has left, and releases."""
    acquire(staff)
    assert staff.post("/accounts/logout/", headers=JSON).status_code == 204
    log_in(staff, MEMBER)
    assert release(staff).status_code == 403
    assert who(staff) == MEMBER


@pytest.mark.parametrize("value", ["", "garbage"])
def test_without_the_cookie_there_is_no_way_back(staff, value):
    """Attack: come with the session of the staff alone, or log in as the member beside it."""
    acquire(staff)
    staff.cookies[COOKIE] = value
    assert release(staff).status_code == 403
    log_in(staff, MEMBER)
    assert release(staff).status_code == 403
    assert who(staff) == MEMBER


def test_only_superusers_may(client):
    """A stranger is asked to log in, a member is refused."""
    assert acquire(client, STAFF).url.startswith("/accounts/login/")
    log_in(client, MEMBER)
    assert acquire(client, STAFF).status_code == 403
    assert who(client) == MEMBER


def test_forms_of_other_sites_are_refused(new_client):
    """CSRF, both ways; and hijack takes no GET."""
    client = new_client(enforce_csrf_checks=True)
    client.cookies["csrftoken"] = client.get("/accounts/csrf/").json()["csrf_token"]
    form = {"username": STAFF, "password": PASSWORD}
    headers = {"X-CSRFToken": client.cookies["csrftoken"].value, "referer": "https://testserver/"}
    assert client.post("/accounts/login/", form, headers=headers).status_code == 302
    assert acquire(client).status_code == 403
    assert client.get("/hijack/acquire/").status_code == 400
    assert who(client) == STAFF

"""A script that names a tenant's database, as ``using()`` does, is about that tenant's people."""

import time

import pytest
from django.contrib.auth.models import User

from django_jwt_cookie import sessions
from django_jwt_cookie.models import LoginSession

from .conftest import NAMES, TENANTS
from .test_site import MODES, NEW, RECORDED, person

pytestmark = pytest.mark.usefixtures("people")


def boss():
    return User.objects.using("b").get()


def revoke_by_user():
    assert sessions.active(boss()).count() == 1
    assert sessions.revoke_all(boss()) == 1


def revoke_by_record():
    assert sessions.revoke(LoginSession.objects.using("b").get()) == 1


def revoke_by_query():
    logins = LoginSession.objects.using("b").filter(user_id=1)
    assert sessions.end_all(logins, sessions.EndReason.REVOKED) == 1


def set_password():
    user = boss()
    user.set_password(NEW)
    user.save()


def deactivate():
    user = boss()
    user.is_active = False
    user.save(using="b", update_fields=["is_active"])


def delete():
    boss().delete()


def delete_by_query():
    User.objects.using("b").filter(pk=1).delete()


WAYS = {
    each.__name__: each
    for each in (
        revoke_by_user,
        revoke_by_record,
        revoke_by_query,
        set_password,
        deactivate,
        delete,
        delete_by_query,
    )
}


@pytest.mark.parametrize("mode", RECORDED)
@pytest.mark.parametrize("way", WAYS)
def test_what_is_done_in_one_database_ends_no_login_in_another(
    visitor, settings, ended, time_machine, *, way, mode
):
    """User 1 is somebody else there; and whoever listens is told of the one that ended."""
    settings.JWT_COOKIE = {"AUDIENCE": settings.AUDIENCE} | MODES[mode]
    clients = {tenant: visitor(tenant, NAMES[tenant]) for tenant in TENANTS}
    record = LoginSession.objects.using("b").get()
    WAYS[way]()
    assert [pk for pk, _ in ended] == [record.pk]
    if mode != "token":  # There a token is believed for a while.
        assert person(clients["b"])["name"] == ""
    time_machine.move_to(time.time() + 360, tick=False)
    assert person(clients["b"])["name"] == ""
    assert person(clients["a"])["name"] == "mallory"


@pytest.mark.parametrize("mode", RECORDED)
@pytest.mark.parametrize("how", ["delete", "set-password"])
def test_a_view_of_one_tenant_may_change_people_of_another(visitor, settings, ended, *, how, mode):
    """By somebody with the same number, whose login goes on."""
    settings.JWT_COOKIE = {"AUDIENCE": settings.AUDIENCE} | MODES[mode]
    clients = {tenant: visitor(tenant, NAMES[tenant]) for tenant in TENANTS}
    record = LoginSession.objects.using("b").get()
    assert person(clients["a"])["name"] == "mallory"
    answer = clients["a"].get(f"/change-elsewhere/{how}/")
    assert answer.content == b"changed"
    assert [pk for pk, _ in ended] == [record.pk]
    assert person(clients["a"])["name"] == "mallory"

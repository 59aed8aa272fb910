"""A role that was taken away is not believed of a token that is over, whose login goes on."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.http import HttpResponse
from django.urls import include, path

from django_jwt_cookie.decorators import login_required
from tests.support.accounts import NAME, PASSWORD, log_in

MODES = [{}, {"USER_SOURCE": "token"}, {"TRACK_SESSIONS": False}]
broken = []


def roles(user, request):
    """Give the groups, as ``JWT_COOKIE["CLAIMS"]``."""
    if broken:
        raise RuntimeError
    return {"roles": [group.name for group in user.groups.all()]}


@login_required
def show(request):
    """Show what the token says, and for how long."""
    claims = request.jwt.claims
    return HttpResponse(f"{','.join(claims['roles'])} {claims.exp - claims.iat}")


urlpatterns = [path("show/", show), path("accounts/", include("django_jwt_cookie.urls"))]


@pytest.fixture(params=MODES, ids=str)
def editor(request, client, settings, clock, db):
    """Return a browser in which an editor is logged in."""
    settings.ROOT_URLCONF = __name__
    settings.JWT_COOKIE = {"CLAIMS": f"{__name__}.roles"} | request.param
    user = User.objects.create_user(NAME, password=PASSWORD)
    user.groups.add(Group.objects.create(name="editors"))
    log_in(client, remember=True)
    assert client.get("/show/").content == b"editors 600"
    return client


def test_a_role_is_not_older_than_a_token_may_be(editor, clock):
    """Three days later, by the first request already."""
    User.objects.get().groups.clear()
    clock.shift(timedelta(days=3))
    for _ in range(2):
        assert editor.get("/show/").content == b" 600"


def test_claims_that_fail_leave_the_old_ones(editor, clock, monkeypatch, caplog):
    """Nobody is locked out by a mistake of the site; the log says so."""
    clock.shift(timedelta(days=3))
    monkeypatch.setitem(globals(), "broken", [True])
    assert editor.get("/show/").content == b"editors 600"
    assert "claims of a login could not be renewed" in caplog.text

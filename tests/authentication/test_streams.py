"""What streams an answer asks again, long after the answer was settled."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.http import StreamingHttpResponse
from django.urls import path

from django_jwt_cookie import sessions
from django_jwt_cookie.test.logins import age_login
from tests.support import sites
from tests.support.accounts import PASSWORD, log_in
from tests.support.clients import WSGIClient

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def stream(request):
    """Tell who it is for as long as the login goes on, and then why it does not."""
    request.user.is_authenticated  # noqa: B018 - before the answer is returned

    def events():
        while request.jwt.confirm(again=True):
            yield request.user.get_username()
        yield request.jwt.reason

    return StreamingHttpResponse(events())


urlpatterns = [path("stream/", stream), *sites.urlpatterns]


@pytest.fixture
def ada():
    """Return a user."""
    return User.objects.create_user("ada", password=PASSWORD)


def go_on(client, ada):
    log_in(client)


def be_renewed(client, ada):
    log_in(client)
    age_login(client, timedelta(minutes=6))


def come_from_django(client, ada):
    client.force_login(ada)


@pytest.mark.parametrize("come", [go_on, be_renewed, come_from_django])
@pytest.mark.parametrize("source", ["database", "token"])
def test_a_stream_hears_that_its_login_has_ended_and_why(ada, settings, source, come):
    """However the login has come: with the cookie, renewed, or begun with this very request."""
    settings.JWT_COOKIE = {"USER_SOURCE": source}
    client = WSGIClient()
    come(client, ada)
    events = iter(client.get("/stream/"))
    assert [next(events), next(events)] == [b"ada", b"ada"]
    sessions.revoke_all(ada)
    assert list(events) == [b"session_revoked"]

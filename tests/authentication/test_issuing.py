"""A new token for a login: what it says, for how long, and how large it may be."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import RequestFactory

from django_jwt_cookie import sessions
from django_jwt_cookie.authentication.issuing import issue, max_age
from django_jwt_cookie.exceptions import TokenTooLarge
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.sessions.rotation import is_half_over
from django_jwt_cookie.tokens import decode

pytestmark = pytest.mark.django_db

NOW = 1_800_000_000


def roles(user, request):
    """Return a claim of the site's own."""
    return {"roles": [user.username, request.path]}


def novel(user, request):
    """Return more than a browser stores."""
    return {"novel": "x" * 3000, "roles": ["editor"]}


@pytest.fixture(autouse=True)
def frozen(time_machine):
    """Stop the clock."""
    time_machine.move_to(NOW, tick=False)
    return time_machine


def start(**changes):
    """Log somebody in."""
    values = {"backend": "backend", "auth_hash": "hash", "persistent": True, **changes}
    values.setdefault("session_id", uuid4())
    return sessions.prepare(User.objects.create_user("ada"), **values)


def make(session):
    """Issue a token for ``session``."""
    return issue(session, auth_time=NOW - 5, request=RequestFactory().get("/path/"))


def test_the_token_says_who_until_when_and_since_when():
    """Nothing else, unless the site adds it."""
    session = start()
    claims, token = make(session)
    assert decode(token) == claims
    assert (claims.sub, claims.sid, claims.gen) == (str(session.user.pk), session.pk, 0)
    assert (claims.iat, claims.exp, claims.auth_time) == (NOW, NOW + 600, NOW - 5)
    assert dict(claims.extra) == {}


def test_seconds_everywhere():
    """``exp`` and Max-Age count what the record says, in the same unit (RFC 7519, RFC 6265)."""
    session = start()
    assert session.ends_at.timestamp() == NOW + 14 * 24 * 3600
    assert session.expires_at.timestamp() == NOW + 30 * 24 * 3600
    assert max_age(session) == 14 * 24 * 3600
    assert max_age(LoginSession(persistent=False)) is None


def test_a_token_does_not_outlive_its_login(frozen):
    """Near the end both are shorter."""
    session = start()
    frozen.move_to(session.ends_at - timedelta(seconds=60), tick=False)
    claims, _ = make(session)
    assert claims.exp == session.ends_at.timestamp()
    assert max_age(session) == 60


def test_half_of_its_life_is_when_it_is_due():
    """Not a second earlier."""
    claims, _ = make(start())
    assert not is_half_over(claims, NOW + 299)
    assert is_half_over(claims, NOW + 300)


@pytest.mark.parametrize("is_new", [True, False])
def test_the_first_token_of_a_generation_says_so(is_new):
    """So that its record is asked, whatever the site believes."""
    session = start()
    _, token = issue(session, auth_time=0, request=RequestFactory().get("/"), is_new=is_new)
    assert decode(token).new is is_new
    assert ("new" in decode(token).to_payload()) is is_new


def test_the_site_adds_claims_of_its_own(settings):
    """With user and request at hand."""
    settings.JWT_COOKIE = {"CLAIMS": f"{__name__}.roles"}
    claims, token = make(start())
    assert decode(token)["roles"] == claims["roles"] == ["ada", "/path/"]


def test_a_token_that_no_browser_stores_is_refused_with_the_size_of_each_claim(settings):
    """It would be dropped without a word."""
    settings.JWT_COOKIE = {"CLAIMS": f"{__name__}.novel"}
    with pytest.raises(TokenTooLarge, match=r"browsers store 4096.*novel 3002, roles 10") as caught:
        make(start())
    assert "xxx" not in str(caught.value)
    assert "editor" not in str(caught.value)

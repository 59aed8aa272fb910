"""What may be good tomorrow is kept: a cookie of an older scheme whose function has failed."""

from datetime import UTC, datetime, timedelta

import pytest

from django_jwt_cookie.authentication.migrating import OlderCookie


def move(request):
    """Fail, or know nobody, as ``MOVE_FROM``."""
    if request.COOKIES.get("ticket") == "fails":
        raise RuntimeError


move.cookies = lambda: [OlderCookie("ticket")]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("value", "is_kept"), [("fails", True), ("bad", False)])
@pytest.mark.django_db
def test_a_cookie_is_kept_if_nobody_can_tell(client, settings, value, is_kept):
    """And deleted if it is known to be of no use."""
    until = datetime.now(UTC) + timedelta(days=1)
    settings.JWT_COOKIE = {"MOVE_FROM": [f"{__name__}.move"], "MOVE_UNTIL": until}
    client.cookies["ticket"] = value
    response = client.get("/members/")
    assert ("ticket" in response.cookies) is not is_kept

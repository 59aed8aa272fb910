"""The script of docs/moving.md, in a browser that has an old token in its ``localStorage``."""

from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import signing
from django.http import HttpRequest
from pytest_django.live_server_helper import LiveServer

from django_jwt_cookie.authentication.migrating import OlderCookie
from tests.support.documents import ROOT, files

STORED = "() => [localStorage.refresh, localStorage.access]"
WHO = """async () => {
  const answer = await fetch("/accounts/me/", { headers: { Accept: "application/json" } });
  return [answer.status, (await answer.json()).user?.username];
}"""


def move(  # pragma: no cover - in a browser alone
    request: HttpRequest,
) -> tuple[User, str, datetime] | None:
    """Know the token in the cookie that the script sets for one request."""
    if "refresh" not in request.COOKIES:
        return None
    token = signing.loads(request.COOKIES["refresh"], salt="front end")
    user = User.objects.get(pk=token["user"])
    return user, token["number"], datetime.fromtimestamp(token["expires"], UTC)


move.cookies = lambda: [OlderCookie("refresh")]  # type: ignore[attr-defined]


@pytest.mark.needs_chromium
@pytest.mark.django_db(transaction=True)
class TestFrontEnd:
    @pytest.fixture
    def token(self, settings: Any) -> str:
        """Return an old token of a user, on a site over plain http."""
        settings.JWT_COOKIE = {
            "MOVE_FROM": [f"{__name__}.move"],
            "MOVE_UNTIL": datetime.now(UTC) + timedelta(days=1),
        }
        user = User.objects.create_user("ada")
        expires = (datetime.now(UTC) + timedelta(hours=1)).timestamp()
        return signing.dumps({"user": user.pk, "number": "1", "expires": expires}, salt="front end")

    def test_what_is_in_local_storage_is_swapped_for_the_cookie(
        self, token: str, live_server: LiveServer
    ) -> None:
        """It goes from there; if nobody answers it stays, and nothing happens without it."""
        script = files(ROOT / "docs" / "moving.md")["front-end.js"].replace("export ", "")
        call = f"async () => {{ {script}\nawait move(localStorage); }}"
        tour = import_module("example_project.tour.visit")
        with tour.chromium() as browser:
            page = browser.new_context(base_url=live_server.url).new_page()
            page.goto("/accounts/csrf/")
            page.evaluate(call)
            assert page.evaluate(WHO) == [401, None]
            page.evaluate(
                "token => Object.assign(localStorage, {refresh: token, access: 'x'})", token
            )
            page.context.set_offline(True)
            page.evaluate(f"() => ({call})().catch(() => null)")
            assert page.evaluate(STORED) == [token, "x"]
            page.context.set_offline(False)
            page.evaluate(call)
            assert page.evaluate(STORED) == [None, None]
            assert page.evaluate(WHO) == [200, "ada"]
            # The script's own cookie is gone, and no script can read the one that is there.
            cookies = [(cookie["name"], cookie["httpOnly"]) for cookie in page.context.cookies()]
            assert [each for each in cookies if each[0] != "csrftoken"] == [("jwt", True)]

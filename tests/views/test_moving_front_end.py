"""The script of docs/moving.md, in a browser that has an old token in its ``localStorage``."""

from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import signing
from pytest_django.live_server_helper import LiveServer

from tests.support.documents import ROOT, files

STORED = "() => [localStorage.refresh, localStorage.access]"
WHO = """async () => {
  const answer = await fetch("/accounts/me/", { headers: { Accept: "application/json" } });
  return [answer.status, (await answer.json()).user?.username];
}"""


@pytest.mark.needs_chromium
@pytest.mark.django_db(transaction=True)
class TestFrontEnd:
    @pytest.fixture
    def token(self, settings: Any) -> str:
        """Return an old token of a user, on a site over plain http."""
        settings.JWT_COOKIE = {
            "ADOPTERS": ["tests.support.old_schemes.BearerTickets"],
            "ADOPT_UNTIL": datetime.now(UTC) + timedelta(days=1),
            "COOKIE_SECURE": False,
        }
        user = User.objects.create_user("ada")
        expires = (datetime.now(UTC) + timedelta(hours=1)).timestamp()
        return signing.dumps({"user": user.pk, "number": "1", "expires": expires}, salt="tickets")

    def test_what_is_in_local_storage_is_swapped_for_the_cookie(
        self, token: str, live_server: LiveServer
    ) -> None:
        """It goes from there; if nobody answers it stays, and nothing happens without it."""
        move = files(ROOT / "docs" / "moving.md")["front-end.js"].replace("export ", "")
        call = f"async () => {{ {move}\nawait move(localStorage); }}"
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
            names = [cookie["name"] for cookie in page.context.cookies() if cookie["httpOnly"]]
            assert names == ["jwt"]

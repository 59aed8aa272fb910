"""The script of docs/async.md, in a browser, with the stream that stands beside it."""

from importlib import import_module
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from pytest_django.live_server_helper import LiveServer

from django_jwt_cookie.decorators import login_required
from django_jwt_cookie.test.client import JWTClient
from django_jwt_cookie.test.tokens import get_token
from tests.support.documents import ROOT, files

FAILED = """() => new Promise(resolve => {
  const source = new EventSource("/events/");
  source.addEventListener("error", () => resolve(source.readyState));
})"""


@pytest.mark.needs_chromium
@pytest.mark.django_db(transaction=True)
class TestEventSource:
    @pytest.fixture(autouse=True)
    def site(self, settings: Any) -> None:
        """Serve the stream, and a page with the script, over plain http."""
        documented = files(ROOT / "docs" / "async.md")
        stream: dict[str, Any] = {"__name__": "report"}
        exec(documented["report.py"], stream)  # noqa: S102 - ours
        stream["PAUSE"] = 0.2

        @login_required
        def page(request: HttpRequest) -> HttpResponse:
            return HttpResponse(f"<script type='module'>{documented['events.js']}</script>")

        settings.JWT_COOKIE = {"COOKIE_SECURE": False}
        settings.ROOT_URLCONF = (
            path("page/", page),
            path("events/", stream["report"]),
            path("accounts/", include("django_jwt_cookie.urls")),
        )

    def test_a_page_follows_the_login_to_its_end(self, live_server: LiveServer) -> None:
        """It hears that the login goes on, then asks to log in again, and says why."""
        ada = User.objects.create_user("ada")
        tokens = [get_token(JWTClient.logged_in_as(ada)) for _ in range(2)]
        with import_module("example_project.tour.visit").chromium() as browser:
            contexts = [browser.new_context(base_url=live_server.url) for _ in tokens]
            for context, token in zip(contexts, tokens, strict=True):
                context.add_cookies([{"name": "jwt", "value": token, "url": live_server.url}])
            page, other = (context.new_page() for context in contexts)
            with page.expect_console_message(lambda message: message.text == "still ada"):
                page.goto("/page/")
            other.goto("/accounts/sessions/")
            other.get_by_role("button", name="End all other logins").click()
            page.wait_for_url("**/accounts/login/?next=/page/*")
            assert "This login was ended." in page.inner_text("main")

    def test_who_is_not_logged_in_has_no_stream(self, live_server: LiveServer) -> None:
        """The browser gives up at the 401."""
        with import_module("example_project.tour.visit").chromium() as browser:
            page = browser.new_context(base_url=live_server.url).new_page()
            page.goto("/accounts/login/")
            assert page.evaluate(FAILED) == 2

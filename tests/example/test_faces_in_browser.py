"""The example's other faces in a real browser: a single-page app, htmx, the OpenAPI document."""

import base64
import json
from collections import Counter
from typing import Any

import django
import pytest

from example_project.tour.server import Site
from tests.support.documents import ROOT, blocks

from .visitors import PASSWORD, InBrowser

CLIENT = "/static/example_project/app/login-client.js"
ASK_AT_ONCE = f"""async (names) => {{
  const {{ LoginClient }} = await import("{CLIENT}");
  const client = new LoginClient();
  return Promise.allSettled(names.map((name) => client.ask(`/reports/${{name}}`)));
}}"""


WRITE = f"""async ([method, url]) => {{
  const {{ LoginClient }} = await import("{CLIENT}");
  try {{
    await new LoginClient().ask(url, {{ method }});
    return [200];
  }} catch (refusal) {{
    return [refusal.status];
  }}
}}"""
UNNAMED_REFUSALS = [
    {"json": {"detail": "CSRF Failed: CSRF token from the 'X-Csrftoken' HTTP header incorrect."}},
    {"body": "<p>CSRF verification failed.</p>", "content_type": "text/html"},
]
"""How other packages, and Django itself, say that the CSRF token is wrong."""


class Service:  # pragma: no cover - in a browser alone
    """A service beside the site that only verifies, at a path of the site, as nginx puts it there.

    What it says of a token that is over is what docs/services.md has services say.
    """

    def __init__(self, visit: Any) -> None:
        self.visit = visit
        self.not_before = 0
        self.answers: Counter[int] = Counter()
        self.held: list[Any] = []
        self.asked: set[str] = set()
        visit.context.route("**/reports/*", self.answer)

    def answer(self, route: Any) -> None:
        """Refuse each address at first, or hold that back; later, go by the browser's token.

        All of the first requests are sent with the token that is over, and by the time of this the
        browser may have got another.
        """
        if route.request.url not in self.asked:
            self.asked.add(route.request.url)
            (self.held.append if route.request.url.endswith("/late") else self.refuse)(route)
            return
        issued_at = self.issued_at()
        if issued_at < self.not_before:
            self.refuse(route)
        else:
            self.answers[200] += 1
            route.fulfill(json={"issued_at": issued_at})

    def refuse(self, route: Any) -> None:
        """Say that the token is over."""
        self.answers[401] += 1
        document = {"code": "token_expired", "detail": "Your login has expired."}
        route.fulfill(status=401, json=document)

    def issued_at(self) -> int:
        """Return when the token was issued that the browser has now."""
        payload = self.visit.cookie()["value"].split(".")[1]
        issued_at: int = json.loads(base64.urlsafe_b64decode(payload + "=="))["iat"]
        return issued_at

    def let_the_token_expire(self) -> None:
        """Take none any more that was issued by now; times in tokens are whole seconds."""
        self.not_before = self.issued_at() + 1
        self.visit.page.wait_for_timeout(1100)


def csrf_of(visit: Any) -> dict[str, str]:  # pragma: no cover - in a browser alone
    """Return the header that goes with the browser's cookie."""
    answer = visit.page.request.get(f"{visit.address}/accounts/csrf/")
    return {"X-CSRFToken": answer.json()["csrf_token"]}


@pytest.mark.needs_chromium
class TestApp(InBrowser):
    @pytest.fixture
    def asked(self, visit: Any) -> Counter[str]:
        """Count what the page asks the site for."""
        counter: Counter[str] = Counter()
        visit.context.on(
            "request",
            lambda request: counter.update(
                [f"{request.method} {request.url.partition('/accounts')[2]}"]
            ),
        )
        return counter

    @pytest.fixture
    def service(self, member: Any) -> Service:
        """Return a service that has just found the token of the page to be over."""
        service = Service(member)
        member.go("/app/")
        member.read("You are")
        service.let_the_token_expire()
        return service

    def test_one_logs_in_and_out_and_is_told_of_mistakes(
        self, member: Any, steps: Any, name: str
    ) -> None:
        """With the messages at their fields, and the keyboard where one goes on."""
        steps.log_out(member)
        steps.use_the_app(member, name, PASSWORD)
        assert member.cookie() is None

    def test_one_signs_up(self, visit: Any, name: str) -> None:
        """What is wrong is said at the field; with nothing wrong one is logged in."""
        visit.go("/app/")
        form = visit.find("[data-form=signup]")
        form.get_by_label("Username").fill(name)
        form.get_by_label("Password", exact=True).fill(PASSWORD)
        form.get_by_label("Password, again").fill("another")
        form.get_by_role("button").click()
        wrong = form.locator("[aria-invalid=true]")
        wrong.wait_for()
        assert wrong.get_attribute("name") == "password2"
        form.get_by_label("Password, again").fill(PASSWORD)
        form.get_by_role("button").click()
        visit.read(f"You are {name}")
        visit.expect_refusals(401, 400)

    def test_one_needs_no_mouse(self, member: Any, steps: Any, name: str) -> None:
        """From the top of the page, by the keyboard alone."""
        steps.log_out(member)
        member.go("/app/")
        member.find("[data-stranger]").wait_for()
        member.page.get_by_label("Username").first.focus()
        for keys in (name, "Tab", PASSWORD, "Tab", "Space", "Tab", "Enter"):
            send = member.page.keyboard.type if len(keys) > 5 else member.page.keyboard.press
            send(keys)
        member.read("You are logged in.")
        assert member.cookie()["expires"] > 0
        member.find("#member-heading:focus").wait_for()
        member.page.keyboard.press("Tab")
        member.page.keyboard.press("Enter")
        member.read("The token was renewed.")
        member.expect_refusals(401)

    def test_the_csrf_token_is_kept_and_fetched_again_after_a_login(
        self, member: Any, steps: Any, asked: Counter[str], name: str
    ) -> None:
        """Django changes it with each login: nothing is refused for an old one."""
        steps.log_out(member)
        member.go("/app/")
        form = member.find("[data-form=login]")
        form.get_by_label("Username").fill(name)
        form.get_by_label("Password").fill(PASSWORD)
        form.get_by_role("button").click()
        member.read("You are logged in.")
        for _ in range(3):
            with member.page.expect_response("**/refresh/") as response:
                member.click("Renew the token")
            assert response.value.status == 200
        member.read("The token was renewed.")
        assert (asked["GET /csrf/"], asked["POST /refresh/"]) == (2, 3)
        member.expect_refusals(401)

    def test_a_login_in_another_tab_makes_no_request_fail(
        self, member: Any, asked: Counter[str], name: str
    ) -> None:
        """One that is not told of it: the CSRF token is refused, fetched again, and all is well."""
        member.go("/app/")
        member.click("Renew the token")
        member.read("The token was renewed.")
        other = member.context.new_page()
        other.goto("/accounts/login/")
        other.locator("[name=username]").fill(name)
        other.locator("[name=password]").fill(PASSWORD)
        other.locator("main").get_by_role("button", name="Log in").click()
        other.wait_for_url("**/")
        asked.clear()
        with member.page.expect_response(
            lambda response: response.url.endswith("/refresh/") and response.status == 200
        ):
            member.click("Renew the token")
        assert (asked["GET /csrf/"], asked["POST /refresh/"]) == (1, 2)
        member.expect_refusals(403)

    @pytest.mark.parametrize("refusal", UNNAMED_REFUSALS)
    def test_a_view_that_does_not_say_it_was_csrf_gets_another_token(
        self, member: Any, asked: Counter[str], refusal: dict[str, Any]
    ) -> None:
        """Once; for any other 403 nothing is sent again, since some of it may have been done."""
        sent: list[str] = []

        def answer(route: Any) -> None:
            sent.append(route.request.headers.get("x-csrftoken", ""))
            is_fine = route.request.url.endswith("/stale") and len(sent) > 1
            words = {"body": "Forbidden"} if route.request.url.endswith("/forbidden") else refusal
            route.fulfill(**({"json": {}} if is_fine else {"status": 403} | words))

        member.context.route("**/notes/*", answer)
        member.go("/app/")
        assert member.page.evaluate(WRITE, ["POST", "/notes/stale"]) == [200]
        assert (len(sent), len({*sent}), asked["GET /csrf/"]) == (2, 2, 2)
        assert member.page.evaluate(WRITE, ["GET", "/notes/refused"]) == [403]
        assert (len(sent), asked["GET /csrf/"]) == (3, 2)
        assert member.page.evaluate(WRITE, ["DELETE", "/notes/forbidden"]) == [403]
        assert len(sent) == 4
        assert member.page.evaluate(WRITE, ["DELETE", "/notes/refused"]) == [403]
        assert len(sent) == 6
        member.expect_refusals(403)

    def test_a_stale_csrf_token_is_named_on_any_view_of_the_site(self, member: Any) -> None:
        """The site's own, by Django's protection: `CSRF_FAILURE_VIEW` says which 403 it is."""
        member.go("/app/")
        body = member.page.evaluate(
            """async () => {
              const headers = { Accept: "application/json", "X-CSRFToken": "old" };
              return (await fetch("/token/tamper/", { method: "POST", headers })).json();
            }"""
        )
        assert body["code"] == "csrf_failed"
        member.expect_refusals(403)

    def test_many_refused_at_once_renew_once(
        self, member: Any, service: Service, asked: Counter[str]
    ) -> None:
        """And each is sent once more, and answered."""
        results = member.page.evaluate(ASK_AT_ONCE, ["a", "b", "c", "d", "e"])
        assert [each["value"]["issued_at"] >= service.not_before for each in results] == [True] * 5
        assert service.answers == {401: 5, 200: 5}
        assert asked["POST /refresh/"] == 1
        member.expect_refusals(401)

    def test_one_refused_after_the_renewal_does_not_renew_again(
        self, member: Any, service: Service, asked: Counter[str]
    ) -> None:
        """It was sent with the others, with the old token, and its answer took longer."""
        urls = json.dumps(["a", "b", "late"])
        with member.page.expect_response(
            lambda response: response.url.endswith("/b") and response.ok
        ):
            member.page.evaluate(f"() => {{ window.results = ({ASK_AT_ONCE})({urls}) }}")
        service.refuse(service.held[0])
        results = member.page.evaluate("window.results")
        assert [each["status"] for each in results] == ["fulfilled"] * 3
        assert service.answers == {401: 3, 200: 3}
        assert asked["POST /refresh/"] == 1
        member.expect_refusals(401)

    def test_a_service_that_is_never_content_is_asked_twice(
        self, member: Any, service: Service, asked: Counter[str]
    ) -> None:
        """Not for ever; and the login goes on."""
        service.not_before *= 2
        results = member.page.evaluate(ASK_AT_ONCE, ["a", "b"])
        assert [each["status"] for each in results] == ["rejected"] * 2
        assert service.answers == {401: 4}
        assert asked["POST /refresh/"] == 1
        member.read("You are")
        member.expect_refusals(401)

    def test_a_login_that_is_over_is_not_renewed(
        self, member: Any, service: Service, asked: Counter[str]
    ) -> None:
        """The service can't know that it was ended; the site does, and the page says so."""
        member.context.clear_cookies(name="csrftoken")
        copy = member.cookie()
        member.page.request.post(
            f"{member.address}/accounts/logout/", headers=csrf_of(member), max_redirects=0
        )
        member.context.add_cookies([copy])
        results = member.page.evaluate(ASK_AT_ONCE, ["a", "b"])
        assert [each["status"] for each in results] == ["rejected"] * 2
        assert service.answers == {401: 2}
        assert asked["POST /refresh/"] == 1
        member.expect_refusals(401)

    def test_the_script_of_the_page_about_it_works(self, member: Any, name: str) -> None:
        """docs/spa.md, beside the client."""
        (script,) = blocks(ROOT / "docs" / "spa.md", "js")
        member.context.route(
            "**/app/page.js",
            lambda route: route.fulfill(body=script, content_type="text/javascript"),
        )
        member.go("/app/")
        # All is loaded: what is on its way when another login takes the place of this is refused.
        member.find(".logins li").wait_for()
        run = f"""async (password) => {{
          const page = await import("{CLIENT.replace("login-client", "page")}");
          return [await page.enter("{name}", password), await page.devices()];
        }}"""
        words, devices = member.page.evaluate(run, PASSWORD)
        assert words.startswith(f"{name}, until 2")
        assert [each["current"] for each in devices] == [True]
        words, _ = member.page.evaluate(run, "wrong")
        assert words.startswith("Please enter a correct username and password.")
        member.expect_refusals(400)

    def test_a_logout_reaches_all_tabs(self, member: Any, name: str) -> None:
        """And a login, too."""
        member.go("/app/")
        # All is loaded: what is on its way when the login ends is refused.
        member.find(".logins li").wait_for()
        other = member.context.new_page()
        other.goto("/app/")
        other.locator(".logins li").wait_for()
        other.get_by_role("button", name="Log out, in all tabs").click()
        member.read("You are logged out.")
        assert member.find("[data-member]").is_hidden()
        form = other.locator("[data-form=login]")
        form.get_by_label("Username").fill(name)
        form.get_by_label("Password").fill(PASSWORD)
        form.get_by_role("button").click()
        member.read(f"You are {name}")

    def test_a_login_that_was_ended_elsewhere_is_said_to_be(
        self, member: Any, steps: Any, tour: Any, name: str
    ) -> None:
        """With the reason, at the next request; and the other one can be ended from here."""
        elsewhere = tour.Visit(member.context.browser, member.address)
        elsewhere.go("/accounts/login/")
        steps.log_in(elsewhere, name, PASSWORD)
        elsewhere.go("/app/")
        elsewhere.read(f"You are {name}")
        member.go("/app/")
        member.page.get_by_role("button", name="End the login of").click()
        member.read("The login was ended.")
        elsewhere.click("Renew the token")
        elsewhere.read("This login was ended.")
        assert elsewhere.find("[data-stranger]").is_visible()
        elsewhere.expect_refusals(401)
        elsewhere.context.close()
        assert elsewhere.complaints == []


@pytest.mark.needs_chromium
class TestHtmx(InBrowser):
    def test_an_ended_login_loads_the_login_page(
        self, member: Any, steps: Any, tour: Any, name: str
    ) -> None:
        """The whole page, not the part that was asked for; and the login leads back."""
        elsewhere = tour.Visit(member.context.browser, member.address, user_agent=tour.PHONE)
        elsewhere.go("/accounts/login/")
        steps.log_in(elsewhere, name, PASSWORD)
        steps.use_htmx(member, elsewhere)
        assert member.page.url.endswith("/accounts/login/?next=/htmx/&reason=session_revoked")
        steps.log_in(member, name, PASSWORD)
        member.see("Logins, by htmx")
        elsewhere.context.close()
        assert elsewhere.complaints == []

    def test_the_list_comes_by_itself(self, member: Any) -> None:
        """Every five seconds."""
        member.go("/htmx/")
        with member.page.expect_response("**/htmx/logins/", timeout=15_000) as response:
            pass
        assert response.value.status == 200


@pytest.mark.needs_chromium
class TestAPI(InBrowser):
    def test_the_document_can_be_tried_out(self, member: Any, steps: Any) -> None:
        """As whoever is logged in; the CSRF token comes along."""
        steps.try_the_api(member)

    def test_in_the_dark_it_has_the_background_of_the_site(self, visit: Any) -> None:
        """Swagger UI has one of its own for dark schemes, for itself and for the whole page."""
        visit.page.emulate_media(color_scheme="dark")
        visit.go("/api/")
        visit.find("html.dark-mode .opblock").first.wait_for()
        for place in ("html", ".swagger-ui"):
            color = visit.find(place).first.evaluate("it => getComputedStyle(it).backgroundColor")
            assert color == "rgba(0, 0, 0, 0)"

    @pytest.mark.skipif(django.VERSION < (6, 0), reason="Django has no CSP before 6.0")
    def test_only_this_page_may_load_more(self, visit: Any, site: Site) -> None:
        """Pictures in the address itself; scripts and styles from nowhere else."""
        narrow = visit.page.request.get(f"{site.address}/app/").headers["content-security-policy"]
        wide = visit.page.request.get(f"{site.address}/api/").headers["content-security-policy"]
        assert wide.replace("; img-src 'self' data:", "") == narrow

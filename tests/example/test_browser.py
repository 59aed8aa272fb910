"""The example in a real browser, over a real connection.

Each test is a visitor of their own. Whatever the browser complains about on the way fails it: an
error of a script, a breach of the Content Security Policy, a page too wide for a phone, a request
to another host.
"""

import json
import re
import time
from typing import Any
from uuid import uuid4

import django
import pytest

from example_project import anatomy
from example_project.tour.server import Site

from .visitors import PASSWORD, InBrowser

DAY = 24 * 60 * 60

LOG_IN_BY_FETCH = """async ([username, password]) => {
  const json = { Accept: "application/json", "Content-Type": "application/json" };
  const { csrf_token } = await (await fetch("/accounts/csrf/", { headers: json })).json();
  const response = await fetch("/accounts/login/", {
    method: "POST",
    headers: { ...json, "X-CSRFToken": csrf_token },
    body: JSON.stringify({ username, password }),
  });
  return { status: response.status, body: await response.json() };
}"""

WHO_AM_I = """async () => {
  const response = await fetch("/accounts/me/", { headers: { Accept: "application/json" } });
  return { status: response.status, body: await response.json() };
}"""


@pytest.mark.needs_chromium
class TestBrowser(InBrowser):
    def test_a_stranger_meets_the_site(self, visit: Any, steps: Any) -> None:
        """Turned away from the members page, and told about mistakes in the forms."""
        steps.be_a_stranger(visit)
        assert visit.cookie() is None

    def test_signing_up_is_enough_to_be_known(self, member: Any, name: str) -> None:
        """The members page opens, and the cookie is what the design says."""
        cookie = member.cookie()
        assert member.find("h1").inner_text() == f"Welcome, {name}"
        assert (cookie["httpOnly"], cookie["secure"]) == (True, False)
        assert (cookie["sameSite"], cookie["path"], cookie["domain"]) == ("Lax", "/", "127.0.0.1")
        # In seconds. Chromium shortens what is longer than 400 days, and this is not.
        assert cookie["expires"] == pytest.approx(time.time() + 14 * DAY, abs=60)
        assert member.cookie("sessionid") is None

    def test_a_name_as_long_as_django_allows_fits_a_phone(self, visit: Any, steps: Any) -> None:
        """Each page of the tour is looked at on a phone, and complained about if it is too wide."""
        steps.sign_up(visit, "a" * 142 + uuid4().hex[:8], PASSWORD)
        steps.read_the_token(visit)

    def test_scripts_can_t_read_the_cookie(self, member: Any) -> None:
        """Neither in ``document.cookie`` nor anywhere in the page that shows the token."""
        member.click("Your token")
        member.see("Your token")
        signature = member.cookie()["value"].split(".")[2]
        visible = member.page.evaluate("document.cookie")
        assert "jwt" not in visible
        assert json.loads(member.find("[data-visible-cookies]").inner_text()) == visible
        assert signature[anatomy.SHOWN :] not in member.page.content()

    def test_without_remember_me_the_cookie_ends_with_the_browser(
        self, member: Any, steps: Any, name: str
    ) -> None:
        """With it, it stays. -1 is how the browser's tools say: no ``Max-Age``."""
        for remember in (False, True):
            steps.log_out(member)
            member.go("/accounts/login/")
            steps.log_in(member, name, PASSWORD, remember=remember)
            assert (member.cookie()["expires"] == -1) is not remember

    def test_the_token_runs_out_and_can_be_renewed(self, member: Any, steps: Any) -> None:
        """The seconds go down; the button brings a fresh token."""
        steps.read_the_token(member)
        before = member.cookie()["value"]
        member.page.wait_for_timeout(1100)
        with member.page.expect_navigation():
            member.click("Renew it now")
        member.see("Your token")
        assert member.cookie()["value"] != before
        assert int(member.find("[data-seconds-left]").inner_text()) >= 590

    @pytest.mark.parametrize("part", anatomy.PART_NAMES)
    def test_a_changed_token_means_logging_in_again(
        self, member: Any, steps: Any, name: str, part: str
    ) -> None:
        """Any part, one character. The reason is given, and the login leads back."""
        before = member.cookie()["value"]
        steps.break_the_token(member, part)
        assert member.cookie() is None
        steps.log_in(member, name, PASSWORD)
        member.see(f"Welcome, {name}")
        assert member.cookie()["value"] != before

    def test_logging_out_ends_the_login_on_the_server(self, member: Any, steps: Any) -> None:
        """A copy of the cookie, put back into the browser, is worth nothing."""
        copy = member.cookie()
        steps.log_out(member)
        assert member.cookie() is None
        member.context.add_cookies([copy])
        member.go("/members/")
        member.see("Log in")
        member.read("This login was ended.")

    def test_logging_in_leads_back_to_where_one_wanted_to_go(
        self, member: Any, steps: Any, name: str
    ) -> None:
        """With the query of that address, and not to another site."""
        steps.log_out(member)
        member.go("/token/?a=b%26c")
        member.see("Log in")
        steps.log_in(member, name, PASSWORD)
        assert member.page.url == f"{member.address}/token/?a=b%26c"
        steps.log_out(member)
        member.go("/accounts/login/?next=https://example.com/")
        steps.log_in(member, name, PASSWORD)
        assert member.page.url == f"{member.address}/"

    def test_a_changed_password_keeps_this_login(
        self, member: Any, steps: Any, tour: Any, name: str
    ) -> None:
        """And ends the one in another browser."""
        elsewhere = tour.Visit(member.context.browser, member.address)
        elsewhere.go("/accounts/login/?next=/members/")
        steps.log_in(elsewhere, name, PASSWORD)
        steps.change_the_password(member, PASSWORD, f"{PASSWORD}-new")
        elsewhere.click("Your token")
        elsewhere.see("Log in")
        elsewhere.read("This login was ended.")
        elsewhere.context.close()
        assert elsewhere.complaints == []

    def test_a_login_in_another_browser_is_ended_from_the_list(
        self, member: Any, steps: Any, tour: Any, name: str
    ) -> None:
        """Which names that browser, and says when it was last seen."""
        phone = tour.Visit(member.context.browser, member.address, user_agent=tour.PHONE)
        phone.go("/accounts/login/?next=/members/")
        steps.log_in(phone, name, PASSWORD)
        member.go("/accounts/sessions/")
        member.read("Mobile Safari 17 on iOS")
        steps.end_a_login_elsewhere(member, phone)
        phone.context.close()
        assert phone.complaints == []

    def test_all_other_logins_are_ended_from_the_list(
        self, member: Any, steps: Any, tour: Any, name: str
    ) -> None:
        """This one goes on; and is ended by its own button."""
        elsewhere = tour.Visit(member.context.browser, member.address)
        elsewhere.go("/accounts/login/?next=/members/")
        steps.log_in(elsewhere, name, PASSWORD)
        member.go("/accounts/sessions/")
        member.click("End all other logins")
        member.read("1 other login was ended.")
        elsewhere.go("/members/")
        elsewhere.see("Log in")
        elsewhere.context.close()
        member.click("Log out here")
        member.see("Log in")
        assert member.cookie() is None

    def test_a_forgotten_password_is_replaced(
        self, member: Any, steps: Any, site: Site, name: str
    ) -> None:
        """By the link that the server prints, once."""
        steps.log_out(member)
        steps.forget_the_password(member, f"{name}@example.com", f"{PASSWORD}-new", site.log)
        member.go("/accounts/login/")
        steps.log_in(member, name, f"{PASSWORD}-new")
        member.read(f"Logged in as {name}")

    def test_the_admin_logs_in_through_the_cookie(self, visit: Any, steps: Any, site: Site) -> None:
        """By its own form, for the whole site, and out again."""
        steps.use_the_admin(visit, site.demo_password)
        assert visit.cookie()["httpOnly"]
        assert visit.cookie("sessionid") is None
        visit.go("/admin/")
        visit.page.get_by_role("button", name="Log out").click()
        visit.see("You are logged out")
        visit.go("/admin/")
        assert visit.page.url == f"{site.address}/admin/login/?next=/admin/"

    def test_the_admin_s_password_form_is_the_example_s_too(
        self, visit: Any, steps: Any, site: Site
    ) -> None:
        """The two share the names of these templates."""
        steps.use_the_admin(visit, site.demo_password)
        visit.go("/admin/password_change/")
        visit.see("Change your password")
        visit.fill(
            old_password=site.demo_password,
            new_password1=site.demo_password,
            new_password2=site.demo_password,
        )
        visit.submit("Change the password")
        visit.see("Password changed")
        visit.go("/")
        visit.read("Logged in as demo")

    def test_a_script_logs_in_by_fetch(self, member: Any, steps: Any, name: str) -> None:
        """It gets to know whose login it is and until when, and never sees the token."""
        steps.log_out(member)
        answer = member.page.evaluate(LOG_IN_BY_FETCH, [name, PASSWORD])
        body = answer["body"]
        assert answer["status"] == 200
        assert body["user"]["username"] == name
        # Seconds, not milliseconds.
        assert body["issued_at"] == pytest.approx(time.time(), abs=60)
        assert body["expires_at"] - body["issued_at"] == 600
        assert member.cookie()["value"] not in json.dumps(body)
        assert member.cookie()["httpOnly"]
        assert member.page.evaluate(WHO_AM_I) == answer
        member.go("/members/")
        member.see(f"Welcome, {name}")

    def test_a_script_is_told_what_is_wrong(self, visit: Any) -> None:
        """By a status and a code. The browser notes such answers on its console."""
        visit.go("/")
        assert visit.page.evaluate(WHO_AM_I)["body"]["code"] == "login_required"
        answer = visit.page.evaluate(LOG_IN_BY_FETCH, ["nobody", "wrong"])
        assert (answer["status"], answer["body"]["code"]) == (400, "invalid")
        assert [re.findall(r"status of (\d+)", each) for each in visit.complaints] == [
            ["401"],
            ["400"],
        ]
        visit.complaints.clear()

    @pytest.mark.parametrize("visit", [{"java_script_enabled": False}], indirect=True)
    def test_everything_works_without_javascript(
        self, visit: Any, steps: Any, site: Site, name: str
    ) -> None:
        """The countdown stands still, and what needs a script is not there."""
        visit.go("/accounts/signup/")
        visit.fill(username=name, password1=PASSWORD, password2=PASSWORD)
        visit.submit("Sign up")
        visit.read(f"Logged in as {name}")
        visit.click("Your token")
        visit.see("Your token")
        assert 590 <= int(visit.find("[data-seconds-left]").inner_text()) <= 600
        assert not visit.page.get_by_role("button", name="Renew it now").is_visible()
        assert not visit.find("[data-console]").is_visible()
        visit.click("Flip one character")
        visit.click("Go to the members page")
        visit.read("Please log in again:")
        steps.log_in(visit, name, PASSWORD)
        visit.see(f"Welcome, {name}")
        steps.log_out(visit)

    @pytest.mark.skipif(django.VERSION < (6, 0), reason="Django has no CSP before 6.0")
    def test_the_policy_keeps_an_injected_script_from_running(self, visit: Any) -> None:
        """A page that a script got into all the same does not run it."""
        visit.go("/")
        visit.page.evaluate(
            """() => {
              const script = document.createElement("script");
              script.textContent = "window.injected = true";
              document.head.append(script);
            }"""
        )
        assert visit.page.evaluate("window.injected") is None
        assert "Content Security Policy" in visit.complaints.pop()

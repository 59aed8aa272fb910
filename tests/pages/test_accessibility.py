"""The package's own pages, as somebody sees, hears or touches them, in a real browser."""

import re
from importlib import import_module
from typing import Any

import pytest

from django_jwt_cookie.responses import HTTPS_DETAIL, REASONS
from tests.support.accounts import PASSWORD

from .states import OTHER_PASSWORD, STATES, log_in_as_somebody_new, press, submit

ENGLISH, ARABIC = {"locale": "en-GB"}, {"locale": "ar"}
ERROR = {"en": "Error:", "ar": "خطأ:"}
FAILED = sorted(name for name in STATES if re.search("_with_(nothing|a_wrong|mistakes)", name))
WITHOUT_SCRIPTS = {"java_script_enabled": False}


def right_of(element: Any) -> float:  # pragma: no cover - with Chromium alone
    """Return where an element ends on the right."""
    box = element.bounding_box()
    return float(box["x"] + box["width"])


@pytest.mark.needs_chromium
class TestAccessibility:
    @pytest.fixture(scope="class")
    @classmethod
    def expect(cls) -> Any:
        return import_module("playwright.sync_api").expect

    def test_a_fault_is_found(self, visit: Any, faults: Any) -> None:
        """Of each kind that is looked for: WCAG 2.0, the targets of 2.2, good practice."""
        visit.page.set_content("<input><p><a href='/a/'>a</a><br><a href='/b/'>b</a></p>")
        visit.page.add_style_tag(content="a { font-size: 6px }")
        found = {fault.split(": ")[1] for fault in faults(visit.page)}
        assert {"label", "target-size", "region"} <= found

    @pytest.mark.parametrize("visit", [ENGLISH, ARABIC], indirect=True, ids=["en", "ar"])
    @pytest.mark.parametrize("state", STATES)
    def test_nothing_is_wrong_with_a_page(self, visit: Any, faults: Any, state: str) -> None:
        """In no state of it; on a phone, where all is narrow. And it fits there.

        What is read first, the title, says whether something went wrong.
        """
        visit.page.set_viewport_size({"width": 375, "height": 812})
        STATES[state](visit)
        assert faults(visit.page) == []
        visit.look(state)
        title, heading = visit.page.title(), visit.find("h1").inner_text()
        error = ERROR[visit.find("html").get_attribute("lang")[:2]]
        assert title == (f"{error} {heading}" if state in FAILED else heading)

    @pytest.mark.parametrize("state", FAILED)
    def test_what_went_wrong_is_announced(self, visit: Any, state: str) -> None:
        """In one place, with all of the errors."""
        STATES[state](visit)
        alert = visit.page.get_by_role("alert").inner_text()
        assert re.match(r"Please correct the errors? below\.", alert)
        errors = visit.find("form .errorlist li").all_inner_texts()
        assert [each for each in errors if each not in alert] == []
        assert errors or "Please enter a correct username and password." in alert

    @pytest.mark.parametrize("visit", [{}, WITHOUT_SCRIPTS], indirect=True)
    @pytest.mark.parametrize(
        ("state", "name"),
        [
            ("login", "username"),
            ("login_with_nothing", "username"),
            ("login_with_a_wrong_password", "username"),
            ("login_again_for_something_important", "password"),
            ("signup", "username"),
            ("signup_with_mistakes", "username"),
            ("password_change", "old_password"),
            ("password_change_with_mistakes", "old_password"),
            ("password_forgotten_with_mistakes", "email"),
            ("password_link_with_mistakes", "new_password2"),
        ],
    )
    def test_one_begins_where_something_is_to_be_typed(
        self, visit: Any, state: str, name: str
    ) -> None:
        """In the first field that is wrong, if one is; without a script."""
        STATES[state](visit)
        focused = visit.find(":focus")
        assert focused.get_attribute("name") == name

    def test_an_error_is_read_with_its_field(self, visit: Any, expect: Any) -> None:
        """And a field that is right is not called wrong."""
        STATES["password_link_with_mistakes"](visit)
        wrong, right = visit.find("[name=new_password2]"), visit.find("[name=new_password1]")
        expect(wrong).to_have_accessible_description(re.compile("The two password fields didn"))
        assert wrong.get_attribute("aria-invalid") == "true"
        assert right.get_attribute("aria-invalid") is None

    def test_the_announcement_leads_to_the_field(self, visit: Any, expect: Any) -> None:
        """By a link, with the keyboard too."""
        STATES["signup_with_mistakes"](visit)
        link = visit.page.get_by_role("alert").get_by_role("link", name="Email address")
        link.press("Enter")
        visit.page.keyboard.type("!")
        expect(visit.find("[name=email]")).to_have_value(re.compile("!"))

    @pytest.mark.parametrize("reason", REASONS)
    def test_why_one_has_to_log_in_again_is_announced(self, visit: Any, reason: str) -> None:
        """Each of the reasons."""
        STATES[f"login_because_{reason}"](visit)
        alert = visit.page.get_by_role("alert").inner_text()
        assert alert == f"Please log in again: {REASONS[reason]}"

    @pytest.mark.parametrize("state", ["login_without_https", "signup_without_https"])
    def test_why_nobody_can_log_in_is_announced(self, visit: Any, state: str) -> None:
        """Over plain http; there is nothing to type."""
        STATES[state](visit)
        assert visit.page.get_by_role("alert").inner_text() == str(HTTPS_DETAIL)
        assert visit.find("input").count() == 0

    def test_what_was_done_is_announced(self, visit: Any) -> None:
        """Without taking the word from what is being read."""
        STATES["other_logins_ended"](visit)
        assert visit.page.get_by_role("status").inner_text() == "1 other login was ended."

    def test_a_button_says_which_login_it_ends(self, visit: Any, expect: Any) -> None:
        """All of them are called alike."""
        STATES["several_logins"](visit)
        button = visit.page.get_by_role("button", name="End this login")
        expect(button).to_have_accessible_description(re.compile(r"Chrome \d+ on Linux"))

    @pytest.mark.parametrize("visit", [ARABIC], indirect=True)
    def test_arabic_runs_from_right_to_left(self, visit: Any) -> None:
        """The page as a whole, each field beside its label, and a browser's name in its phrase."""
        STATES["several_logins"](visit)
        assert visit.find("html").evaluate("page => getComputedStyle(page).direction") == "rtl"
        heading, width = visit.find("h2 bdi").first, visit.page.viewport_size["width"]
        assert right_of(visit.find("h1")) > width - 20
        # Chromium tells where the first and the last word of a text stand.
        first, last = heading.evaluate(
            """name => [[0, 6], [name.textContent.length - 5, name.textContent.length]].map(
              ([from, to]) => {
                const range = document.createRange();
                range.setStart(name.firstChild, from);
                range.setEnd(name.firstChild, to);
                return range.getBoundingClientRect().left;
              }
            )"""
        )
        assert first > last
        visit.go("/accounts/login/")
        assert right_of(visit.find("label").first) > right_of(visit.find("[name=username]"))

    @pytest.mark.parametrize("visit", [WITHOUT_SCRIPTS], indirect=True)
    def test_everything_works_without_javascript(self, visit: Any) -> None:
        """Signing up, logging out and in, changing the password, ending logins."""
        name = log_in_as_somebody_new(visit)
        visit.see("Where you are logged in")
        visit.click("Log out here")
        visit.see("Log in")
        assert visit.cookie() is None
        submit(visit, username=name, password=PASSWORD)
        visit.see("Where you are logged in")
        visit.click("Change your password")
        new = {"new_password1": OTHER_PASSWORD, "new_password2": OTHER_PASSWORD}
        submit(visit, old_password=PASSWORD, **new)
        visit.read("Your password was changed.")
        visit.context.clear_cookies()
        visit.go("/accounts/sessions/")
        submit(visit, username=name, password=OTHER_PASSWORD)
        press(visit, "form[action$='/others/'] button")
        visit.read("1 other login was ended.")

    @pytest.mark.parametrize("visit", [WITHOUT_SCRIPTS], indirect=True)
    def test_a_forgotten_password_is_replaced_without_javascript(self, visit: Any) -> None:
        """By the link, once."""
        name = log_in_as_somebody_new(visit)
        visit.context.clear_cookies()
        visit.go(f"/link/{name}/")
        submit(visit, new_password1=OTHER_PASSWORD, new_password2=OTHER_PASSWORD)
        visit.click("Log in")
        submit(visit, username=name, password=OTHER_PASSWORD)
        visit.see("Where you are logged in")

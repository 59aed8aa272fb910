"""Every page of the package in every state that somebody can bring it into.

A state is a function that takes a visitor there who has just come. Nothing here depends on the
language of the pages, or on scripts.
"""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django_jwt_cookie.responses import REASONS
from tests.support.accounts import NAME, PASSWORD

OTHER_PASSWORD = "Halite-1280-shaft"

State = Callable[[Any], None]

STATES: dict[str, State] = {}


def state(function: State) -> State:
    """Note the state under its name."""
    STATES[function.__name__] = function
    return function


def submit(visit: Any, **fields: str) -> None:  # pragma: no cover - with Chromium alone
    """Fill in the form of the page and send it, whatever the browser itself would say of it."""
    visit.fill(**fields)
    visit.find("form").first.evaluate("form => form.noValidate = true")
    press(visit, "form:first-of-type button")


def press(visit: Any, button: str) -> None:  # pragma: no cover - as above
    """Press a button that sends a form."""
    with visit.page.expect_navigation():
        visit.find(button).click()


def log_in_as_somebody_new(visit: Any) -> str:  # pragma: no cover - as above
    """Sign up; return the name."""
    name = f"member-{uuid4().hex[:8]}"
    visit.go("/accounts/signup/")
    submit(visit, username=name, password1=PASSWORD, password2=PASSWORD)
    return name


@state
def login(visit: Any) -> None:
    visit.go("/accounts/login/")


@state
def login_on_the_way_somewhere(visit: Any) -> None:
    visit.go("/accounts/sessions/")


@state
def login_with_nothing(visit: Any) -> None:
    visit.go("/accounts/login/")
    submit(visit)


@state
def login_with_a_wrong_password(visit: Any) -> None:
    visit.go("/accounts/login/")
    submit(visit, username=NAME, password=OTHER_PASSWORD)


@state
def login_again_for_something_important(visit: Any) -> None:
    log_in_as_somebody_new(visit)
    visit.go("/safe/")


def login_again(reason: str) -> State:
    """Return the state of one whose login was refused."""

    def go(visit: Any) -> None:  # pragma: no cover - as above
        visit.go(f"/accounts/login/?reason={reason}")

    return go


STATES |= {f"login_because_{reason}": login_again(reason) for reason in REASONS}


@state
def login_without_https(visit: Any) -> None:
    visit.go("/without-https/login/")


@state
def signup_without_https(visit: Any) -> None:
    visit.go("/without-https/signup/")


@state
def signup(visit: Any) -> None:
    visit.go("/accounts/signup/")


@state
def signup_with_nothing(visit: Any) -> None:
    visit.go("/accounts/signup/")
    submit(visit)


@state
def signup_with_mistakes(visit: Any) -> None:
    visit.go("/accounts/signup/?next=/safe/")
    submit(visit, username=NAME, email="nowhere", password1="1234", password2="1234")


@state
def one_login(visit: Any) -> None:
    log_in_as_somebody_new(visit)


@state
def several_logins(visit: Any) -> None:
    name = log_in_as_somebody_new(visit)
    visit.context.clear_cookies()
    visit.go("/accounts/login/")
    submit(visit, username=name, password=PASSWORD)


@state
def other_logins_ended(visit: Any) -> None:
    several_logins(visit)
    press(visit, "form[action$='/others/'] button")


@state
def logged_out(visit: Any) -> None:
    log_in_as_somebody_new(visit)
    # The site's own pages have a button for it; the package's have no frame to put it into.
    visit.find("form").first.evaluate("form => form.action = '/accounts/logout/'")
    press(visit, "form:first-of-type button")


@state
def password_change(visit: Any) -> None:
    log_in_as_somebody_new(visit)
    visit.go("/accounts/password_change/")


@state
def password_change_with_mistakes(visit: Any) -> None:
    password_change(visit)
    submit(visit, old_password=OTHER_PASSWORD, new_password1="1234", new_password2="1234")


@state
def password_changed(visit: Any) -> None:
    password_change(visit)
    submit(
        visit,
        old_password=PASSWORD,
        new_password1=OTHER_PASSWORD,
        new_password2=OTHER_PASSWORD,
    )


@state
def password_forgotten(visit: Any) -> None:
    visit.go("/accounts/password_reset/")


@state
def password_forgotten_with_mistakes(visit: Any) -> None:
    password_forgotten(visit)
    submit(visit, email="nowhere")


@state
def password_link_sent(visit: Any) -> None:
    password_forgotten(visit)
    submit(visit, email="nobody@example.com")


@state
def password_link(visit: Any) -> None:
    name = log_in_as_somebody_new(visit)
    visit.context.clear_cookies()
    visit.go(f"/link/{name}/")


@state
def password_link_with_mistakes(visit: Any) -> None:
    password_link(visit)
    submit(visit, new_password1="1234", new_password2="4321")


@state
def password_link_followed(visit: Any) -> None:
    password_link(visit)
    submit(visit, new_password1=OTHER_PASSWORD, new_password2=OTHER_PASSWORD)


@state
def password_link_that_does_not_work(visit: Any) -> None:
    visit.go("/accounts/reset/MQ/a-b/")

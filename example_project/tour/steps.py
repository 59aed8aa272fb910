"""The stations of the tour. Each says what a visitor does, and fails if it does not come about."""

import re
from pathlib import Path

from playwright.sync_api import expect

from example_project.tour.visit import Visit


def be_a_stranger(visit: Visit) -> None:
    """Arrive, be turned away from the members page, and make mistakes in the form."""
    visit.go("/")
    visit.read("Your browser sent no cookie")
    visit.look("home", everywhere=True)
    visit.click("Members")
    visit.see("Log in")
    expect(visit.page).to_have_url(f"{visit.address}/accounts/login/?next=/members/")
    visit.look("login")
    visit.fill(username="nobody", password="wrong")  # noqa: S106
    visit.submit("Log in")
    expect(visit.find("[role=alert]")).to_contain_text("Please enter a correct username")
    visit.look("login-errors", everywhere=True)
    visit.click("Sign up")
    visit.see("Sign up")
    visit.fill(username="ada", password1="12345", password2="123456")
    visit.submit("Sign up")
    expect(visit.find(".errorlist").first).to_be_visible()
    visit.look("signup-errors", everywhere=True)


def sign_up(visit: Visit, username: str, password: str) -> None:
    """Sign up, and be known from then on."""
    visit.go("/accounts/signup/")
    visit.fill(username=username, email=f"{username}@example.com")
    visit.fill(password1=password, password2=password)
    visit.look("signup", everywhere=True)
    visit.submit("Sign up")
    visit.read(f"Logged in as {username}")
    visit.look("home-member", everywhere=True)
    visit.click("Members")
    visit.see(f"Welcome, {username}")
    visit.look("members", everywhere=True)


def read_the_token(visit: Visit) -> None:
    """Look at the token, and see that it runs out."""
    visit.click("Your token")
    visit.see("Your token")
    countdown = visit.find("[data-seconds-left]")
    expect(countdown).not_to_have_text(countdown.get_attribute("data-seconds-left") or "")
    visit.look("token", everywhere=True)


def break_the_token(visit: Visit, part: str) -> None:
    """Flip a character of one part, and be asked to log in again at the next click."""
    visit.go("/token/")
    visit.page.get_by_role("radio", name=part, exact=True).check()
    visit.click("Flip one character")
    visit.see("Your token, with one character flipped")
    expect(visit.find(f".token .{part} mark")).to_have_text(re.compile(r"^[\w-]$"))
    visit.look(f"token-flipped-{part}", everywhere=part == "payload")
    visit.click("Go to the members page")
    visit.see("Log in")
    visit.read("Please log in again:")
    expect(visit.find("[data-reason]")).to_have_attribute("data-reason", "token_invalid")
    visit.look("login-again", everywhere=True)


def log_in(visit: Visit, username: str, password: str, *, remember: bool = False) -> None:
    """Fill in the login form of the page, and see the page that one wanted to see."""
    visit.fill(username=username, password=password)
    if remember:
        visit.page.get_by_label("Remember me").check()
    visit.submit("Log in")
    expect(visit.page).not_to_have_url(re.compile("/login/"))


def change_the_password(visit: Visit, old: str, new: str) -> None:
    """Change the password, and stay logged in."""
    visit.go("/members/")
    visit.click("Change your password")
    visit.see("Change your password")
    visit.look("password-change", everywhere=True)
    visit.fill(old_password=old, new_password1=new, new_password2=new)
    visit.submit("Change the password")
    visit.see("Password changed")
    visit.look("password-changed")
    visit.click("Back to the members page")
    expect(visit.page).to_have_url(f"{visit.address}/members/")


def end_a_login_elsewhere(visit: Visit, elsewhere: Visit) -> None:
    """See both browsers in the list, end the other one's login, and see it turned away."""
    visit.go("/members/")
    visit.click("Your devices")
    visit.see("Your devices")
    expect(visit.find(".devices li")).to_have_count(2)
    expect(visit.find(".devices .current")).to_contain_text("This device")
    visit.look("devices", everywhere=True)
    visit.find(".devices li:not(.current) button").click()
    visit.read("The login was ended.")
    expect(visit.find(".devices li")).to_have_count(1)
    visit.look("devices-ended")
    elsewhere.go("/members/")
    elsewhere.see("Log in")
    elsewhere.read("This login was ended.")


def forget_the_password(visit: Visit, email: str, new: str, log: Path) -> None:
    """Have a link sent (the example prints it), and choose a new password there."""
    visit.go("/accounts/login/")
    visit.click("Forgot your password?")
    visit.see("Forgot your password?")
    visit.look("password-reset", everywhere=True)
    visit.fill(email=email)
    visit.submit("Send the link")
    visit.see("Look for an e-mail")
    visit.look("password-reset-sent")
    (link,) = re.findall(r"http://\S+/reset/\S+", log.read_text())[-1:]
    visit.go(link)
    visit.see("Choose a new password")
    visit.look("password-reset-confirm")
    visit.fill(new_password1=new, new_password2=new)
    visit.submit("Set the new password")
    visit.see("Your new password is set")
    visit.look("password-reset-complete")
    visit.go(link)
    visit.see("This link does not work")
    visit.look("password-reset-used")


def use_the_app(visit: Visit, username: str, password: str) -> None:
    """Make mistakes in the single-page app, log in, renew, and log out."""
    visit.go("/app/")
    form = visit.find("[data-form=login]")
    form.get_by_role("button", name="Log in").click()
    name = form.get_by_label("Username")
    expect(name).to_be_focused()
    expect(name).to_have_accessible_description("This field is required.")
    visit.look("app-errors", everywhere=True)
    name.fill(username)
    form.get_by_label("Password").fill(password)
    form.get_by_role("button", name="Log in").click()
    visit.read("You are logged in.")
    expect(visit.page.get_by_role("heading", name=f"You are {username}")).to_be_focused()
    visit.click("Renew the token")
    visit.read("The token was renewed.")
    visit.look("app", everywhere=True)
    visit.click("Log out, in all tabs")
    visit.read("You are logged out.")
    expect(visit.page.get_by_role("heading", name="Log in")).to_be_focused()
    # Who nobody is and what is missing: the browser notes such answers on its console.
    visit.expect_refusals(401, 400)


def use_htmx(visit: Visit, elsewhere: Visit) -> None:
    """See the other login come, end it, and be asked to log in when one's own is ended there."""
    visit.go("/htmx/")
    visit.click("Ask now")
    expect(visit.find(".logins li")).to_have_count(2)
    visit.look("htmx", everywhere=True)
    elsewhere.go("/htmx/")
    elsewhere.find(".logins button").click()
    expect(elsewhere.find(".logins li")).to_have_count(1)
    elsewhere.go("/")  # Or it goes on asking.
    visit.see("Log in")  # It asks by itself, every five seconds.
    visit.read("This login was ended.")
    visit.expect_refusals(401)


def try_the_api(visit: Visit) -> None:
    """Send two requests from the page that shows the document."""
    visit.go("/api/")
    operation = visit.find(".opblock")
    expect(operation.first).to_be_visible()
    visit.look("api", everywhere=True)
    for path in ("/accounts/me/", "/accounts/refresh/"):
        block = operation.filter(has=visit.page.locator(f"[data-path='{path}']"))
        block.locator(".opblock-summary-control").click()
        block.get_by_role("button", name="Try it out").click()
        block.get_by_role("button", name="Execute").click()
        expect(block.locator(".live-responses-table .response-col_status").nth(1)).to_contain_text(
            "200"
        )
    visit.look("api-tried")


def use_the_admin(visit: Visit, password: str) -> None:
    """Log in through the admin's own form, and be known on the rest of the site too."""
    visit.go("/admin/")
    visit.fill(username="demo", password=password)
    visit.page.get_by_role("button", name="Log in").click()
    visit.see("Site administration")
    visit.look("admin")
    visit.go("/")
    visit.read("Logged in as demo")
    visit.click("Admin")
    visit.see("Site administration")
    visit.go("/")


def log_out(visit: Visit) -> None:
    """Log out, and be a stranger again."""
    visit.click("Log out")
    visit.see("You are logged out")
    visit.look("logged-out")
    visit.click("Home")
    visit.read("Your browser sent no cookie")

"""The example's pages, with the example's own templates and addresses."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.test import Client, override_settings
from django.utils import timezone

from django_jwt_cookie.exceptions import TokenInvalid
from django_jwt_cookie.tokens import decode
from example_project import anatomy, views
from tests.support.cases import spread

pytestmark = pytest.mark.django_db

COOKIE = "__Host-jwt"
PASSWORD = "a-Password-of-17"
TEMPLATES = Path(anatomy.__file__).parent / "templates"

DEVICES = "https://testserver/accounts/sessions/"

PUBLIC = [
    "/",
    "/app/",
    "/api/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password_reset/",
]
MEMBERS_ONLY = [
    "/members/",
    "/token/",
    "/htmx/",
    "/htmx/logins/",
    "/accounts/password_change/",
    "/accounts/sessions/",
]

GARBAGE = [
    "",
    "garbage",
    "a.b.c",
    "..",
    "%00\0\x01",
    "é\xff",
    "<script>alert(1)</script>",
    '"; Path=/',
    "e30.e30.e30",
    "A" * 100_000,
]


@pytest.fixture(autouse=True, scope="module")
def the_example() -> Iterator[None]:
    """Serve the example's pages in place of the suite's; once, as its templates are compiled."""
    with override_settings(
        ROOT_URLCONF="example_project.urls",
        TEMPLATES=[settings.TEMPLATES[0] | {"DIRS": [TEMPLATES]}],
        JWT_COOKIE={"CLAIMS": "example_project.claims.roles"},
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        LOGIN_URL="login",
        LOGIN_REDIRECT_URL="home",
    ):
        yield


@pytest.fixture
def ada() -> User:
    user: User = User.objects.create_user("ada", password=PASSWORD)
    return user


@pytest.fixture
def member(client: Client, ada: User) -> Client:
    """Return a client that has logged in as ada."""
    response = client.post("/accounts/login/", {"username": "ada", "password": PASSWORD})
    assert response.headers["Location"] == "/"
    return client


def text_of(response: Any) -> str:
    content: str = response.content.decode()
    return content


def token_of(client: Client) -> str:
    value: str = client.cookies[COOKIE].value
    return value


class TestHome:
    def test_a_stranger_is_anonymous(self, client: Client) -> None:
        """And told which cookie was looked for."""
        text = text_of(client.get("/"))
        assert "Anonymous" in text
        assert f"Your browser sent no cookie <code>{COOKIE}</code>" in text

    def test_a_member_is_known_by_name(self, member: Client) -> None:
        """By the cookie alone."""
        assert "sessionid" not in member.cookies
        assert "Logged in as <strong>ada</strong>" in text_of(member.get("/"))

    def test_a_refused_cookie_is_mentioned(self, client: Client) -> None:
        """A public page stays public, and says why the visitor is a stranger."""
        client.cookies[COOKIE] = "a.b.c"
        response = client.get("/")
        assert response.status_code == 200
        assert "a cookie that was refused (<code>token_invalid</code>)" in text_of(response)
        assert response.cookies[COOKIE]["max-age"] == 0


class TestApp:
    def test_is_the_same_for_everybody(self, new_client: type[Client], member: Client) -> None:
        """For the staff too: its script asks whose login it is."""
        User.objects.update(is_staff=True)
        assert new_client().get("/app/").content == member.get("/app/").content


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/signup/"])
def test_whoever_is_logged_in_already_is_told(
    new_client: type[Client], member: Client, path: str
) -> None:
    """Above the form; with a reason to log in again that is what is said."""
    notice = "You are logged in as <strong>ada</strong>"
    assert notice in text_of(member.get(path))
    assert notice not in text_of(new_client().get(path))
    assert notice not in text_of(member.get("/accounts/login/?reason=session_revoked"))


class TestMembers:
    def test_a_stranger_is_asked_to_log_in_and_comes_back(self, client: Client, ada: User) -> None:
        """The login form carries the way back; there is no reason to give."""
        response = client.get("/members/", follow=True)
        assert response.redirect_chain == [("/accounts/login/?next=/members/", 302)]
        assert '<input type="hidden" name="next" value="/members/">' in text_of(response)
        assert "data-reason" not in text_of(response)
        credentials = {"username": "ada", "password": PASSWORD, "next": "/members/"}
        assert client.post("/accounts/login/", credentials).headers["Location"] == "/members/"

    def test_the_roles_of_the_token_are_shown_as_text(self, member: Client, ada: User) -> None:
        """Whoever may name a group may not put a script into this page."""
        ada.groups.add(Group.objects.create(name="<script>alert(1)</script>"))
        member.post("/accounts/refresh/", headers={"accept": "application/json"})
        for path in ("/members/", "/token/"):
            text = text_of(member.get(path))
            assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
            assert "<script>" not in text


class TestDevices:
    @pytest.fixture
    def phone(self, new_client: type[Client], member: Client) -> Client:
        """Return a second client of ada's, with a name that is no browser's."""
        client = new_client(headers={"user-agent": "<b>Evil</b>\xad" + "x" * 600})
        client.post("/accounts/login/", {"username": "ada", "password": PASSWORD})
        return client

    def test_lists_every_login_and_marks_this_one(self, member: Client, phone: Client) -> None:
        """In the example's look; what a browser calls itself is text."""
        text = text_of(member.get("/accounts/sessions/"))
        assert text.count('<li class="stub') == 2
        assert text.count("This device") == 1
        assert "&lt;b&gt;Evil&lt;/b&gt;x" in text
        assert "x" * 80 not in text
        assert '<link rel="stylesheet"' in text

    def test_ends_the_others(self, member: Client, phone: Client) -> None:
        """And has no button for it when there are none."""
        text = text_of(member.post("/accounts/sessions/others/", follow=True))
        assert "1 other login was ended." in text
        assert "End all other logins" not in text
        assert phone.get("/members/").status_code == 302
        assert member.get("/members/").status_code == 200

    def test_after_a_while_ending_the_others_takes_the_password(
        self, member: Client, phone: Client, time_machine: Any
    ) -> None:
        """Once it is given, it is said what for; a program is told by the answer."""
        time_machine.move_to(timezone.now() + timedelta(minutes=6))
        response = member.post("/accounts/sessions/others/", headers={"referer": DEVICES})
        login = response.headers["Location"]
        assert login == "/accounts/login/?next=/accounts/sessions/&reason=recent_login_required"
        page = text_of(member.get(login))
        assert "Your password, please" in page
        assert "No account yet?" not in page
        assert "Please log in again" not in page
        credentials = {"username": "ada", "password": PASSWORD, "next": "/accounts/sessions/"}
        assert views.STEPPED_UP in text_of(member.post(login, credentials, follow=True))
        member.post("/accounts/sessions/others/")
        assert phone.get("/members/").status_code == 302
        assert views.STEPPED_UP not in text_of(member.get("/accounts/sessions/"))
        again = member.post(login, credentials, headers={"accept": "application/json"})
        assert "messages" not in again.cookies

    def test_two_pages_lead_here(self, member: Client) -> None:
        """The one for members, and the one after a change of password."""
        for path in ("/members/", "/accounts/password_change/done/"):
            assert 'href="/accounts/sessions/"' in text_of(member.get(path))


class TestToken:
    def test_shows_header_and_payload_and_what_they_say(self, member: Client) -> None:
        """Both parts as they are in the cookie, and the claims one by one."""
        header, payload, signature = token_of(member).split(".")
        text = text_of(member.get("/token/"))
        assert header in text
        assert payload in text
        assert signature[: anatomy.SHOWN] in text
        assert "&quot;alg&quot;: &quot;HS256&quot;" in text
        for name in ("sub", "sid", "gen", "iat", "exp", "auth_time", "roles"):
            assert f'<th scope="row"><code>{name}</code></th>' in text

    def test_does_not_give_the_token_away(self, member: Client) -> None:
        """A script in this page could read whatever the page says."""
        signature = token_of(member).split(".")[2]
        assert signature[anatomy.SHOWN :] not in text_of(member.get("/token/"))

    def test_is_kept_by_no_cache(self, member: Client) -> None:
        """Not by the browser either: on a shared computer, the back button would show it."""
        response = member.get("/token/")
        assert {"no-store", "private"} <= set(re.split(r",\s*", response.headers["Cache-Control"]))

    def test_counts_from_the_whole_lifetime(self, member: Client) -> None:
        """In seconds."""
        text = text_of(member.get("/token/"))
        (left,) = re.findall(r'data-seconds-left="(\d+)" data-lifetime="600"', text)
        assert 590 <= int(left) <= 600

    def test_a_cookie_that_this_answer_sets_can_t_be_shown_yet(
        self, client: Client, ada: User
    ) -> None:
        """The browser holds a Django login so far, which moves into the cookie right here."""
        client.force_login(ada)
        assert "The cookie was set by this very answer" in text_of(client.get("/token/"))
        assert "The cookie was set by this very answer" not in text_of(client.get("/token/"))

    @pytest.mark.parametrize("order", ["{0}={1}; {0}={2}", "{0}={2}; {0}={1}"])
    def test_of_two_cookies_the_one_that_logs_in_is_shown(self, member: Client, order: str) -> None:
        """The other may come from anybody, and is shown to nobody."""
        token = token_of(member)
        foreign = jwt.encode({"sub": "eve-1815"}, "x" * 32)
        cookies = order.format(COOKIE, token, foreign)
        text = text_of(member.get("/token/", headers={"cookie": cookies}))
        assert token.split(".")[1] in text
        assert "eve-1815" not in text

    def test_a_genuine_token_of_a_login_that_ended_is_not_shown(
        self, member: Client, ada: User
    ) -> None:
        """An older cookie of the same browser, left behind under another path."""
        before = token_of(member)
        member.post("/accounts/login/", {"username": "ada", "password": PASSWORD})
        both = f"{COOKIE}={before}; {COOKIE}={token_of(member)}"
        text = text_of(member.get("/token/", headers={"cookie": both}))
        assert token_of(member).split(".")[1] in text
        assert before.split(".")[1] not in text


class TestTamper:
    @pytest.mark.parametrize("part", anatomy.PART_NAMES)
    def test_changes_one_character_of_the_cookie(self, member: Client, part: str) -> None:
        """Of the part that the visitor chose, and the server does not know the token any more."""
        before = token_of(member)
        response = member.post("/token/tamper/", {"part": part})
        after = token_of(member)
        index = anatomy.PART_NAMES.index(part)
        assert sum(a != b for a, b in zip(before, after, strict=True)) == 1
        assert before.split(".")[index] != after.split(".")[index]
        assert response.cookies[COOKIE]["httponly"]
        assert not response.cookies[COOKIE]["max-age"]
        with pytest.raises(TokenInvalid):
            decode(after, allow_expired=True)

    @pytest.mark.parametrize("part", anatomy.PART_NAMES)
    def test_the_next_click_asks_to_log_in_again_and_says_why(
        self, member: Client, part: str
    ) -> None:
        """Whatever part it was. The way back is kept."""
        member.post("/token/tamper/", {"part": part})
        response = member.get("/members/", follow=True)
        where = "/accounts/login/?next=/members/&reason=token_invalid"
        assert response.redirect_chain == [(where, 302)]
        assert 'data-reason="token_invalid"' in text_of(response)
        assert "Please log in again:" in text_of(response)

    @pytest.mark.parametrize("part", anatomy.PART_NAMES)
    def test_shows_what_it_did_and_gives_neither_token_away(
        self, member: Client, part: str
    ) -> None:
        """Who knows the broken token and the flipped character knows the whole one."""
        before = token_of(member)
        text = text_of(member.post("/token/tamper/", {"part": part}))
        assert len(re.findall("<mark>[A-Za-z0-9_-]</mark>", text)) == 1
        for token in (before, token_of(member)):
            assert token.split(".")[2][anatomy.SHOWN :] not in text
        assert "Log out" not in text

    @pytest.mark.parametrize("cookie", [None, *GARBAGE])
    def test_without_a_login_there_is_nothing_to_flip(
        self, client: Client, cookie: str | None
    ) -> None:
        """Nobody's cookie is repeated to them, whatever it is; they are asked to log in."""
        headers = {} if cookie is None else {"cookie": f"{COOKIE}={cookie}"}
        response = client.post("/token/tamper/", {"part": "payload"}, headers=headers)
        assert response.status_code == 302
        assert response.headers["Location"].startswith("/accounts/login/?next=/token/")

    @pytest.mark.parametrize("data", [{}, {"part": "tail"}, {"part": "<script>"}])
    def test_refuses_a_part_that_no_token_has(self, member: Client, data: dict[str, str]) -> None:
        """It is not repeated either."""
        response = member.post("/token/tamper/", data)
        assert response.status_code == 400
        assert "script" not in text_of(response)

    def test_a_link_can_t_do_it(self, member: Client) -> None:
        """It would be enough for another site to show a picture from this address."""
        before = token_of(member)
        response = member.get("/token/tamper/")
        assert response.headers["Location"] == "/token/"
        assert token_of(member) == before
        assert member.put("/token/tamper/").status_code == 405

    def test_another_site_s_form_can_t_do_it(self, new_client: type[Client], ada: User) -> None:
        """No CSRF token, no flip: otherwise any page could log its visitors out here."""
        client = new_client(enforce_csrf_checks=True)
        client.force_login(ada)
        client.get("/")
        before = token_of(client)
        response = client.post("/token/tamper/", {"part": "payload"})
        assert response.status_code == 403
        assert token_of(client) == before


class TestBadCookies:
    @pytest.mark.parametrize("value", spread(GARBAGE, 5), ids=range(len(GARBAGE)))
    @pytest.mark.parametrize("path", PUBLIC)
    def test_a_public_page_stays_public(self, client: Client, path: str, value: str) -> None:
        """And repeats nothing of it."""
        response = client.get(path, headers={"cookie": f"{COOKIE}={value}"})
        assert response.status_code == 200
        assert "alert(1)" not in text_of(response)

    @pytest.mark.parametrize("value", spread(GARBAGE, 5), ids=range(len(GARBAGE)))
    @pytest.mark.parametrize("path", MEMBERS_ONLY)
    def test_a_page_for_members_asks_to_log_in(self, client: Client, path: str, value: str) -> None:
        """With the way back."""
        response = client.get(path, headers={"cookie": f"{COOKIE}={value}"})
        assert response.status_code == 302
        assert response.headers["Location"].startswith(f"/accounts/login/?next={path}")


def test_a_page_that_is_not_there_looks_like_the_others(member: Client) -> None:
    """And leads back. It does not ask who the visitor is: an error page may have no database."""
    response = member.get("/nowhere/")
    assert response.status_code == 404
    assert "No such page" in text_of(response)
    assert '<a class="button" href="/">' in text_of(response)
    assert "ada" not in text_of(response)


def test_a_browser_that_asks_for_an_icon_finds_one(client: Client) -> None:
    """On pages that name none, such as the admin's."""
    response = client.get("/favicon.ico")
    assert response.headers["Location"] == "/static/example_project/cookie.svg"


def test_no_page_has_an_inline_script_or_style() -> None:
    """The Content Security Policy forbids them, and some Django versions have none to notice."""
    for template in TEMPLATES.rglob("*.html"):
        assert not re.search(
            r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=", template.read_text()
        )

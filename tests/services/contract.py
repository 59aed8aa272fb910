"""What every service has to do with the cookie, whatever it is written in."""

import re
import time
from typing import Any

import pytest

from .forgeries import FORGERIES, STRANGER, signed
from .servers import Answer, Server
from .sites import COOKIE, log_in, log_out

SAFE = "/reports/"


def cookies(*tokens: str) -> str:
    """Return a header with a cookie of our name for each token."""
    return "; ".join(f"{COOKIE}={token}" for token in tokens)


def expired(token: str, seconds: int) -> str:
    """Return a token of the same login that ended so many seconds ago."""
    now = int(time.time())
    return signed(token, iat=now - seconds - 600, exp=now - seconds)


def assert_refused(answer: Answer, *codes: str) -> None:
    """The same answer as Django's, with one of these codes."""
    assert answer.status == 401
    assert answer.json()["code"] in codes
    assert isinstance(answer.json()["detail"], str)
    assert answer.headers["WWW-Authenticate"] == "Cookie"
    assert "Cookie" in re.split(r",\s*", ", ".join(answer.headers.get_all("Vary", [])))


def assert_private(answer: Answer) -> None:  # pragma: no cover - with FastAPI, Node or nginx
    """No cache keeps it, and one that does all the same knows what it depends on."""
    directives = set(re.split(r",\s*", answer.headers["Cache-Control"]))
    assert {"private", "no-store"} <= directives
    assert not directives & {"public", "max-age=60"}
    assert "Cookie" in re.split(r",\s*", ", ".join(answer.headers.get_all("Vary", [])))


class Contract:
    """Each test asks a fixture ``service``; a class for each kind of service has that."""

    foreign_header: tuple[str, ...] = ("token_invalid",)
    """What a token is refused as whose header none of the known keys writes."""

    def user(self, answer: Answer) -> Any:
        """Return whose login the service takes it for."""
        assert answer.status == 200, answer.body
        return answer.json()["user"]

    def test_the_login_of_the_django_site_counts(self, service: Server, token: str) -> None:
        """The user is a string."""
        assert self.user(service.ask(SAFE, cookies(token))) == "1"

    def test_without_a_cookie(self, service: Server) -> None:
        """A program is told in the same words as by Django."""
        assert_refused(service.ask(SAFE), "login_required")
        assert_refused(service.ask(SAFE, "other=1"), "login_required")

    @pytest.mark.parametrize("forgery", FORGERIES)
    def test_attack_a_forged_token(self, service: Server, token: str, forgery: str) -> None:
        """Named after what is wrong with it."""
        forged = FORGERIES[forgery](token)
        is_known = forged.partition(".")[0] == token.partition(".")[0]
        codes = ("token_invalid",) if is_known else self.foreign_header
        assert_refused(service.ask(SAFE, cookies(forged)), *codes)

    def test_an_empty_cookie_is_none(self, service: Server) -> None:
        """To Django it is none, and to a service of its own at least no login."""
        assert_refused(service.ask(SAFE, cookies("")), "login_required", "token_invalid")

    @pytest.mark.parametrize("kid", ["A" * 43, ""])
    def test_attack_a_key_that_nobody_knows(self, service: Server, token: str, kid: str) -> None:
        """It could be a new one: whoever has asked for the keys just now need not be sure."""
        answer = service.ask(SAFE, cookies(signed(token, STRANGER, {"kid": kid})))
        assert_refused(answer, "token_invalid", "login_required")

    @pytest.mark.parametrize("order", [1, -1])
    def test_a_forged_token_beside_the_genuine_one(
        self, service: Server, token: str, order: int
    ) -> None:
        """Planted by a sub-domain, it logs nobody out."""
        planted = cookies(*[token, FORGERIES["changed"](token)][::order])
        assert self.user(service.ask(SAFE, planted)) == "1"

    @pytest.mark.parametrize("order", [1, -1])
    def test_of_two_logins_the_newer_counts(
        self, accounts: Server, service: Server, order: int
    ) -> None:
        """The other is a leftover, of this host alone or of another path."""
        now = int(time.time())
        leftover = signed(log_in(accounts), iat=now - 60, exp=now + 540)
        both = [leftover, log_in(accounts, "grace")][::order]
        assert self.user(service.ask(SAFE, cookies(*both))) == "2"

    @pytest.mark.parametrize("blank", [b"\xa0", b"\x85", "\u2000".encode(), "\ufeff".encode()])
    def test_attack_a_name_that_is_ours_only_when_blanks_are_taken_off(
        self, service: Server, token: str, blank: bytes
    ) -> None:
        """A browser lets every sub-domain set it, prefix or not."""
        planted = blank.decode("latin-1") + cookies(token)
        assert_refused(service.ask(SAFE, planted), "login_required")

    def test_the_token_counts_in_the_cookie_alone(self, service: Server, token: str) -> None:
        """Addresses are logged, and what is in a header could be read by a script."""
        answer = service.ask(f"{SAFE}?{COOKIE}={token}", Authorization=f"Bearer {token}")
        assert_refused(answer, "login_required")
        assert_refused(service.ask(SAFE, f"jwt={token}; __Host-jwt={token}"), "login_required")

    @pytest.mark.parametrize("origin", ["https://evil.example.com", "https://example.com", "null"])
    def test_attack_a_form_on_another_page(self, service: Server, token: str, origin: str) -> None:
        """Of a sister domain, where ``SameSite`` lets the cookie pass."""
        answer = service.ask(SAFE, cookies(token), "POST", "a=1", Origin=origin)
        assert answer.status == 403

    def test_attack_a_form_that_does_not_say_where_it_is_from(
        self, service: Server, token: str
    ) -> None:
        """Every browser says so."""
        assert service.ask(SAFE, cookies(token), "POST", "a=1").status == 403

    def test_another_page_may_link_here(self, service: Server, token: str) -> None:
        """Reading changes nothing, and the answer is not for the page that asked."""
        for origin in ("https://evil.example.com", service.origin):
            assert self.user(service.ask(SAFE, cookies(token), Origin=origin)) == "1"

    def test_clocks_may_differ_a_little(self, service: Server, token: str) -> None:
        """By ten seconds, as in Django; the token is over for one, and the machine may be busy."""
        service.ask(SAFE)  # The first answer of a server that has just started takes its time.
        assert self.user(service.ask(SAFE, cookies(expired(token, 1)))) == "1"

    def test_a_token_of_a_server_whose_clock_is_ahead(self, service: Server, token: str) -> None:
        """It was issued later than now, and is as good as any."""
        ahead = signed(token, iat=int(time.time()) + 60)
        assert self.user(service.ask(SAFE, cookies(ahead))) == "1"


class VerifiesByItself(Contract):
    """A service that asks nobody but for the keys."""

    def test_a_token_that_is_over(self, service: Server, token: str) -> None:
        """Django renews it; the client is told that it has to ask there."""
        assert_refused(service.ask(SAFE, cookies(expired(token, 15))), "token_expired")

    def test_a_token_that_is_over_beside_a_forged_one(self, service: Server, token: str) -> None:
        """The client can do something about the first."""
        both = cookies(FORGERIES["changed"](token), expired(token, 15))
        assert_refused(service.ask(SAFE, both), "token_expired")

    def test_an_ended_login_is_honoured_until_its_token_is_over(
        self, accounts: Server, service: Server
    ) -> None:
        """As documented: Django knows at once, and nobody asks it."""
        token = log_in(accounts)
        log_out(accounts, token)
        assert_refused(accounts.ask("/accounts/me/", cookies(token)), "session_revoked")
        assert self.user(service.ask(SAFE, cookies(token))) == "1"
        assert_refused(service.ask(SAFE, cookies(expired(token, 15))), "token_expired")

"""nginx of docs/services.md as it stands there, in front of services on real sockets."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import NGINX

from .contract import SAFE, Contract, assert_private, assert_refused, cookies, expired
from .echo import FOR_CACHES, echoing
from .forgeries import half_over, parts
from .servers import REPORTS, Answer, Server, free_port, running
from .sites import Project, jwks_url, log_in, log_out, token_in

AROUND = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/reports.conf;
}}
"""


CLAIMED = {"X-User": "2", "X_User": "2"}
"""What a client says of itself, in the two spellings that WSGI takes for one."""


@pytest.mark.needs_nginx
class Gate(Contract):
    """What both kinds of gate do."""

    @staticmethod
    @contextmanager
    def nginx(
        project: Project, folder: Path, certificate: tuple[Path, Path], **ports: str
    ) -> Iterator[Server]:
        """Run nginx by the document, but for ports and places."""
        port = free_port()
        document = (project.folder / "reports.conf").read_text()
        changes = {
            "listen 443": f"listen 127.0.0.1:{port}",
            "/etc/ssl/example.com.pem": str(certificate[0]),
            "/etc/ssl/example.com.key": str(certificate[1]),
        }
        for old, new in (changes | ports).items():
            assert document.count(old) == 1, old
            document = document.replace(old, new)
        (folder / "reports.conf").write_text(document)
        (folder / "nginx.conf").write_text(AROUND.format(folder=folder))
        command = [str(NGINX), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
        with running(command, port, folder / "log"):
            yield Server(port, REPORTS, is_tls=True)

    @staticmethod
    def named_users(answer: Answer) -> list[str]:
        """Return what the service behind was told of the user, under whatever spelling."""
        headers = answer.json()["headers"].items()
        return [value for name, value in headers if name.lower().replace("_", "-") == "x-user"]

    def test_an_ended_login_is_out_with_the_next_request(
        self, accounts: Server, service: Server
    ) -> None:
        """Django says why, and writes no cookie: the browser has not had this one since then."""
        token = log_in(accounts)
        assert self.user(service.ask(SAFE, cookies(token))) == "1"
        log_out(accounts, token)
        answer = service.ask(SAFE, cookies(token))
        assert_refused(answer, "session_revoked")
        assert answer.cookies == []

    def test_a_form_of_its_own_page(self, service: Server, token: str) -> None:
        """The gate is asked without the body, and the service gets it."""
        answer = service.ask(SAFE, cookies(token), "POST", "a=1", Origin=service.origin)
        assert answer.status in (200, 403)  # Django behind wants its CSRF token besides.

    def test_no_cache_keeps_an_answer(self, service: Server, token: str) -> None:
        """What a member sees; a refusal is Django's own answer, as it comes."""
        assert_private(service.ask(SAFE, cookies(token)))

    def test_a_renewed_token_gets_to_the_browser(
        self, project: Project, accounts: Server, service: Server
    ) -> None:
        """Beside the cookies of the service."""
        token = log_in(accounts)
        answer = service.ask(SAFE, cookies(half_over(project, token)))
        assert self.user(answer) == "1"
        renewed = token_in(answer.cookies[-1])
        assert parts(renewed)[1]["gen"] == 1
        assert "HttpOnly" in answer.cookies[-1]
        assert self.user(service.ask(SAFE, cookies(renewed))) == "1"

    def test_people_without_a_login_are_refused_as_well(self, service: Server) -> None:
        """A view that sends them to the login page would be an error to nginx."""
        assert_refused(service.ask(SAFE, Accept="text/html"), "login_required")

    def test_the_question_is_not_to_be_asked_from_outside(
        self, service: Server, token: str
    ) -> None:
        assert service.ask("/_login", cookies(token)).status == 404


@pytest.mark.needs_nginx
class TestGateThatNamesTheUser(Gate):
    """With the view `gate` of the document, before a service that knows nothing of tokens."""

    @pytest.fixture(scope="class")
    @classmethod
    def service(
        cls, project: Project, accounts: Server, certificate: Any, tmp_path_factory: Any
    ) -> Iterator[Server]:
        with echoing() as port:
            changes = {
                "accounts/accounts/me/": "accounts/gate/",
                ":8000": f":{accounts.port}",
                ":9000": f":{port}",
            }
            folder = tmp_path_factory.mktemp("nginx")
            with cls.nginx(project, folder, certificate, **changes) as server:
                yield server

    def user(self, answer: Answer) -> Any:
        assert answer.status == 200
        return answer.json()["headers"]["X-User"]

    def test_attack_a_client_that_says_who_it_is(self, service: Server, token: str) -> None:
        answer = service.ask(SAFE, cookies(token), **CLAIMED)
        assert self.named_users(answer) == ["1"]
        assert_refused(service.ask(SAFE, **CLAIMED), "login_required")

    def test_the_body_of_a_form_gets_to_the_service(self, service: Server, token: str) -> None:
        answer = service.ask(SAFE, cookies(token), "POST", "a=1", Origin=service.origin)
        assert (self.user(answer), answer.json()["body"]) == ("1", "a=1")

    def test_the_service_s_own_cookies_arrive_as_well(
        self, project: Project, accounts: Server, service: Server
    ) -> None:
        answer = service.ask(SAFE, cookies(half_over(project, log_in(accounts))))
        assert "theme=dark" in answer.cookies
        assert len(answer.cookies) == 2

    def test_no_cache_hears_of_the_service_that_it_may_keep_an_answer(
        self, service: Server, token: str
    ) -> None:
        answer = service.ask(SAFE, cookies(token))
        said = {name: answer.headers.get_all(name) for name in FOR_CACHES}
        assert said == dict.fromkeys(FOR_CACHES) | {"Cache-Control": ["private, no-store"]}

    def test_a_token_that_is_over_is_renewed_in_passing(
        self, accounts: Server, service: Server
    ) -> None:
        answer = service.ask(SAFE, cookies(expired(log_in(accounts), 60)))
        assert self.user(answer) == "1"
        renewed = token_in(answer.cookies[-1])
        assert parts(renewed)[1]["exp"] > time.time() + 300
        assert self.user(service.ask(SAFE, cookies(renewed))) == "1"


@pytest.mark.needs_nginx
class TestGateThatSaysYesOrNo(Gate):
    """With `me/`, before a service that verifies the cookie itself."""

    @pytest.fixture(scope="class")
    @classmethod
    def service(
        cls, project: Project, accounts: Server, certificate: Any, tmp_path_factory: Any
    ) -> Iterator[Server]:
        with ExitStack() as stack:
            site = project.serving("reports", JWKS_URL=jwks_url(accounts))
            changes = {
                ":8000": f":{accounts.port}",
                ":9000": f":{stack.enter_context(site).port}",
            }
            folder = tmp_path_factory.mktemp("nginx")
            yield stack.enter_context(cls.nginx(project, folder, certificate, **changes))

    def test_a_token_that_is_over_is_renewed_for_the_second_try(
        self, accounts: Server, service: Server
    ) -> None:
        """The service sees the cookie that came, which is over."""
        answer = service.ask(SAFE, cookies(expired(log_in(accounts), 60)))
        assert_refused(answer, "token_expired")
        assert self.user(service.ask(SAFE, cookies(token_in(answer.cookies[-1])))) == "1"

    def test_nobody_can_be_asked(
        self, project: Project, certificate: Any, tmp_path: Path, token: str
    ) -> None:
        """Then nobody comes in."""
        changes = {":8000": f":{free_port()}", ":9000": f":{free_port()}"}
        with self.nginx(project, tmp_path, certificate, **changes) as service:
            assert service.ask(SAFE, cookies(token)).status == 500

    def test_a_client_that_says_who_it_is_says_it_to_nobody(
        self, project: Project, accounts: Server, certificate: Any, tmp_path: Path, token: str
    ) -> None:
        """Django says nothing, and the header is gone all the same."""
        with echoing() as port:
            changes = {":8000": f":{accounts.port}", ":9000": f":{port}"}
            with self.nginx(project, tmp_path, certificate, **changes) as service:
                answer = service.ask(SAFE, cookies(token), **CLAIMED)
        assert answer.status == 200
        assert self.named_users(answer) == []

"""Each service of docs/services.md as it stands there, on a real socket, beside a real Django."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.conftest import NODE
from tests.support.documents import write_files

from .contract import SAFE, VerifiesByItself, assert_private, cookies
from .servers import REPORTS, Server, free_port, running
from .sites import PAGE, Project, jwks_url


def test_every_block_of_the_page_is_run(tmp_path: Path) -> None:
    """Each says which file it is; what is done with them is below, and in the modules beside."""
    assert write_files(PAGE, tmp_path) == [
        "accounts/settings.py",
        "accounts/urls.py",
        "reports.conf",
        "reports/main.mjs",
        "reports/main.py",
        "reports/page.js",
        "reports/settings.py",
        "reports/urls.py",
    ]


class TestAnotherDjangoSite(VerifiesByItself):
    # It parses no header: that of a key it has not heard of may be good, and is asked about once in
    # half a minute.
    foreign_header = ("token_invalid", "login_required")

    @pytest.fixture(scope="class")
    @classmethod
    def service(cls, project: Project, accounts: Server) -> Iterator[Server]:
        with project.serving("reports", JWKS_URL=jwks_url(accounts)) as server:
            yield server


class ServiceOfItsOwn(VerifiesByItself):  # pragma: no cover - with FastAPI or Node alone
    """Has no protection of a framework's."""

    serving: Callable[[Project, str], AbstractContextManager[Server]]
    """Run the service with the keys from an address."""

    @pytest.fixture(scope="class")
    @classmethod
    def service(cls, project: Project, accounts: Server) -> Iterator[Server]:
        with cls.serving(project, jwks_url(accounts)) as server:
            yield server

    def test_a_form_of_its_own_page(self, service: Server, token: str) -> None:
        answer = service.ask(SAFE, cookies(token), "POST", "a=1", Origin=service.origin)
        assert self.user(answer) == "1"

    def test_no_cache_keeps_an_answer(self, service: Server, token: str) -> None:
        """Neither what a member sees nor a refusal."""
        for answer in (service.ask(SAFE, cookies(token)), service.ask(SAFE)):
            assert_private(answer)
        assert_private(service.ask(SAFE, cookies(token), "POST", "a=1", Origin="null"))

    def test_programs_can_read_why_a_form_is_refused(self, service: Server, token: str) -> None:
        answer = service.ask(SAFE, cookies(token), "POST", "a=1", Origin="null")
        assert (answer.status, answer.json()["code"]) == (403, "csrf_failed")

    def test_the_keys_can_not_be_fetched(self, project: Project, token: str) -> None:
        """Nobody can tell: to log in again would not help."""
        with type(self).serving(project, f"http://127.0.0.1:{free_port()}/") as service:
            answer = service.ask(SAFE, cookies(token))
        assert (answer.status, answer.json()["code"]) == (503, "unavailable")


@pytest.mark.needs_fastapi
class TestFastAPI(ServiceOfItsOwn):
    @staticmethod
    @contextmanager
    def serving(project: Project, url: str) -> Iterator[Server]:
        port = free_port()
        command = [
            *(sys.executable, "-X", "dev", "-W", "error", "-m", "uvicorn", "main:app"),
            *("--app-dir", str(project.folder / "reports"), "--port", str(port)),
        ]
        with running(command, port, project.folder / f"fastapi-{port}.log", JWKS_URL=url):
            yield Server(port, REPORTS)


@pytest.mark.needs_node
class TestNode(ServiceOfItsOwn):
    @staticmethod
    @contextmanager
    def serving(project: Project, url: str) -> Iterator[Server]:
        port = free_port()
        modules = project.folder / "reports" / "node_modules"
        if not modules.exists():
            modules.symlink_to(NODE / "node_modules")
        command = ["node", str(project.folder / "reports" / "main.mjs")]
        variables = {"JWKS_URL": url, "PORT": str(port)}
        with running(command, port, project.folder / f"node-{port}.log", **variables):
            yield Server(port, REPORTS)

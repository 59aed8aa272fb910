"""The Django site of docs/services.md on a real socket, for the services beside it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .certificates import certificate as make_certificate
from .servers import Server
from .sites import KEY, Project, log_in


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return the files of the document."""
    return Project.of_document(tmp_path_factory.mktemp("services"))


@pytest.fixture(scope="session")
def accounts(project: Project) -> Iterator[Server]:
    """Return the site where logins begin."""
    with project.serving("accounts", KEYS=[KEY]) as server:
        yield server


@pytest.fixture(scope="module")
def token(accounts: Server) -> str:
    """Return the token of a login that goes on; it is good for ten minutes."""
    return log_in(accounts)


@pytest.fixture(scope="session")
def certificate(project: Project) -> tuple[Path, Path]:  # pragma: no cover - as above
    """Return a certificate and its key."""
    return make_certificate(project.folder)

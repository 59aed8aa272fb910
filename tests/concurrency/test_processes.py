"""A real server with four processes: they share nothing but the database."""

from functools import partial

import pytest

from .crowd import login_of, rounds
from .servers import DYING

pytestmark = pytest.mark.slow


def test_of_32_requests_to_four_processes_one_renews(ada, crowd, server):
    """As between the threads of one process: everybody served, one renewal, no fork."""
    logins = []
    for number in range(rounds(200)):
        login, token = login_of(ada, age=(400, 700)[number % 2])
        answers = crowd.do(*[partial(server.ask, token)] * crowd.size)
        assert {(answer.status, answer.generation) for answer in answers} == {(200, 1)}
        login.refresh_from_db()
        assert (login.generation, login.revoked_because) == (1, "")
        logins.append(str(login.pk))
    assert server.renewed() == logins


def test_nobody_is_logged_out_by_a_process_that_is_killed(ada, server):
    """SIGKILL between the UPDATE and the response: the browser never hears of its new token.

    It comes back with the old one, is handed the generation that was lost, and goes on.
    """
    for number in range(rounds(50)):
        login, token = login_of(ada, age=(400, 700)[number % 2], user_agent=DYING)
        with pytest.raises(ConnectionError):
            server.ask(token)
        login.refresh_from_db()
        assert (login.generation, login.seen_at, login.revoked_because) == (1, None, "")
        answer = server.ask(token)
        assert (answer.status, answer.generation) == (200, 1)
        assert server.ask(answer.cookie).status == 200
        login.refresh_from_db()
        assert (login.generation, login.revoked_because) == (1, "")
    assert len(server.renewed()) == rounds(50)

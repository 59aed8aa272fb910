"""Days of an honest browser and of a thief, against the package: see `tests.sessions.simulation`.

By default a few runs, always the same; SIMULATION_RUNS says how many honest ones, with a tenth of
that of each rhythm of thieves. What they find is in the report that ``--junitxml`` writes.
"""

import os

import pytest

from .simulation import DAY, START, CarefulWorld, World

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

RUNS = int(os.environ.get("SIMULATION_RUNS", "2"))
SEED = int(os.environ.get("SIMULATION_SEED", "0"))
PAUSES = (30, 600, 3600, 20_000)
IN_A_VISIT = 7
"""A careful thief who comes while the visitor is there; most come in between."""


@pytest.fixture(params=["database", "token"], autouse=True)
def user_source(request, settings):
    """Take the user from either."""
    settings.JWT_COOKIE = {"USER_SOURCE": request.param}


@pytest.mark.parametrize("seed", range(SEED, SEED + RUNS))
def test_an_honest_browser_is_never_taken_for_a_thief(time_machine, record_property, seed):
    """Parallel requests, lost responses, slow views, slow uploads: two days of them."""
    world = World(seed, time_machine, thief_pause=None, days=2)
    session = world.run()
    record_property("requests", world.requests)
    assert session.revoked_because == ""
    assert world.honest.refused_at is None


@pytest.mark.parametrize("pause", PAUSES)
@pytest.mark.parametrize("seed", range(SEED, SEED + max(1, RUNS // 10)))
def test_every_thief_is_noticed(time_machine, record_property, seed, pause):
    """However busy, if he takes what comes; and then neither copy works any more."""
    world = World(seed, time_machine, thief_pause=pause, days=2)
    session = world.run()
    assert session.revoked_because == "token_reused"
    assert session.revoked_at is not None
    assert world.stolen_at is not None
    noticed_after = session.revoked_at.timestamp() - START - world.stolen_at
    record_property("noticed_after", round(noticed_after))
    assert noticed_after > 0


@pytest.mark.parametrize("seed", sorted({IN_A_VISIT, *range(SEED, SEED + max(1, RUNS // 10))}))
def test_a_careful_thief_is_shaken_off_and_not_noticed(time_machine, seed):
    """A limit of the rules, as docs/architecture.md says it; the visitor is not bothered."""
    world = CarefulWorld(seed, time_machine, thief_pause=30, days=2)
    assert world.run().revoked_because == ""
    assert (world.honest.refused_at, world.refusals) == (None, 0)
    assert world.stolen_at is not None
    assert world.out_at is not None
    assert world.out_at - world.stolen_at < DAY

r"""A soak of real servers: everybody is who they were, whatever happens.

Two gunicorns with threads and two uvicorns share PostgreSQL, then MariaDB. Tokens are over within
seconds; answers get lost, views and uploads are slow, users take turns at a browser, log in over
logins, log out, change passwords, end other logins and are robbed of cookies; for a while the
database takes no writes; the clock of one server is wrong by a minute; two are started again.

    SOAK_REQUESTS=100000 python3 tools/services.py -- \
        python -m pytest -s -o faulthandler_timeout=0 tests/soak

SOAK_SEED is another course of events, SOAK_DJANGO=1 the same with Django's own middleware.
"""

import json
import os

import pytest

from .fleet import Fleet
from .run import SKEW, Plan, Soak

pytestmark = [pytest.mark.slow, pytest.mark.needs_servers]

SMALL = 1000
"""Requests to each database: a quarter of a minute or so."""


def make_plan() -> Plan:
    """Return how much there is to do, as the environment says."""
    requests = int(os.environ.get("SOAK_REQUESTS", 2 * SMALL)) // 2
    is_small = requests <= SMALL
    return Plan(
        requests,
        seconds=60 if is_small else requests / 5,
        read_only_seconds=4 if is_small else 60,
        seed=os.environ.get("SOAK_SEED", "1"),
        is_djangos="SOAK_DJANGO" in os.environ,
    )


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        pytest.param(
            "POSTGRESQL_URL", ("gunicorn", SKEW), marks=pytest.mark.needs_postgresql_server
        ),
        pytest.param("MARIADB_URL", ("uvicorn", -SKEW), marks=pytest.mark.needs_mariadb_server),
    ],
    ids=["postgresql", "mariadb"],
)
def test_everybody_is_who_they_were(url, wrong, tmp_path, django_db_blocker):
    """No wrong user, no cart of others, no false logout, no login that comes back."""
    plan = make_plan()
    more = {"SOAK_DJANGO": "1"} if plan.is_djangos else {}
    with django_db_blocker.unblock():
        fleet = Fleet(os.environ[url], tmp_path, wrong=wrong, **more)
        with fleet.running():
            soak = Soak(plan, fleet)
            report = soak.run()
    print(f"\n{url}: {json.dumps(report, indent=2)}")
    for failure in soak.oracle.failures[:20]:
        print(f"{failure.at:7.1f} s  {failure.kind}: {failure.told}", *failure.before, sep="\n    ")
    assert report["failures"] == {}
    # A browser that was left with an older token, by clocks so far apart, looks like a thief.
    assert report["thefts false"] <= report["overtaken"]
    assert soak.troubles == []
    assert report["refused while read only"]

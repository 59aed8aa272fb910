"""What a large table asks for: an index for every statement, and none that renewals write into."""

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_jwt_cookie.models import LoginSession
from tests.support.accounts import NAME, PASSWORD, log_in, start_session
from tools import scale, scale_measuring, scale_paper

PAGE = (Path(__file__).parents[2] / "docs" / "scaling.md").read_text()
START, MINUTE, DAY = 1_800_000_000, 60, 86_400
ROWS = 2000

# --- On paper


def test_the_worked_example_is_what_the_formulas_say():
    """Line by line."""
    for line in scale_paper.table(scale_paper.EXAMPLE):
        assert f"\n{line}\n" in PAGE


def test_the_formulas_know_every_default_that_they_name():
    """A parameter that nobody can look up is a guess."""
    parameters = re.findall(r"^\| `(\w+)` \| ([\d.,]+)", PAGE, re.MULTILINE)
    documented = {name: float(value.replace(",", "")) for name, value in parameters}
    assert documented == vars(scale_paper.Site())


@pytest.mark.django_db
def test_a_visit_costs_the_writes_that_the_formula_says(client, time_machine):
    """A click a minute, for ten minutes, on three days.

    The last token of a visit is seen and replaced by one write, at the first click of the next.
    """
    time_machine.move_to(START, tick=False)
    User.objects.create_user(NAME, password=PASSWORD)
    log_in(client, remember=True)
    with CaptureQueriesContext(connection) as context:
        for day in range(1, 4):
            for minute in range(11):
                time_machine.move_to(START + day * DAY + minute * MINUTE, tick=False)
                assert client.get("/accounts/me/").status_code == 200
    verbs = [query["sql"].split()[0] for query in context]
    site = scale_paper.Site(users=1, logins=1, visits=3, requests=11, minutes=10)
    expected = scale_paper.per_day(site)
    assert verbs.count("UPDATE") == 2 * expected["renewals"] - site.visits
    assert verbs.count("SELECT") == expected["look_ups"]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (2.64, "3"),
        (944, "940"),
        (9_444, "9,400"),
        (28_120, "28,000"),
        (2_100_000, "2.1 million"),
        (15e6, "15 million"),
    ],
)
def test_numbers_are_said_as_exactly_as_they_are_known(number, words):
    """A formula gives more digits than a guess has."""
    assert scale_paper.short(number) == words


# --- Indexes


@pytest.mark.django_db
def test_no_column_that_a_renewal_writes_is_indexed():
    """PostgreSQL would write into every index of the table, at every renewal."""
    session = start_session(User.objects.create_user(NAME))
    with CaptureQueriesContext(connection) as context:
        scale_measuring.renew(session)
        scale_measuring.see(session)
    updates = [query["sql"] for query in context if query["sql"].startswith("UPDATE")]
    assert len(updates) == 2
    changed = re.findall(r"[\"`](\w+)[\"`] = ", "".join(s.partition("WHERE")[0] for s in updates))
    assert {"generation", "rotated_at", "seen_at"} <= set(changed)
    assert set(changed).isdisjoint(indexed_columns().values())


def indexed_columns():
    """Return the first column of each index of the table, by the index's name."""
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, LoginSession._meta.db_table)
    return {name: each["columns"][0] for name, each in found.items() if each["index"]}


@pytest.fixture
def filled(transactional_db):  # pragma: no cover - with PostgreSQL
    """Fill the table as a site does in a month."""
    scale_measuring.fill(ROWS)


def columns(plans):  # pragma: no cover - with PostgreSQL
    """Return which columns of a login the plans go by; the user's primary key aside."""
    found = indexed_columns() | {f"{LoginSession._meta.db_table}_pkey": "id"}
    indexes = [index for plan in plans for index in plan.indexes]
    return {found[index] for index in indexes if index in found}


@pytest.mark.needs_postgresql
@pytest.mark.django_db(transaction=True)
def test_every_statement_goes_by_the_index_that_is_documented(filled):
    """From the login to the purge, none reads the table from one end to the other."""
    plans = scale_measuring.explain_life(10)
    for name, found in plans.items():
        for plan in found:
            assert not plan.scans_a_table, (name, plan)
            assert plan.indexes or plan.verb == "INSERT", (name, plan)
    rows = re.findall(r"^\| ([^|]+?) \| [A-Z, ]+ \| (.*?) \|", PAGE, re.MULTILINE)
    documented = {name: set(re.findall(r"`(\w+)`", cell)) for name, cell in rows}
    assert documented == {name: columns(found) for name, found in plans.items()}


@pytest.mark.needs_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_scan_would_be_noticed(filled):
    """This is how the test above could fail."""
    with scale_measuring.explaining() as plans:
        assert LoginSession.objects.filter(user_agent="nobody").first() is None
    assert [plan.scans_a_table for plan in plans] == [True]


@pytest.mark.needs_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_renewal_writes_into_no_index():
    """Once there is room on every page, PostgreSQL keeps it all on the page of the record."""
    found = scale_measuring.churn(400, 40)
    assert found.hot == 1
    worse = scale_measuring.churn(400, 40, index="rotated_at")
    assert worse.hot < 1
    assert worse.log > found.log


@pytest.mark.needs_postgresql
@pytest.mark.django_db(transaction=True)
def test_the_whole_report_in_small(capsys):
    """With what the documentation quotes."""
    scale.report(200, 20)
    report = capsys.readouterr().out
    for title in ("Steps", "Bytes", "Plans", "One login in 10 renewed"):
        assert f"\n## {title}" in report
    assert LoginSession.objects.alive().exists()

"""The parts of the benchmarks that measure nothing: figures, goals, and the page that has them."""

import json
import re
from itertools import pairwise

import pytest

from benchmarks import figures, goals, report
from benchmarks.cpu import describe
from benchmarks.server import share
from benchmarks.sites import BY_NAME, REFERENCE, SITES
from tests.support.documents import ROOT

RESULTS = json.loads((ROOT / "benchmarks" / "results.json").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")


def over_bare(**medians):
    """Return the figures of some sites."""
    return {
        site.replace("_", "-"): {
            "over_bare": {"median": median, "low": median - 1, "high": median + 3},
            "queries": 1,
        }
        for site, median in medians.items()
    }


def pages(**medians):
    """Return results of one interface in which every kind of request costs the same."""
    kinds = [*report.PAGES, "login"]
    return {"requests": {"wsgi": {kind: over_bare(**medians) for kind in kinds}}}


# --- Figures


def test_each_round_is_compared_with_itself():
    """A round that was slow for everybody changes nothing."""
    assert describe([12, 30, 12], [10, 28, 10])["over_bare"] == {"median": 2, "low": 2, "high": 2}
    assert share([5, 1, 5], [10, 2, 10])["share"] == {"median": 0.5, "low": 0.5, "high": 0.5}


def test_rounds_of_different_number_are_not_compared():
    """Then they are not of the same rounds."""
    with pytest.raises(ValueError, match="shorter"):
        describe([1, 2], [1])


def test_a_figure_is_a_median_between_its_quartiles():
    """One far out moves neither."""
    found = figures.summarize([1, 2, 3, 4, 1000])
    assert found == {"median": 3, "low": 2, "high": 4}
    assert figures.spread(found) == 1


def test_a_single_round_has_no_spread():
    """As in a quick run."""
    assert figures.summarize([7]) == {"median": 7, "low": 7, "high": 7}


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (1 / 44, "1/44"),
        (1 / 7.84, "1/7.8"),
        (0.55, "0.55"),
        (1.6, "1.60"),
        (0, "0.00"),
        (-1, "-1.00"),
    ],
)
def test_a_ratio_is_said_as_one_reads_it(ratio, words):
    """Parts of one below a half, else so many times."""
    assert figures.part(ratio) == words


# --- Goals


def row(what, results):
    """Return the line of one goal."""
    return next(row for row in goals.rows(results) if row["what"] == what)


def test_a_goal_is_reached_or_missed():
    """Each limit on its own."""
    results = pages(token=10, sessions_db=500, floor=5)
    found = [row for row in goals.rows(results) if row["what"] == "`token`: user's key, WSGI"]
    assert [row["reached"] for row in found] == ["✓ 1/50", "✗ 2.00"]


def test_a_goal_that_is_a_least_share():
    """The other way round."""
    results = {"server": {"wsgi": {"pk": {"token": {"share": {"median": 0.94}}}}}}
    assert row("`token`: whole server, user's key", results)["reached"] == "✓ 0.94"


def test_noise_is_told_from_a_cost():
    """By what two sites without authentication differ in: here 6, and 2 to either side."""
    results = {"requests": {"asgi": {"untouched": over_bare(database=4, control=-6)}}}
    found = row("`database`, the default: user not looked at, ASGI", results)
    assert found["reached"] == "✓ 0.50"


def test_the_first_sight_is_that_of_the_default_algorithm():
    """Among the rows of all algorithms."""
    results = {
        "verification": [
            {"algorithm": "ES256", "first sight / PyJWT": 0.9},
            {"algorithm": "HS256", "first sight / PyJWT": 0.6},
        ]
    }
    assert row("a token of HS256 that was not seen before", results)["reached"] == "✓ 0.60"


def test_what_was_not_measured_is_said():
    """No goal is reached by a run that leaves it out."""
    assert {row["reached"] for row in goals.rows({})} == {"not measured"}


# --- Sites


def test_sites_differ_by_name():
    """And each has its place in the results."""
    assert len(BY_NAME) == len(SITES)


def test_every_site_has_logins_but_for_what_others_are_compared_with():
    """There is nothing to log in to."""
    references = {site.name for site in SITES if site.family == REFERENCE}
    assert {site.name for site in SITES if site.login is None} == references


# --- Tables


def test_rows_may_have_different_columns():
    """Those of another person's module."""
    assert report.table([{"a": 1234, "b": 0.123456}, {"a": "x", "c": True}]) == (
        "| a | b | c |\n| --- | --- | --- |\n| 1,234 | 0.123 |  |\n| x |  | True |"
    )
    assert report.table([{"a": 12345.6}]).endswith("| 12,346 |")


def test_nothing_measured_is_no_table():
    """It is said."""
    assert {*report.sections({}).values()} - {report.table([*goals.rows({})])} == {
        report.NOT_MEASURED
    }


def test_sites_stand_in_their_order_with_ours_in_bold():
    """The bare one is what is subtracted, and has no line."""
    results = pages(bare=0, database=50, sessions_db=100)
    _, _, ours, theirs = report.requests_table(results, "wsgi").splitlines()
    assert ours == (
        "| **`database`, the default** | 50.0 ± 2.0 | 50.0 ± 2.0 | 50.0 ± 2.0 | 50.0 ± 2.0"
        " | 0.50 | 1 |"
    )
    assert theirs.startswith("| Django sessions, `db` |")


def test_logins_are_compared_with_those_of_sessions():
    """The bare site has none."""
    *_, ours, theirs = report.logins_table(pages(bare=0, database=50, sessions_db=100)).splitlines()
    assert ours == "| **`database`, the default** | 50.0 ± 2.0 | 1 | 0.50 |"
    assert theirs == "| Django sessions, `db` | 100.0 ± 2.0 | 1 | 1.00 |"


def test_a_quick_run_has_fewer_servers():
    """Those without are left out."""
    share = {"share": {"median": 0.5}}
    results = {
        "server": {"wsgi": {"pk": {"bare": share, "floor": share}}, "asgi": {"pk": {"bare": share}}}
    }
    assert report.server_table(results).splitlines()[2:] == [
        "| no authentication at all | 0.50 | 0.50 |",
        "| the floor: a look-up in a dict | 0.50 |  |",
    ]


# --- The page


def test_the_page_says_what_was_measured():
    """`make bench ARGS=--render` makes it so."""
    assert report.fill(PAGE, RESULTS) == PAGE


def test_the_page_has_every_table_once():
    """And in pairs of comments that do not overlap."""
    names = [name for _, name, _ in report.SECTION.findall(PAGE)]
    assert sorted(names) == sorted(report.sections(RESULTS))
    marks = re.findall(r"<!-- (\w+)", PAGE)
    assert all((one == "end") != (other == "end") for one, other in pairwise(marks))


def test_a_table_that_nobody_makes_is_refused():
    """Rather than left empty."""
    with pytest.raises(KeyError):
        report.fill("<!-- typo: from results.json -->\n<!-- end -->", {})


def test_the_results_tell_nothing_of_the_machine():
    """Versions and the number of cores; no path, no name."""
    assert RESULTS.keys() <= {
        "versions",
        "cores",
        "rounds",
        "requests",
        "server",
        "verification",
        "memory",
    }
    assert '"/' not in json.dumps(RESULTS)

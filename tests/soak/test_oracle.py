"""The oracle notices each kind of thing that must not be, and nothing else."""

from math import inf

import jwt
import pytest

from . import oracle as kinds
from .browser import is_older
from .oracle import Account, Answer, Oracle, Visit


@pytest.fixture
def oracle():
    """Return an oracle that has seen nothing."""
    return Oracle()


@pytest.fixture
def visit():
    """Return a login of Ada."""
    return Visit(Account("ada", ["secret"]))


def answer(user, *, sent=10.0, done=11.0):
    """Return what the site says to a request."""
    return Answer(200, {"user": user}, False, sent, done)


@pytest.mark.parametrize(
    ("user", "found"), [("ada", {}), ("bob", {kinds.WRONG_USER: 1}), ("", {kinds.FALSE_LOGOUT: 1})]
)
def test_whoever_is_logged_in_is_that_user(oracle, visit, user, found):
    """Neither another nor nobody."""
    oracle.judge_user(visit, answer(user))
    assert oracle.kinds == found


@pytest.mark.parametrize(("user", "found"), [("", {}), ("ada", {kinds.WRONG_USER: 1})])
def test_nobody_is_nobody(oracle, user, found):
    """Without a login."""
    oracle.judge_user(Visit(), answer(user))
    assert oracle.kinds == found


@pytest.mark.parametrize("user", ["ada", ""])
def test_a_login_that_may_be_over_goes_on_or_not(oracle, visit, user):
    """Nobody knows what became of a logout whose answer was lost."""
    visit.doubts = 1
    oracle.judge_user(visit, answer(user))
    assert oracle.kinds == {}


def test_the_request_that_asks_is_no_doubt_of_its_own(oracle, visit):
    """A password that is about to be changed logs nobody out before."""
    visit.doubts = 1
    oracle.judge_user(visit, answer(""), own_doubts=1)
    assert oracle.kinds == {kinds.FALSE_LOGOUT: 1}


@pytest.mark.parametrize(("sent", "found"), [(4.0, {}), (6.0, {kinds.CAME_BACK: 1})])
def test_a_login_that_is_over_stays_so(oracle, visit, sent, found):
    """A request from before it was may still be answered to the user."""
    visit.over_at = 5
    oracle.judge_user(visit, answer("ada", sent=sent))
    assert oracle.kinds == found


def test_a_login_is_over_once_it_was_nobodys(oracle, visit):
    """Whether that was right or not."""
    visit.doubts = 1
    oracle.judge_user(visit, answer("", sent=10, done=11))
    oracle.judge_user(visit, answer("ada", sent=12, done=13))
    assert oracle.kinds == {kinds.CAME_BACK: 1}


def test_a_cart_is_shown_to_its_visit_and_to_its_heirs(oracle, visit):
    """As far as they are known."""
    nobody = Visit()
    heir = nobody.successor(visit.account, set(), answer("ada"))
    oracle.judge_cart(heir, "ada", {1: nobody, 2: heir, 3: None}, set())
    assert oracle.kinds == {}


@pytest.mark.parametrize("user", ["", "ada"])
def test_a_cart_is_shown_to_no_other_visit(oracle, visit, user):
    """Not even to one of the same user."""
    other = Visit(visit.account if user else None)
    oracle.judge_cart(other, user, {1: visit}, set())
    assert oracle.kinds == {kinds.CART_OF_OTHERS: 1}


def test_a_cart_is_not_shown_where_its_login_is_over(oracle, visit):
    """Nobody inherits it."""
    oracle.judge_cart(visit, "", {1: visit}, set())
    assert oracle.kinds == {kinds.CART_OF_OTHERS: 1}


def test_a_cart_that_lacks_something_is_lost(oracle, visit):
    """But not that of a login that is over."""
    oracle.judge_cart(visit, "", {}, {1})
    assert oracle.kinds == {}
    oracle.judge_cart(visit, "ada", {}, {1})
    assert oracle.kinds == {kinds.CART_LOST: 1}


def test_a_login_takes_over_the_cart_of_nobody():
    """And what must be in it."""
    nobody = Visit()
    heir = nobody.successor(Account("ada", []), {1}, answer("ada"))
    assert (nobody.number in heir.may_show, heir.cart) == (True, {1})


def test_a_login_takes_over_the_cart_of_the_same_user(visit):
    """In whose place it is; if other requests may have ended that, nobody knows what is in it."""
    visit.doubts = 1
    assert visit.successor(visit.account, {1}, answer("ada")).cart == {1}
    visit.doubts = 2
    unsure = visit.successor(visit.account, {1}, answer("ada"))
    assert (visit.number in unsure.may_show, unsure.cart) == (True, None)


@pytest.mark.parametrize("over_at", [5, inf])
def test_a_login_takes_over_no_other_cart(visit, over_at):
    """Not of another user, nor of a login that was over before."""
    visit.doubts, visit.over_at = 1, over_at
    account = visit.account if over_at < inf else Account("bob", [])
    heir = visit.successor(account, {1}, answer("ada"))
    assert (heir.may_show, heir.cart) == ({heir.number}, set())


def test_what_may_have_met_a_database_that_takes_no_writes(oracle):
    """From the moment when it was told to, until it takes them again."""
    oracle.note_read_only(10)
    assert oracle.is_read_only
    assert oracle.was_read_only(answer("", sent=20, done=21))
    oracle.note_read_only(10, 15)
    assert not oracle.is_read_only
    asked = [oracle.was_read_only(answer("", sent=at, done=at + 2)) for at in (7, 9, 14, 16)]
    assert asked == [False, True, True, False]


def token(sid, generation):
    """Return a token that anybody can read."""
    return jwt.encode({"sid": sid, "gen": generation}, "secret" * 8)


@pytest.mark.parametrize(
    ("now", "before", "found"),
    [
        (token("a", 1), token("a", 2), True),
        (token("a", 2), token("a", 1), False),
        (token("a", 2), token("a", 2), False),
        (token("b", 1), token("a", 2), False),
        (None, token("a", 2), False),
        (token("a", 1), None, False),
    ],
)
def test_an_answer_that_was_overtaken_leaves_an_older_token(now, before, found):
    """Of the same login."""
    assert is_older(now, before) is found

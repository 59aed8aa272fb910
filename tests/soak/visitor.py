"""What somebody at a browser does, and what it does to the visit."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from . import oracle as kinds
from .browser import Browser, Fate, World, claims_of
from .oracle import Account, Answer, Visit

READING = ["who/", "awho/"]


@dataclass
class Loot:
    """A copy of the cookie, in the hands of a thief."""

    visit: Visit
    token: str
    generation: int
    behind: int = 0
    """How many generations later the browser has been served."""


class Visitor(Browser):
    """Somebody, or one after the other at a shared computer."""

    def __init__(
        self, world: World, number: int, seed: str, accounts: list[Account], theft_behind: float
    ) -> None:
        """``theft_behind``: whose token is more generations behind is a thief for sure."""
        super().__init__(world, f"{seed} {number}")
        self.number, self.accounts, self.theft_behind = number, accounts, theft_behind
        self.is_steady = len(accounts) == 1
        """Whether it stays logged in for as long as it is let."""

        self.holders: dict[int, Visit | None] = {}
        """Which visit has put what into a cart; None where nobody can tell."""

        self.copies: list[tuple[Visit, str]] = []
        """Cookies of logins that were ended in this browser."""

        self.loot: Loot | None = None
        self.background: set[Future[Any]] = set()

    def run_until(self, is_over: Callable[[], bool]) -> None:
        """Do one thing after the other."""
        self.ask("csrf/")
        weights = [weight for weight, _ in ACTS.values()]
        while not is_over():
            (name,) = self.chance.choices(list(ACTS), weights)
            if ACTS[name][1](self) is not False:
                with self.oracle.lock:
                    self.world.acts[name] += 1
            time.sleep(self.chance.expovariate(1 / PAUSE))
        for answer in self.background:
            answer.result()

    # --- Reading

    def look(self) -> None:
        """Load a page."""
        self.ask(self.chance.choice(READING))

    def look_in_tabs(self) -> None:
        """Load several at once; some answers are lost."""
        errands = [
            self.errand(self.chance.choice(READING), fate=self._fate())
            for _ in range(self.chance.randint(2, 6))
        ]
        for answer in [self.world.tabs.submit(self.run, errand) for errand in errands]:
            answer.result()

    def lose_answer(self) -> None:
        """Load a page, and lose it."""
        fate = self.chance.choice([Fate.THROWN_AWAY, Fate.CUT])
        self.ask(self.chance.choice(READING), fate=fate)

    def wait_in_background(self) -> None:
        """Load a page that takes its time, and go on with others."""
        path = f"{self.chance.choice(['slow/', 'aslow/'])}?seconds={self.chance.uniform(0.2, 3)}"
        self._in_background(path)

    def upload_in_background(self) -> None:
        """Send something for some time, and go on with other pages."""
        self._in_background("upload/", form={}, upload=self.chance.uniform(0.2, 4))

    def _in_background(self, path: str, **more: Any) -> None:
        for each in [each for each in self.background if each.done()]:
            each.result()
            self.background.remove(each)
        errand = self.errand(path, fate=self._fate(), **more)
        self.background.add(self.world.tabs.submit(self.run, errand))

    def rest(self) -> None:
        """Do nothing, until every token is over."""
        time.sleep(self.chance.uniform(1, 6))

    # --- Session data

    def show_cart(self) -> None:
        """Look what is in the cart."""
        self._use_cart(None)

    def add_to_cart(self) -> None:
        """Put something into it."""
        self._use_cart(len(self.holders))

    def _use_cart(self, number: int | None) -> None:
        visit, form = self.visit, None
        expected = set(visit.cart or ())
        if number is not None:
            form = {"item": f"{self.number}.{number}"}
            self.holders[number] = None
        is_thrown = self.chance.random() < 0.1
        answer = self.ask(
            self.chance.choice(["cart/", "acart/"]),
            form=form,
            writes=form is not None,
            fate=Fate.THROWN_AWAY if is_thrown else Fate.ARRIVES,
        )
        if answer is None and form:
            visit.cart = None  # It may be stored at any time.
        if answer is None or answer.status != 200:
            return
        is_as_expected = visit.account is None or bool(answer.user)
        if number is not None:
            # Whoever the site took it for: it is in the cart of that visit.
            self.holders[number] = visit if is_as_expected else self.visit
        self._judge_cart(visit, answer, expected if visit.cart is not None else set(), number)
        if number is not None and is_as_expected and visit.cart is not None and not is_thrown:
            visit.cart.add(number)

    def _judge_cart(
        self, visit: Visit, answer: Answer, expected: set[int], number: int | None
    ) -> None:
        pairs = [item.split(".") for item in answer.body["cart"]]
        mine = {int(item) for browser, item in pairs if int(browser) == self.number}
        if len(mine) != len(pairs):
            self.oracle.fail(kinds.CART_OF_OTHERS, f"{pairs} in browser {self.number}")
        held = {item: self.holders[item] for item in mine if item != number}
        failures = len(self.oracle.failures)
        self.oracle.judge_cart(visit, answer.user, held, expected - mine)
        for failure in self.oracle.failures[failures:]:
            failure.before = list(self.told)

    # --- Logging in and out

    def log_in(self) -> bool:
        """Log in where nobody is, or in somebody's place: the same user, or another."""
        visit = self.visit
        if visit.account and self.is_steady:
            return False
        account = self.chance.choice(self.accounts)
        if visit.account and self.chance.random() < 0.3:
            account = visit.account
        fate, path = self._fate(), self._way("login")
        for password in reversed(account.passwords):
            answer = self._log_in_as(account, password, path, fate)
            if answer is None or answer.status != 400:
                break
        return True

    def _log_in_as(self, account: Account, password: str, path: str, fate: Fate) -> Answer | None:
        visit = self.visit
        with self.oracle.lock:
            visit.doubts += 1
            cart, visit.cart = visit.cart, None
            before, is_only = (account.ending, account.endings), len(account.passwords) == 1

        def becomes(answer: Answer) -> Visit | None:
            is_undisturbed = before == (0, account.endings) and not account.ending
            if answer.status == 200 and answer.brings_login:
                began = visit.successor(account, cart, answer)
                began.doubts += not is_undisturbed
                if fate is Fate.ARRIVES:
                    self._leave(visit)
                    account.visits.append(began)
                return began
            if answer.status == 200 and not self.oracle.was_read_only(answer):
                self.oracle.fail(kinds.NO_COOKIE, path)
            if answer.status != 200:
                visit.doubts -= 1
                visit.cart = cart
            if answer.status == 400 and is_only and is_undisturbed:
                self.oracle.fail(kinds.REFUSED, f"{account.name} by {path}")
            return None

        form = {"username": account.name, "password": password}
        return self.ask(path, form=form, fate=fate, writes=True, refusals=(400,), becomes=becomes)

    def _fate(self) -> Fate:
        return self.chance.choices(list(Fate), [8, 1, 1])[0]

    def _way(self, name: str) -> str:
        """Return one of the pages to log in or out: for a thread, the event loop, the package's."""
        ways = [f"{name}/", f"a{name}/", f"accounts/{name}/"]
        return self.chance.choice(ways[:2] if self.world.is_djangos else ways)

    def _leave(self, visit: Visit) -> None:
        if visit.account and visit in visit.account.visits:
            visit.account.visits.remove(visit)

    def log_out(self) -> bool:
        """Log out; some answers are lost."""
        visit, token = self.visit, self.token
        if self.is_steady or (visit.account is None and self.chance.random() < 0.9):
            return False
        with self.oracle.lock:
            visit.doubts += 1
            visit.cart = None

        def becomes(answer: Answer) -> Visit | None:
            if answer.status >= 400:
                return None
            if not self.oracle.was_read_only(answer):
                self._end(visit, answer, token)
            return Visit()

        path, fate = self._way("logout"), self._fate()
        self.ask(path, form={}, fate=fate, writes=True, becomes=becomes)
        return True

    def _end(self, visit: Visit, answer: Answer, token: str | None) -> None:
        if visit.account:
            visit.over_at = min(visit.over_at, answer.done)
            self._leave(visit)
            if token:
                self.copies.append((visit, token))

    # --- Ending logins elsewhere

    def change_password(self) -> bool:
        """Change it: this login goes on, all others end."""
        visit, account, token = self.visit, self.visit.account, self.token
        new = f"{self.number}-{self.chance.random()}"
        with self.oracle.lock:
            if account is None or account.ending or self.is_steady:
                return False
            old = account.passwords
            account.passwords = [*old, new]
            others = self._begin_ending(account)
            visit.doubts += 1
            cart, visit.cart = visit.cart, None
        fate = self.chance.choices(list(Fate), [8, 1, 0])[0]

        def becomes(answer: Answer) -> Visit | None:
            if answer.status >= 400:
                account.passwords = old
                visit.doubts -= 1
                visit.cart = cart
                self._take_back(others)
                return None
            account.passwords = [new]
            goes_on = visit.successor(account, cart, answer)
            self._end(visit, answer, token)
            self._note_ended(others, answer)
            if not answer.brings_login:
                if not self.oracle.was_read_only(answer):
                    self.oracle.fail(kinds.NO_COOKIE, "password")
                return None
            if fate is Fate.ARRIVES:
                account.visits.append(goes_on)
            return goes_on

        if self.world.is_djangos or self.chance.random() < 0.5:
            path, form = "password/", {"password": new}
        else:
            path = "accounts/password_change/"
            form = {"old_password": old[-1], "new_password1": new, "new_password2": new}
        more = {"writes": True, "refusals": (401,), "own_doubts": 1}
        self.ask(path, form=form, fate=fate, becomes=becomes, **more)
        self._finish_ending(account)
        return True

    def end_others(self) -> bool:
        """End all other logins of the user."""
        account = self.visit.account
        with self.oracle.lock:
            if self.world.is_djangos or account is None or account.ending:
                return False
            others = self._begin_ending(account)

        def becomes(answer: Answer) -> None:
            if answer.status == 204:
                self._note_ended(others, answer)
            else:
                self._take_back(others)

        path = "accounts/sessions/others/"
        self.ask(path, form={}, writes=True, refusals=(401,), becomes=becomes)
        self._finish_ending(account)
        return True

    def _begin_ending(self, account: Account) -> list[Visit]:
        account.ending += 1
        others = [each for each in account.visits if each is not self.visit]
        for visit in others:
            visit.doubts += 1
        return others

    def _take_back(self, others: list[Visit]) -> None:
        for visit in others:
            visit.doubts -= 1

    def _note_ended(self, others: list[Visit], answer: Answer) -> None:
        for visit in others:
            visit.over_at = min(visit.over_at, answer.done)
            self._leave(visit)

    def _finish_ending(self, account: Account) -> None:
        with self.oracle.lock:
            account.ending -= 1
            account.endings += 1

    # --- Copies of cookies

    def use_old_copy(self) -> bool:
        """Come with the cookie of a login that was ended."""
        if not self.copies:
            return False
        self.ask(self.chance.choice(READING), copy=self.chance.choice(self.copies))
        return True

    def steal(self) -> bool:
        """Copy the cookie."""
        with self.oracle.lock:
            token, visit = self.token, self.visit
        if self.loot or self.world.is_djangos or token is None or visit.account is None:
            return False
        self.loot = Loot(visit, token, claims_of(token)["gen"])
        return True

    def note_use(self, visit: Visit, token: str | None) -> None:
        """Take note of how far the browser is from the stolen token."""
        loot = self.loot
        if token is not None and loot is not None and loot.visit is visit:
            loot.behind = max(loot.behind, claims_of(token)["gen"] - loot.generation)

    def use_loot(self) -> bool:
        """Use the stolen cookie, once it is one of a thief for sure; the login is over by that."""
        loot = self.loot
        if loot is None:
            return False
        if loot.visit is not self.visit:
            self.loot = None  # The login has changed. What has ended, `use_old_copy` tries.
            return False
        if loot.behind <= self.theft_behind or self.oracle.is_read_only:
            return False
        with self.oracle.lock:
            loot.visit.doubts += 1

        def becomes(answer: Answer) -> None:
            if self.oracle.was_read_only(answer):
                return  # It can't be noted.
            if answer.user:
                self.oracle.fail(kinds.THEFT_MISSED, f"{answer.user} by {loot.behind} generations")
            else:
                self.oracle.thefts += 1
                self._end(loot.visit, answer, loot.token)

        self.ask("who/", copy=(loot.visit, loot.token), becomes=becomes)
        self.loot = None
        return True


PAUSE = 0.15
"""Seconds between two acts, on average."""

ACTS: dict[str, tuple[float, Callable[[Visitor], object]]] = {
    "look": (25, Visitor.look),
    "look in tabs": (20, Visitor.look_in_tabs),
    "lose answer": (8, Visitor.lose_answer),
    "slow view": (6, Visitor.wait_in_background),
    "slow upload": (3, Visitor.upload_in_background),
    "rest": (3, Visitor.rest),
    "show cart": (8, Visitor.show_cart),
    "add to cart": (6, Visitor.add_to_cart),
    "log in": (5, Visitor.log_in),
    "log out": (2, Visitor.log_out),
    "change password": (1, Visitor.change_password),
    "end others": (1, Visitor.end_others),
    "use old copy": (3, Visitor.use_old_copy),
    "steal": (2, Visitor.steal),
    "use loot": (5, Visitor.use_loot),
}
"""What is done how often, of a hundred times."""

"""Responses that get lost or come late, thieves, outages: each with the clock in hand.

What happens at one moment in many threads and processes is in `tests.concurrency`.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection, transaction
from django.http import HttpResponse, JsonResponse
from django.test import Client
from django.urls import include, path

from django_jwt_cookie import authentication, sessions
from django_jwt_cookie.decorators import login_required
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.signals import session_ended, token_reused
from django_jwt_cookie.tokens import decode
from tests.support.accounts import COOKIE, JSON, PASSWORD, log_in
from tests.support.cases import spread

from .exchange import Exchange, follow, is_accepted

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

START = 1_800_000_000
MINUTE, HOUR, DAY = 60, 3600, 86_400
HALF_OVER, EXPIRED = 6 * MINUTE, 11 * MINUTE
MEGABYTE = 1_048_576
MOST_QUERIES = 40

# --- The site

meanwhile: list[Callable[[], object]] = []
"""What happens while a slow view does its work."""


@login_required
def slow(request):
    for happen in meanwhile:
        happen()
    return HttpResponse(request.user.get_username())


@login_required
def upload(request):
    return HttpResponse(request.FILES["file"].size)


@login_required
def crashing(request):
    raise LookupError("on purpose")


@transaction.atomic
def atomic(request):
    """Answer as Django REST framework does with ATOMIC_REQUESTS: a refusal rolls back."""
    status = 403 if request.user.is_authenticated else 401
    transaction.set_rollback(True)
    return JsonResponse({}, status=status)


def leave(request):
    authentication.logout(request)
    return HttpResponse(status=204)


def fill_cart(request):
    request.session["cart"] = "apple"
    return HttpResponse("filled")


urlpatterns = [
    path("accounts/", include("django_jwt_cookie.urls")),
    path("slow/", slow),
    path("upload/", upload),
    path("crashing/", crashing),
    path("atomic/", atomic),
    path("logout/", leave),
    path("cart/", fill_cart),
]

# --- The visitor


@pytest.fixture(autouse=True)
def clock(time_machine):
    """Stop the clock; only the test moves it."""
    time_machine.move_to(START, tick=False)
    yield time_machine
    meanwhile.clear()


@pytest.fixture
def ada():
    """Return a user."""
    return User.objects.create_user("ada", password=PASSWORD)


@pytest.fixture
def sent():
    """Collect what the signals of an end and of a theft say, in the order they are sent."""
    collected = []

    def note_theft(session, **kwargs):
        collected.append(("reused", session.pk))

    def note_end(session, **kwargs):
        collected.append((session.revoked_because, session.pk))

    token_reused.connect(note_theft)
    session_ended.connect(note_end)
    yield collected
    token_reused.disconnect(note_theft)
    session_ended.disconnect(note_end)


@dataclass
class Browser:
    """A client with a jar that can be looked into, and copied."""

    client: Client
    answers: list[Any] = field(default_factory=list)

    @property
    def jar(self) -> str:
        """The token in the jar."""
        return self.client.cookies[COOKIE].value

    @jar.setter
    def jar(self, token: str) -> None:
        self.client.cookies[COOKIE] = token

    @property
    def generation(self) -> int:
        """The generation of the token in the jar."""
        return decode(self.jar, allow_expired=True).gen

    def ask(self) -> int:
        """Ask who is logged in; return the status."""
        return self.get("/accounts/me/")

    def get(self, address: str) -> int:
        """Get a page, as a program; return the status."""
        response = self.client.get(address, headers=JSON)
        self.answers.append(response)
        return int(response.status_code)

    def ask_in_vain(self) -> int:
        """Ask who is logged in; the response gets lost on its way. Return its status."""
        before = self.jar
        status = self.ask()
        self.jar = before
        return status


@pytest.fixture
def browser(new_client, ada):
    """Return a browser that has just logged in."""
    browser = Browser(new_client(raise_request_exception=False))
    assert log_in(browser.client, remember=True).status_code == 200
    return browser


@pytest.fixture
def thief(new_client):
    """Return another browser, with nothing in its jar yet."""
    return Browser(new_client(raise_request_exception=False))


# --- Responses that get lost


@pytest.mark.parametrize("age", [HALF_OVER, EXPIRED])
def test_the_response_to_a_renewal_is_dropped(clock, browser, age):
    """A tunnel, a closed lid, a killed process: the new token never arrives.

    After an hour the browser comes back with the old one, and is handed what was lost.
    """
    clock.shift(age)
    assert browser.ask_in_vain() == 200
    clock.shift(HOUR)
    assert (browser.ask(), browser.generation) == (200, 1)
    assert LoginSession.objects.get().generation == 1


def test_a_bad_line_loses_every_response_for_days(clock, browser):
    """The same generation is handed out each time."""
    for _ in range(100):
        clock.shift(3 * HOUR)
        assert browser.ask_in_vain() == 200
    assert (browser.ask(), browser.generation) == (200, 1)


def test_a_lost_response_does_not_prolong_a_login(clock, browser):
    """The login ends when it was unused for so long since its last renewal, and says so."""
    clock.shift(EXPIRED)
    browser.ask_in_vain()
    clock.shift(14 * DAY - 1)
    assert browser.ask_in_vain() == 200
    clock.shift(1)
    assert browser.ask() == 401
    assert browser.answers[-1].json()["code"] == "session_expired"


@pytest.mark.parametrize("age", [HALF_OVER, EXPIRED])
def test_a_view_that_crashes_takes_the_new_token_with_it(clock, browser, age):
    """Django drops what a crashed view has begun; nobody is logged out by a bug of the site."""
    clock.shift(age)
    assert browser.get("/crashing/") == 500
    assert COOKIE not in browser.answers[-1].cookies
    clock.shift(HOUR)
    assert browser.ask() == 200
    clock.shift(HOUR)
    assert browser.ask() == 200


def test_a_renewal_is_not_rolled_back_with_the_view(clock, browser):
    """ATOMIC_REQUESTS and a refusal: it is written when the view's transaction is over."""
    clock.shift(EXPIRED)
    assert browser.get("/atomic/") == 403
    assert (browser.generation, LoginSession.objects.get().generation) == (1, 1)


# --- Thieves


def test_an_old_token_after_its_successor_was_used(clock, browser, thief, sent, caplog):
    """A copy from a backup of the laptop is tried the next day: the login ends for both."""
    thief.jar = browser.jar
    clock.shift(HALF_OVER)
    browser.ask()
    clock.shift(1)
    browser.ask()
    clock.shift(30 * MINUTE + 1)
    assert thief.ask() == 401
    assert thief.answers[-1].json()["code"] == "token_reused"
    assert thief.jar == ""
    assert browser.ask() == 401
    assert browser.answers[-1].json()["code"] == "token_reused"
    assert browser.jar == ""
    login = LoginSession.objects.get()
    assert login.revoked_because == "token_reused"
    assert sent == [("reused", login.pk), ("token_reused", login.pk)]
    assert "somebody has a copy" in caplog.text


def test_a_thief_who_is_faster_than_the_visitor(clock, browser, thief, sent):
    """The thief renews first: then the visitor's token is the old one, and the thief is out too."""
    thief.jar = browser.jar
    clock.shift(HALF_OVER)
    thief.ask()
    clock.shift(1)
    thief.ask()
    clock.shift(30 * MINUTE + 1)
    assert (browser.ask(), thief.ask()) == (401, 401)
    assert [name for name, _ in sent] == ["reused", "token_reused"]


def test_a_busy_thief_does_not_stay_in_the_grace(clock, browser, thief, sent):
    """However often the thief renews, the grace of the visitor's token does not begin anew."""
    thief.jar = browser.jar
    for _ in range(10):
        clock.shift(5 * MINUTE)
        assert thief.ask() == 200
    assert (browser.ask(), thief.ask()) == (401, 401)
    assert [name for name, _ in sent] == ["reused", "token_reused"]


def test_a_site_may_only_refuse(clock, browser, thief, sent, settings):
    """``ON_REUSE = "refuse"``: who comes with the old token is out, the others go on."""
    settings.JWT_COOKIE = {"ON_REUSE": "refuse"}
    stolen = browser.jar
    clock.shift(HALF_OVER)
    browser.ask()
    clock.shift(1)
    browser.ask()
    clock.shift(30 * MINUTE + 1)
    for _ in range(2):
        thief.jar = stolen
        assert thief.ask() == 401
        assert thief.answers[-1].json()["code"] == "token_reused"
    assert browser.ask() == 200
    assert [name for name, _ in sent] == ["reused", "reused"]


@pytest.mark.parametrize(("late", "status"), [(30 * MINUTE, 200), (30 * MINUTE + 1, 401)])
def test_the_grace_ends_to_the_second(clock, browser, thief, late, status):
    """It begins when the successor is first seen, not when it was made."""
    thief.jar = browser.jar
    clock.shift(HALF_OVER)
    browser.ask()
    clock.shift(HOUR)
    browser.get("/slow/")
    clock.shift(late)
    assert thief.ask() == status


def test_a_theft_that_is_noticed_in_a_transaction_that_is_rolled_back(clock, browser, thief):
    """ATOMIC_REQUESTS and a view that refuses the thief: the login is ended all the same."""
    thief.jar = browser.jar
    clock.shift(HALF_OVER)
    browser.ask()
    clock.shift(1)
    browser.ask()
    clock.shift(30 * MINUTE + 1)
    assert thief.get("/atomic/") == 401
    assert LoginSession.objects.get().revoked_because == "token_reused"


# --- What is long on its way


@pytest.mark.parametrize(
    ("minutes", "status"), [(9, 200), (25, 200), (45, 401)], ids=["9", "25", "45"]
)
@pytest.mark.parametrize("source", ["database", "token"])
def test_an_upload_that_arrives_late_while_another_tab_is_at_work(
    clock, browser, new_client, settings, *, minutes, status, source
):
    """Ten megabytes over a thin line, behind a proxy that buffers: their cookie was replaced.

    Served for as long as ``REUSE_GRACE`` says.
    """
    settings.JWT_COOKIE = {"USER_SOURCE": source}
    slow_line = Browser(new_client())
    slow_line.jar = browser.jar
    clock.shift(HALF_OVER)
    for _ in range(minutes):
        assert browser.ask() == 200
        clock.shift(MINUTE)
    file = SimpleUploadedFile("film", bytes(10 * MEGABYTE))
    response = slow_line.client.post("/upload/", {"file": file}, headers=JSON)
    assert response.status_code == status
    if status == 200:
        assert response.content == b"%d" % (10 * MEGABYTE)
        assert COOKIE not in response.cookies
    else:
        assert response.json()["code"] == "token_reused"
    assert browser.ask() == status


@pytest.mark.parametrize("minutes", [25, 45, 600])
def test_an_upload_is_judged_by_when_it_began_where_no_proxy_buffers_it(clock, token, minutes):
    """The view reads for hours, and asks for the user when all is there."""
    upload, jar = Exchange(token), token
    clock.shift(HALF_OVER)
    for _ in range(minutes):
        jar = follow(jar)
        clock.shift(MINUTE)
    assert upload.arrive()
    assert upload.respond() is None
    assert is_accepted(jar)


@pytest.mark.parametrize("age", [HALF_OVER, EXPIRED])
@pytest.mark.parametrize("minutes", spread([1, 6, 9, 60], 3))
def test_a_slow_view_never_overwrites_a_newer_token(clock, browser, new_client, age, minutes):
    """A report takes minutes, and the visitor goes on in another tab of the same browser."""
    other_tab = Browser(new_client())
    clock.shift(age)
    other_tab.jar = browser.jar

    def go_on():
        for _ in range(minutes):
            assert other_tab.ask() == 200
            clock.shift(MINUTE)
            assert other_tab.ask() == 200

    meanwhile.append(go_on)
    assert browser.get("/slow/") == 200
    brought = browser.answers[-1].cookies.get(COOKIE)
    assert brought is None or decode(brought.value).gen == other_tab.generation
    clock.shift(HOUR)
    assert other_tab.ask() == 200


def test_a_slow_view_does_not_bring_the_first_token_of_its_generation_again(clock, token, settings):
    """Others have moved on meanwhile: the browser would come with an old token, as a thief does."""
    settings.JWT_COOKIE = {"USER_SOURCE": "token"}
    clock.shift(HALF_OVER)
    first = follow(token)
    assert decode(first).new
    slow_view = Exchange(first)
    assert slow_view.arrive()
    jar = follow(first)
    for _ in range(3):
        clock.shift(HALF_OVER)
        jar = follow(jar)
    assert slow_view.respond() is None
    clock.shift(HOUR)
    assert is_accepted(jar)


@pytest.mark.parametrize("age", [HALF_OVER, EXPIRED])
def test_a_slow_view_that_is_alone_brings_its_token(clock, browser, age):
    """Nobody else was there to renew."""
    clock.shift(age)
    meanwhile.append(lambda: clock.shift(HOUR))
    assert browser.get("/slow/") == 200
    assert browser.generation == 1
    assert browser.ask() == 200


def test_a_slow_view_does_not_overwrite_the_next_login(clock, browser, new_client):
    """The visitor logs out and in again while a report of the old login is being made."""
    other_tab = Browser(new_client())
    clock.shift(EXPIRED)
    other_tab.jar = browser.jar

    def log_in_again():
        other_tab.client.post("/accounts/logout/", headers=JSON)
        assert log_in(other_tab.client).status_code == 200
        clock.shift(10)

    meanwhile.append(log_in_again)
    assert browser.get("/slow/") == 200
    assert COOKIE not in browser.answers[-1].cookies


# --- Ends that come while a request is under way


def change_password(user: User) -> None:
    """Change the password, as the admin does."""
    user.set_password("another one")
    user.save()


def change_password_around_signals(user: User) -> None:
    """Change the password by SQL."""
    changed = User(pk=user.pk)
    changed.set_password("another one")
    User.objects.filter(pk=user.pk).update(password=changed.password)


ENDS: dict[str, Callable[[str, User], object]] = {
    "logout": lambda token, _user: log_out(token),
    "revoke": lambda _token, _user: sessions.revoke(LoginSession.objects.get()),
    "revoke all": lambda _token, user: sessions.revoke_all(user),
    "password": lambda _token, user: change_password(user),
    "password around signals": lambda _token, user: change_password_around_signals(user),
    "deactivation": lambda _token, _user: User.objects.update(is_active=False),
    "deletion": lambda _token, user: user.delete(),
}


def log_out(token: str) -> None:
    """Log out in another tab."""
    exchange = Exchange(token)
    exchange.log_out()
    assert exchange.respond() == ""


@pytest.fixture
def token(ada):
    """Return the token of a login of Ada."""
    exchange = Exchange("")
    exchange.log_in(ada)
    return exchange.respond()


@pytest.mark.parametrize("pause", [0, 4, 6, HOUR])
@pytest.mark.parametrize("age", [0, HALF_OVER, EXPIRED])
@pytest.mark.parametrize("name", ENDS)
def test_an_end_while_a_view_is_at_work(clock, token, name, age, pause):
    """The response comes after the end, and may have been renewed before: nothing is revived."""
    clock.shift(age)
    exchange = Exchange(token)
    assert exchange.arrive()
    ENDS[name](token, User.objects.get())
    clock.shift(pause)
    for each in (token, exchange.respond()):
        assert not (each and is_accepted(each))


@pytest.mark.parametrize("age", [0, HALF_OVER, EXPIRED])
@pytest.mark.parametrize("name", ENDS)
def test_an_end_after_a_renewal(clock, ada, token, name, age):
    """The new token has just been set when the login ends with the old one."""
    clock.shift(age)
    exchange = Exchange(token)
    assert exchange.arrive()
    renewed = exchange.respond()
    ENDS[name](token, ada)
    assert not is_accepted(token)
    assert not (renewed and is_accepted(renewed))


@pytest.mark.parametrize("name", ENDS)
def test_an_end_before_a_renewal(clock, ada, token, name):
    """The token is due, and its login has just ended."""
    clock.shift(EXPIRED)
    ENDS[name](token, ada)
    exchange = Exchange(token)
    assert not exchange.arrive()
    # In the browser that ended it, there may be a newer cookie by now.
    is_kept = name in ("logout", "password", "password around signals")
    assert exchange.respond() == (None if is_kept else "")


ORDERS = sorted(
    {
        "".join(order)
        for order in itertools.permutations("aabbcc")
        if [order.index(each) for each in "abc"] == sorted(order.index(each) for each in "abc")
    }
)
"""Every order in which three requests can arrive and be answered."""


@pytest.mark.parametrize("age", [HALF_OVER, EXPIRED])
@pytest.mark.parametrize("pause", [0, 6, 20 * MINUTE])
@pytest.mark.parametrize("order", spread(ORDERS, 5))
def test_three_requests_of_one_browser_in_every_order(clock, token, order, pause, age):
    """Each takes from the jar what is in it then, and none ever looks like a thief."""
    clock.shift(age)
    jar, exchanges = token, {}
    for name in order:
        if name in exchanges:
            jar = exchanges[name].respond() or jar
        else:
            exchanges[name] = Exchange(jar)
            assert exchanges[name].arrive()
        clock.shift(pause)
    clock.shift(HOUR)
    assert is_accepted(jar)
    login = LoginSession.objects.get()
    assert (decode(jar, allow_expired=True).gen, login.revoked_because) == (login.generation, "")


# --- A new password while other tabs renew


@pytest.mark.parametrize("age", [0, HALF_OVER])
def test_a_password_is_changed_while_another_tab_renews(clock, token, age):
    """Whoever changes the password stays logged in, whatever the site's other tabs do meanwhile."""
    clock.shift(age)
    changing, other_tab = Exchange(token), Exchange(token)
    assert changing.arrive()
    assert other_tab.arrive()
    renewed = other_tab.respond()
    changing.change_password("another one")
    new = changing.respond()
    assert new
    assert is_accepted(new)
    for old in (token, renewed):
        assert not (old and is_accepted(old))


# --- The database is not what it was


@pytest.mark.parametrize("age", [0, HALF_OVER, EXPIRED])
@pytest.mark.parametrize("behind", [1, 2, pytest.param(100, marks=pytest.mark.slow)])
def test_a_backup_was_restored(clock, browser, thief, age, behind):
    """The row is older than the token, whose signature is ours: healed, nobody is logged out."""
    for _ in range(behind):
        clock.shift(HALF_OVER)
        browser.ask()
    clock.shift(age)
    LoginSession.objects.update(generation=0)
    assert browser.ask() == 200
    assert browser.generation == LoginSession.objects.get().generation
    for _ in range(3):
        clock.shift(HALF_OVER)
        assert browser.ask() == 200


def test_a_restored_backup_does_not_shorten_a_login(clock, browser):
    """The row that comes back is eleven hours old, and the login may be idle for twelve."""
    log_in(browser.client, remember=False)
    old = LoginSession.objects.filter(revoked_at=None)
    values = old.values().get()
    clock.shift(11 * HOUR)
    browser.ask()
    old.update(**values)
    assert browser.ask() == 200
    for _ in range(2):
        clock.shift(12 * HOUR - 1)
        assert browser.ask() == 200


def fail_at(number: int) -> Callable[..., Any]:
    """Return what ends the connection before the query ``number``, and stays away."""
    count = itertools.count()

    def execute(call, sql, params, many, context):
        if next(count) >= number:
            raise OperationalError("the server closed the connection")
        return call(sql, params, many, context)

    return execute


def get_until(number: int, browser: Browser, path: str) -> int:
    """Get a page while only the first ``number`` queries are answered; return the status."""
    assert number < MOST_QUERIES
    with connection.execute_wrapper(fail_at(number)):
        return browser.get(path)


@pytest.mark.parametrize("age", [0, HALF_OVER, EXPIRED])
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/accounts/me/", "/slow/"])
def test_the_database_goes_away_at_any_moment(clock, browser, age, path):
    """Before the first query, the second, and so on: Django's own error, and the jar stays good."""
    clock.shift(age)
    number = 0
    while get_until(number, browser, path) != 200:
        answer, number = browser.answers[-1], number + 1
        assert (answer.status_code, COOKIE in answer.cookies) == (500, False)
    assert number > 0
    clock.shift(HOUR)
    assert browser.ask() == 200


@pytest.mark.django_db(transaction=True)
def test_a_logout_that_can_not_be_written_is_the_browser_s_at_least(browser, caplog):
    """Who is told to be logged out is; who is answered with an error may try again."""
    number, token = 0, browser.jar
    while get_until(number, browser, "/logout/") == 500:
        assert COOKIE not in browser.answers[-1].cookies
        number += 1
    assert number > 0
    assert browser.answers[-1].status_code == 204
    assert browser.jar == ""
    assert "could not be written" in caplog.text
    assert LoginSession.objects.get().revoked_at is None
    browser.jar = token
    assert browser.get("/logout/") == 204
    assert LoginSession.objects.get().revoked_because == "logout"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/accounts/me/", "/cart/"])
def test_garbage_beside_a_good_cookie_while_the_database_is_away(browser, path):
    """A sibling domain may plant a second cookie of our name: the good one is not deleted."""
    cookies = {"cookie": f"{COOKIE}=garbage; {COOKIE}={browser.jar}"}
    with connection.execute_wrapper(fail_at(0)):
        response = browser.client.get(path, headers=cookies)
    assert (response.status_code, COOKIE in response.cookies) == (500, False)


def test_garbage_beside_a_good_cookie_and_nobody_asks(browser):
    """The session is changed, the user not asked for: the good cookie is not deleted."""
    cookies = {"cookie": f"{COOKIE}=garbage; {COOKIE}={browser.jar}"}
    response = browser.client.get("/cart/", headers=cookies)
    assert (response.status_code, COOKIE in response.cookies) == (200, False)

"""A session that belongs to another login than that of the request: not shown, not destroyed."""

import pytest
from django.contrib import auth
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.middleware.csrf import get_token

from django_jwt_cookie import sessions
from django_jwt_cookie.authentication.django_session import MARK
from django_jwt_cookie.models import LoginSession
from tests.support.accounts import BACKEND, COOKIE, PASSWORD
from tests.support.visitors import (
    LOGINS,
    cart_of,
    cookie_of,
    do,
    log_in_before_the_swap,
    log_in_by_page,
    session_store,
    sid_of,
    whoami,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]


@pytest.fixture
def cookies(client, new_client):
    """Return what Ada's browser has, which has something in the cart: login and session."""
    ada = new_client()
    ada.get("/login/ada/")
    ada.get("/cart/lamp/")
    return {name: cookie_of(ada, name) for name in (COOKIE, "sessionid")}


@pytest.fixture
def adas(cookies, new_client):
    """Return a browser that comes as Ada, whatever others did meanwhile: ``adas()``."""

    def make():
        client = new_client()
        client.cookies.load(cookies)
        return client

    return make


def read_all(request):
    return [dict(request.session.items()), request.session.get("cart"), "cart" in request.session]


async def aread_all(request):
    session = request.session
    return [
        dict(await session.aitems()),
        await session.aget("cart"),
        await session.ahas_key("cart"),
    ]


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("read", [read_all, aread_all])
def test_without_the_login_nothing_is_shown(client, cookies, read):
    """The cookie of the login has gone with the browser's window, or is on another path."""
    client.cookies["sessionid"] = cookies["sessionid"]
    assert do(client, read) == [{}, None, False]
    assert do(client, lambda request: request.session.session_key) is None


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("read", [read_all, aread_all])
@pytest.mark.parametrize("login", [*LOGINS])
def test_with_another_login_nothing_is_shown(client, cookies, read, login):
    """A session planted in Bob's browser, or Ada's left in it."""
    LOGINS[login](client, "bob")
    client.cookies["sessionid"] = cookies["sessionid"]
    found, cart, has_cart = do(client, read)
    assert (found.get("cart"), cart, has_cart) == (None, None, False)
    assert whoami(client) == "bob"


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("read", [read_all, aread_all])
def test_with_an_ended_login_nothing_is_shown(adas, ada, read):
    """A view that reads nothing but the session: that the token is genuine is not enough."""
    sessions.revoke_all(ada)
    assert do(adas(), read) == [{}, None, False]


def test_with_garbage_nothing_is_shown(client, cookies):
    """A forged token beside a session."""
    client.cookies.load({"sessionid": cookies["sessionid"], COOKIE: "garbage"})
    assert do(client, read_all) == [{}, None, False]


def flush(request):
    request.session.flush()


async def aflush(request):
    await request.session.aflush()


def clear(request):
    request.session.clear()


def log_out(request):
    auth.logout(request)


async def alog_out(request):
    await auth.alogout(request)


def log_in(request):
    auth.login(request, User.objects.get(username="bob"), BACKEND)


def cycle(request):
    request.session.cycle_key()


def delete(request):
    request.session.delete()


def fill(request):
    request.session["cart"] = "chair"


def touch(request):
    request.session.modified = True


DEEDS = {
    each.__name__: each
    for each in (flush, aflush, clear, log_out, alog_out, log_in, cycle, delete, fill, touch)
}


@pytest.mark.usefixtures("server_engine")
@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("comes_as", ["nobody", "bob", "garbage"])
def test_nothing_of_it_is_destroyed(client, cookies, adas, deed, comes_as):
    """Attack: plant Ada's ``sessionid`` and log out; or a late request of a tab that was Bob's."""
    if comes_as == "bob":
        client.get("/login/bob/")
    client.cookies["sessionid"] = cookies["sessionid"]
    if comes_as == "garbage":
        client.cookies[COOKIE] = "garbage"
    do(client, DEEDS[deed])
    assert (whoami(adas()), cart_of(adas())) == ("ada", "lamp")


@pytest.mark.usefixtures("server_engine")
def test_the_cookie_of_the_session_stays_where_nothing_else_is_to_be_stored(client, cookies):
    """This may be a late request of a browser that has logged in since."""
    client.cookies["sessionid"] = cookies["sessionid"]
    for deed in (read_all, flush, touch):
        do(client, deed)
        assert cookie_of(client, "sessionid") == cookies["sessionid"]


@pytest.mark.usefixtures("engine")
def test_what_a_stranger_writes_is_stored_beside_it(client, cookies, adas):
    """Under a key of its own; what was there before is not touched."""
    client.cookies["sessionid"] = cookies["sessionid"]
    do(client, fill)
    assert cookie_of(client, "sessionid") not in {"", "None", cookies["sessionid"]}
    assert (whoami(client), cart_of(client)) == ("", "chair")
    assert cart_of(adas()) == "lamp"


@pytest.mark.usefixtures("engine")
def test_a_late_answer_to_the_login_of_before_takes_nothing_along(client, new_client):
    """Bob has logged in while a request of Ada's was at work, which then logs out."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")

    def be_late(request):
        assert request.user.get_username() == "ada"
        other.cookies.load({name: morsel.value for name, morsel in client.cookies.items()})
        other.get("/login/bob/")
        other.get("/cart/chair/")
        request.session.flush()

    other = new_client()
    do(client, be_late)
    assert (whoami(other), cart_of(other)) == ("bob", "chair")


def test_the_mark_follows_a_login_to_its_successor(client):
    """A new password: what is in the session goes on with it."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    client.get("/update-hash/")
    stored = session_store(cookie_of(client, "sessionid")).load()
    assert stored == {"cart": "lamp", MARK: sid_of(client).hex}
    assert Session.objects.count() == 1


@pytest.mark.usefixtures("engine")
def test_an_anonymous_session_becomes_that_of_the_login(client):
    """As with Django; and who had its key before has nothing by that."""
    client.get("/cart/lamp/")
    before = cookie_of(client, "sessionid")
    client.get("/login/ada/")
    assert cart_of(client) == "lamp"
    stored = session_store(cookie_of(client, "sessionid")).load()
    assert stored[MARK] == sid_of(client).hex
    client.cookies.clear()
    client.cookies["sessionid"] = before
    if not session_store().__class__.__module__.endswith("signed_cookies"):
        assert cart_of(client) is None


@pytest.mark.usefixtures("server_engine")
def test_a_session_that_was_planted_after_the_login_is_left_at_the_first_write(client, new_client):
    """What Ada writes goes under a key that the attacker does not know."""
    attacker = new_client()
    attacker.get("/cart/trap/")
    client.get("/login/ada/")
    client.cookies["sessionid"] = cookie_of(attacker, "sessionid")
    client.get("/cart/diary/")
    assert cart_of(client) == "diary"
    assert cart_of(attacker) != "diary"
    assert cookie_of(client, "sessionid") != cookie_of(attacker, "sessionid")


@pytest.mark.usefixtures("engine")
def test_force_login_into_a_session_of_another_login(client, cookies, bob):
    """The three keys count, which are newer than any cookie; what else is there is Ada's."""
    client.cookies["sessionid"] = cookies["sessionid"]
    client.force_login(bob)
    assert (whoami(client), cart_of(client)) == ("bob", None)


@pytest.mark.usefixtures("engine")
def test_a_cookie_of_before_the_swap_beside_a_new_login(client, new_client, ada, bob):
    """It is the newer login, as with Django; nothing of the login of before is shown to it."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    log_in_before_the_swap(client, bob)
    assert (whoami(client), cart_of(client)) == ("bob", None)
    assert LoginSession.objects.get(user=ada).revoked_because == "replaced"


@pytest.mark.usefixtures("server_engine")
def test_a_key_of_a_login_is_worth_nothing_without_its_token(client, cookies):
    """Attack: read the key in a log, which is what it is for."""
    client.cookies["sessionid"] = cookies["sessionid"]
    assert (whoami(client), cart_of(client)) == ("", None)


# --- CSRF_USE_SESSIONS: Django's middleware has read the session before anybody knows whose it is


@pytest.fixture
def csrf_in_session(settings):
    """Keep the secret of CSRF tokens in the session."""
    settings.CSRF_USE_SESSIONS = True


@pytest.mark.usefixtures("csrf_in_session", "engine")
@pytest.mark.parametrize("comes_as", ["nobody", "bob"])
def test_the_secret_of_a_hidden_session_is_not_told(client, cookies, adas, comes_as):
    """Attack: have the page of another visitor make the token that Ada's session takes."""
    if comes_as == "bob":
        client.get("/login/bob/")
    client.cookies["sessionid"] = cookies["sessionid"]
    ours = adas()
    do(ours, get_token)
    before = session_store(cookie_of(ours, "sessionid")).load()
    client.cookies["sessionid"] = cookie_of(ours, "sessionid")
    for _ in range(2):
        do(client, lambda request: [request.session.get("cart"), get_token(request)][1])
        theirs = session_store(cookie_of(client, "sessionid")).load()
        assert theirs["_csrftoken"] != before["_csrftoken"]
        assert "cart" not in theirs
    if not session_store().__class__.__module__.endswith("signed_cookies"):
        assert session_store(cookie_of(ours, "sessionid")).load() == before


@pytest.mark.usefixtures("csrf_in_session", "engine")
@pytest.mark.parametrize("end", ["revocation", "removal of the cookie"])
def test_whoever_was_logged_out_elsewhere_can_log_in_again(new_client, ada, end):
    """The token that the login page gives out fits the session that it begins."""
    client = new_client(enforce_csrf_checks=True)
    origin = {"origin": "https://testserver"}

    def log_in_with_token():
        token = client.get("/accounts/csrf/").json()["csrf_token"]
        data = {"username": "ada", "password": PASSWORD, "csrfmiddlewaretoken": token}
        return client.post("/accounts/login/", data, headers=origin).status_code

    assert log_in_with_token() == 302
    client.get("/cart/lamp/")
    if end == "revocation":
        sessions.revoke_all(ada)
    else:
        del client.cookies[COOKIE]
    assert log_in_with_token() == 302
    assert (whoami(client), cart_of(client)) == ("ada", None)


@pytest.mark.usefixtures("csrf_in_session")
def test_who_stays_logged_in_keeps_the_secret(new_client):
    """Forms in other tabs go on to work."""
    client = new_client(enforce_csrf_checks=True)
    log_in_by_page(client)
    client.get("/login/ada/")
    token = client.get("/accounts/csrf/").json()["csrf_token"]
    headers = {"origin": "https://testserver", "x-csrftoken": token}
    for _ in range(2):
        assert client.post("/accounts/refresh/", headers=headers).status_code == 200

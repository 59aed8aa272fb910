"""Who may come in, and who has to give the password again: every kind of view."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from django_jwt_cookie.decorators import login_required, recent_login_required
from django_jwt_cookie.exceptions import SessionRevoked
from django_jwt_cookie.models import LoginSession
from tests.support.accounts import COOKIE, JSON, NAME, PASSWORD, log_in

pytestmark = pytest.mark.django_db

GUARDED = ["function", "async-function", "class", "async-class"]
NEXT = "/accounts/login/?next="


@pytest.fixture(autouse=True)
def site(settings, time_machine):
    """Serve the guarded views, and stop the clock."""
    settings.ROOT_URLCONF = "tests.support.urls_guarded"
    time_machine.move_to(1_800_000_000, tick=False)


@pytest.fixture(autouse=True)
def ada():
    """Return a user with a password."""
    return User.objects.create_user(NAME, password=PASSWORD)


@pytest.mark.parametrize("kind", GUARDED)
def test_only_who_is_logged_in_comes_in(client, kind):
    """People are led to the login page and back, programs get a 401."""
    path = f"/members/{kind}/"
    assert client.get(path).url == f"{NEXT}{path}"
    assert client.get(path, headers=JSON).json()["code"] == "login_required"
    log_in(client)
    assert client.get(path).content == b"Welcome"


@pytest.mark.parametrize("kind", GUARDED)
@pytest.mark.parametrize(("prefix", "minutes"), [("vault", 5), ("called", 5), ("desk", 60)])
def test_who_has_just_given_the_password_comes_in(client, time_machine, kind, prefix, minutes):
    """And for five minutes, or as long as the view says, to the second."""
    path = f"/{prefix}/{kind}/"
    log_in(client, remember=True)
    time_machine.shift(timedelta(minutes=minutes))
    assert client.get(path).content == b"Welcome"
    time_machine.shift(1)
    response = client.get(path)
    assert response.url == f"{NEXT}{path}&reason=recent_login_required"
    answer = client.get(path, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (401, "recent_login_required")
    assert COOKIE not in response.cookies or response.cookies[COOKIE].value


@pytest.mark.parametrize("kind", GUARDED)
def test_who_is_not_logged_in_is_asked_to(client, kind):
    """For that, and not to give a password again."""
    path = f"/vault/{kind}/"
    assert client.get(path).url == f"{NEXT}{path}"
    assert client.get(path, headers=JSON).json()["code"] == "login_required"


def test_giving_the_password_again_leads_on(client, time_machine):
    """The login page says what it wants, even where whoever is logged in is sent on."""
    log_in(client)
    time_machine.shift(timedelta(hours=1))
    url = client.get("/vault/function/").url
    page = client.get(url).content.decode()
    assert "For this you need to give your password again." in page
    form = {"username": NAME, "password": PASSWORD, "next": "/vault/function/"}
    response = client.post(url, form)
    assert response.url == "/vault/function/"
    assert client.get(response.url).content == b"Welcome"


def test_a_renewal_is_no_password(client, time_machine):
    """However often the token is renewed, the time of the password stays."""
    log_in(client)
    for _ in range(3):
        time_machine.shift(timedelta(minutes=6))
        assert client.get("/members/function/").status_code == 200
    assert client.get("/vault/function/").status_code == 302


def test_a_login_of_unknown_age_is_not_recent(client, ada):
    """Nobody has seen a password: a login from before the swap, or the test client's."""
    client.force_login(ada)
    assert client.get("/members/function/").status_code == 200
    assert client.get("/vault/function/").url.endswith("reason=recent_login_required")


def test_whoever_takes_anothers_place_has_given_no_password(client):
    """Attack: put a member in one's place, or oneself back, and pass for somebody with a password.

    A login of one whom a backend has authenticated is another matter.
    """
    User.objects.create_user("eve", password=PASSWORD)
    log_in(client)
    for name in ("eve", "eve", NAME, NAME):
        assert client.get(f"/become/{name}/").content.decode() == name
        assert client.get("/vault/function/").url.endswith("reason=recent_login_required")
    log_in(client, "eve")
    assert client.get("/vault/function/").content == b"Welcome"
    client.get(f"/become/{NAME}/?unasked")
    assert client.get("/vault/function/").status_code == 302


@pytest.mark.parametrize("query", ["?logout", "?logout&unasked"])
@pytest.mark.parametrize("name", [NAME, "eve"])
def test_logging_out_on_the_way_makes_no_password_of_it(client, time_machine, name, query):
    """Attack: have the view that impersonates log its visitor out first."""
    User.objects.create_user("eve", password=PASSWORD)
    log_in(client)
    time_machine.shift(timedelta(minutes=5))
    client.get(f"/become/{name}/{query}")
    assert client.get("/members/function/").content == b"Welcome"
    # The password of whoever is the same as before was given five minutes ago, and not now.
    is_recent = name == NAME
    assert (client.get("/vault/function/").status_code == 200) is is_recent
    time_machine.shift(1)
    assert client.get("/vault/function/").url.endswith("reason=recent_login_required")


@pytest.mark.parametrize("query", ["", "?unasked"])
def test_whoever_takes_ones_own_place_has_given_no_password(client, time_machine, query):
    """Attack: hijack oneself in a borrowed browser. A password of a minute ago stays one."""
    log_in(client)
    time_machine.shift(timedelta(minutes=1))
    client.get(f"/become/{NAME}/{query}")
    assert client.get("/vault/function/").content == b"Welcome"
    time_machine.shift(timedelta(minutes=5))
    client.get(f"/become/{NAME}/{query}")
    assert client.get("/vault/function/").url.endswith("reason=recent_login_required")


@pytest.mark.parametrize("query", ["", "?unasked"])
def test_a_login_that_was_ended_takes_nobodys_place(client, settings, query):
    """Attack: with the user from the token, make a new login of one that was ended a minute ago."""
    settings.JWT_COOKIE = {"USER_SOURCE": "token"}
    User.objects.create_user("eve", password=PASSWORD)
    log_in(client)
    client.get("/members/function/")
    LoginSession.objects.update(revoked_at=timezone.now(), revoked_because="revoked")
    response = client.get(f"/become/eve/{query}")
    assert response.cookies[COOKIE].value == ""
    assert client.get("/members/function/").status_code == 302
    assert not LoginSession.objects.alive().exists()


@pytest.mark.parametrize("source", ["database", "token"])
def test_who_signs_up_has_just_given_a_password(client, settings, source):
    """Whoever was logged in on this browser, and even if that has just ended."""
    settings.JWT_COOKIE = {"USER_SOURCE": source}
    log_in(client)
    client.get("/members/function/")
    LoginSession.objects.update(revoked_at=timezone.now(), revoked_because="revoked")
    form = {"username": "eve", "password1": PASSWORD, "password2": PASSWORD}
    response = client.post("/accounts/signup/", form, headers={"accept": "application/json"})
    assert response.status_code == 201
    assert client.get("/vault/function/").content == b"Welcome"


@pytest.mark.parametrize("guard", [login_required, recent_login_required])
def test_an_argument_without_its_name_is_no_view(guard):
    """It would be found out by the first visitor."""
    with pytest.raises(TypeError, match="name"):
        guard(timedelta(minutes=5))


@pytest.fixture(params=[{}, {"USER_SOURCE": "token"}, {"TRACK_SESSIONS": False}], ids=str)
def mode(request, settings):
    """Take the user from each place there is."""
    settings.JWT_COOKIE = request.param


@pytest.mark.usefixtures("mode")
@pytest.mark.parametrize("path", ["/again/", "/aagain/"])
def test_another_proof_may_stand_for_the_password(client, new_client, time_machine, path):
    """On a page of the site's own. A copy of the cookie from before is not recent by it."""
    log_in(client, remember=True)
    time_machine.shift(timedelta(hours=1))
    client.get("/members/function/")
    copy = new_client()
    copy.cookies[COOKIE] = client.cookies[COOKIE].value
    assert client.get(path).content == b"Noted"
    assert client.get("/vault/function/").content == b"Welcome"
    assert copy.get("/vault/function/").url.endswith("reason=recent_login_required")


@pytest.mark.parametrize("path", ["/again/", "/aagain/"])
def test_a_login_from_before_the_swap_becomes_recent_too(client, ada, path):
    """It is moved into the cookie first."""
    client.force_login(ada)
    assert client.get(path).content == b"Noted"
    assert client.get("/vault/function/").content == b"Welcome"


@pytest.mark.parametrize("path", ["/again/", "/aagain/"])
def test_where_nobody_is_logged_in_there_is_nothing_to_note(client, path):
    """The site has to look first."""
    with pytest.raises(SessionRevoked):
        client.get(path)


@pytest.mark.parametrize(
    ("referer", "back"),
    [
        ("https://testserver/account/?tab=2", "/account/%3Ftab%3D2"),
        ("https://evil.example/", "/vault/function/"),
        ("", "/vault/function/"),
    ],
)
def test_after_a_form_one_comes_back_to_its_page(client, time_machine, referer, back):
    """The address of the form itself may take no GET."""
    log_in(client)
    time_machine.shift(timedelta(hours=1))
    response = client.post("/vault/function/", headers={"referer": referer})
    assert response.url == f"{NEXT}{back}&reason=recent_login_required"


def test_htmx_loads_the_login_page(client, time_machine):
    """With the reason."""
    log_in(client)
    time_machine.shift(timedelta(hours=1))
    headers = {"HX-Request": "true", "HX-Current-URL": "https://testserver/account/"}
    response = client.get("/vault/function/", headers=headers)
    assert response.status_code == 401
    assert response.headers["HX-Redirect"] == f"{NEXT}/account/&reason=recent_login_required"

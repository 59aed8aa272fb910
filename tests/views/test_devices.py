"""Where a user is logged in, and ending these logins from here: for people and programs."""

import re
import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from django_jwt_cookie import sessions
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.test.assertions import assert_login_required
from django_jwt_cookie.test.client import JWTClient
from django_jwt_cookie.test.logins import age_login
from django_jwt_cookie.test.tokens import get_token, set_token
from django_jwt_cookie.views.devices import EndingView
from tests.support.accounts import COOKIE, JSON, NAME, PASSWORD, log_in, start_session, who

pytestmark = pytest.mark.django_db

LIST = "/accounts/sessions/"
OTHERS = "/accounts/sessions/others/"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
)
HOSTILE = "<script>alert(1)</script>\u202e" + "x" * 10_000


@pytest.fixture
def ada():
    """Return a user with a password."""
    return User.objects.create_user(NAME, "ada@example.com", PASSWORD)


@pytest.fixture
def desk(new_client, ada):
    """Return a client that is logged in."""
    client = new_client(headers={"user-agent": FIREFOX})
    log_in(client)
    return client


@pytest.fixture
def phone(new_client, ada, desk):
    """Return another one of the same user, logged in later."""
    client = new_client(headers={"user-agent": PHONE})
    log_in(client)
    return client


def id_of(client):
    """Return the id of the login of ``client``."""
    return client.get("/accounts/me/").json()["session"]["id"]


def address_of(client):
    """Return where the login of ``client`` is ended."""
    return f"{LIST}{id_of(client)}/"


def listed(client):
    """Return the list that a program gets."""
    return client.get(LIST, headers=JSON).json()["sessions"]


def text_of(response):
    return response.content.decode()


def test_the_names_of_the_addresses():
    """For ``{% url %}`` in a site's own templates."""
    assert reverse("login_sessions") == LIST
    assert reverse("login_sessions_revoke_others") == OTHERS
    assert reverse("login_session_revoke", args=[uuid.UUID(int=0)]) == f"{LIST}{uuid.UUID(int=0)}/"


# --- The list


def test_the_page_tells_browser_and_times_and_marks_this_device(desk, phone):
    """This one first, if another is newer. Without RECORD_IP nothing is said of addresses."""
    text = text_of(desk.get(LIST))
    names = re.findall("<h2.*?<bdi[^>]*>(.*?)</bdi>", text)
    assert names == ["Firefox 132 on Windows", "Mobile Safari 17 on iOS"]
    assert text.count("This device") == 1
    assert text.index("Firefox 132") < text.index("This device") < text.index("Mobile Safari")
    for name in ("Logged in", "Last seen", "Ends"):
        assert text.count(f"<dt>{name}</dt>") == 2
    assert "<dt>Address</dt>" not in text
    created_at = timezone.localtime(LoginSession.objects.earliest("created_at").created_at)
    assert f'datetime="{created_at.isoformat()}"' in text


def test_the_list_for_programs(desk, phone):
    """Times in seconds; the login that asks is marked, and the first; then the newest."""
    earliest, latest = listed(desk)
    assert (latest["current"], earliest["current"]) == (False, True)
    assert latest["device"] == {"browser": "Mobile Safari 17", "system": "iOS"}
    assert latest["id"] == id_of(phone)
    session = LoginSession.objects.get(pk=earliest["id"])
    assert earliest["created_at"] == int(session.created_at.timestamp())
    assert earliest["expires_at"] == int(session.ends_at.timestamp())
    assert earliest["ip_address"] is None
    assert [each["current"] for each in listed(phone)] == [True, False]


def test_an_address_is_told_if_it_is_recorded(new_client, ada, settings):
    """To its owner."""
    settings.JWT_COOKIE = {"RECORD_IP": True}
    client = new_client()
    log_in(client)
    assert listed(client)[0]["ip_address"] == "127.0.0.1"
    assert "<dd><bdi>127.0.0.1</bdi></dd>" in text_of(client.get(LIST))


def test_only_logins_that_go_on_are_listed(desk, ada, settings):
    """Not those that ended, expired, are somebody else's, or over by shorter settings of now."""
    start_session(User.objects.create_user("bob", password=PASSWORD))
    sessions.revoke(start_session(ada))
    LoginSession.objects.filter(pk=start_session(ada).pk).update(expires_at=timezone.now())
    idle = JWTClient.logged_in_as(ada)
    age_login(idle, timedelta(days=2))
    assert [each["current"] for each in listed(desk)] == [True, False]
    settings.JWT_COOKIE = {"IDLE_TIMEOUT": timedelta(days=1)}
    assert [each["id"] for each in listed(desk)] == [id_of(desk)]


def test_a_login_that_begins_with_this_very_request_is_listed(new_client, ada):
    """Somebody called Django's ``login()``, and this is the first page after."""
    client = new_client()
    client.force_login(ada)
    assert [each["current"] for each in listed(client)] == [True]


@pytest.mark.parametrize("number", [1, 5])
def test_the_list_is_one_query_however_long(desk, ada, number, django_assert_num_queries):
    """Besides the one that loads the user."""
    for _ in range(number):
        start_session(ada, user_agent=FIREFOX)
    for headers in ({}, JSON):
        with django_assert_num_queries(2):
            desk.get(LIST, headers=headers)


@pytest.fixture
def many(desk, ada):
    """Return the ids of 120 logins, the newest first, and that of the desk's, the oldest."""
    own = LoginSession.objects.get()
    fields = {each.attname: getattr(own, each.attname) for each in own._meta.concrete_fields}
    ids = [uuid.UUID(int=number) for number in range(1, 121)]
    LoginSession.objects.bulk_create(
        LoginSession(
            **fields | {"id": pk, "created_at": own.created_at + timedelta(seconds=pk.int)}
        )
        for pk in ids
    )
    return [str(pk) for pk in reversed(ids)], str(own.pk)


def test_a_program_gets_the_list_by_pages(desk, many):
    """Fifty at once, the newest first; each says where the next one is."""
    ids, own = many
    address, pages = LIST, []
    while address:
        page = desk.get(address, headers=JSON).json()
        pages.append([each["id"] for each in page["sessions"]])
        address = page["next"]
    assert pages == [[own, *ids[:50]], ids[50:100], ids[100:]]
    assert desk.get(f"{LIST}?page=1", headers=JSON).json()["next"] == f"{LIST}?page=2"


def test_a_person_leafs_through_the_list(desk, many):
    """Wherever one is: to end all others takes no searching for them."""
    ids, own = many
    first, second, third = [
        text_of(desk.get(f"{LIST}{page}")) for page in ("", "?page=2", "?page=3")
    ]
    shown = [re.findall(r'id="login-([-0-9a-f]+)"', text) for text in (first, second, third)]
    assert shown == [[own, *ids[:50]], ids[50:100], ids[100:]]
    assert ('href="?page=1"' in first, 'href="?page=2"' in first) == (False, True)
    assert ('href="?page=1"' in second, 'href="?page=3"' in second) == (True, True)
    assert ('href="?page=2"' in third, 'href="?page=4"' in third) == (True, False)
    assert all("End all other logins" in text for text in (first, second, third))
    assert ["This device" in text for text in (first, second, third)] == [True, False, False]


def test_no_page_has_nothing_on_it_but_the_first(desk, many):
    """The last is full to the brim; and the first is there for whoever has no other login."""
    LoginSession.objects.filter(pk__in=many[0][100:]).delete()
    assert desk.get(f"{LIST}?page=2", headers=JSON).json()["next"] is None
    assert "Older logins" not in text_of(desk.get(f"{LIST}?page=2"))
    assert desk.get(f"{LIST}?page=3").status_code == 404


@pytest.mark.parametrize("page", ["0", "-1", "2", "x", "", "1.0", "٢", "9" * 6, "9" * 40, "%00"])
def test_a_page_that_is_not_there(desk, page):
    """404 for people and programs, and no error of the database."""
    assert desk.get(f"{LIST}?page={page}").status_code == 404
    response = desk.get(f"{LIST}?page={page}", headers=JSON)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_attack_thousands_of_logins_from_browsers_that_are_hard_to_read(desk, ada, monkeypatch):
    """What a browser is called is found out when its login begins, and not for each list."""
    start_session(ada, user_agent=FIREFOX)

    # Whoever asks it again gets no answer that it could make a name of.
    monkeypatch.setattr("django_jwt_cookie.sessions.descriptions.parse", id)
    assert [each["device"]["browser"] for each in listed(desk)] == ["Firefox 132"] * 2
    assert text_of(desk.get(LIST)).count("Firefox 132 on Windows") == 2


def test_a_hostile_name_of_a_browser_is_text_and_short(new_client, ada):
    """Neither a script, nor a mark that turns the page around, nor ten kilobytes."""
    client = new_client(headers={"user-agent": HOSTILE.encode().decode("latin-1")})
    log_in(client)
    LoginSession.objects.update(user_agent=HOSTILE[:512])
    text = text_of(client.get(LIST))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;x" in text
    assert "<script>" not in text
    assert "\u202e" not in text
    assert "x" * 80 not in text
    assert "\u202e" not in listed(client)[0]["user_agent"]


def test_nobody_else_s_logins_are_told_to_strangers(client, ada):
    """People are asked to log in, programs get 401."""
    start_session(ada)
    response = client.get(LIST)
    assert (response.status_code, response.url) == (302, f"/accounts/login/?next={LIST}")
    response = client.get(LIST, headers=JSON)
    assert (response.status_code, response.json()["code"]) == (401, "login_required")


def test_the_list_is_stored_by_no_cache(desk):
    """And differs between people and programs."""
    response = desk.get(LIST)
    assert "no-store" in response.headers["Cache-Control"]
    assert {"Accept", "Cookie"} <= set(response.headers["Vary"].split(", "))


def test_without_records_there_is_no_list(desk, settings):
    """``TRACK_SESSIONS = False``; the page says so, and this login can be ended all the same."""
    settings.JWT_COOKIE = {"TRACK_SESSIONS": False}
    log_in(desk)
    assert "This site keeps no list of logins." in text_of(desk.get(LIST))
    assert listed(desk) == []
    assert desk.delete(OTHERS).status_code == 204
    assert desk.delete(address_of(desk)).status_code == 204
    assert who(desk) is None


def test_the_page_after_a_change_of_password_leads_to_the_list():
    """ASVS 7.4.3: one is offered to end the other logins."""
    text = render_to_string("django_jwt_cookie/password_change_done.html")
    assert f'<a href="{LIST}">' in text


# --- Ending one


def test_a_person_ends_a_login_with_a_button(desk, phone, ended):
    """Back to the list, which says so; the phone is out with its next request."""
    copy, address = get_token(phone), address_of(phone)
    assert f'action="{address}"' in text_of(desk.get(LIST))
    response = desk.post(address, follow=True)
    assert response.redirect_chain == [(LIST, 302)]
    assert "The login was ended." in text_of(response)
    assert ended == [(uuid.UUID(address.split("/")[3]), "revoked")]
    assert (who(desk), who(phone)) == (NAME, None)
    set_token(phone, copy)
    assert_login_required(phone.get("/accounts/me/"), "session_revoked")


@pytest.mark.parametrize("method", ["delete", "post"])
def test_a_program_ends_a_login(desk, phone, method):
    """With DELETE, whatever it accepts; or as people do."""
    headers = JSON if method == "post" else {}
    response = getattr(desk, method)(address_of(phone), headers=headers)
    assert (response.status_code, response.content) == (204, b"")
    assert who(phone) is None


def test_a_button_that_is_pressed_twice_does_no_harm(desk, phone, ended):
    """The second time there is nothing left to end, and nothing is sent."""
    address = address_of(phone)
    assert [desk.delete(address).status_code for _ in range(2)] == [204, 204]
    assert desk.post(address).status_code == 302
    assert len(ended) == 1


@pytest.mark.parametrize("method", ["delete", "post"])
def test_ending_this_login_is_logging_out(desk, ended, method):
    """The cookie is deleted, and a copy of it is worth nothing."""
    copy, address = get_token(desk), address_of(desk)
    response = getattr(desk, method)(address)
    assert response.status_code == {"delete": 204, "post": 302}[method]
    assert response.cookies[COOKIE]["max-age"] == 0
    assert ended == [(uuid.UUID(address.split("/")[3]), "logout")]
    set_token(desk, copy)
    assert who(desk) is None


def test_whoever_has_logged_out_here_is_led_on(desk, settings):
    """To the login page, or where the settings lead after a logout."""
    assert desk.post(address_of(desk)).url == settings.LOGIN_URL
    log_in(desk)
    settings.LOGOUT_REDIRECT_URL = "/bye/"
    assert desk.post(address_of(desk)).url == "/bye/"


# --- Ending all others


def test_a_person_ends_all_other_logins(desk, phone, ada, ended):
    """This one goes on; nobody else's is touched."""
    bob = start_session(User.objects.create_user("bob"))
    start_session(ada)
    assert f'action="{OTHERS}"' in text_of(desk.get(LIST))
    response = desk.post(OTHERS, follow=True)
    assert response.redirect_chain == [(LIST, 302)]
    assert "2 other logins were ended." in text_of(response)
    assert "End all other logins" not in text_of(response)
    assert (who(desk), who(phone)) == (NAME, None)
    assert [because for _, because in ended] == ["revoked", "revoked"]
    assert sessions.active(bob.user).get() == bob


def test_a_program_ends_all_other_logins(desk, phone):
    """Twice does no harm."""
    for _ in range(2):
        response = desk.delete(OTHERS)
        assert (response.status_code, response.content) == (204, b"")
    assert [each["current"] for each in listed(desk)] == [True]
    assert "0 other logins were ended." in text_of(desk.post(OTHERS, follow=True))


@pytest.fixture
def _any_login_will_do(monkeypatch):
    """Ask for no password."""
    monkeypatch.setattr(EndingView, "max_age", None)


@pytest.mark.usefixtures("_any_login_will_do")
def test_who_was_logged_in_a_moment_ago_by_django_ends_the_others(new_client, phone, ada):
    """The login that begins with this very request is not one of them."""
    client = new_client()
    client.force_login(ada)
    assert client.delete(OTHERS).status_code == 204
    assert (who(client), who(phone)) == (NAME, None)


@pytest.mark.usefixtures("_any_login_will_do")
def test_whoever_is_known_by_something_else_has_only_other_logins(new_client, phone, settings):
    """Such as a header that the web server vouches for: all that the list has are ended."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.known_by_something_else"]
    client = new_client()
    assert [each["current"] for each in listed(client)] == [False, False]
    assert client.delete(OTHERS).status_code == 204
    assert listed(client) == []


# --- Attacks


@pytest.mark.parametrize("method", ["delete", "post"])
def test_nobody_ends_somebody_else_s_login(desk, new_client, ended, method):
    """Not even whoever knows its id."""
    User.objects.create_user("bob", password=PASSWORD)
    bob = new_client()
    log_in(bob, "bob")
    assert getattr(desk, method)(address_of(bob)).status_code == 404
    assert ended == []
    assert who(bob) == "bob"


@pytest.mark.parametrize("headers", [JSON, {}], ids=["JSON", "HTML"])
@pytest.mark.parametrize("method", ["delete", "post"])
def test_an_answer_does_not_tell_whether_there_is_such_a_login(desk, method, headers):
    """Somebody else's, living or ended, and one that was never there look the same."""
    bob = User.objects.create_user("bob")
    over = start_session(bob)
    sessions.revoke(over)
    ids = [start_session(bob).pk, over.pk, uuid.uuid4()]
    answers = [getattr(desk, method)(f"{LIST}{pk}/", headers=headers) for pk in ids]
    bodies = {re.sub(str(pk), "", text_of(answer)) for pk, answer in zip(ids, answers, strict=True)}
    assert {answer.status_code for answer in answers} == {404}
    assert len(bodies) == 1
    if headers or method == "delete":
        assert answers[0].json() == {"code": "not_found", "detail": "You have no such login."}


@pytest.mark.parametrize("path", [OTHERS, f"{LIST}{uuid.UUID(int=1)}/"])
@pytest.mark.parametrize("method", ["delete", "post"])
def test_a_stranger_ends_nothing(client, ada, method, path):
    """401 for programs, the login page for people."""
    start_session(ada)
    response = getattr(client, method)(path, headers=JSON)
    assert (response.status_code, response.json()["code"]) == (401, "login_required")
    assert client.post(path).url == f"/accounts/login/?next={path}"
    assert sessions.active(ada).count() == 1


@pytest.mark.parametrize("path", ["others", "own", "phone"])
def test_another_site_s_form_ends_nothing(new_client, phone, ada, path):
    """No CSRF token, no end: any page could throw its visitors out here."""
    client = new_client(enforce_csrf_checks=True)
    token = client.get("/accounts/csrf/").json()["csrf_token"]
    credentials = {"username": NAME, "password": PASSWORD, "csrfmiddlewaretoken": token}
    client.post("/accounts/login/", credentials, headers={"origin": "https://testserver"})
    path = {"others": OTHERS, "own": address_of(client), "phone": address_of(phone)}[path]
    foreign = {"origin": "https://evil.example"}
    token = client.get("/accounts/csrf/").json()["csrf_token"]
    for send in (client.post, client.delete):
        response = send(path, headers=JSON)
        assert (response.status_code, response.json()["code"]) == (403, "csrf_failed")
        assert send(path, headers=foreign | {"X-CSRFToken": token}).status_code == 403
    assert (who(client), who(phone)) == (NAME, NAME)
    good = {"X-CSRFToken": token, "origin": "https://testserver"}
    assert client.delete(path, headers=good).status_code == 204


@pytest.mark.parametrize("name", ["others", "phone"])
def test_a_link_or_an_image_ends_nothing(desk, phone, name):
    """GET answers 405."""
    path = {"others": OTHERS, "phone": address_of(phone)}[name]
    assert desk.get(path).status_code == 405
    assert desk.get(path, headers=JSON).json()["code"] == "method_not_allowed"
    assert who(phone) == NAME


@pytest.mark.parametrize("name", ["1", "%00", "..%2f", "OTHERS", "9ea40b97-f20d-f322-68c3"])
def test_an_id_that_is_none_is_no_address(desk, name):
    """404, and no error of the database."""
    assert desk.delete(f"{LIST}{name}/").status_code == 404


def test_a_login_that_ended_meanwhile_ends_no_other(desk, phone):
    """Whoever was thrown out does not throw the rest out with the same cookie."""
    copy = get_token(phone)
    desk.delete(address_of(phone))
    set_token(phone, copy)
    assert_login_required(phone.delete(OTHERS, headers=JSON), "session_revoked")
    assert who(desk) == NAME


def known_by_something_else(get_response):
    """Make every request one of ada, as some middleware does that trusts a header."""

    def middleware(request):
        request.user = User.objects.get(username=NAME)
        return get_response(request)

    return middleware


# --- A borrowed browser


SENT = {"JSON": ("delete", JSON), "HTML": ("post", {"referer": f"https://testserver{LIST}"})}


@pytest.mark.parametrize(("method", "headers"), SENT.values(), ids=SENT)
@pytest.mark.parametrize("name", ["others", "phone"])
def test_a_borrowed_browser_throws_nobody_out(clock, desk, phone, *, name, method, headers):
    """ASVS 7.5.2: to end other logins, one by one or all, takes a password of the last minutes."""
    path = {"others": OTHERS, "phone": address_of(phone)}[name]
    clock.shift(timedelta(minutes=5, seconds=1))
    response = getattr(desk, method)(path, headers=headers)
    if method == "delete":
        assert_login_required(response, "recent_login_required")
    else:
        login = "/accounts/login/?next=/accounts/sessions/&reason=recent_login_required"
        assert (response.status_code, response.url) == (302, login)
    assert who(phone) == NAME
    log_in(desk)
    assert getattr(desk, method)(path, headers=headers).status_code in (204, 302)
    assert who(phone) is None


def test_ones_own_login_can_always_be_ended(clock, desk):
    """It is a logout."""
    clock.shift(timedelta(hours=1))
    assert desk.delete(address_of(desk)).status_code == 204
    assert who(desk) is None


@pytest.mark.parametrize("name", ["others", "phone"])
@pytest.mark.parametrize(
    ("max_age", "is_ended"), [(None, True), (timedelta(hours=2), True), (timedelta(0), False)]
)
def test_a_site_may_ask_for_less_or_more(
    clock, desk, phone, monkeypatch, *, name, max_age, is_ended
):
    """By the attributes of the view, as ``as_view()`` takes them."""
    monkeypatch.setattr(EndingView, "max_age", max_age)
    monkeypatch.setattr(EndingView, "login_url", "/again/")
    path = {"others": OTHERS, "phone": address_of(phone)}[name]
    clock.shift(timedelta(hours=1))
    response = desk.post(path)
    assert response.url.startswith("/accounts/sessions/" if is_ended else "/again/?next=")
    assert (who(phone) is None) is is_ended


def test_whoever_has_given_no_password_is_asked_for_one(new_client, phone, ada, settings):
    """A login from before the swap, and who is known by something else."""
    moved, known = new_client(), new_client()
    moved.force_login(ada)
    assert_login_required(moved.delete(OTHERS, headers=JSON), "recent_login_required")
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.known_by_something_else"]
    assert_login_required(known.delete(OTHERS, headers=JSON), "recent_login_required")
    assert who(phone) == NAME

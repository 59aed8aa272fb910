"""The management commands."""

import re
import sys
import time
import uuid
from contextlib import nullcontext
from datetime import timedelta
from io import StringIO

import jwt
import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.db.models.signals import post_delete
from django.utils import timezone

from django_jwt_cookie import sessions
from django_jwt_cookie.exceptions import TokenInvalid
from django_jwt_cookie.keys import get_key_ring
from django_jwt_cookie.keys.key import TYPE
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.tokens import decode
from tests.support.accounts import COOKIE, JSON, NAME, PASSWORD, log_in, start_session, who

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def ada():
    """Return a user with a password."""
    return User.objects.create_user(NAME, password=PASSWORD)


def run(*arguments, **options):
    """Run a command; return what it prints."""
    output = StringIO()
    call_command(*arguments, stdout=output, **options)
    return output.getvalue()


def login_that(user, *, expired=None, revoked=None):
    """Record a login that expired or was revoked so long ago."""
    session, now = start_session(user), timezone.now()
    changes = {}
    if expired is not None:
        changes["expires_at"] = now - expired
    if revoked is not None:
        changes |= {"revoked_at": now - revoked, "revoked_because": "logout"}
    LoginSession.objects.filter(pk=session.pk).update(**changes)
    return session


def remaining():
    return set(LoginSession.objects.values_list("pk", flat=True))


# --- jwt_cookie_clear


def test_clear_deletes_what_is_over_for_a_week(ada, ended):
    """And says how many. A login that goes on is never over, whatever its age."""
    kept = {
        start_session(ada).pk,
        login_that(ada, expired=6 * DAY).pk,
        login_that(ada, revoked=6 * DAY).pk,
    }
    login_that(ada, expired=8 * DAY)
    login_that(ada, revoked=8 * DAY)
    login_that(ada, expired=-DAY, revoked=7 * DAY)
    assert run("jwt_cookie_clear") == "Deleted the records of 3 logins.\n"
    assert remaining() == kept
    assert run("jwt_cookie_clear") == "Deleted the records of 0 logins.\n"
    assert ended == []


def test_clear_can_delete_at_once(ada):
    """``--keep-days 0``: all but the living."""
    alive = start_session(ada)
    login_that(ada, expired=timedelta(0)), login_that(ada, revoked=timedelta(0))
    assert "2 logins" in run("jwt_cookie_clear", "--keep-days", "0")
    assert remaining() == {alive.pk}


def test_a_token_of_a_deleted_record_is_refused(client, ada):
    """No row, no login: nothing comes back by clearing up. Only the reason is forgotten."""
    log_in(client)
    session = LoginSession.objects.get()
    sessions.get_store().end(session, sessions.EndReason.TOKEN_REUSED)
    cookie = client.cookies[COOKIE].value
    assert client.get("/accounts/me/").json()["code"] == "token_reused"
    run("jwt_cookie_clear", "--keep-days=0")
    client.cookies[COOKIE] = cookie
    assert client.get("/accounts/me/").json()["code"] == "session_revoked"
    assert not LoginSession.objects.exists()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_clear_works_in_batches(ada, size):
    """Each batch one look and one DELETE, and one last look."""
    alive = start_session(ada)
    for _ in range(7):
        login_that(ada, expired=8 * DAY)
    statements = []
    with connection.execute_wrapper(
        lambda execute, sql, *rest: note(statements, execute, sql, rest)
    ):
        assert "7 logins" in run("jwt_cookie_clear", batch_size=size)
    deletes = [sql for sql in statements if sql.startswith("DELETE")]
    assert len(deletes) == -(-7 // size)
    assert remaining() == {alive.pk}


@pytest.mark.parametrize("size", [1, 2, 3])
def test_logins_that_began_at_one_moment_are_told_apart(ada, size):
    """Batches go by age; logins that were moved here from elsewhere may all have the same."""
    alive = [start_session(ada) for _ in range(2)]
    for _ in range(5):
        login_that(ada, expired=8 * DAY)
    LoginSession.objects.update(created_at=timezone.now())
    assert "5 logins" in run("jwt_cookie_clear", batch_size=size)
    assert remaining() == {each.pk for each in alive}


def test_logins_of_one_moment_are_not_read_again_for_each_batch(ada):
    """Each look but the first is a range of the index: none has an "or" of two columns."""
    for _ in range(4):
        login_that(ada, expired=8 * DAY)
    LoginSession.objects.update(created_at=timezone.now())
    statements = []
    with connection.execute_wrapper(
        lambda execute, sql, *rest: note(statements, execute, sql, rest)
    ):
        run("jwt_cookie_clear", batch_size=2)
    looks = [sql for sql in statements if sql.startswith("SELECT") and "LIMIT" in sql]
    after = [
        re.findall(r'["`](created_at|id)["`] (=|>) ', sql.partition("WHERE")[2]) for sql in looks
    ]
    same, later = [("created_at", "="), ("id", ">")], [("created_at", ">")]
    assert after == [[], same, same, later]
    assert not any("NOT" in sql for sql in looks)


def test_a_login_that_is_renewed_meanwhile_stays(ada):
    """Between the look and the DELETE: it is not over any more when the DELETE comes."""
    session = login_that(ada, expired=8 * DAY)
    login_that(ada, expired=8 * DAY)

    def renew_before_deleting(execute, sql, *rest):
        if sql.startswith("DELETE") and LoginSession.objects.get(pk=session.pk).generation == 0:
            later = timezone.now() + DAY
            LoginSession.objects.filter(pk=session.pk).update(generation=1, expires_at=later)
        return execute(sql, *rest)

    with connection.execute_wrapper(renew_before_deleting):
        assert "1 login." in run("jwt_cookie_clear")
    assert remaining() == {session.pk}


def test_a_site_that_listens_to_deletions_hears_of_each(ada):
    """Django then deletes one by one."""
    heard = []

    def listen(instance, **kwargs):
        heard.append(instance.pk)

    over = {login_that(ada, expired=8 * DAY).pk for _ in range(3)}
    post_delete.connect(listen, sender=LoginSession)
    try:
        assert "3 logins" in run("jwt_cookie_clear", "--batch-size=2")
    finally:
        post_delete.disconnect(listen, sender=LoginSession)
    assert set(heard) == over


@pytest.mark.parametrize(
    "option", ["--batch-size=0", "--batch-size=10001", "--batch-size=x", "--keep-days=-1"]
)
def test_clear_refuses_a_number_that_makes_no_sense(option):
    """And says which would."""
    with pytest.raises(CommandError, match=r"is not between|invalid number value"):
        run("jwt_cookie_clear", option)


# --- jwt_cookie_revoke


def test_revoke_says_so_where_there_are_no_records(settings, ada):
    """In an emergency "Ended 0 logins." would read as if there were none."""
    settings.JWT_COOKIE = {"TRACK_SESSIONS": False}
    with pytest.raises(CommandError, match="no record of any login"):
        call_command("jwt_cookie_revoke", user="ada")


def test_revoke_ends_the_logins_of_a_user(client, ada, ended):
    """Of nobody else; signal and reason as ever. What had ended keeps its own."""
    log_in(client)
    bob = start_session(User.objects.create_user("bob"))
    login_that(ada, revoked=DAY), login_that(ada, expired=DAY)
    assert run("jwt_cookie_revoke", "--user", NAME) == "Ended 1 login.\n"
    assert [because for _, because in ended] == ["revoked"]
    assert who(client) is None
    assert [*sessions.active(bob.user)] == [bob]


def test_revoke_ends_one_login(ada):
    """By its id, with hyphens or without; a second time there is none to end."""
    one, other = start_session(ada), start_session(ada)
    assert run("jwt_cookie_revoke", "--session", str(one.pk)) == "Ended 1 login.\n"
    assert run("jwt_cookie_revoke", "--session", one.pk.hex) == "Ended 0 logins.\n"
    assert [*sessions.active(ada)] == [other]


def test_revoke_ends_all_in_batches(ada, monkeypatch):
    """However many there are, they are not held at once."""
    monkeypatch.setattr("django_jwt_cookie.management.ending.BATCH_SIZE", 2)
    for _ in range(5):
        start_session(ada)
    start_session(User.objects.create_user("bob"))
    assert run("jwt_cookie_revoke", "--all", "--yes") == "Ended 6 logins.\n"
    assert not LoginSession.objects.alive().exists()


@pytest.mark.parametrize("option", ["--yes", "--no-input", "--noinput"])
def test_a_script_is_not_asked(ada, option, monkeypatch):
    """By the names that Django's own commands have, too."""
    monkeypatch.delattr("builtins.input")
    start_session(ada)
    assert run("jwt_cookie_revoke", "--all", option) == "Ended 1 login.\n"


def test_all_asks_first_and_says_how_many(ada, monkeypatch):
    """Only "yes" is yes."""
    start_session(ada), start_session(ada)
    questions, answers = [], iter(["", "y", "no", " yes "])

    def answer(question):
        questions.append(question)
        return next(answers)

    monkeypatch.setattr("builtins.input", answer)
    for _ in range(3):
        with pytest.raises(CommandError, match="No login was ended"):
            run("jwt_cookie_revoke", "--all")
    assert sessions.active(ada).count() == 2
    assert run("jwt_cookie_revoke", "--all") == "Ended 2 logins.\n"
    assert all(question.startswith("2 logins will end") for question in questions)


def test_where_nobody_can_answer_nothing_ends(ada, monkeypatch):
    """A script without ``--yes``: its standard input is empty."""
    session = start_session(ada)
    monkeypatch.setattr(sys, "stdin", StringIO(""))
    with pytest.raises(CommandError, match="Give --yes"):
        run("jwt_cookie_revoke", "--all")
    assert [*sessions.active(ada)] == [session]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "one of the arguments --user --session --all is required"),
        (["--all", "--user", "ada"], "not allowed with"),
        (["--user", "nobody"], "There is no user 'nobody'"),
        (["--user", ""], "There is no user ''"),
        (["--session", "12"], "invalid UUID value"),
        (["--session", str(uuid.UUID(int=1))], "There is no login"),
    ],
)
def test_revoke_says_what_is_wrong(ada, arguments, message):
    """And ends nothing."""
    start_session(ada)
    with pytest.raises(CommandError, match=message):
        run("jwt_cookie_revoke", *arguments)
    assert sessions.active(ada).count() == 1


# --- jwt_cookie_inspect


def inspect(token, *, refused=False):
    """Return what the command prints, as a dict for each heading."""
    output = StringIO()
    expectation = pytest.raises(CommandError) if refused else nullcontext()
    with expectation as refusal:
        call_command("jwt_cookie_inspect", "--", token, stdout=output)
    if refused:
        assert str(refusal.value) == "The site refuses this token."
        assert refusal.value.returncode == 1
    found, entries = {}, {}
    for line in output.getvalue().splitlines():
        if line.startswith("  "):
            name, _, value = line.strip().partition(" ")
            entries[name] = value.strip()
        else:
            found[line] = entries = {}
    return found


def first_refusal(token):
    """Return the check that refuses ``token``, and what it says."""
    checks = inspect(token, refused=True)["Checks"]
    names = list(checks)
    (refusal,) = (name for name in names if checks[name].startswith("refused: "))
    at = names.index(refusal)
    assert all(checks[name].startswith("ok") for name in names[:at])
    assert all(checks[name] == "not made" for name in names[at + 1 :])
    return refusal, checks[refusal].removeprefix("refused: ")


@pytest.mark.parametrize("signature", ["a", "é"])
def test_inspect_says_what_is_no_base64(token, signature):
    """And makes no check after that."""
    changed = f"{token.rpartition('.')[0]}.{signature}"
    assert first_refusal(changed)[0] in ("shape", "signature")


def forge(token, *, header=None, **changes):
    """Sign the payload of ``token``, changed, with the site's own key."""
    key = get_key_ring().signing_key
    payload = key.verify(token, options={"verify_aud": False, "verify_exp": False}) | changes
    payload = {name: value for name, value in payload.items() if value is not None}
    if header is None:
        return key.sign(payload)
    written = {"typ": TYPE, "alg": key.algorithm, "kid": key.kid} | header
    return jwt.encode(payload, key.secret, algorithm=key.algorithm, headers=written)


@pytest.fixture
def token(client, ada):
    """Return the token of a login."""
    log_in(client)
    return client.cookies[COOKIE].value


def test_inspect_shows_a_good_token(token, ada):
    """Header, claims with times for people, and each check."""
    found = inspect(token)
    claims = decode(token)
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(claims.exp))
    assert found["Header"]["typ"] == '"login+jwt"'
    assert found["Claims"]["sub"] == f'"{ada.pk}"'
    assert found["Claims"]["exp"] == f"{claims.exp} = {moment}"
    assert found["Claims"]["gen"] == "0"
    assert list(found["Checks"]) == [
        "shape",
        "header",
        "signature",
        "claims",
        "audience",
        "time",
        "login",
        "user",
        "generation",
    ]
    assert all(result.startswith("ok") for result in found["Checks"].values())
    assert found["Checks"]["user"] == f'ok, "{NAME}"'
    assert found["Checks"]["generation"] == "ok, the newest"


def test_a_token_comes_from_standard_input_too(token, monkeypatch):
    """With the line's end that `echo` adds: neither history nor process list shows it."""
    monkeypatch.setattr(sys, "stdin", StringIO(f" {token}\n"))
    assert inspect("-")["Checks"]["login"].startswith("ok")


def test_inspect_names_the_login_as_revoke_takes_it(token):
    """The token says it in base64url."""
    shown = StringIO()
    call_command("jwt_cookie_inspect", token, stdout=shown)
    session = LoginSession.objects.get()
    assert f" = {session.pk}\n" in shown.getvalue()


def test_inspect_changes_and_logs_nothing(token, caplog):
    """A look at a stolen token must not end the login, nor take note of it as seen."""
    LoginSession.objects.update(seen_at=None)
    before = LoginSession.objects.values().get()
    with caplog.at_level("DEBUG"):
        inspect(token)
    assert LoginSession.objects.values().get() == before
    assert not [record for record in caplog.records if record.name != "asyncio"]


REFUSALS = {
    "": ("shape", "not three parts of base64url"),
    "a.b": ("shape", "not three parts of base64url"),
    "é.b.c": ("shape", "not three parts of base64url"),
    "\x1b[2J.b.c": ("shape", "not three parts of base64url"),
    "a" * 5000: ("shape", "longer than 4096 characters"),
}
NO_HEADER = ["a.b.c", "bnVsbA.e30.c2ln", "e30.e30.c2ln", "W1tbW1tb.e30.c2ln"]


@pytest.mark.parametrize("value", REFUSALS)
def test_what_is_no_token_is_refused(value):
    """Whatever it is."""
    assert first_refusal(value) == REFUSALS[value]


def not_ours():
    """Return how a header is refused that none of our keys writes: each is named with its `kid`."""
    keys = ", ".join(f"{key.kid} ({key.algorithm})" for key in get_key_ring().keys)
    return ("header", f"not what one of these keys writes: {keys}")


@pytest.mark.parametrize("value", NO_HEADER)
def test_what_has_no_header_of_ours_is_refused(value):
    """Be it JSON or not: it is looked up."""
    assert first_refusal(value) == not_ours()


def test_a_token_of_another_kind_is_refused(token):
    """Explicit typing, and a header with nothing that the sender could choose a key by."""
    for header in ({"typ": "JWT"}, {"jku": "https://evil.example"}):
        assert first_refusal(forge(token, header=header)) == not_ours()


def test_a_token_of_another_key_is_refused(token, settings):
    """The keys that are there are named, by what everybody can read."""
    before = not_ours()
    settings.JWT_COOKIE = {"SECRET": "another-secret-of-at-least-32-bytes"}
    assert first_refusal(token) == not_ours() != before


def test_an_older_key_is_told(token, settings):
    """It verifies, and does not sign any more."""
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a-new-secret-key-that-is-long-enough-for-anybody"
    assert inspect(token)["Checks"]["header"] == "ok, of a key that only verifies"


@pytest.mark.parametrize("part", [1, 2])
def test_a_changed_token_is_shown_and_refused(token, part):
    """One character of the payload or the signature."""
    parts = token.split(".")
    middle = len(parts[part]) // 2
    flipped = "A" if parts[part][middle] != "A" else "B"
    parts[part] = parts[part][:middle] + flipped + parts[part][middle + 1 :]
    assert first_refusal(".".join(parts)) == ("signature", "the signature does not fit")


def test_a_token_without_signature_is_refused(token):
    """``alg: none``, and an algorithm that is not the key's."""
    _, payload, _ = token.split(".")
    kid = get_key_ring().signing_key.kid
    for algorithm in ("none", "HS512"):
        made = jwt.encode({}, "x" * 64, algorithm="HS512", headers={"typ": TYPE, "kid": kid})
        header = made.split(".")[0]
        if algorithm == "none":
            header = jwt.utils.base64url_encode(
                f'{{"alg":"none","kid":"{kid}","typ":"{TYPE}"}}'.encode()
            ).decode()
        assert first_refusal(f"{header}.{payload}.c2ln") == not_ours()
    header = token.split(".")[0]
    assert first_refusal(f"{header}.{payload}.c2ln") == ("signature", "the signature does not fit")


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"sub": None}, ("claims", "the claim 'sub' is not a string")),
        ({"sub": 1}, ("claims", "the claim 'sub' is not a string")),
        ({"new": 1}, ("claims", "the claim 'aud' or 'new' has the wrong type")),
        ({"gen": True}, ("claims", "the claim 'gen' is not a number of seconds or generations")),
        ({"sid": "x"}, ("claims", "the claim 'sid' is not 128 bits in base64url")),
        ({"aud": "shop"}, ("audience", "for somebody else")),
        ({"sid": "A" * 22}, ("login", "no record of this login")),
        ({"sub": "99"}, ("user", "the record is of another user")),
    ],
)
def test_a_genuine_token_with_a_wrong_claim_is_refused(token, changes, refusal):
    """By a site that shares the secret, or an older version of this one."""
    assert first_refusal(forge(token, **changes)) == refusal


def test_issuer_and_audience_are_demanded(client, token, settings):
    """As the settings say."""
    settings.JWT_COOKIE = {"ISSUER": "shop"}
    for foreign in (token, forge(token, iss="other")):
        assert first_refusal(foreign) == ("claims", "issued by somebody else")
    settings.JWT_COOKIE = {"AUDIENCE": "shop", "ISSUER": "shop"}
    assert first_refusal(forge(token, iss="shop")) == ("audience", "for somebody else")
    checks = inspect(forge(token, iss="shop", aud="shop"))["Checks"]
    assert (checks["claims"][:2], checks["audience"]) == ("ok", "ok")


def test_which_tenant_a_token_is_for_is_decided_by_requests(token, settings):
    """The command has none to ask of; what it can't tell it says."""
    assert inspect(token)["Checks"]["audience"] == "ok, none demanded"
    settings.JWT_COOKIE = {"AUDIENCE": "tests.conf.test_audience.tenant"}
    found = inspect(forge(token, aud="shop.example"))["Checks"]
    assert found["audience"] == "ok, decided by each request"


@pytest.mark.parametrize("changes", [{"jti": 1}, {"iat": 2_000_000_000}, {"nbf": 2_000_000_000}])
def test_a_clock_that_is_wrong_is_no_refusal(token, changes):
    """As for a request."""
    inspect(forge(token, **changes))


def test_a_token_past_its_time_goes_on_with_its_login(token, time_machine):
    """It is renewed, not refused, until the login is over too."""
    now = time.time()
    time_machine.move_to(now + 11 * 60)
    result = inspect(token)["Checks"]["time"]
    assert re.fullmatch(r"ok, over for \d+ seconds; renewed with the next request.*", result)
    time_machine.move_to(now + 31 * 24 * 3600)
    assert first_refusal(token) == ("login", "the login reached its end")


def test_a_login_that_ended_is_refused_with_its_reason(token, ada):
    """As the record tells."""
    sessions.revoke(LoginSession.objects.get())
    assert first_refusal(token) == ("login", "the login was ended (revoked)")


def test_a_user_who_may_not_log_in_is_refused(token):
    """Deactivated, or with another password, set around signals."""
    User.objects.update(password="x")
    assert first_refusal(token) == ("user", "the password was changed")
    User.objects.update(is_active=False)
    assert first_refusal(token) == ("user", "the user was deactivated")


def test_an_old_token_is_told_from_a_copy(token):
    """Without ending the login, which a request with a copy would."""
    now = timezone.now()
    LoginSession.objects.update(generation=1, rotated_at=now)
    LoginSession.objects.update(seen_at=None)
    assert "nobody has come with it yet" in inspect(token)["Checks"]["generation"]
    LoginSession.objects.update(seen_at=now)
    assert "long on its way" in inspect(token)["Checks"]["generation"]
    LoginSession.objects.update(seen_at=now - DAY)
    assert first_refusal(token) == ("generation", "its successor came long ago: a copy")
    assert LoginSession.objects.get().revoked_at is None
    assert "restored from a backup" in inspect(forge(token, gen=5))["Checks"]["generation"]


def test_without_records_the_token_alone_decides(client, ada, settings):
    """``TRACK_SESSIONS = False``."""
    settings.JWT_COOKIE = {"TRACK_SESSIONS": False}
    log_in(client)
    checks = inspect(client.cookies[COOKIE].value)["Checks"]
    assert checks["generation"] == "ok, not known without a record"
    assert checks["user"] == f'ok, "{NAME}"'


def test_what_an_attacker_wrote_does_not_steer_the_terminal():
    """Colours, a cleared screen, text from right to left."""
    hostile = {"\x1b[2J": "\x1b]0;owned\x07", "name": "\u202eevil\x9b31m", "exp": 10**30}
    token = jwt.encode(hostile, "x" * 32, algorithm="HS256")
    output = StringIO()
    with pytest.raises(CommandError):
        call_command("jwt_cookie_inspect", token, stdout=output)
    printed = output.getvalue().replace("\n", "")
    assert printed.isascii()
    assert printed.isprintable()


@pytest.mark.parametrize("payload", ["W10", "e30x", "gIA", "W1tb"])
def test_a_payload_that_is_no_object_can_t_be_read(payload):
    """An array, garbage, no UTF-8."""
    output = StringIO()
    with pytest.raises(CommandError):
        call_command("jwt_cookie_inspect", f"{payload}.{payload}.c2ln", stdout=output)
    assert output.getvalue().count("  can't be read\n") == 2


def test_the_checks_agree_with_what_a_request_makes_of_it(client, token):
    """Each character changed: the command and the site refuse the same."""
    for at in range(0, len(token), 7):
        changed = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        client.cookies[COOKIE] = changed
        is_known = client.get("/accounts/me/", headers=JSON).status_code == 200
        inspect(changed, refused=not is_known)


def test_a_check_that_drifts_from_the_site_is_noticed(token, monkeypatch):
    """The last word has the function that a request calls."""

    def refuse(token):
        raise TokenInvalid("for a new reason")

    monkeypatch.setattr("django_jwt_cookie.management.inspection.verify", refuse)
    assert first_refusal(token) == ("claims", "for a new reason")


def note(statements, execute, sql, rest):
    """Remember a statement and run it."""
    statements.append(sql)
    return execute(sql, *rest)

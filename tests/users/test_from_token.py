"""``USER_SOURCE = "token"``: a real user instance, made from the token alone."""

import pickle
from contextlib import suppress
from copy import copy, deepcopy
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin, auth
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Group, Permission, User
from django.core.exceptions import SynchronousOnlyOperation
from django.db import IntegrityError, OperationalError, connection, models, transaction
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import include, path
from django.utils import timezone

from django_jwt_cookie import sessions
from django_jwt_cookie.authentication.issuing import issue
from django_jwt_cookie.decorators import login_required
from django_jwt_cookie.exceptions import TokenInvalid
from django_jwt_cookie.keys import Key
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.tokens import Claims, decode, encode
from django_jwt_cookie.users import from_token
from tests.support.accounts import BACKEND, COOKIE, NAME, PASSWORD, log_in, start_session, who

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

ALL_FIELDS = [
    field.name for field in User._meta.concrete_fields if field.name not in ("id", "password")
]

# --- The site


def name(request):
    return HttpResponse(request.user.get_username())


async def aname(request):
    user = await request.auser()
    return HttpResponse(user.get_username())


async def aemail(request):
    user = await request.auser()
    return HttpResponse(user.email)


def rename(request):
    """Change what is nobody's business but the view's, and save all of it."""
    request.user.first_name = "Augusta"
    request.user.save()
    return HttpResponse()


@login_required
def editors(request):
    if "editor" not in request.jwt.claims["roles"]:
        return HttpResponse(status=403)
    return HttpResponse("editors only")


def promote_oneself(request):
    request.jwt.claims["roles"].append("editor")
    return HttpResponse()


@transaction.atomic
def failing(request):
    assert request.user.is_authenticated
    transaction.set_rollback(True)
    return HttpResponse(status=409)


def enter(request):
    """Log in, by a backend with rules of its own."""
    user = auth.authenticate(request, username=NAME, password=PASSWORD)
    auth.login(request, user or User.objects.get(), None if user else BACKEND)
    return HttpResponse()


def enter_again(request):
    """Log in whoever is here, as sites do after a change of password or of backend."""
    auth.login(request, request.user, BACKEND)
    return HttpResponse(request.user.get_username())


def change_password(request, saves):
    """Do it as Django's documentation says, and go on with the same instance."""
    user = request.user
    user.set_password("Bochnia-1248-salt")
    user.save(**({"update_fields": ["password"]} if saves == "one field" else {}))
    auth.update_session_auth_hash(request, user)
    user.first_name = "Augusta"
    user.save()
    user.last_name = "King"
    user.save()
    return HttpResponse(request.user.get_full_name())


def revoke_and_change(request):
    """End all logins, this one too, before the password changes."""
    sessions.revoke_all(request.user)
    request.user.set_password("Bochnia-1248-salt")
    request.user.save()
    return HttpResponse()


def leave_and_enter(request):
    user = request.user
    auth.logout(request)
    if user.is_authenticated:
        auth.login(request, user, BACKEND)
    return HttpResponse(request.user.get_username())


def impersonating(view):
    """Have somebody else be the user of the request, as a middleware does."""

    def impersonate(request):
        assert request.user.is_authenticated
        request.user = User.objects.get_by_natural_key("bob")
        return view(request)

    return impersonate


def set_password(request):
    """Take over the account, if that is possible."""
    request.user.set_password("a-new-one-of-the-thief")
    request.user.save()


@login_required(confirm=True)
def powers(request):
    return HttpResponse(str(request.user.is_superuser))


def activity(request):
    return HttpResponse(f"{request.user.is_authenticated} {request.user.is_active}")


def broken(request):
    """Go on in a transaction in which a statement has failed, and ask who it is."""
    with transaction.atomic():
        with suppress(IntegrityError):
            User.objects.create(username=NAME)
        try:
            return HttpResponse(request.user.get_username())
        finally:
            transaction.set_rollback(True)


urlpatterns = [
    path("enter/", enter),
    path("enter-again/", enter_again),
    path("set-password/", set_password),
    path("change-password/<saves>/", change_password),
    path("revoke-and-change/", revoke_and_change),
    path("leave-and-enter/", leave_and_enter),
    path("as-bob/", impersonating(login_required(confirm=True)(name))),
    path("powers/", powers),
    path("activity/", activity),
    path("broken/", broken),
    path("accounts/", include("django_jwt_cookie.urls")),
    path("admin/", admin.site.urls),
    path("untouched/", lambda _: HttpResponse()),
    path("name/", name),
    path("aname/", aname),
    path("aemail/", aemail),
    path("rename/", rename),
    path("editors/", editors),
    path("promote-oneself/", promote_oneself),
    path("failing/", failing),
]


def roles(user, request):
    """Give the groups, as ``JWT_COOKIE["CLAIMS"]``."""
    return {"roles": [group.name for group in user.groups.all()]}


@pytest.fixture(autouse=True)
def ada(settings):
    """Return a user of a site that takes tokens at their word."""
    settings.JWT_COOKIE = {"USER_SOURCE": "token"}
    return User.objects.create_user(NAME, "ada@example.com", PASSWORD, first_name="Ada")


def claims_of(user: User) -> Claims:
    """Return what a new token of ``user`` says."""
    _, token = issue(start_session(user), auth_time=0, request=RequestFactory().get("/"))
    return decode(token)


def user_of(claims: Claims) -> User:
    """Return the user that is made of ``claims``."""
    user = from_token.from_claims(claims)
    assert isinstance(user, User)
    return user


# --- The instance


def test_it_is_the_users_own_class_and_nothing_is_asked(ada, django_assert_num_queries):
    """Name, key and that the account is active are known; equality and hash go by the key."""
    claims = claims_of(ada)
    with django_assert_num_queries(0):
        user = user_of(claims)
        assert type(user) is get_user_model()
        assert (user.pk, user.get_username(), user.is_active) == (ada.pk, NAME, True)
        assert (user.is_authenticated, user.is_anonymous) == (True, False)
        assert (user == ada, hash(user) == hash(ada), {user} == {ada}) == (True, True, True)
        assert user != User(pk=ada.pk + 1)
        assert (user._state.adding, user._state.db) == (False, "default")
        assert (str(user), repr(user)) == (NAME, f"<User: {NAME}>")
        assert user.get_deferred_fields() == set(ALL_FIELDS) - {"username", "is_active"} | {
            "password"
        }


def test_what_the_token_does_not_say_is_loaded_when_touched(ada, django_assert_num_queries):
    """One query for each field, as with ``defer()``."""
    user = user_of(claims_of(ada))
    with django_assert_num_queries(1):
        assert (user.email, user.email) == ("ada@example.com",) * 2
    with django_assert_num_queries(1):
        assert user.check_password(PASSWORD)
    User.objects.update(first_name="Augusta", username="augusta")
    with django_assert_num_queries(1):
        user.refresh_from_db()
    assert (user.first_name, user.username) == ("Augusta", "augusta")


def test_permissions_groups_and_foreign_keys(ada):
    """Nothing of Django's asks how the instance was made."""
    group = Group.objects.create(name="editors")
    group.permissions.add(Permission.objects.get(codename="add_user"))
    ada.groups.add(group)
    user = user_of(claims_of(ada))
    assert user.has_perm("auth.add_user")
    assert not user.has_perm("auth.delete_user")
    assert [each.name for each in user.groups.all()] == ["editors"]
    session = LoginSession.objects.filter(user=user).get()
    assert session.user == user
    session.user = user
    session.save()
    assert user.jwt_login_sessions.get() == session
    locked = User.objects.select_for_update().get(pk=user.pk)
    assert locked == user


def pickled(user):
    return pickle.loads(pickle.dumps(user))  # noqa: S301 - our own


@pytest.mark.parametrize("copy_of", [copy, deepcopy, pickled])
def test_copies(ada, copy_of, django_assert_num_queries):
    """Into a cache or a task, and back: still nothing that it never loaded."""
    user = user_of(claims_of(ada))
    with django_assert_num_queries(0):
        copied = copy_of(user)
        assert (copied, copied.username) == (user, NAME)
    assert copied.email == "ada@example.com"
    User.objects.update(is_active=False)
    copied.save()
    assert not User.objects.get().is_active


def test_asynchronous_code_gets_djangos_own_error_for_a_deferred_field(client, ada):
    """And the fields that are carried without."""
    log_in(client)
    assert client.get("/aname/").content == b"ada"
    with pytest.raises(SynchronousOnlyOperation):
        client.get("/aemail/")


def test_any_field_can_be_carried(ada, settings, django_assert_num_queries):
    """With its type: text, numbers, truth and times."""
    settings.JWT_COOKIE = {"USER_SOURCE": "token", "TOKEN_FIELDS": ALL_FIELDS}
    ada.last_login = timezone.now()
    ada.save()
    claims = claims_of(ada)
    with django_assert_num_queries(0):
        user = user_of(claims)
        assert {name: getattr(user, name) for name in ALL_FIELDS} == {
            name: getattr(ada, name) for name in ALL_FIELDS
        }
        assert user.get_deferred_fields() == {"password"}


def test_fields_that_json_has_no_word_for():
    """By the field's own text, and back."""

    class Odd(models.Model):  # noqa: DJ008 - nobody prints one
        amount = models.DecimalField(max_digits=9, decimal_places=2)
        level = models.IntegerField()
        parent = models.ForeignKey("self", on_delete=models.CASCADE)
        size = models.FloatField()

        class Meta:
            app_label = "odd"

    values = {"amount": 1.25, "level": 3, "parent_id": 7, "size": 0.5}
    odd: Any = Odd(**values)
    for field in Odd._meta.concrete_fields[1:]:
        said = from_token.to_json(field, odd)
        assert type(said) in (str, int)
        assert field.to_python(said) == values[field.attname]


def test_a_field_that_the_token_does_not_carry_is_deferred(ada):
    """A token from before ``TOKEN_FIELDS`` was set."""
    claims = claims_of(ada)
    object.__setattr__(claims, "extra", {})
    assert user_of(claims).get_username() == NAME


def test_a_claim_that_is_no_value_of_the_field_is_not_taken(ada, settings):
    """The site's own hook may have used the name before."""
    settings.JWT_COOKIE = {"USER_SOURCE": "token", "TOKEN_FIELDS": ["date_joined"]}
    claims = claims_of(ada)
    object.__setattr__(claims, "extra", {"date_joined": "long ago"})
    assert user_of(claims).date_joined == ada.date_joined


def test_a_subject_that_is_no_key_here(ada):
    """Of another site, whose users have UUIDs."""
    claims = claims_of(ada)
    object.__setattr__(claims, "sub", "3f2b")
    with pytest.raises(TokenInvalid):
        from_token.from_claims(claims)


# --- Who is not active


@pytest.mark.parametrize("source", ["database", "token"])
def test_attack_a_backend_that_lets_inactive_users_in_makes_nobody_active(
    client, settings, clock, source
):
    """What nobody has checked is not said: the admin, for one, goes by it."""
    settings.JWT_COOKIE = {"USER_SOURCE": source}
    settings.AUTHENTICATION_BACKENDS = [f"{ModelBackend.__module__}.AllowAllUsersModelBackend"]
    User.objects.update(is_active=False, is_staff=True, is_superuser=True)
    client.get("/enter/")
    for _ in range(3):
        assert client.get("/activity/").content == b"True False"
        assert client.get("/admin/auth/user/").status_code == 302
        clock.shift(301)


@pytest.mark.parametrize("source", ["database", "token"])
def test_attack_a_login_of_an_inactive_user_is_none(client, settings, source):
    """Django's ``login()`` takes anybody; the backend refuses."""
    settings.JWT_COOKIE = {"USER_SOURCE": source}
    User.objects.update(is_active=False)
    client.get("/enter/")
    assert client.get("/activity/").content == b"False False"


# --- Saving


@pytest.mark.parametrize("name", ["content_type", "content_type_id"])
def test_a_foreign_key_is_loaded_before_it_is_saved_by_either_name(ada, monkeypatch, name):
    """The field has two, and ``save()`` takes both."""
    user, loaded = user_of(claims_of(ada)), []
    field = Permission._meta.get_field("content_type")
    monkeypatch.setattr(User._meta, "concrete_fields", (*User._meta.concrete_fields, field))
    monkeypatch.setattr(user, "refresh_from_db", lambda **how: loaded.append(how))
    vars(user)["content_type_id"] = vars(user)[from_token.CARRIED]["content_type_id"] = 7
    from_token.load_before_save(user, {name})
    assert loaded == [{"using": "default", "fields": ["content_type_id"]}]


def test_attack_a_password_set_with_a_login_that_has_ended(client, ada):
    """A thief whose copy was revoked a minute ago does not take over the account."""
    log_in(client)
    client.get("/name/")
    LoginSession.objects.update(revoked_at=timezone.now(), revoked_because="revoked")
    assert client.get("/set-password/").status_code == 403
    ada.refresh_from_db()
    assert ada.check_password(PASSWORD)


def test_attack_a_deactivated_user_is_not_reactivated_by_saving_something_else(client, ada):
    """The token says "active" for ten minutes; the database must not be told so."""
    log_in(client)
    client.get("/name/")
    User.objects.update(is_active=False)
    assert client.get("/name/").content == b"ada"
    assert client.get("/rename/").status_code == 403
    ada.refresh_from_db()
    assert (ada.first_name, ada.is_active) == ("Ada", False)


def test_a_user_who_was_renamed_meanwhile_keeps_the_new_name(client, ada):
    """What the token says of the name is not written back."""
    log_in(client)
    client.get("/name/")
    User.objects.update(username="renamed")
    assert client.get("/rename/").status_code == 200
    ada.refresh_from_db()
    assert (ada.first_name, ada.username) == ("Augusta", "renamed")


def test_a_save_writes_what_was_changed_and_loads_only_what_it_must(ada, django_assert_num_queries):
    """A field of its own costs nothing more; a carried one that was changed is written."""
    user = user_of(claims_of(ada))
    user.last_name = "Lovelace"
    with django_assert_num_queries(1):
        user.save(update_fields=["last_name"])
    user.username = "lovelace"
    # ``is_active``, the UPDATE, and whether that ends logins: which there are, and the password.
    with django_assert_num_queries(4):
        user.save()
    ada.refresh_from_db()
    assert (ada.username, ada.last_name, ada.first_name) == ("lovelace", "Lovelace", "Ada")


def test_a_login_notes_the_time_of_itself(client, ada):
    """Django's receiver saves the user, with whatever instance it got."""
    log_in(client)
    ada.refresh_from_db()
    assert ada.last_login is not None


# --- Requests


@pytest.mark.parametrize("path", ["/name/", "/aname/"])
def test_the_first_token_of_a_generation_is_asked_about_and_then_nothing(
    client, clock, path, django_assert_num_queries
):
    """By whichever process it is met: its record is found, and noted as seen."""
    log_in(client)
    with django_assert_num_queries(0):
        assert client.get(path).content == b"ada"
    clock.shift(301)
    client.get(path)
    assert decode(client.cookies[COOKIE].value).new
    with django_assert_num_queries(2):
        assert client.get(path).content == b"ada"
    assert not decode(client.cookies[COOKIE].value).new
    with django_assert_num_queries(0):
        assert client.get(path).content == b"ada"


def test_without_a_memory_each_request_verifies(
    client, settings, monkeypatch, django_assert_num_queries
):
    """``VERIFIED_CACHE_SIZE = 0``; and asks nobody: what a process keeps decides on nothing."""
    settings.JWT_COOKIE = {"USER_SOURCE": "token", "VERIFIED_CACHE_SIZE": 0}
    log_in(client)
    verified, has_signed = [], Key.has_signed

    def count(*args):
        verified.append(1)
        return has_signed(*args)

    monkeypatch.setattr(Key, "has_signed", count)
    for number in range(1, 4):
        with django_assert_num_queries(0):
            assert client.get("/name/").content == b"ada"
        assert len(verified) == number


def test_what_a_view_rolls_back_is_not_that_a_token_was_seen(client, clock):
    """It is noted when the answer goes out, outside of the view's transaction."""
    log_in(client)
    clock.shift(301)
    client.get("/name/")
    assert LoginSession.objects.get().seen_at is None
    assert client.get("/failing/").status_code == 409
    assert LoginSession.objects.get().seen_at is not None
    assert not decode(client.cookies[COOKIE].value).new


@pytest.mark.django_db(transaction=True)
def test_a_refusal_outside_of_a_transaction_costs_no_second_update(
    client, django_assert_num_queries
):
    """A visitor who asks for pages that are not there causes no writes."""
    log_in(client)
    client.get("/name/")
    with django_assert_num_queries(0):
        for _ in range(3):
            assert client.get("/editors/none/").status_code == 404
            assert client.get("/name/").content == b"ada"


def test_a_renewal_asks_again(client, clock):
    """Half a life later row, user, password and backend count; the new token is seen once more."""
    log_in(client)
    client.get("/name/")
    clock.shift(301)
    response = client.get("/name/")
    assert decode(response.cookies[COOKIE].value).gen == 1
    assert client.get("/name/").content == b"ada"
    User.objects.update(is_active=False)
    assert client.get("/name/").content == b"ada"
    clock.shift(301)
    assert client.get("/name/").content == b""
    assert LoginSession.objects.get().revoked_because == "user_inactive"


def test_a_login_that_ended_is_believed_half_way(client, clock):
    """Then its record is asked, and its cookie deleted."""
    log_in(client)
    client.get("/name/")
    LoginSession.objects.update(revoked_at=timezone.now(), revoked_because="revoked")
    clock.shift(299)
    response = client.get("/name/")
    assert (response.content, COOKIE in response.cookies) == (b"ada", False)
    clock.shift(1)
    response = client.get("/name/")
    assert (response.content, response.cookies[COOKIE].value) == (b"", "")


ASKING = {
    "/accounts/me/": "get",
    "/accounts/refresh/": "post",
    "/accounts/sessions/": "get",
    "/accounts/sessions/others/": "delete",
    "/accounts/password_change/": "post",
}


@pytest.mark.parametrize("path", ASKING)
def test_what_a_login_that_has_just_ended_must_not_do_is_asked_before(client, path):
    """The package's own pages, and ``login_required(confirm=True)``."""
    log_in(client)
    assert client.get("/name/").content == b"ada"
    LoginSession.objects.update(revoked_at=timezone.now(), revoked_because="revoked")
    assert client.get("/name/").content == b"ada"
    ask = getattr(client, ASKING[path])
    response = ask(path, headers={"accept": "application/json"})
    assert (response.status_code, response.json()["code"]) == (401, "session_revoked")
    assert response.cookies[COOKIE].value == ""


@pytest.mark.urls("tests.support.urls_guarded")
@pytest.mark.parametrize("kind", ["function", "async-function", "class", "async-class"])
def test_step_up_asks_the_database(client, kind):
    """A login that was ended a minute ago is not recent, whenever the password was given."""
    log_in(client)
    assert client.get(f"/vault/{kind}/").status_code == 200
    LoginSession.objects.update(revoked_at=timezone.now(), revoked_because="revoked")
    assert client.get(f"/members/{kind}/").status_code == 200
    assert client.get(f"/vault/{kind}/").status_code == 302


def test_attack_a_copy_of_a_login_that_has_ended_is_believed_half_way(client, new_client, clock):
    """After a logout, too, and whatever this process has heard: no process remembers logins.

    ``REVOCATION_CACHE`` is for sites to which five minutes are too long.
    """
    log_in(client)
    client.get("/name/")
    thief = new_client()
    thief.cookies[COOKIE] = client.cookies[COOKIE].value
    client.post("/accounts/logout/")
    assert thief.get("/name/").content == b"ada"
    assert thief.get("/accounts/me/", headers={"accept": "application/json"}).status_code == 401
    clock.shift(301)
    assert thief.get("/name/").content == b""


def test_attack_logging_in_again_does_not_wash_clean(client, settings, clock):
    """A login that has ended does not become a new one, nor what its token says of the user."""
    settings.JWT_COOKIE = {"USER_SOURCE": "token", "TOKEN_FIELDS": ["username", "is_superuser"]}
    User.objects.update(is_superuser=True)
    log_in(client)
    assert client.get("/powers/").content == b"True"
    User.objects.update(is_superuser=False)
    assert client.get("/enter-again/").content == b"ada"
    assert decode(client.cookies[COOKIE].value)["is_superuser"] is False
    client.get("/name/")
    LoginSession.objects.update(revoked_at=timezone.now(), revoked_because="revoked")
    assert client.get("/enter-again/").content == b""
    assert not LoginSession.objects.alive().exists()
    assert client.get("/name/").content == b""


def test_a_view_that_asks_sees_the_user_of_now(client, settings):
    """Not what the token says."""
    settings.JWT_COOKIE = {"USER_SOURCE": "token", "TOKEN_FIELDS": ["username", "is_superuser"]}
    User.objects.update(is_superuser=True)
    log_in(client)
    assert client.get("/powers/").content == b"True"
    User.objects.update(is_superuser=False)
    assert client.get("/powers/").content == b"False"


def test_a_shorter_lifetime_holds_for_tokens_from_before(client, settings, clock):
    """They say when they were issued."""
    settings.JWT_COOKIE |= {"TOKEN_LIFETIME": timedelta(hours=8)}
    log_in(client)
    client.get("/name/")
    settings.JWT_COOKIE = {"USER_SOURCE": "token"}
    client.get("/name/")
    User.objects.update(is_active=False)
    clock.shift(601)
    assert client.get("/name/").content == b""


@pytest.mark.parametrize("source", ["database", "token"])
@pytest.mark.django_db(transaction=True)
def test_attack_a_transaction_that_is_broken_makes_no_token_believed(
    new_client, settings, clock, source
):
    """It is the view's mistake, and no outage: where the record is asked, the page fails."""
    settings.JWT_COOKIE = {"USER_SOURCE": source}
    client = new_client(raise_request_exception=False)
    log_in(client)
    clock.shift(301)
    client.get("/name/")
    assert client.get("/broken/").status_code == 500
    assert client.get("/name/").content == b"ada"


@pytest.mark.parametrize("source", ["database", "token"])
@pytest.mark.parametrize("saves", ["all", "one field"])
def test_a_view_goes_on_with_the_instance_that_it_has(client, ada, settings, source, saves):
    """What was asked in between changes nothing that the view has changed."""
    settings.JWT_COOKIE = {"USER_SOURCE": source}
    log_in(client)
    client.get("/name/")
    assert client.get(f"/change-password/{saves}/").content == b"Augusta King"
    ada.refresh_from_db()
    assert (ada.first_name, ada.last_name) == ("Augusta", "King")
    assert ada.check_password("Bochnia-1248-salt")
    assert who(client) == NAME


@pytest.mark.parametrize("source", ["database", "token"])
def test_a_view_that_ends_all_logins_may_set_the_password(client, ada, settings, source):
    """It has ended this one itself."""
    settings.JWT_COOKIE = {"USER_SOURCE": source}
    log_in(client)
    client.get("/name/")
    assert client.get("/revoke-and-change/").status_code == 200
    ada.refresh_from_db()
    assert ada.check_password("Bochnia-1248-salt")
    assert who(client) is None


@pytest.mark.parametrize("source", ["database", "token"])
def test_out_and_in_again_in_one_view(client, settings, source):
    """With the user who was there; a login that had ended is not brought back by it."""
    settings.JWT_COOKIE = {"USER_SOURCE": source}
    log_in(client)
    client.get("/name/")
    assert client.get("/leave-and-enter/").content == b"ada"
    assert client.get("/name/").content == b"ada"
    LoginSession.objects.update(revoked_at=timezone.now(), revoked_because="revoked")
    assert client.get("/leave-and-enter/").content == b""
    assert who(client) is None


def test_somebody_who_is_impersonated_stays_that(client):
    """Whoever put another user into the request meant it."""
    User.objects.create_user("bob")
    log_in(client)
    for _ in range(2):
        assert client.get("/as-bob/").content == b"bob"
        LoginSession.objects.update(revoked_at=timezone.now(), revoked_because="revoked")


def test_a_receiver_that_touches_what_is_deferred(client):
    """As trackers of fields do; in asynchronous code it gets the thread that it needs."""

    def touch(instance, **_):
        assert instance.email == "ada@example.com"

    log_in(client)
    client.get("/aname/")
    models.signals.post_init.connect(touch, sender=User)
    try:
        for _ in range(2):
            assert client.get("/aname/").content == b"ada"
    finally:
        models.signals.post_init.disconnect(touch, sender=User)


def test_with_a_revocation_cache_a_copy_is_nobody_at_once(client, new_client, settings, clock):
    """Once the cache has been listening for longer than the token is old."""
    settings.CACHES = {"ends": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    settings.JWT_COOKIE = {"USER_SOURCE": "token", "REVOCATION_CACHE": "ends"}
    log_in(client)
    client.get("/name/")
    copy = client.cookies[COOKIE].value
    client.post("/accounts/logout/")
    thief = new_client()
    thief.cookies[COOKIE] = copy
    assert thief.get("/name/").content == b""


def test_the_password_changes_and_this_login_goes_on(client, new_client):
    """The record is asked for while the old password is still there."""
    elsewhere = new_client()
    for each in (client, elsewhere):
        log_in(each)
        assert each.get("/name/").content == b"ada"
    form = {
        "old_password": PASSWORD,
        "new_password1": "Bochnia-1248-salt",
        "new_password2": "Bochnia-1248-salt",
    }
    assert client.post("/accounts/password_change/", form).status_code == 302
    assert (who(client), who(elsewhere)) == (NAME, None)


def test_the_document_and_the_list_of_devices(client):
    """They need the record, and get it."""
    session = log_in(client).json()["session"]
    client.get("/name/")
    assert client.get("/accounts/me/").json()["session"] == session
    listed = client.get("/accounts/sessions/", headers={"accept": "application/json"}).json()
    assert [each["id"] for each in listed["sessions"]] == [session["id"]]


@pytest.mark.parametrize("source", ["database", "token"])
def test_attack_a_leaked_key_alone_is_not_enough_where_the_record_is_asked(
    client, ada, settings, source
):
    """A forged token has to name a login that goes on, and whose it is.

    Where tokens are believed, whoever has the key is whoever he likes on pages that do not ask.
    """
    settings.JWT_COOKIE = {"USER_SOURCE": source}
    admin_user = User.objects.create_superuser("root", password=PASSWORD)
    log_in(client)
    own = decode(client.cookies[COOKIE].value)
    for is_new in (True, False):
        forged = replace(own, sub=str(admin_user.pk), extra={"username": "root"}, new=is_new)
        client.cookies[COOKIE] = encode(forged)
        assert client.get("/powers/").status_code == 302
        client.cookies[COOKIE] = encode(forged)
        is_believed = source == "token" and not is_new
        assert client.get("/name/").content == (b"root" if is_believed else b"")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize("age", [0, 301])
def test_the_database_is_away(client, clock, caplog, age, is_known):
    """A token is good until it is over, whether or not this process has met it; no cookie."""
    log_in(client)
    if is_known:
        client.get("/name/")
    clock.shift(age)

    def fail(*_):
        raise OperationalError("the server closed the connection")

    with connection.execute_wrapper(fail):
        for _ in range(2):
            response = client.get("/name/")
            assert (response.content, COOKIE in response.cookies) == (b"ada", False)
    assert ("Nobody can be asked about a login." in caplog.text) == bool(age)
    assert client.get("/name/").content == b"ada"
    assert LoginSession.objects.get().generation == bool(age)


# --- Roles


def test_roles_are_read_from_the_claims(client, settings, django_assert_num_queries):
    """Without a decorator, and without a query; taken away, they are gone with the next token."""
    settings.JWT_COOKIE = {"USER_SOURCE": "token", "CLAIMS": f"{__name__}.roles"}
    User.objects.get().groups.add(Group.objects.create(name="editor"))
    log_in(client)
    assert client.get("/editors/").status_code == 200
    with django_assert_num_queries(0):
        assert client.get("/editors/").status_code == 200
    Group.objects.all().delete()
    assert client.get("/editors/").status_code == 200
    client.post("/accounts/refresh/")
    assert client.get("/editors/").status_code == 403


def test_attack_a_view_that_changes_the_claims_changes_them_for_itself(client, settings):
    """The memory of verified tokens serves many requests: nothing in it can be changed."""
    settings.JWT_COOKIE = {"USER_SOURCE": "token", "CLAIMS": f"{__name__}.roles"}
    log_in(client)
    for _ in range(2):
        assert client.get("/promote-oneself/").status_code == 200
        assert client.get("/editors/").status_code == 403


# --- Without records


def test_without_records_nobody_is_asked_at_all(client, settings, clock, django_assert_num_queries):
    """Until the token is half over; then the user is."""
    settings.JWT_COOKIE = {"USER_SOURCE": "token", "TRACK_SESSIONS": False}
    log_in(client)
    with django_assert_num_queries(0):
        assert client.get("/name/").content == b"ada"
    User.objects.update(is_active=False)
    assert client.get("/name/").content == b"ada"
    clock.shift(601)
    assert client.get("/name/").content == b""


@pytest.mark.parametrize("tracked", [True, False])
def test_a_token_from_before_the_setting_changed(client, settings, tracked):
    """From with records to without, or back: please log in again."""
    settings.JWT_COOKIE = {"USER_SOURCE": "token", "TRACK_SESSIONS": tracked}
    log_in(client)
    assert client.get("/name/").content == b"ada"
    settings.JWT_COOKIE = {"USER_SOURCE": "token", "TRACK_SESSIONS": not tracked}
    assert client.get("/name/").content == b""


def test_from_database_to_token_and_back(client, settings):
    """Nobody is logged out by the change."""
    for source in ("database", "token", "database"):
        settings.JWT_COOKIE = {"USER_SOURCE": source}
        if source == "database" and COOKIE not in client.cookies:
            log_in(client)
        assert client.get("/name/").content == b"ada"


def test_two_logins_in_one_browser_the_newer_one_counts(client, ada):
    """As with the user from the database."""
    User.objects.create_user("grace", password=PASSWORD)
    log_in(client)
    client.get("/name/")
    log_in(client, "grace")
    assert client.get("/name/").content == b"grace"
    assert sessions.active(ada).count() == 0

"""``USER_SOURCE = "token"`` gives what ``Model.from_db()`` gives, whatever a token carries."""

import json
import pickle
import uuid
from copy import copy, deepcopy
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db.models.fields.files import FieldFile

from django_jwt_cookie.tokens import Claims
from django_jwt_cookie.users import from_token
from tests.support.key_samples import public_pem

from .rows import ROWS, make_user, seen_of

pytestmark = pytest.mark.django_db(databases=["default", "other"])

User: Any = get_user_model()
FIELDS = [field.name for field in User._meta.concrete_fields]
FIELDS = [name for name in FIELDS if name not in (User._meta.pk.name, "password")]
ODD_CLAIMS = [[], {}, [{}], {"set": 1}, 0, -1.5, 1e400, True, "", "é\0", "9" * 400, None]
"""What a claim of the same name may have said before the field was carried."""


@pytest.fixture(params=ROWS)
def user(request):
    """Return a user; with each kind of values in turn."""
    return make_user(request.param)


@pytest.fixture
def _carries_all(settings):
    settings.JWT_COOKIE = {"USER_SOURCE": "token", "TOKEN_FIELDS": FIELDS}


def claims_of(user: Any) -> Claims:
    """Return what a token of ``user`` says, through JSON; however long that is."""
    said = json.loads(json.dumps(from_token.carried_fields(user)))
    return Claims(str(user.pk), uuid.uuid4(), gen=0, iat=0, exp=0, auth_time=0, extra=said)


def without_note(user: Any) -> dict[str, Any]:
    """Return what can be told of ``user``, but for what this package and copies note."""
    seen, notes = seen_of(user), (from_token.CARRIED, "_django_version")
    return seen | {"values": [each for each in seen["values"] if each[0] not in notes]}


@pytest.mark.usefixtures("_carries_all")
def test_all_fields_at_once(user, django_assert_num_queries):
    """The same instance as from the row: values, types, order, state and what is deferred."""
    claims = claims_of(user)
    with django_assert_num_queries(0):
        made = from_token.from_claims(claims)
    names = attnames(FIELDS)
    values = [stored(user, each) for each in names]
    assert without_note(made) == without_note(User.from_db("default", names, values))
    assert made.get_deferred_fields() == {"password"}


def attnames(names: list[str]) -> list[str]:
    """Return the attributes of these fields and of the primary key, in the order of the model."""
    fields = User._meta.concrete_fields
    return [field.attname for field in fields if field == User._meta.pk or field.name in names]


def stored(user: Any, attname: str) -> Any:
    """Return what the row has; of a file that is its name."""
    value = vars(user)[attname]
    return value.name if isinstance(value, FieldFile) else value


def pickled(user):
    return pickle.loads(pickle.dumps(user))  # noqa: S301 - our own


@pytest.mark.parametrize("name", FIELDS)
def test_each_field_on_its_own(settings, django_assert_num_queries, name):
    """All others are deferred, and come with a query; the user can be copied and pickled."""
    settings.JWT_COOKIE = {"USER_SOURCE": "token", "TOKEN_FIELDS": [name]}
    user = make_user("usual")
    claims = claims_of(user)
    with django_assert_num_queries(0):
        made = from_token.from_claims(claims)
        names = attnames([name, "is_active"])
        values = [stored(user, each) for each in names]
        assert without_note(made) == without_note(User.from_db("default", names, values))
        for copied in (copy, deepcopy, pickled):
            assert without_note(copied(made)) == without_note(made)
    missing = "text" if name == "url" else "url"
    with django_assert_num_queries(1):
        assert getattr(made, missing) == getattr(user, missing)


@pytest.mark.parametrize("odd", ODD_CLAIMS, ids=lambda odd: repr(odd)[:9])
@pytest.mark.usefixtures("_carries_all")
def test_a_claim_that_was_something_else_is_no_error(odd):
    """A token from before the field was carried is good for all else."""
    claims = claims_of(make_user("nulls"))
    for name in FIELDS:
        assert from_token.from_claims(replace(claims, extra={name: odd})).pk == int(claims.sub)


# --- Each request on its own


@pytest.fixture
def browser(client, settings):
    """Return the client of somebody who is no editor."""
    settings.JWT_COOKIE = {"USER_SOURCE": "token", "TOKEN_FIELDS": ["name", "document"]}
    client.force_login(make_user("usual", name="ada", document={"roles": []}))
    client.get("/accounts/me/")
    return client


@pytest.mark.parametrize("path", ["/promote-oneself/", "/promote-by-claims/"])
def test_attack_a_view_that_changes_its_user_changes_no_others(browser, path):
    """What is remembered of a token serves many requests; a role must not be left in it."""
    for _ in range(2):
        browser.get(path)
        said = browser.get("/document/").json()
        assert said == {"document": {"roles": []}, "name": "ada"}
    assert User.objects.get(name="ada").document == {"roles": []}


def test_attack_the_first_view_changes_the_claims(client, settings):
    """Before anybody has made a user of them."""
    settings.JWT_COOKIE = {"USER_SOURCE": "token", "TOKEN_FIELDS": ["name", "document"]}
    client.force_login(make_user("usual", name="ada", document={"roles": []}))
    client.get("/")
    for _ in range(2):
        client.get("/promote-by-claims/")
    assert client.get("/document/").json()["document"] == {"roles": []}


def test_a_change_inside_of_a_value_is_saved(browser):
    """It is the view's, and no longer what the token said."""
    browser.get("/document/")
    User.objects.filter(name="ada").update(document={"roles": ["from elsewhere"]})
    assert browser.get("/keep/").json()["document"] == {"roles": [], "theme": "dark"}
    assert User.objects.get(name="ada").document == {"roles": [], "theme": "dark"}


def test_attack_what_only_the_database_knows_is_not_true(settings):
    """On a site with none of the users: a default of the database is an object, which is true."""
    user = make_user("nulls")
    claims = claims_of(user)
    settings.JWT_COOKIE = {
        "USER_SOURCE": "token",
        "KEYS": [public_pem("EdDSA")],
        "ALGORITHM": "EdDSA",
    }
    made: Any = from_token.from_claims(claims)
    assert (made.by_database, made.by_function) == (7, None)
    assert not any(hasattr(value, "resolve_expression") for value in vars(made).values())

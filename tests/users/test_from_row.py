"""Instances that Django does not make are as if it had, and it makes those that have a say."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.db.models import Model
from django.db.models.signals import post_init, pre_init
from django.test.utils import isolate_apps

from django_jwt_cookie.sessions.lookup import find_with_user
from django_jwt_cookie.tokens import Claims
from django_jwt_cookie.users import from_token
from django_jwt_cookie.users.from_row import Maker, is_plain, is_watched
from tests.support.accounts import start_session

pytestmark = pytest.mark.django_db

NAMES = ("id", "username")


def make_a_user() -> Any:
    """Make a user of two columns."""
    return Maker(User, NAMES).make("default", (7, "ada"))


@pytest.fixture
def made_by_django(monkeypatch):
    """Count the instances that Django makes."""
    made, init = [], Model.__init__

    def count(self, *args, **kwargs):
        made.append(type(self))
        init(self, *args, **kwargs)

    # Under the name that the guard compares with.
    monkeypatch.setattr(Model, "__init__", count)
    return made


def test_nobody_has_a_say_in_a_user_of_django(made_by_django):
    """What ``from_db()`` returns, without it."""
    made = make_a_user()
    assert made_by_django == []
    assert made == User.from_db("default", NAMES, (7, "ada"))
    assert (
        made.get_deferred_fields()
        == User.from_db("default", NAMES, (7, "ada")).get_deferred_fields()
    )
    assert (made._state.db, made._state.adding) == ("default", False)


def overriding_init(self: Any, *args: Any, **kwargs: Any) -> None:
    """Note that it was called."""
    Model.__init__(self, *args, **kwargs)
    self.noted = True


def overriding_setattr(self: Any, name: str, value: object) -> None:
    """Write a name in capitals."""
    object.__setattr__(self, name, value.upper() if isinstance(value, str) else value)


@classmethod  # type: ignore[misc]
def overriding_from_db(cls: Any, *args: Any, **kwargs: Any) -> Any:
    """Note that it was called."""
    made = Model.from_db.__func__(cls, *args, **kwargs)  # type: ignore[attr-defined]
    made.noted = True
    return made


@pytest.mark.parametrize(
    ("name", "override", "expected"),
    [
        ("__init__", overriding_init, {"noted": True}),
        ("from_db", overriding_from_db, {"noted": True}),
        ("__setattr__", overriding_setattr, {"username": "ADA"}),
    ],
)
def test_a_model_with_a_say_has_it(monkeypatch, name, override, expected):
    """Its own ``__init__``, ``from_db`` or ``__setattr__``."""
    monkeypatch.setattr(User, name, override)
    assert not is_plain(User)
    assert expected.items() <= vars(make_a_user()).items()


@isolate_apps("django.contrib.auth")
def test_a_mixin_behind_the_model_has_its_say():
    """``Model.__init__`` calls that of whatever stands behind it."""

    class Behind:
        def __init__(self):
            self.noted = True

    class Mixed(User, Behind):
        class Meta:
            proxy = True
            app_label = "auth"

    assert (is_plain(User), is_plain(Mixed)) == (True, False)
    assert vars(Maker(Mixed, NAMES).make("default", (7, "ada")))["noted"]


@isolate_apps("django.contrib.auth")
def test_a_metaclass_that_makes_the_instances_has_its_say():
    """It is what ``Model.from_db()`` calls."""

    class Counting(type(User)):  # type: ignore[misc]
        def __call__(cls, *args, **kwargs):
            made = super().__call__(*args, **kwargs)
            made.noted = True
            return made

    class Counted(User, metaclass=Counting):
        class Meta:
            proxy = True
            app_label = "auth"

    assert not is_plain(Counted)
    assert vars(Maker(Counted, NAMES).make("default", (7, "ada")))["noted"]


def test_attack_an_override_that_changes_its_arguments_changes_no_other_user(monkeypatch):
    """Both are lists, as Django's are; what is remembered of a token must not be among them."""

    @classmethod  # type: ignore[misc]
    def take_apart(cls, db, field_names, values, **_):
        made = cls(**dict(zip(field_names, values, strict=True)))
        field_names.clear()
        values.append("left behind")
        return made

    monkeypatch.setattr(User, "from_db", take_apart)
    maker, values = Maker(User, NAMES), (7, "ada")
    for _ in range(2):
        assert maker.make("default", values) == User(7)
    assert (NAMES, values) == (("id", "username"), (7, "ada"))


@pytest.mark.parametrize("signal", [pre_init, post_init])
def test_receivers_are_told_of_each_user_once(signal):
    """Those of this model; those of another do not make it slow."""
    told = []

    def note(sender, **_):
        told.append(sender)

    signal.connect(note, sender=User)
    try:
        assert is_watched(User)
        make_a_user()
        assert told == [User]
        assert not is_watched(type(connections["default"].creation))  # type: ignore[arg-type]
    finally:
        signal.disconnect(note, sender=User)
    assert not is_watched(User)


def test_a_user_from_a_token_is_told_to_receivers():
    """As one from the database is."""
    told = []

    def note(instance, **_):
        told.append(instance)

    user = User.objects.create_user("ada")
    claims = Claims(str(user.pk), start_session(user).pk, gen=0, iat=0, exp=0, auth_time=0)
    post_init.connect(note, sender=User)
    try:
        made = [from_token.from_claims(claims), from_token.from_claims(claims)]
    finally:
        post_init.disconnect(note, sender=User)
    assert [id(each) for each in told] == [id(each) for each in made]


# --- The query


def test_a_login_and_its_user_come_in_one_prepared_query(made_by_django, django_assert_num_queries):
    """And nobody is made for them by Django."""
    session = start_session(User.objects.create_user("ada"))
    find_with_user(session.pk, "default")
    made_by_django.clear()
    with django_assert_num_queries(1):
        found = find_with_user(session.pk, "default")
        assert (found, found.user.username) == (session, "ada")
    assert made_by_django == []

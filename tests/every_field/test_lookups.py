"""The prepared query gives what Django's own gives, whatever fields the user model has."""

import pickle
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connections, models, transaction
from django.test.utils import CaptureQueriesContext

from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.sessions import lookup
from django_jwt_cookie.users.prepared import ByKey, PreparedByKey

from .models import EveryField, Place
from .rows import ROWS, make_user, seen_of, start_session

pytestmark = pytest.mark.django_db(databases=["default", "other"])

User: Any = get_user_model()

WITHOUT_COLUMN = {
    models.Field: "what the others inherit from",
    models.CompositePrimaryKey: "several columns, each a field of its own; no key can point to it",
    models.ForeignObject: "what ForeignKey inherits from",
    models.ManyToManyField: "a table of its own; the user model has one all the same",
}
EXCEPTIONS = {
    models.AutoField: "a model has one, and this one's is a BigAutoField",
    models.SmallAutoField: "a model has one, and this one's is a BigAutoField",
    models.CommaSeparatedIntegerField: "removed from Django, but for old migrations",
    models.IPAddressField: "removed from Django, but for old migrations",
    models.NullBooleanField: "removed from Django, but for old migrations",
    models.ImageField: "needs Pillow; it is a FileField, of which there is one",
    models.OrderWrt: "comes of Meta.order_with_respect_to alone; it is an IntegerField",
}
IS_PREPARED = {"User": True, "Described": True, "Masked": False, "Member": False, "Alias": False}
"""For which user models the query is prepared."""


@pytest.fixture(params=ROWS)
def user(request):
    """Return a user; with each kind of values in turn."""
    return make_user(request.param)


@pytest.fixture
def session(user):
    """Return a login of that user."""
    return start_session(user)


def make_lookups(using: str = "default") -> list[ByKey[LoginSession]]:
    """Return the lookup that a request has, and the ordinary one."""
    return [lookup.make_lookup(using), lookup.plain_lookup(using)]


def found(session: Any, using: str = "default") -> list[Any]:
    """Return what the two of them find."""
    return [each.get(session.pk) for each in make_lookups(using)]


def test_the_user_model_has_a_field_of_every_kind():
    """One that a later Django brings has to be added here."""
    kinds = {each for each in vars(models).values() if isinstance(each, type)}
    exported = {each for each in kinds if issubclass(each, models.Field)}
    had = {type(field) for field in EveryField._meta.get_fields()} | {models.FileField}
    assert exported - had == {*WITHOUT_COLUMN, *EXCEPTIONS} - {models.ManyToManyField}


def test_where_the_query_is_prepared():
    """Not where the user is in two tables, or the SQL has parameters of a field's own."""
    made, ordinary = make_lookups()
    assert type(ordinary) is ByKey
    assert isinstance(made, PreparedByKey) == IS_PREPARED[User.__name__]


def test_both_find_the_same(session, django_assert_num_queries):
    """Values, their types and order, state, relations, deferred fields: in one query each."""
    made, ordinary = make_lookups()
    with django_assert_num_queries(2):
        ours, djangos = made.get(session.pk), ordinary.get(session.pk)
        assert ours == djangos == session
        assert ours.user == djangos.user == session.user
        assert hash(ours.user) == hash(djangos.user)
    assert seen_of(ours) == seen_of(djangos)
    assert seen_of(ours.user) == seen_of(djangos.user)


def test_both_find_nothing_where_there_is_nothing(user):
    """A login that was deleted."""
    session = start_session(user)
    LoginSession.objects.all().delete()
    assert found(session) == [None, None]


def test_both_survive_a_pickle(session):
    """Into a cache, and back."""
    ours, djangos = [
        pickle.loads(pickle.dumps(each))  # noqa: S301 - our own
        for each in found(session)
    ]
    assert ours == djangos == session
    assert seen_of(ours) == seen_of(djangos)
    assert seen_of(ours.user) == seen_of(djangos.user)


def updates_of(instance: Any) -> list[str]:
    """Return what saving ``instance`` writes; it is undone."""
    connection = connections[instance._state.db]
    with transaction.atomic(using=connection.alias):
        with CaptureQueriesContext(connection) as queries:
            instance.save()
        transaction.set_rollback(True, using=connection.alias)
    return [each["sql"] for each in queries if each["sql"].startswith("UPDATE")]


def test_both_save_the_same(session):
    """After a change, and without one."""
    ours, djangos = found(session)
    assert updates_of(ours.user) == updates_of(djangos.user)
    for each in (ours, djangos):
        each.user_agent, each.user.char, each.user.document = "another", "changed", {"new": [1]}
        each.user.home = None
    assert updates_of(ours) == updates_of(djangos)
    assert updates_of(ours.user) == updates_of(djangos.user)


def test_both_load_again_what_has_changed(session):
    """All of it, or one field; also one that was deferred by the caller."""
    both = found(session)
    User.objects.filter(pk=session.user_id).update(text="changed", number=5)
    for each in both:
        each.user.refresh_from_db(fields=["text"])
        assert each.user.text == "changed"
        each.user.refresh_from_db()
        del each.user.number
        assert each.user.get_deferred_fields() == {"number"}
        assert (each.user.number, each.user.next_number) == (5, 6)
    ours, djangos = both
    assert seen_of(ours.user) == seen_of(djangos.user)


def relations_of(session: Any) -> list[Any]:
    """Follow each relation of a login and its user; tell what is there, and after which queries."""
    user = session.user
    with CaptureQueriesContext(connections["default"]) as queries:
        there = [
            str(user),
            str(user.home),
            user.home and user.home is user.home,
            user.work and user.work.name,
            user.friend and user.friend.friend_of == user,
            hasattr(user, "friend_of"),
            [place.name for place in user.seen.all()],
            [each == session for each in user.jwt_login_sessions.all()],
        ]
        user.home = Place(name="elsewhere")
        there += [user.home_id, user.home.name]
    return [*there, *(each["sql"] for each in queries)]


def test_both_have_the_same_relations(session):
    """With as many queries."""
    session.user.seen.add(*Place._default_manager.all())
    ours, djangos = found(session)
    assert relations_of(ours) == relations_of(djangos)


def test_each_database_has_a_lookup_of_its_own():
    """What converts a value belongs to the database, and so does the state of an instance."""
    for using in ("default", "other"):
        session = start_session(make_user("usual", using))
        mine = lookup.find_with_user(session.pk, using)
        ours, djangos = found(session, using)
        assert seen_of(mine.user) == seen_of(ours.user) == seen_of(djangos.user)
        assert seen_of(mine) == seen_of(ours) == seen_of(djangos)
        assert (mine._state.db, mine.user._state.db) == (using, using)
        assert mine.user.twice == f"<cba of twice on {using}>"
    assert [session.user.name for session in LoginSession.objects.using("other")] == ["usual 100%"]  # type: ignore[attr-defined]
    assert lookup.find_with_user(session.pk, "default") is None


class Elsewhere:
    """Everything is in the other database."""

    def db_for_read(self, model, **hints):
        return "other"

    db_for_write = db_for_read


@pytest.mark.parametrize("source", ["database", "token"])
def test_a_router_decides_where_logins_and_users_are(client, settings, source):
    """Nothing is asked of the default database."""
    settings.DATABASE_ROUTERS = [Elsewhere()]
    settings.JWT_COOKIE = {"USER_SOURCE": source}
    user = make_user("usual", "other", document={"theme": "light"})
    client.force_login(user)
    with CaptureQueriesContext(connections["default"]) as queries:
        for _ in range(2):
            response = client.get("/document/")
            assert response.json() == {"document": {"theme": "light"}, "name": user.name}
    assert not queries.captured_queries

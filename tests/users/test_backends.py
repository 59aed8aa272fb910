"""From a login to its user, by the rules of the login's backend."""

import pytest
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User

from django_jwt_cookie import users
from django_jwt_cookie.exceptions import PasswordChanged, UserInactive, UserUnavailable
from django_jwt_cookie.sessions.recorded import find
from tests.support.accounts import start_session

pytestmark = pytest.mark.django_db

MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"
PICKY = f"{__name__}.PickyBackend"
LENIENT = f"{__name__}.LenientBackend"
WATCHING = f"{__name__}.WatchingBackend"


class PickyBackend(ModelBackend):
    """Knows nobody whose name begins with an x."""

    def get_user(self, user_id):
        user = super().get_user(user_id)
        return user if user and not user.username.startswith("x") else None


class LenientBackend(ModelBackend):
    """Lets everybody in, active or not."""

    def user_can_authenticate(self, user):
        return True


class WatchingBackend:
    """Has a say in `authenticate()`, as that of django-axes, and no `get_user`."""

    def authenticate(self, request, **credentials):
        """Let the others decide."""


@pytest.fixture(autouse=True)
def backends(settings):
    """Configure several backends."""
    settings.AUTHENTICATION_BACKENDS = [PICKY, MODEL_BACKEND, LENIENT]


def start(user, backend=MODEL_BACKEND):
    """Log ``user`` in, and find the login again as a request does."""
    return find(start_session(user, backend=backend).pk)


def test_row_and_user_come_in_one_query_where_the_backend_is_djangos(django_assert_num_queries):
    """Nothing is asked again."""
    session = start(User.objects.create_user("ada"))
    with django_assert_num_queries(0):
        assert users.load(session).get_username() == "ada"


def test_a_backend_with_a_get_user_of_its_own_is_asked(django_assert_num_queries):
    """Its word counts; what ends a login is only what the user's own row says."""
    session = start(User.objects.create_user("ada"), PICKY)
    with django_assert_num_queries(1):
        assert users.load(session).get_username() == "ada"
    with pytest.raises(UserUnavailable):
        users.load(start(User.objects.create_user("xander"), PICKY))
    with pytest.raises(UserInactive):
        users.load(start(User.objects.create_user("xenia", is_active=False), PICKY))


def test_a_deactivated_user_is_let_in_by_nobody_but_a_backend_that_wants_to():
    """``user_can_authenticate`` of the login's own backend decides."""
    user = User.objects.create_user("ada", is_active=False)
    with pytest.raises(UserInactive):
        users.load(start(user))
    assert users.load(start(user, LENIENT)) == user


def test_a_manager_that_hides_users_is_asked(django_assert_num_queries, monkeypatch):
    """A site that leaves out deleted accounts there relies on it."""
    session = start(User.objects.create_user("ada"))
    manager = type(User._default_manager)
    hide = lambda self: super(manager, self).get_queryset().exclude(username="ada")  # noqa: E731
    monkeypatch.setattr(manager, "get_queryset", hide, raising=False)
    with django_assert_num_queries(1), pytest.raises(UserUnavailable):
        users.load(session)


def test_a_backend_that_is_not_in_the_settings_lets_nobody_in(settings):
    """As with Django's sessions; and nobody is logged out while it is renamed, server by server."""
    session = start(User.objects.create_user("ada"))
    settings.AUTHENTICATION_BACKENDS = [PICKY]
    with pytest.raises(UserUnavailable):
        users.load(session)


def test_the_hash_of_an_older_secret_key_is_as_good_as_that_of_now(settings):
    """Then the hash of now is returned, to be kept."""
    user = User.objects.create_user("ada", password="x")
    old = user.get_session_auth_hash()
    assert users.current_auth_hash(user, old) == old
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another" * 10
    assert users.current_auth_hash(user, old) == user.get_session_auth_hash() != old
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(PasswordChanged):
        users.current_auth_hash(user, old)


def test_the_backend_of_a_new_user_is_the_first_that_knows_the_user():
    """None, for a user that nobody lets in."""
    assert users.find_backend(User.objects.create_user("ada")) == PICKY
    assert users.find_backend(User.objects.create_user("xander")) == MODEL_BACKEND
    idle = User.objects.create_user("xenia", is_active=False)
    assert users.find_backend(idle) == LENIENT


def test_a_backend_that_only_watches_knows_of_nobody(settings):
    """One without ``get_user``, which stands first to refuse whoever tries too often."""
    settings.AUTHENTICATION_BACKENDS = [WATCHING, MODEL_BACKEND]
    ada = User.objects.create_user("ada", password="x")
    assert users.find_backend(ada) == MODEL_BACKEND
    ath = users.make_ath(MODEL_BACKEND, ada.get_session_auth_hash())
    assert users.find_without_record(str(ada.pk), ath)[:2] == (ada, MODEL_BACKEND)
    with pytest.raises(UserUnavailable):
        users.load(start(ada, WATCHING))


def test_nobody_lets_in_a_user_that_is_not_active(settings):
    """A signup that waits for a moderator."""
    settings.AUTHENTICATION_BACKENDS = [MODEL_BACKEND]
    assert users.find_backend(User.objects.create_user("ada", is_active=False)) is None

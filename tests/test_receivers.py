"""What the receivers cost, and whom they hear of."""

import pytest
from django.contrib.auth.models import User
from django.test.utils import isolate_apps

from django_jwt_cookie import sessions
from django_jwt_cookie.models import LoginSession
from tests.support.accounts import start_session

pytestmark = pytest.mark.django_db


def test_rows_of_other_models_are_deleted_without_loading_them(django_assert_num_queries):
    """Django does, as long as nobody listens to the deletions of that model."""
    over = start_session(User.objects.create_user("ada"))
    with django_assert_num_queries(1):
        LoginSession.objects.filter(pk=over.pk).delete()


def test_the_logins_of_a_deleted_user_end_first(ended):
    """So that whoever listens is told."""
    user = User.objects.create_user("ada")
    session = start_session(user)
    user.delete()
    assert ended == [(session.pk, "user_deleted")]
    assert not LoginSession.objects.exists()


@isolate_apps("django.contrib.auth")
def test_a_user_who_is_deactivated_by_another_class_is_noticed(ended):
    """By type, not by sender: a proxy is the same person."""

    class Alias(User):
        class Meta:
            proxy = True
            app_label = "auth"

    session = start_session(User.objects.create_user("ada"))
    alias = Alias.objects.get()
    alias.is_active = False
    alias.save()
    assert ended == [(session.pk, "user_inactive")]
    assert not sessions.active(session.user).exists()

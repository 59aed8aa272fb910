"""``manage.py demo_user``: somebody to log in as."""

from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import override_settings

from example_project.management.commands.demo_user import Command

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("DEMO_PASSWORD", "abcd-2345-efgh-6789")
    return "abcd-2345-efgh-6789"


def demo_user() -> str:
    output = StringIO()
    with override_settings(DEBUG=True):
        call_command(Command(), stdout=output)
    return output.getvalue()


def test_makes_a_superuser_and_says_how_to_log_in(password: str) -> None:
    """With an address, so that a forgotten password can be tried out."""
    output = demo_user()
    user = User.objects.get(username="demo")
    assert user.check_password(password)
    assert user.is_active
    assert user.is_staff
    assert user.is_superuser
    assert user.email == "demo@example.com"
    assert password in output
    assert "Log in at /accounts/login/, or at /admin/" in output


def test_a_second_time_leaves_the_password_alone() -> None:
    """A new hash of the same password would end every login of the user."""
    demo_user()
    before = User.objects.get(username="demo").password
    demo_user()
    assert User.objects.get(username="demo").password == before


def test_restores_what_was_changed(password: str) -> None:
    """It is the user that the documentation tells of."""
    demo_user()
    user = User.objects.get(username="demo")
    user.set_password("something else")
    user.is_staff = user.is_active = False
    user.email = "somebody@example.com"
    user.save()
    demo_user()
    user.refresh_from_db()
    assert user.check_password(password)
    assert user.is_staff
    assert user.is_active
    assert user.email == "somebody@example.com"


def test_refuses_on_a_public_site() -> None:
    """A superuser whose password stands in a file is for one's own machine."""
    with pytest.raises(CommandError, match=r"DEBUG is false.*createsuperuser"):
        call_command(Command())
    assert not User.objects.exists()


def test_needs_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """An old .env may have none."""
    monkeypatch.setenv("DEMO_PASSWORD", "")
    with pytest.raises(ImproperlyConfigured, match="DEMO_PASSWORD is missing"):
        demo_user()

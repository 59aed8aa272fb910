"""``manage.py demo_user``: somebody to log in as."""

from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.urls import reverse

from example_project.environment import required

USERNAME = "demo"
EMAIL = "demo@example.com"


class Command(BaseCommand):
    """Make the user ``demo``, or leave it as it is."""

    help = "Makes the user 'demo', who may use the admin, with the password DEMO_PASSWORD of .env."

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the user and print how to log in."""
        if not settings.DEBUG:
            raise CommandError(
                "DEBUG is false: a public site must not have a superuser whose password stands in "
                "a file. Use `createsuperuser`."
            )
        password = required("DEMO_PASSWORD")
        try:
            ensure_demo_user(password)
        except DatabaseError as error:
            raise CommandError(
                f"The database is not ready ({error}). "
                "Run `python example_project/manage.py migrate` first."
            ) from error
        self.stdout.write(f"User:     {USERNAME}")
        self.stdout.write(f"Password: {password}")
        self.stdout.write(f"Log in at {reverse('login')}, or at {reverse('admin:index')}")


def ensure_demo_user(password: str) -> User:
    """Return the user ``demo``, who may do everything and has this password.

    A new hash of the same password would end every login of the user, so it is written only if
    the password differs.
    """
    user, _ = User.objects.get_or_create(username=USERNAME, defaults={"email": EMAIL})
    if not check_password(password, user.password):
        user.set_password(password)
    user.is_active = user.is_staff = user.is_superuser = True
    user.save()
    return user

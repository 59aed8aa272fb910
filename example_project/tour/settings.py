"""The example as it is, but for hashes of passwords: slow on purpose, and no part of a tour."""

from example_project.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

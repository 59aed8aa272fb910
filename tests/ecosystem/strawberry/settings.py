"""Strawberry's views for Django need no entry in the settings."""

from tests.ecosystem.settings import *  # noqa: F403

ROOT_URLCONF = "tests.ecosystem.strawberry.urls"

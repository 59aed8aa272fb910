"""These tests need the settings of their site; `tests/test_custom_user.py` runs them with those."""

from django.conf import settings

collect_ignore_glob = [] if settings.AUTH_USER_MODEL == "custom_user.User" else ["test_*.py"]

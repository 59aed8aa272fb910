"""These tests need the settings of their site; `tests/test_every_field.py` runs them with those."""

from django.conf import settings

is_this_site = settings.AUTH_USER_MODEL.startswith("every_field.")
collect_ignore_glob = [] if is_this_site else ["test_*.py"]

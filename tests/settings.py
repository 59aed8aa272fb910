"""Settings of the test suite: nothing but what the package needs."""

SECRET_KEY = "tests-only-and-long-enough-not-to-be-called-weak-by-anyone"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django_jwt_cookie"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
USE_TZ = True

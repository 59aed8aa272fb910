"""Static files by WhiteNoise, as its documentation sets it up."""

from tests.ecosystem.settings import *  # noqa: F403

MIDDLEWARE.insert(2, "whitenoise.middleware.WhiteNoiseMiddleware")  # noqa: F405
STATIC_URL = "/static/"
STORAGES = {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}}

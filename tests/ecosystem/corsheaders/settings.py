"""django-cors-headers, as docs/ecosystem.md sets it up for a page on another site."""

from tests.ecosystem.documented import run_documented
from tests.ecosystem.settings import *  # noqa: F403

INSTALLED_APPS += ["corsheaders"]  # noqa: F405
MIDDLEWARE.insert(  # noqa: F405
    MIDDLEWARE.index("django.middleware.common.CommonMiddleware"),  # noqa: F405
    "corsheaders.middleware.CorsMiddleware",
)
ROOT_URLCONF = "tests.ecosystem.corsheaders.urls"

globals().update(run_documented("corsheaders/settings.py"))

"""django-axes as its documentation sets it up, and docs/ecosystem.md."""

from pathlib import Path

from tests.ecosystem.documented import run_documented
from tests.ecosystem.settings import *  # noqa: F403

INSTALLED_APPS += ["axes"]  # noqa: F405
MIDDLEWARE += ["axes.middleware.AxesMiddleware"]  # noqa: F405

globals().update(run_documented("axes/settings.py"))
TEMPLATES[0]["DIRS"] = [Path(__file__).parent / "templates"]  # noqa: F405

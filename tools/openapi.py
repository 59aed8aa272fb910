"""Writes docs/openapi.json: the package's OpenAPI document, on a site with its default settings.

``.venv/bin/python -m tools.openapi`` is how it is called.
"""

import json
import os
from pathlib import Path

import django

TARGET = Path(__file__).resolve().parent.parent / "docs" / "openapi.json"


def render() -> str:
    """Return what belongs into the file."""
    from django_jwt_cookie import openapi

    return json.dumps(openapi.document(), indent=2) + "\n"


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    TARGET.write_text(render(), encoding="utf-8")

"""What a server runs: the site, in a process whose clock may be wrong."""

import os
from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application


def wsgi() -> Any:
    """Return the site for gunicorn."""
    set_clock()
    return get_wsgi_application()


def asgi() -> Any:
    """Return the site for uvicorn."""
    set_clock()
    return get_asgi_application()


def set_clock() -> None:
    """Set the clock of this process, which may be wrong."""
    if seconds := float(os.environ.get("SOAK_CLOCK", "0")):
        now = datetime.now(UTC) + timedelta(seconds=seconds)
        time_machine.travel(now, tick=True).start()

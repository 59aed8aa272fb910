"""A site with the package's own pages on a real socket."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..services.servers import free_port, gunicorn, running
from ..services.sites import PREPARE
from . import settings


@contextmanager
def running_site(folder: Path) -> Iterator[str]:  # pragma: no cover - with Chromium alone
    """Run it with a database in ``folder``; return its address."""
    environment = {
        "DJANGO_SETTINGS_MODULE": settings.__name__,
        "DATABASE_URL": f"sqlite:///{folder / 'pages.sqlite3'}?timeout=60",
        "CACHE_URL": "locmemcache://",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    command = [sys.executable, "-c", PREPARE]
    subprocess.run(command, env=os.environ | environment, check=True)  # noqa: S603
    port = free_port()
    with running(gunicorn(port), port, folder / "log", **environment):
        yield f"http://127.0.0.1:{port}"

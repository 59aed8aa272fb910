"""The site under test, in a server's process that may die between a renewal and its response."""

import os
import signal
from pathlib import Path
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.dispatch import receiver

from django_jwt_cookie.signals import session_renewed

application = get_wsgi_application()


@receiver(session_renewed)
def note(session: Any, **kwargs: Any) -> None:
    """Note the renewal; for some browsers it is the last that this process does."""
    with Path(os.environ["RENEWALS"]).open("a") as renewals:
        renewals.write(f"{session.pk}\n")
    if session.user_agent == os.environ["DYING"]:
        os.kill(os.getpid(), signal.SIGKILL)  # pragma: no cover - leaves nothing to tell it

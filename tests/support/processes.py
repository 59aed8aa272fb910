"""Several processes of one site, in the one process of a test."""

from django_jwt_cookie.conf import get_settings
from django_jwt_cookie.revocations import Contact
from django_jwt_cookie.sightings import make_sightings

MEMORIES = (make_sightings, Contact)
"""What each process has of its own: what one has seen, the others have not."""


class Processes:
    """Memories to change between."""

    def __init__(self, count: int) -> None:
        settings = get_settings()
        self._memories = [{make: make(settings) for make in MEMORIES} for _ in range(count)]

    def enter(self, number: int) -> None:
        """Let the next request be served by that process."""
        get_settings()._derived.update(self._memories[number])

"""Pictures of the example for the documentation, taken on a tour through it.

    python -m example_project.screenshots [folder]

Whatever the browser complains about on the way fails the run.
"""

import secrets
import sys
from pathlib import Path

from example_project.tour import steps
from example_project.tour.server import Site, running_example
from example_project.tour.visit import PHONE, Visit, chromium

DEFAULT_FOLDER = Path(__file__).resolve().parents[1] / "docs" / "images"


def main(album: Path) -> int:
    """Walk through the example; return 1 if the browser complained."""
    album.mkdir(parents=True, exist_ok=True)
    with running_example() as site, chromium() as browser:
        visit = Visit(browser, site.address, album)
        phone = Visit(browser, site.address, user_agent=PHONE)
        walk(visit, phone, site)
    complaints = visit.complaints + phone.complaints
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    return 1 if complaints else 0


def walk(visit: Visit, phone: Visit, site: Site) -> None:
    """See every page."""
    first, second, third = (secrets.token_urlsafe(12) for _ in range(3))
    steps.be_a_stranger(visit)
    steps.sign_up(visit, "ada", first)
    steps.read_the_token(visit)
    phone.go("/accounts/login/?next=/members/")
    steps.log_in(phone, "ada", first)
    steps.end_a_login_elsewhere(visit, phone)
    for part in ("header", "signature", "payload"):
        steps.break_the_token(visit, part)
        steps.log_in(visit, "ada", first, remember=True)
    steps.change_the_password(visit, first, second)
    steps.log_out(visit)
    steps.forget_the_password(visit, "ada@example.com", third, site.log)
    steps.use_the_admin(visit, site.demo_password)
    steps.log_out(visit)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_FOLDER))

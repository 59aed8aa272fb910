"""Pictures of the example for the documentation, taken on a tour through it.

    python -m example_project.screenshots [folder]

Whatever the browser complains about on the way fails the run.
"""

import secrets
import sys
import tempfile
from pathlib import Path

from PIL import Image

from example_project.tour import steps
from example_project.tour.server import Site, running_example
from example_project.tour.visit import PHONE, SCHEMES, SIZES, Visit, chromium

DEFAULT_FOLDER = Path(__file__).resolve().parents[1] / "docs" / "images"
GALLERY = (
    *("home", "signup-errors", "members", "token", "token-flipped-payload", "login-again"),
    *("devices", "app", "htmx", "api", "password-reset"),
)
"""The pages that docs/example.md shows; of the others the tour takes pictures that nobody keeps."""

HEIGHT = 1.25, 2.2
"""How much of a page is shown, as a multiple of its width: at a desk, and on a phone."""

COLOURS = 64
"""In a picture. The pages have fewer, but for the edges of letters; it is a third of the size."""


def main(folder: Path) -> int:
    """Walk through the example; return 1 if the browser complained."""
    with (
        tempfile.TemporaryDirectory() as album,
        running_example() as site,
        chromium() as browser,
    ):
        visit = Visit(browser, site.address, Path(album))
        phone = Visit(browser, site.address, user_agent=PHONE)
        walk(visit, phone, site)
        hang(Path(album), folder)
    complaints = visit.complaints + phone.complaints
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    return 1 if complaints else 0


def hang(album: Path, folder: Path) -> None:
    """Keep the pictures of the gallery, cut and with few colours."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in GALLERY:
        for (size, (width, _)), proportion in zip(SIZES.items(), HEIGHT, strict=True):
            for scheme in SCHEMES:
                picture = Image.open(album / f"{name}-{size}-{scheme}.png").convert("RGB")
                height = min(picture.height, int(width * proportion))
                picture = picture.crop((0, 0, width, height)).quantize(COLOURS)
                picture.save(folder / f"{name}-{scheme}-{size}.png", optimize=True)


def walk(visit: Visit, phone: Visit, site: Site) -> None:
    """See every page."""
    first, second, third = (secrets.token_urlsafe(12) for _ in range(3))
    steps.be_a_stranger(visit)
    steps.sign_up(visit, "ada", first)
    steps.read_the_token(visit)
    phone.go("/accounts/login/?next=/members/")
    steps.log_in(phone, "ada", first)
    steps.end_a_login_elsewhere(visit, phone)
    steps.log_in(phone, "ada", first)
    steps.try_the_api(visit)
    steps.use_htmx(visit, phone)
    steps.log_in(visit, "ada", first)
    steps.log_out(visit)
    steps.use_the_app(visit, "ada", first)
    visit.go("/accounts/login/?next=/members/")
    steps.log_in(visit, "ada", first)
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

"""Brings the catalogues up to date with what the package says to people, and compiles them.

    python -m tools.messages

What is new stands in them without a translation, and what is said no more is gone. Neither line
numbers nor dates: only a change of what is said changes a catalogue.
"""

import sys
from collections.abc import Iterable, Iterator
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

import django_jwt_cookie

PACKAGE = Path(django_jwt_cookie.__file__).parent

KEYWORDS = DEFAULT_KEYWORDS | {"gettext_lazy": None, "ngettext_lazy": (1, 2)}
HEADERS = {"Language", "Plural-Forms", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"}


class Catalogue(Catalog):
    """Without what would change each time: dates, and the version of the tool."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        """Return what a reader of the file needs to know."""
        return [(name, value) for name, value in super().mime_headers if name in HEADERS]

    @mime_headers.setter
    def mime_headers(self, headers: Iterable[tuple[str, str]]) -> None:
        self._set_mime_headers(headers)


def main() -> int:
    """Write every catalogue; return 1 if something is left to translate."""
    gaps = 0
    for path in catalogues():
        catalogue = updated(path)
        path.write_bytes(as_po(catalogue))
        path.with_suffix(".mo").write_bytes(as_mo(catalogue))
        for message in untranslated(catalogue):
            print(f"{path}: {message.id}", file=sys.stderr)
            gaps += 1
    return 1 if gaps else 0


def catalogues() -> list[Path]:
    """Return the sources, one for each language."""
    return sorted(PACKAGE.glob("locale/*/LC_MESSAGES/django.po"))


@cache
def messages() -> list[Any]:
    """Return what the package says: a text, or one for one thing and one for many."""
    return [*of_the_code(), *of_the_templates()]


def of_the_code() -> Iterator[Any]:
    """Yield what is marked in the modules."""
    for path in sorted(PACKAGE.rglob("*.py")):
        yield from extracted(path.read_text(encoding="utf-8"))


def of_the_templates() -> Iterator[Any]:
    """Yield what is marked in the templates."""
    for path in sorted(PACKAGE.glob("templates/**/*.html")):
        # Django turns a template into something like Python, but for its indents.
        lines = templatize(path.read_text(encoding="utf-8")).splitlines()
        yield from extracted("\n".join(line.strip() for line in lines))


def extracted(source: str) -> Iterator[Any]:
    """Yield what is marked in Python."""
    for _, message, _, _ in extract("python", BytesIO(source.encode()), KEYWORDS):
        yield message


def updated(path: Path) -> Catalogue:
    """Return the catalogue with just the messages that there are now."""
    locale = path.parts[-3]
    with path.open("rb") as file:
        known = read_po(file, locale)
    comment = f"# django-jwt-cookie in {Locale.parse(locale).english_name}"
    catalogue = Catalogue(locale, header_comment=comment, fuzzy=False)
    # The plural forms that the translations were made for: Babel's own follow each edition of CLDR.
    catalogue.mime_headers = known.mime_headers
    for identifier in messages():
        message = known.get(identifier)
        catalogue.add(identifier, message.string if message and not message.fuzzy else None)
    return catalogue


def untranslated(catalogue: Catalog) -> list[Message]:
    """Return the messages that lack a translation, or a form of it."""
    return [message for message in catalogue if message.id and not all_forms(message)]


def all_forms(message: Message) -> bool:
    """Tell whether each form of the message is there."""
    return all(message.string if isinstance(message.string, tuple | list) else [message.string])


def as_po(catalogue: Catalog) -> bytes:
    """Return the source, in the order of the alphabet."""
    file = BytesIO()
    write_po(file, catalogue, width=0, no_location=True, sort_output=True)
    return file.getvalue().rstrip() + b"\n"


def as_mo(catalogue: Catalog) -> bytes:
    """Return what Django reads."""
    file = BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


if __name__ == "__main__":
    sys.exit(main())

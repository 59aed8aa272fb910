"""The example's settings: what is not understood is refused, by name and with the remedy."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from example_project import environment


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THING", raising=False)


class TestRequired:
    def test_returns_the_value_without_blanks_around_it(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A blank at the end of a line can't be seen."""
        monkeypatch.setenv("THING", " value ")
        assert environment.required("THING") == "value"

    @pytest.mark.parametrize("value", [None, "", "  "])
    def test_refuses_an_empty_secret(
        self, monkeypatch: pytest.MonkeyPatch, value: str | None
    ) -> None:
        """Whoever knows that a secret is empty can sign."""
        if value is not None:
            monkeypatch.setenv("THING", value)
        with pytest.raises(ImproperlyConfigured, match=r"THING is missing or empty.*Delete \.env"):
            environment.required("THING")


class TestFlag:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            *((value, True) for value in ("true", "TRUE", "1", " yes", "on", "")),
            *((value, False) for value in ("false", "False", "0", "no ", "off")),
        ],
    )
    def test_understands_what_people_write(
        self, monkeypatch: pytest.MonkeyPatch, value: str, expected: bool
    ) -> None:
        """An empty one is the default."""
        monkeypatch.setenv("THING", value)
        assert environment.flag("THING", default=True) is expected

    def test_unset_is_the_default(self) -> None:
        """Either way."""
        assert environment.flag("THING", default=False) is False

    def test_refuses_a_typing_error(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Taken for false, it would be a setting that nobody wanted."""
        monkeypatch.setenv("THING", "ture")
        with pytest.raises(ImproperlyConfigured, match=r"THING is 'ture'.*true or false.*\.env"):
            environment.flag("THING", default=False)


class TestSeconds:
    def test_is_a_duration(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The package takes nothing else."""
        monkeypatch.setenv("THING", "90")
        assert environment.seconds("THING", default=600) == timedelta(seconds=90)

    def test_unset_is_the_default(self) -> None:
        """So that an old .env goes on working."""
        assert environment.seconds("THING", default=600) == timedelta(minutes=10)

    @pytest.mark.parametrize("value", ["10m", "-1", "1.5", "1_000", "٣", "60 # a minute", "9" * 10])
    def test_refuses_anything_but_a_number_of_seconds(
        self, monkeypatch: pytest.MonkeyPatch, value: str
    ) -> None:
        """Nor a number that no date has room for."""
        monkeypatch.setenv("THING", value)
        wanted = f"THING is '{re.escape(value)}'.*whole number of seconds, for example 600"
        with pytest.raises(ImproperlyConfigured, match=wanted):
            environment.seconds("THING", default=600)


def test_names_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blanks and a comma too many don't matter."""
    assert environment.names("THING", default="a,b") == ["a", "b"]
    monkeypatch.setenv("THING", "localhost, example.com,")
    assert environment.names("THING", default="a") == ["localhost", "example.com"]


class TestDatabase:
    @pytest.mark.parametrize(
        ("url", "name"),
        [
            ("", "/site/default.sqlite3"),
            ("sqlite:///other.sqlite3", "/site/other.sqlite3"),
            ("sqlite:////var/db.sqlite3", "/var/db.sqlite3"),
            ("sqlite://:memory:", ":memory:"),
            ("postgres://user:pass@localhost:5432/site", "site"),
        ],
    )
    def test_a_relative_sqlite_path_starts_at_the_folder(
        self, monkeypatch: pytest.MonkeyPatch, url: str, name: str
    ) -> None:
        """The same file, from wherever manage.py is called."""
        monkeypatch.setenv("THING", url)
        entry = environment.database(
            "THING", default="sqlite:///default.sqlite3", folder=Path("/site")
        )
        assert entry["NAME"] == name

    @pytest.mark.parametrize("url", ["nonsense", "postgres://user:hunter2@localhost:port/x"])
    def test_refuses_what_is_no_url_without_repeating_it(
        self, monkeypatch: pytest.MonkeyPatch, url: str
    ) -> None:
        """A password may stand in it, and an error is often copied into a bug report."""
        monkeypatch.setenv("THING", url)
        with pytest.raises(
            ImproperlyConfigured, match=r"THING is not understood.*sqlite:"
        ) as error:
            environment.database("THING", default="sqlite:///x", folder=Path())
        assert url not in str(error.value)
        assert error.value.__suppress_context__


class TestCache:
    def test_is_an_entry_of_caches(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """In memory by default."""
        entry = environment.cache("THING", default="locmemcache://")
        assert entry["BACKEND"] == "django.core.cache.backends.locmem.LocMemCache"
        monkeypatch.setenv("THING", "redis://127.0.0.1:6379/1")
        entry = environment.cache("THING", default="locmemcache://")
        assert entry["BACKEND"] == "django.core.cache.backends.redis.RedisCache"

    def test_refuses_what_is_no_url(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """By name, like the rest."""
        monkeypatch.setenv("THING", "memory")
        with pytest.raises(ImproperlyConfigured, match=r"THING is not understood.*locmemcache:"):
            environment.cache("THING", default="locmemcache://")

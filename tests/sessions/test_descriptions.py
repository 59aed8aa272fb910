"""A login as people read it."""

import importlib
import sys
from datetime import UTC, datetime, timedelta
from time import process_time

import pytest

from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.sessions import descriptions
from django_jwt_cookie.sessions.descriptions import Description, recognise

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = 86_400
CHROME = "(KHTML, like Gecko) Chrome/130.0.0.0"
WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5"
IPHONE = "iPhone; CPU iPhone OS 17_5 like Mac OS X"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0"
RIGHT_TO_LEFT = "\u202e"


@pytest.fixture
def without_the_extra(monkeypatch):
    """Import the module as where ua-parser is not installed."""
    monkeypatch.setitem(sys.modules, "ua_parser", None)
    importlib.reload(descriptions)
    yield
    monkeypatch.undo()
    importlib.reload(descriptions)


def login(user_agent="", **fields):
    device = descriptions.recognise(user_agent)
    names = {"browser": device.browser, "system": device.system}
    times = {"created_at": NOW, "rotated_at": NOW, "expires_at": NOW + timedelta(days=1)}
    return LoginSession(user_agent=user_agent, idle_seconds=14 * DAY, **names | times | fields)


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (FIREFOX, "Firefox 132 on Windows"),
        (f"Mozilla/5.0 (X11; Linux x86_64) {CHROME} Safari/537.36", "Chrome 130 on Linux"),
        (
            f"Mozilla/5.0 (Windows NT 10.0) {CHROME} Safari/537.36 Edg/130.0.0.0",
            "Edge 130 on Windows",
        ),
        (
            f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Safari/605.1.15",
            "Safari 17 on macOS",
        ),
        (f"Mozilla/5.0 ({IPHONE}) {WEBKIT} Mobile/15E148 Safari/604.1", "Mobile Safari 17 on iOS"),
        ("curl/8.5.0", "curl 8"),
        ("Mozilla/5.0 (X11; Linux x86_64)", "Linux"),
        ("SomethingElse", "SomethingElse"),
        (" \n", "Unknown browser"),
        ("", "Unknown browser"),
    ],
)
def test_browser_and_system_have_readable_names(user_agent, name):
    """The version of the system is left out: browsers don't tell it any more."""
    assert Description(login(user_agent)).name == name


def test_what_a_browser_calls_itself_does_not_spoil_the_list():
    """Ten kilobytes, NUL, line breaks, and a mark that writes the rest from right to left."""
    for text in ("x" * 10_000, "Evil\0\n" + RIGHT_TO_LEFT + "y" * 500, FIREFOX + RIGHT_TO_LEFT):
        name = Description(login(text)).name
        assert len(name) <= 80
        assert name.isprintable()
    assert Description(login("x" * 81)).name == "x" * 79 + "…"


@pytest.mark.parametrize("text", ["(" * 512, "Mozilla/5.0 " + "(a;" * 160, "a/1 " * 128])
def test_a_name_made_to_keep_the_parser_busy_does_not(text):
    """A pattern that backtracks would take seconds; this takes milliseconds."""
    recognise("the patterns are read once")
    before = process_time()
    recognise(text)
    assert process_time() - before < 2


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (FIREFOX, "Firefox 132 on Windows"),
        (f"Mozilla/5.0 (X11; Linux x86_64) {CHROME} Safari/537.36", "Chrome 130 on Linux"),
        (
            f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {CHROME} Safari/537.36",
            "Chrome 130 on ChromeOS",
        ),
        (
            f"Mozilla/5.0 (Windows NT 10.0) {CHROME} Safari/537.36 Edg/131.0.0.0",
            "Edge 131 on Windows",
        ),
        (
            f"Mozilla/5.0 (Windows NT 10.0) {CHROME} Safari/537.36 OPR/115.0.0.0",
            "Opera 115 on Windows",
        ),
        (
            f"Mozilla/5.0 (Linux; Android 10; K) {CHROME} Mobile Safari/537.36",
            "Chrome 130 on Android",
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; K) SamsungBrowser/27.0 Chrome/125.0 Mobile Safari/537",
            "Samsung Internet 27 on Android",
        ),
        (
            f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Safari/605.1.15",
            "Safari 17 on macOS",
        ),
        (f"Mozilla/5.0 ({IPHONE}) {WEBKIT} Mobile/15E148 Safari/604.1", "Safari 17 on iOS"),
        (
            f"Mozilla/5.0 ({IPHONE}) AppleWebKit/605.1.15 CriOS/130.0 Mobile/15E148",
            "Chrome 130 on iOS",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64)", "Linux"),
        ("curl/8.5.0", "curl/8.5.0"),
    ],
)
def test_without_the_extra_common_browsers_can_be_told_apart(without_the_extra, user_agent, name):
    """Chrome from Edge, above all; of others their own words are shown."""
    assert descriptions.Description(login(user_agent)).name == name


def test_without_the_extra_the_words_of_an_unknown_browser_are_shown(without_the_extra):
    """Shortened, and told to programs whole."""
    description = descriptions.Description(login("Something/1 " + "x" * 100))
    assert description.device is None
    assert description.name.startswith("Something/1 xxx")
    assert len(description.name) == 80
    assert description.to_document()["user_agent"].endswith("x" * 100)


@pytest.mark.parametrize("text", ["Version/1" * 57, "Version/1 Mobile/" * 30, "Edg" * 170])
def test_without_the_extra_no_name_keeps_the_server_busy(without_the_extra, text):
    """No pattern backtracks."""
    before = process_time()
    for _ in range(100):
        descriptions.recognise(text)
    assert process_time() - before < 2


def test_last_seen_is_the_later_of_renewed_and_seen():
    """A token that was issued and never came back tells when it was issued."""
    later = NOW + timedelta(minutes=1)
    assert Description(login()).last_seen_at == NOW
    assert Description(login(seen_at=later)).last_seen_at == later
    assert Description(login(seen_at=NOW, rotated_at=later)).last_seen_at == later


def test_a_timeout_that_was_shortened_is_told(settings):
    """The end is the one that the next request will find."""
    settings.JWT_COOKIE = {
        "IDLE_TIMEOUT": timedelta(hours=2),
        "BROWSER_SESSION_TIMEOUT": timedelta(hours=1),
    }
    assert Description(login()).expires_at == NOW + timedelta(hours=2)
    assert Description(login(persistent=False)).expires_at == NOW + timedelta(hours=1)


def test_the_document_has_seconds_and_no_secret():
    """Unix time, as in the login document."""
    session = login(FIREFOX, ip_address="2001:db8::1", auth_hash="secret", backend="b")
    assert Description(session, is_current=True).to_document() == {
        "id": str(session.pk),
        "created_at": 1_795_521_600,
        "last_seen_at": 1_795_521_600,
        "expires_at": 1_795_608_000,
        "current": True,
        "persistent": True,
        "device": {"browser": "Firefox 132", "system": "Windows"},
        "user_agent": FIREFOX,
        "ip_address": "2001:db8::1",
    }

"""The setting ``JWT_COOKIE``: what it accepts, what it refuses, and how late it is read."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured

from django_jwt_cookie.conf import KEYS, get_settings

UNTIL = datetime(2030, 1, 1, tzinfo=UTC)


def list_fields(each):
    """Stand for something that is made from settings."""
    return [each.token_lifetime]


def test_an_unrelated_setting_leaves_the_settings_alone(settings):
    """Only what the settings are made of makes them anew."""
    before = get_settings()
    settings.APPEND_SLASH = False
    assert get_settings() is before


def test_defaults_are_the_documented_ones():
    """Without ``JWT_COOKIE`` the site gets a token of ten minutes, in a cookie by the request."""
    settings = get_settings()
    assert settings.token_lifetime == timedelta(minutes=10)
    assert settings.absolute_timeout == timedelta(days=30)
    assert settings.cookie_name == "__Host-jwt"
    assert settings.cookie_secure == "auto"


def test_override_settings_reaches_the_settings_and_what_is_derived(settings):
    """A changed setting is seen at once, and nothing made from the old one survives."""
    before = get_settings().derive(list_fields)
    settings.JWT_COOKIE = {"TOKEN_LIFETIME": timedelta(minutes=1)}
    assert get_settings().token_lifetime == timedelta(minutes=1)
    assert get_settings().derive(list_fields) != before


def test_what_is_derived_is_made_once():
    """The factory runs once per settings object."""
    calls = []
    for _ in range(2):
        get_settings().derive(calls.append)
    assert calls == [get_settings()]


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({}, "__Host-jwt"),
        ({"COOKIE_DOMAIN": "example.com"}, "__Secure-jwt"),
        ({"COOKIE_PATH": "/shop/"}, "__Secure-jwt"),
        ({"COOKIE_SECURE": True}, "__Host-jwt"),
        ({"COOKIE_SECURE": False}, "jwt"),
    ],
)
def test_default_cookie_name_is_the_strictest_that_browsers_keep(settings, given, name):
    """``__Host-`` where possible (RFC 6265bis, section 4.1.3)."""
    settings.JWT_COOKIE = given
    assert get_settings().cookie_name == name


@pytest.mark.parametrize("debug", [True, False])
def test_debug_has_no_say_in_the_cookie(settings, debug):
    """A site that is tried on an intranet without it would let nobody log in."""
    settings.DEBUG = debug
    assert (get_settings().cookie_name, get_settings().cookie_secure) == ("__Host-jwt", "auto")


def test_a_list_of_keys_is_accepted(settings):
    """People write lists in settings."""
    settings.JWT_COOKIE = {"KEYS": ["a" * 32, "b" * 32]}
    assert get_settings().keys == ("a" * 32, "b" * 32)


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        ("text", "must be a dict"),
        ({"TOKEN_LIFETIMES": 1}, "Did you mean 'TOKEN_LIFETIME'?"),
        ({"XYZ": 1}, "Known keys: "),
        ({1: 1}, "unknown key 1"),
        ({"TOKEN_LIFETIME": 600}, "must be a positive timedelta"),
        ({"TOKEN_LIFETIME": timedelta(0)}, "must be a positive timedelta"),
        ({"TOKEN_LIFETIME": timedelta(seconds=1.5)}, "whole seconds"),
        ({"LEEWAY": 10}, "LEEWAY must be a timedelta"),
        ({"ALGORITHM": "none"}, "ALGORITHM must be one of"),
        ({"USER_SOURCE": "cookie"}, "USER_SOURCE must be one of database, token; it is 'cookie'"),
        ({"TOKEN_FIELDS": "email"}, "TOKEN_FIELDS must be a list of names of fields"),
        ({"TOKEN_FIELDS": [1]}, "TOKEN_FIELDS must be a list of names of fields"),
        ({"VERIFIED_CACHE_SIZE": -1}, "VERIFIED_CACHE_SIZE must be a number of tokens"),
        ({"VERIFIED_CACHE_SIZE": True}, "VERIFIED_CACHE_SIZE must be a number of tokens"),
        ({"REVOCATION_CACHE": 1}, "REVOCATION_CACHE must be a string"),
        ({"REVOCATION_CACHE": "a", "TRACK_SESSIONS": False}, "Leave one of them out"),
        ({"ISSUER": ""}, "ISSUER must be a string"),
        ({"AUDIENCE": ["a"]}, "AUDIENCE must be a string"),
        ({"SIGNUP_FORM": 1}, "SIGNUP_FORM must be a dotted path"),
        ({"USER_SERIALIZER": None}, "USER_SERIALIZER must be a dotted path"),
        ({"RECORD_IP": "yes"}, "RECORD_IP must be True or False"),
        ({"COOKIE_NAME": "a b"}, "can't be a cookie's name"),
        ({"COOKIE_NAME": 1}, "can't be a cookie's name"),
        ({"COOKIE_NAME": "sessionid"}, "is taken by another cookie"),
        ({"COOKIE_SAMESITE": None}, "COOKIE_SAMESITE must be one of"),
        ({"COOKIE_PATH": "shop"}, "must start with a slash"),
        ({"COOKIE_DOMAIN": "a.example; Secure"}, "must be the name of a host"),
        ({"COOKIE_SAMESITE": "None", "COOKIE_SECURE": False}, "Set COOKIE_SECURE = True"),
        ({"COOKIE_NAME": "__Secure-x", "COOKIE_SECURE": False}, "Leave COOKIE_NAME out"),
        ({"COOKIE_NAME": "__Host-x", "COOKIE_DOMAIN": "a.example"}, "COOKIE_DOMAIN = 'a.example'"),
        ({"ABSOLUTE_TIMEOUT": timedelta(days=401)}, "400 days, 0:00:00 at most"),
        ({"SECRET": "a" * 32, "KEYS": ["b" * 32]}, "exclude each other"),
        ({"SECRET": None}, "SECRET is None"),
        ({"CLAIMS": len}, "CLAIMS must be a string that is not empty, or left out; it is <built"),
        ({"KEYS": "a" * 32}, "KEYS must be a list"),
        ({"SECRET": "a" * 32, "JWKS_URL": "https://a.example"}, "JWKS_URL excludes SECRET and"),
        ({"KEYS": ["a" * 32], "JWKS_URL": "https://a.example"}, "JWKS_URL excludes SECRET and"),
        ({"COOKIE_SECURE": "yes"}, "COOKIE_SECURE must be one of auto, True, False; it is 'yes'"),
        ({"COOKIE_SECURE": None}, "COOKIE_SECURE must be one of auto, True, False; it is None"),
        ({"COOKIE_NAME": "__HOST-x", "COOKIE_PATH": "/a/"}, "a __Host- cookie that has a domain"),
        ({"COOKIE_NAME": "__secure-x", "COOKIE_SECURE": False}, "Leave COOKIE_NAME out"),
        ({"ADOPT_FROM": "2030-01-01"}, "ADOPT_FROM must be a datetime with a time zone"),
        ({"ADOPT_FROM": datetime(2030, 1, 1)}, "ADOPT_FROM must be a datetime with a time zone"),  # noqa: DTZ001
        ({"MOVE_FROM": ["a.b"]}, "Set both, or neither."),
        ({"MOVE_UNTIL": UNTIL}, "Set both, or neither."),
        ({"MOVE_FROM": "a.b", "MOVE_UNTIL": UNTIL}, "MOVE_FROM must be a list"),
        ({"MOVE_FROM": ["a.b"], "MOVE_UNTIL": date(2030, 1, 1)}, "tzinfo=UTC); it is datetime.d"),
        ({"MOVE_FROM": ["a.b"], "MOVE_UNTIL": datetime(2030, 1, 1)}, "with a time zone"),  # noqa: DTZ001
        (
            {"MOVE_FROM": ["a.b"], "MOVE_UNTIL": UNTIL, "JWKS_URL": "https://a.example"},
            "MOVE_FROM with JWKS_URL",
        ),
        ({"ADOPT_DJANGO_LOGINS": True}, "unknown key 'ADOPT_DJANGO_LOGINS'"),
        ({"JWKS_URL": ""}, "JWKS_URL must be a string that is not empty"),
        ({"TOKEN_LIFETIME": timedelta(days=1)}, "TOKEN_LIFETIME (1 day, 0:00:00) is longer"),
    ],
)
def test_what_cannot_work_is_refused_with_the_remedy(settings, given, remedy):
    """The message names the key, the value and what to write instead."""
    settings.JWT_COOKIE = given
    with pytest.raises(ImproperlyConfigured) as caught:
        get_settings()
    assert remedy in str(caught.value)


def test_repr_holds_no_secret(settings):
    """A ``repr`` ends up in error reports."""
    settings.JWT_COOKIE = {"SECRET": "s3cret" * 10}
    assert "s3cret" not in repr(get_settings())


def test_the_derived_values_are_no_setting():
    """The place for derived values can't be set from outside."""
    assert "_DERIVED" not in KEYS

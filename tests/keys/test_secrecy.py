"""Nothing of a key is in a message, a log, a ``repr`` or an error report, whatever goes wrong."""

import json
import logging
import time
import uuid
from dataclasses import replace
from datetime import date

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory
from django.views.debug import ExceptionReporter

from django_jwt_cookie.conf import ALGORITHMS, get_settings
from django_jwt_cookie.keys import get_key_ring
from django_jwt_cookie.tokens import Claims, decode, encode
from tests.management.test_key_command import run
from tests.support.cases import spread
from tests.support.key_samples import (
    HMAC,
    PRIVATE_MEMBERS,
    entry,
    jwk,
    pem,
    private_key,
    private_pem,
    secret,
)

MARK = "only-for-tests"


def private_parts(algorithm):
    """Return each text that tells of the key: lines of its PEM, members of its JWK."""
    found = {value for name, value in jwk(algorithm).items() if name in PRIVATE_MEMBERS}
    if algorithm in HMAC:
        return {MARK, *found}
    numbers = private_key(algorithm)
    if hasattr(numbers, "private_numbers"):
        values = vars_of(numbers.private_numbers())
        found |= {str(value) for value in values} | {f"{value:x}" for value in values}
    return found | set(pem(algorithm).split("\n")[1:-2])


def vars_of(numbers):
    """Return the numbers that are private."""
    names = ("private_value", "d", "p", "q", "dmp1", "dmq1", "iqmp")
    return [getattr(numbers, name) for name in names if hasattr(numbers, name)]


def report(function, *arguments):
    """Return all that an error says, as text, as ``repr`` and as Django's report of it."""
    with pytest.raises(Exception) as caught:  # noqa: PT011
        function(*arguments)
    # Without this frame, which has the key as an argument.
    trace = caught.tb.tb_next
    reporter = ExceptionReporter(RequestFactory().get("/"), caught.type, caught.value, trace)
    said = f"{reporter.get_traceback_html()}{reporter.get_traceback_text()}"
    error: BaseException | None = caught.value
    while error is not None:
        said += f"{error}{error!r}{error.args!r}"
        error = error.__cause__ or error.__context__
    return said


def assert_secret(text, parts):
    assert parts
    assert [part for part in parts if part in text] == []


def broken(algorithm):
    """Return settings that are refused, with the key in them."""
    good, other = entry(algorithm), "ES384" if algorithm != "ES384" else "ES256"
    yield {"KEYS": [good, good], "ALGORITHM": algorithm}
    yield {"KEYS": [good, 7], "ALGORITHM": algorithm}
    yield {"KEYS": [good], "ALGORITHM": other}
    yield {"KEYS": good}
    yield {"SECRET": good, "KEYS": [good]}
    yield {"SECRET": good, "LEEWAY": 7}
    yield {"SECRET": good, "UNKNOWN": 7}
    yield {"SECRET": {**jwk(algorithm), "alg": "none"}}
    yield {"SECRET": {**jwk(algorithm), "use": "enc"}}
    yield {"SECRET": json.dumps({**jwk(algorithm), "key_ops": []})}
    if algorithm in HMAC:
        yield {"SECRET": f"{MARK}-short"}
        yield {"SECRET": {**jwk(algorithm), "k": f"{secret(algorithm)} "}}
    else:
        yield {"SECRET": good.replace("PRIVATE", "PUBLIC")}
        yield {"SECRET": good.replace("BEGIN PRIVATE", "BEGIN RSA PRIVATE")}
        yield {"SECRET": good[:-60]}
        yield {"SECRET": {**jwk(algorithm), "kty": "EC", "crv": "P-521"}}
        yield {"SECRET": {**jwk(algorithm), "x": 7, "n": 7}}


@pytest.mark.parametrize("algorithm", spread(ALGORITHMS, 2))
def test_what_is_refused_is_not_shown(settings, caplog, capsys, algorithm):
    """Neither by checks nor by the error that a request meets, nor by the command."""
    parts = private_parts(algorithm)
    with caplog.at_level(logging.DEBUG):
        for given in broken(algorithm):
            settings.JWT_COOKIE = given
            said = report(get_key_ring) + report(run, "--show")
            said += "".join(map(str, run_checks(include_deployment_checks=True)))
            assert_secret(said, parts)
    assert_secret(caplog.text + "".join(capsys.readouterr()), parts)


def test_a_key_that_is_too_short_is_not_shown(settings):
    """It may be in use still."""
    text = private_pem(rsa.generate_private_key(65537, 1024))  # noqa: S505
    settings.JWT_COOKIE = {"SECRET": text, "ALGORITHM": "RS256"}
    assert_secret(report(get_key_ring), text.split("\n")[1:-2])


@pytest.mark.parametrize("algorithm", spread(ALGORITHMS, 2))
def test_a_ring_does_not_show_its_keys(settings, tmp_path, algorithm):
    """Nor the settings, nor the table of the command."""
    path = tmp_path / "key"
    path.write_text(entry(algorithm))
    for form in (entry(algorithm), jwk(algorithm), f"file:{path}"):
        settings.JWT_COOKIE = {"SECRET": form, "ALGORITHM": algorithm}
        ring = get_key_ring()
        said = f"{ring!r}{ring} {ring.signing_key!r} {get_settings()!r} {run('--show')}"
        assert_secret(said, private_parts(algorithm))
        assert hash(get_settings()) == hash(get_settings())


@pytest.mark.parametrize("algorithm", spread(ALGORITHMS, 2))
def test_an_error_while_signing_or_verifying_does_not_show_the_key(settings, caplog, algorithm):
    """Error reports list the variables of every frame."""
    settings.JWT_COOKIE = {"SECRET": entry(algorithm), "ALGORITHM": algorithm}
    now = int(time.time())
    claims = Claims("1", uuid.UUID(int=7), 0, now, now + 600, now)
    good, no_json = encode(claims), replace(claims, extra={"birthday": date(1815, 12, 10)})
    key = get_key_ring().signing_key
    with caplog.at_level(logging.DEBUG):
        said = report(encode, no_json) + report(decode, good[:-4] + "AAAA")
        said += report(decode, key.sign({"sub": "1"}))
    assert_secret(said + caplog.text, private_parts(algorithm))


@pytest.mark.slow
def test_settings_are_refused_as_such(settings):
    """The samples above fail for what they are meant to."""
    for algorithm in ALGORITHMS:
        for given in broken(algorithm):
            settings.JWT_COOKIE = given
            with pytest.raises(ImproperlyConfigured):
                get_key_ring()

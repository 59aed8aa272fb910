"""The cookie: one place for its attributes, and what arrives under its name."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from django_jwt_cookie.cookies import MAX_DUPLICATES, get_cookie_names, get_cookie_spec

ATTRIBUTES = ("path", "domain", "samesite", "secure", "httponly")


def request(header="", *, https=True):
    """Return a request with that header of cookies."""
    return RequestFactory().get("/", secure=https, headers={"cookie": header})


def spec_of(*, https=True):
    """Return the cookie of a request."""
    return get_cookie_spec(request(https=https))


@pytest.mark.parametrize("https", [True, False])
@pytest.mark.parametrize(
    "given", [{}, {"COOKIE_DOMAIN": "example.com", "COOKIE_PATH": "/a/"}, {"COOKIE_SECURE": False}]
)
def test_set_and_delete_agree_in_every_attribute(settings, given, https):
    """A browser deletes only the cookie that it was told to set."""
    settings.JWT_COOKIE = given
    spec, set_, deleted = spec_of(https=https), HttpResponse(), HttpResponse()
    spec.set(set_, "token", 600)
    spec.delete(deleted)
    one, other = set_.cookies[spec.name], deleted.cookies[spec.name]
    assert [one[name] for name in ATTRIBUTES] == [other[name] for name in ATTRIBUTES]
    assert one["httponly"] is True
    assert (one["max-age"], other["max-age"], other.value) == (600, 0, "")


@pytest.mark.parametrize(
    ("given", "http", "https"),
    [
        ({}, ("jwt", False), ("__Host-jwt", True)),
        ({"COOKIE_DOMAIN": "example.com"}, ("jwt", False), ("__Secure-jwt", True)),
        ({"COOKIE_SECURE": True}, ("__Host-jwt", True), ("__Host-jwt", True)),
        ({"COOKIE_SECURE": False}, ("jwt", False), ("jwt", False)),
        ({"COOKIE_NAME": "login"}, ("login", False), ("login", True)),
        ({"COOKIE_NAME": "__Host-login"}, ("login", False), ("__Host-login", True)),
        ({"COOKIE_NAME": "__HOST-login"}, ("login", False), ("__HOST-login", True)),
        ({"COOKIE_NAME": "__secure-login"}, ("login", False), ("__secure-login", True)),
        ({"COOKIE_NAME": "my__Host-x"}, ("my__Host-x", False), ("my__Host-x", True)),
    ],
    ids=str,
)
def test_the_request_decides_unless_the_site_does(settings, given, http, https):
    """A prefix, which browsers know without case, is for ``Secure`` alone: RFC 6265bis, 5.7."""
    settings.JWT_COOKIE = given
    found = [spec_of(https=each) for each in (False, True)]
    assert [(spec.name, spec.secure) for spec in found] == [http, https]
    assert get_cookie_names() == (http[0], https[0])


def test_each_scheme_has_its_own_cookie_read_and_no_other():
    """Attack: whoever is on the way can plant ``jwt`` over plain http, which https must not read.

    And what a browser sends over plain http under the other name was not set by us.
    """
    header = "jwt=plain; __Host-jwt=secure"
    for https, expected in ((True, ["secure"]), (False, ["plain"])):
        one = request(header, https=https)
        assert get_cookie_spec(one).read(one) == expected
    planted = request("jwt=planted")
    assert get_cookie_spec(planted).read(planted) == []


def test_without_max_age_the_cookie_ends_with_the_browser():
    """No Max-Age and no Expires."""
    response = HttpResponse()
    spec_of().set(response, "token", None)
    assert response.cookies["__Host-jwt"]["max-age"] == ""
    assert response.cookies["__Host-jwt"]["expires"] == ""


def test_no_shared_cache_may_keep_a_response_with_the_cookie():
    """It would hand one visitor's login to the next."""
    response = HttpResponse(headers={"Cache-Control": "public, max-age=60"})
    spec_of().set(response, "token", 600)
    assert "private" in response["Cache-Control"]
    assert "no-store" in response["Cache-Control"]
    assert "public" not in response["Cache-Control"]
    assert response["Vary"] == "Cookie"


def test_nor_may_a_cache_that_goes_by_a_header_of_its_own():
    """A login that begins on a page which is given to a CDN; what else it is told stays."""
    response = HttpResponse()
    response["CDN-Cache-Control"] = "max-age=600"
    response["Surrogate-Control"] = 'content="ESI/1.0"'
    spec_of().set(response, "token", 600)
    assert "CDN-Cache-Control" not in response
    assert response["Surrogate-Control"] == 'content="ESI/1.0"'


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("", []),
        ("other=1", []),
        ("__Host-jwt=a", ["a"]),
        ("__Host-jwt=", []),
        ('__Host-jwt=""; __Host-jwt=a', ["a"]),
        ("__Host-jwt=a; x=1; __Host-jwt=b", ["a", "b"]),
        ("; ".join(["__Host-jwt=a"] * 50), ["a"] * MAX_DUPLICATES),
        ("\t__Host-jwt=a ", ["a"]),
        ("__HOST-jwt=a", []),
    ],
)
def test_every_cookie_of_our_name_is_read(header, values):
    """``request.COOKIES`` alone would keep only the last of two."""
    one = request(header)
    assert get_cookie_spec(one).read(one) == values


@pytest.mark.parametrize("blank", [b"\xa0", b"\x85", "\u2000".encode(), "\u3000".encode()])
@pytest.mark.parametrize("own", [[], ["a"]])
def test_attack_a_name_that_is_ours_only_when_blanks_are_taken_off(blank, own):
    """A sibling domain may set it, as its name has no prefix; ``request.COOKIES`` takes it."""
    planted = f"{blank.decode('latin-1')}__Host-jwt=planted"
    one = request("; ".join([*(f"__Host-jwt={value}" for value in own), planted]))
    assert get_cookie_spec(one).read(one) == own


def test_a_cookie_put_into_the_request_by_hand_is_read():
    """Tests of users do that."""
    one = RequestFactory().get("/", secure=True)
    one.COOKIES["__Host-jwt"] = "a"
    assert get_cookie_spec(one).read(one) == ["a"]


def test_size_counts_the_attributes():
    """What a jar has to store."""
    spec = spec_of()
    assert spec.size("x" * 100) == spec.size("x") + 99
    assert spec.size("x") > len("__Host-jwt=; HttpOnly; Path=/; SameSite=Lax; Secure")

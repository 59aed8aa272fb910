"""The cookie: one place for its attributes, and what arrives under its name."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from django_jwt_cookie.cookies import MAX_DUPLICATES, get_cookie_spec

ATTRIBUTES = ("path", "domain", "samesite", "secure", "httponly")


@pytest.mark.parametrize(
    "given", [{}, {"COOKIE_DOMAIN": "example.com", "COOKIE_PATH": "/a/"}, {"COOKIE_SECURE": False}]
)
def test_set_and_delete_agree_in_every_attribute(settings, given):
    """A browser deletes only the cookie that it was told to set."""
    settings.JWT_COOKIE = given
    spec, set_, deleted = get_cookie_spec(), HttpResponse(), HttpResponse()
    spec.set(set_, "token", 600)
    spec.delete(deleted)
    one, other = set_.cookies[spec.name], deleted.cookies[spec.name]
    assert [one[name] for name in ATTRIBUTES] == [other[name] for name in ATTRIBUTES]
    assert one["httponly"] is True
    assert (one["max-age"], other["max-age"], other.value) == (600, 0, "")


def test_without_max_age_the_cookie_ends_with_the_browser():
    """No Max-Age and no Expires."""
    response = HttpResponse()
    get_cookie_spec().set(response, "token", None)
    assert response.cookies["__Host-jwt"]["max-age"] == ""
    assert response.cookies["__Host-jwt"]["expires"] == ""


def test_no_shared_cache_may_keep_a_response_with_the_cookie():
    """It would hand one visitor's login to the next."""
    response = HttpResponse(headers={"Cache-Control": "public, max-age=60"})
    get_cookie_spec().set(response, "token", 600)
    assert "private" in response["Cache-Control"]
    assert "no-store" in response["Cache-Control"]
    assert "public" not in response["Cache-Control"]
    assert response["Vary"] == "Cookie"


def test_nor_may_a_cache_that_goes_by_a_header_of_its_own():
    """A login that begins on a page which is given to a CDN; what else it is told stays."""
    response = HttpResponse()
    response["CDN-Cache-Control"] = "max-age=600"
    response["Surrogate-Control"] = 'content="ESI/1.0"'
    get_cookie_spec().set(response, "token", 600)
    assert "CDN-Cache-Control" not in response
    assert response["Surrogate-Control"] == 'content="ESI/1.0"'


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("", []),
        ("other=1", []),
        ("__Host-jwt=a", ["a"]),
        ("__Host-jwt=", [""]),
        ("__Host-jwt=a; x=1; __Host-jwt=b", ["a", "b"]),
        ("; ".join(["__Host-jwt=a"] * 50), ["a"] * MAX_DUPLICATES),
        ("\t__Host-jwt=a ", ["a"]),
    ],
)
def test_every_cookie_of_our_name_is_read(header, values):
    """``request.COOKIES`` alone would keep only the last of two."""
    request = RequestFactory().get("/", headers={"cookie": header})
    assert get_cookie_spec().read(request) == values


@pytest.mark.parametrize("blank", [b"\xa0", b"\x85", "\u2000".encode(), "\u3000".encode()])
@pytest.mark.parametrize("own", [[], ["a"]])
def test_attack_a_name_that_is_ours_only_when_blanks_are_taken_off(blank, own):
    """A sibling domain may set it, as its name has no prefix; ``request.COOKIES`` takes it."""
    planted = f"{blank.decode('latin-1')}__Host-jwt=planted"
    header = "; ".join([*(f"__Host-jwt={value}" for value in own), planted])
    request = RequestFactory().get("/", headers={"cookie": header})
    assert get_cookie_spec().read(request) == own


def test_a_cookie_put_into_the_request_by_hand_is_read():
    """Tests of users do that."""
    request = RequestFactory().get("/")
    request.COOKIES["__Host-jwt"] = "a"
    assert get_cookie_spec().read(request) == ["a"]


def test_size_counts_the_attributes():
    """What a jar has to store."""
    spec = get_cookie_spec()
    assert spec.size("x" * 100) == spec.size("x") + 99
    assert spec.size("x") > len("__Host-jwt=; HttpOnly; Path=/; SameSite=Lax; Secure")
